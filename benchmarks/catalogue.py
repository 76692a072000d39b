"""Make a catalogue of any size: Chinese and Latin titles, users with a heavy tail, every status, files in name only.

    python benchmarks/catalogue.py FOLDER --rows 1000000

The same seed makes the same catalogue. The folder is a data folder: QU_DATA=FOLDER serves it. With `--times 10` each
video stands there ten times, some seconds apart and under other ids: that is much quicker made than ten times as many.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from backend import show_progress
from backend.model import (
    Actor,
    CensorStatus,
    FileKind,
    MediaFile,
    SnapshotStatus,
    TranscodeStatus,
    User,
    Video,
    VideoFilter,
    VideoStatus,
)
from backend.store import Store, open_store
from backend.store.row_keys import first_key
from backend.store.rows import as_json

ACTOR = Actor("benchmark", "command line")
BATCH = 10_000
NEWEST = 1_780_000_000
SECONDS = 3 * 365 * 86_400
USERS = 50_000
FILE_NAMES = "kind, position, name, size, width, height, duration, bitrate, codec"
ANOTHER_ID = "video_id || '-' || n"
GENEROUS_PAGES = 1_000_000  # 4 GB
APART = 7  # seconds between a video and its next likeness
CHINESE = """
    今天 教你 一个 简单 方法 周末 城市 夜景 海边 日落 街头 美食 家常 做法 妈妈 宝宝 猫咪 狗狗 搞笑 合集 高能 时刻 游戏
    解说 舞蹈 翻跳 吉他 弹唱 旅行 攻略 穿搭 分享 开箱 测评 手机 摄影 技巧 健身 打卡 减脂 早餐 晚餐 火锅 烧烤 奶茶 咖啡
    书单 推荐 自驾 露营 徒步 雪山 草原 古镇 老街 夜市 公园 樱花 秋天 冬天 夏天 春天 音乐 现场 电影 片段 剪辑 特效 变装
    挑战 校园 毕业 考研 英语 口语 数学 编程 入门 手工 绘画 书法 园艺 多肉 装修 收纳 清洁 好物 护肤 化妆 发型 骑行 滑板
    篮球 足球 羽毛球 钓鱼 农村 生活 赶海 收获 丰收 婚礼 求婚 新年 烟花 灯会 庙会 戏曲 相声 脱口秀 直播 回放 幕后 花絮
    慢动作 航拍 延时 星空 银河
"""
LATIN = """
    city lights night market street food home cooking cat dog funny moments game review dance cover guitar live travel
    guide outfit unboxing phone camera tips workout morning coffee milk tea reading list camping hiking mountain lake
    river old town cherry blossom autumn winter summer spring music movie edit effects challenge campus english math
    coding basics handmade drawing garden cleaning skincare makeup bike skate basketball football fishing village life
    harvest wedding fireworks lantern festival opera comedy backstage slow motion drone timelapse stars vlog episode
"""
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = """
    不吃辣 的日常 在路上 爱摄影 小厨房 同学 老师 阿姨 大叔 果果 安安 乐乐 团子 可可 米粒 向阳 听风 看海 慢慢走 不加班
"""
CATEGORIES = [
    "美食",
    "旅行",
    "音乐",
    "舞蹈",
    "游戏",
    "宠物",
    "时尚",
    "科技",
    "运动",
    "知识",
    "生活",
    "影视",
    "搞笑",
    "亲子",
    "汽车",
    "动漫",
    "乡村",
    "手工",
    "摄影",
    "新闻",
]
CHINESE, LATIN, GIVEN = (text.split() for text in (CHINESE, LATIN, GIVEN))
STATUSES = {CensorStatus.SUCCESS: 78, CensorStatus.CHECK: 12, CensorStatus.FAIL: 8, CensorStatus.ON_CENSOR: 2}
REVIEWED = {CensorStatus.SUCCESS: VideoStatus.NORMAL, CensorStatus.FAIL: VideoStatus.BLOCKED}


def videos(count: int, seed: int) -> Iterator[Video]:
    """Yield videos, the oldest first."""
    dice = random.Random(seed)
    statuses = dice.choices(list(STATUSES), list(STATUSES.values()), k=4096)
    for number in range(count):
        status = statuses[dice.getrandbits(12)]
        category = min(int(dice.expovariate(0.2)), len(CATEGORIES) - 1)
        duration = round(dice.uniform(5, 180), 3)
        size = int(duration * dice.uniform(200_000, 900_000))
        narrow = dice.random() < 0.1
        yield Video(
            video_id=f"{dice.getrandbits(128):032x}",
            title=title(dice, number),
            user=user(dice),
            created=NEWEST - SECONDS + SECONDS * number // count,
            description=title(dice, number),
            duration=duration,
            size=size,
            width=1080,
            height=1920,
            cate_id=category + 1,
            cate_name=CATEGORIES[category],
            tags=",".join(dice.choices(CHINESE, k=2)),
            status=REVIEWED.get(status, VideoStatus.CHECKING),
            censor_status=status,
            transcode_status=TranscodeStatus.SUCCESS if dice.random() < 0.99 else TranscodeStatus.FAIL,
            narrow_transcode_status=TranscodeStatus.SUCCESS if narrow else TranscodeStatus.NEVER,
            snapshot_status=SnapshotStatus.SUCCESS,
            files=tuple(files(duration, size, narrow)),
        )


def title(dice: random.Random, number: int) -> str:
    """Return a title in which few words are frequent and most are rare, as in real ones."""
    latin = dice.random() < 0.3
    words = LATIN if latin else CHINESE
    chosen = [words[min(int(dice.paretovariate(0.4)) - 1, 10**6) % len(words)] for _ in range(dice.randint(2, 6))]
    return f"{(' ' if latin else '').join(chosen)}{f' {number % 1000}' if dice.random() < 0.3 else ''}"


def user(dice: random.Random) -> User:
    number = int(USERS * dice.random() ** 2.5)  # the busiest has about one video in eighty
    name = f"{SURNAMES[number % len(SURNAMES)]}{GIVEN[number // 20 % len(GIVEN)]}{number}"
    return User(f"{2_434_793_000_000 + number}", name, f"https://avatars.example.com/{number}.jpg")


def files(duration: float, size: int, narrow: bool) -> Iterator[MediaFile]:
    yield MediaFile(FileKind.SOURCE, "source.mp4", size, 1080, 1920, duration)
    yield MediaFile(FileKind.COMMON, "common-720.mp4", size // 3, 720, 1280, duration, 1_200_000, "avc1.64001f")
    if narrow:
        yield MediaFile(FileKind.NARROW, "narrow-720.mp4", size // 6, 720, 1280, duration, 600_000, "av01.0.05M.08")
    yield MediaFile(FileKind.COVER, "cover.jpg", 40_000, 720, 1280)
    yield MediaFile(FileKind.FIRST_FRAME, "first.jpg", 40_000, 720, 1280)
    for position in range(3):
        yield MediaFile(FileKind.SNAPSHOT, f"snapshot-{position}.jpg", 20_000, 360, 640, position=position)


def make(store: Store, count: int, seed: int, recommended: int) -> float:
    """Fill a store, and return the seconds that the store itself took for the videos."""
    made, spent, done = videos(count, seed), 0.0, 0
    while batch := list(islice(made, BATCH)):
        begun = time.perf_counter()
        store.catalogue.load_videos(batch, ACTOR)
        spent += time.perf_counter() - begun
        done += len(batch)
        print(f"\r{done:,} videos, {done / spent:,.0f} a second", end="", flush=True)
    print()
    store.optimize_search()
    recommend(store, recommended, seed)
    return spent


def multiply(store: Store, times: int) -> None:
    """Have every video so many times. What is derived from the rows rests meanwhile, and is made anew at the end."""
    with store.engine.writing(bulk=True) as db:
        db.execute(f"pragma cache_size = {GENEROUS_PAGES}")
        names = [row["name"] for row in db.query("pragma table_info(videos)")]
        made_again = db.execute(
            "select type, name, sql from sqlite_schema where type = 'trigger' "
            "or (type = 'index' and sql is not null and tbl_name in ('videos', 'files'))"
        ).fetchall()
        for kind, name, _ in made_again:
            db.execute(f"drop {kind} {name}")
        db.execute("create temp table first as select * from videos order by seq")
        db.execute("create temp table first_files as select * from files order by video_id, kind, position")
        numbers = as_json(range(1, times))
        db.execute("create temp table numbers as select value as n from json_each(?)", [numbers])
        own = {
            "seq": f"seq + n * {first_key(APART) - first_key(0)}", "created": f"created + n * {APART}",
            "id": "id + n * (select max(id) from first)", "video_id": ANOTHER_ID,
        }  # fmt: skip
        chosen = ", ".join(own.get(name, name) for name in names)
        # A video's likenesses come right behind it in every order, so that both tables are gone through once.
        db.execute(f"insert into videos ({', '.join(names)}) select {chosen} from first cross join numbers")
        db.execute(
            f"insert into files (video_id, {FILE_NAMES}) "
            f"select {ANOTHER_ID}, {FILE_NAMES} from first_files cross join numbers"
        )
        for _, _, sql in made_again:
            db.execute(sql)
    store.rebuild(show_progress)


def recommend(store: Store, count: int, seed: int) -> None:
    """Put the newest that passed review on the feed, every tenth with a title of its own."""
    dice = random.Random(seed)
    passed = store.catalogue.iterate_videos(VideoFilter(censor_status=CensorStatus.SUCCESS))
    for number, video in enumerate(list(islice(passed, count))[::-1]):
        shown = {"title": title(dice, number)} if number % 10 == 0 else {}
        store.catalogue.recommend(video.video_id, shown, ACTOR, at=video.created + 3600)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--recommended", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    opened = open_store(given.folder, clock=lambda: NEWEST)
    if opened.catalogue.is_empty():
        make(opened, given.rows, given.seed, given.recommended)
    if given.times > 1:
        multiply(opened, given.times)
    opened.close()
