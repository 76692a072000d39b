"""getVideos and getRecommendVideos: what they list, how it is filtered, and every key with its type."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus, FileKind, MediaFile, TranscodeStatus, User

VIDEO = {
    "id": str, "videoId": str, "title": str, "description": str, "duration": int, "coverUrl": str, "creationTime": str,
    "status": str, "firstFrameUrl": str, "size": int, "cateId": int, "cateName": str, "tags": str, "shareUrl": str,
    "user": dict, "transcodeStatus": str, "snapshotStatus": str, "censorStatus": str, "narrowTranscodeStatus": str,
    "isRecommend": str,
}  # fmt: skip
LISTS = {"SnapshotList": list, "snapshotList": list, "fileUrlList": list}
LISTINGS = ("getVideos", "getRecommendVideos")
DAY = 86_400
COMMON = MediaFile(FileKind.COMMON, "common.mp4")


@pytest.fixture
def make_both(make_video, door):
    """Makes a video that is on both lists, its recommendation being of the same second."""

    def make(**values):
        video = make_video(**{"censor_status": CensorStatus.SUCCESS, "files": (COMMON,), **values})
        door.data("recommendVideo", videoId=video.video_id)
        return video

    return make


def ids(data):
    return [video["videoId"] for video in data["videoList"]]


@pytest.mark.every_door
def test_a_listed_video_reads_as_in_the_seed(door, make_video):
    make_video(video_id="23rfewc23", censor_status=CensorStatus.ON_CENSOR)

    answer = door("getVideos")

    assert answer["message"] == ""
    assert answer["data"]["total"] == 1
    (video,) = answer["data"]["videoList"]
    seed = {
        "videoId": "23rfewc23", "title": "test video", "description": "test33", "duration": 12, "coverUrl": "",
        "creationTime": "2019-01-09 22:11:29.0", "firstFrameUrl": "", "size": 56, "cateId": 12, "cateName": "12",
        "tags": "测试", "shareUrl": "", "transcodeStatus": "", "snapshotStatus": "", "censorStatus": "onCensor",
        "narrowTranscodeStatus": "", "SnapshotList": [], "fileUrlList": [], "isRecommend": "false",
    }  # fmt: skip
    assert {name: video[name] for name in seed} == seed
    assert video["user"] == {
        "userId": "2434793223202",
        "userName": "Anne",
        "avatarUrl": "https://example.aliyundoc.com/dd38cab5",
    }


@pytest.mark.every_door
def test_a_listed_video_has_every_key_with_its_type(door, make_video):
    make_video()

    (video,) = door.data("getVideos")["videoList"]

    assert {name: type(value) for name, value in video.items()} == {**VIDEO, **LISTS}


@pytest.mark.every_door
def test_a_recommended_video_has_every_key_with_its_type(door, make_both):
    make_both()

    data = door.data("getRecommendVideos")

    assert {name: type(value) for name, value in data["videoList"][0].items()} == {**VIDEO, "fileUrl": str}
    assert type(data["total"]) is int
    assert data["nowTotal"] == data["total"] == 1


@pytest.mark.parametrize(("duration", "listed"), [(12.345678, 12.346), (0.0625, 0.063), (1.0005, 1.001)])
def test_a_duration_with_a_fraction_is_rounded_to_milliseconds_halves_up_as_in_exports(
    door, make_video, duration, listed
):
    make_video(duration=duration)

    assert door.data("getVideos")["videoList"][0]["duration"] == listed


def test_a_size_may_pass_two_gigabytes(door, make_video):
    make_video(size=2**33)

    assert door.data("getVideos")["videoList"][0]["size"] == 2**33


@pytest.mark.every_door
def test_files_come_as_addresses_in_both_spellings_of_the_lists(door, make_video):
    files = (
        MediaFile(FileKind.COVER, "cover.jpg"),
        MediaFile(FileKind.FIRST_FRAME, "first.jpg"),
        MediaFile(FileKind.SNAPSHOT, "snapshot-1.jpg", position=0),
        MediaFile(FileKind.SNAPSHOT, "snapshot-2.jpg", position=1),
        MediaFile(FileKind.COMMON, "common.mp4"),
        MediaFile(FileKind.NARROW, "https://cdn.example.com/narrow.mp4"),
        MediaFile(FileKind.SOURCE, "source.mov"),
    )
    made = make_video(files=files)

    (video,) = door.data("getVideos")["videoList"]

    folder = f"{door.base_url}/media/{made.video_id}/{made.media_key}"
    assert video["coverUrl"] == f"{folder}/cover.jpg"
    assert video["firstFrameUrl"] == f"{folder}/first.jpg"
    assert video["SnapshotList"] == [f"{folder}/snapshot-1.jpg", f"{folder}/snapshot-2.jpg"]
    assert video["snapshotList"] == video["SnapshotList"]
    assert video["fileUrlList"] == [f"{folder}/common.mp4", "https://cdn.example.com/narrow.mp4"]


@pytest.mark.every_door
def test_a_recommended_videos_file_is_a_path_without_a_leading_slash(door, make_both):
    made = make_both()

    (video,) = door.data("getRecommendVideos")["videoList"]

    assert video["fileUrl"] == f"media/{made.video_id}/{made.media_key}/common.mp4"
    assert video["isRecommend"] == "true"


def test_recommended_videos_carry_the_time_of_recommending(door, make_video, clock):
    video = make_video(censor_status=CensorStatus.SUCCESS, files=(COMMON,))
    clock.move(DAY)
    door.data("recommendVideo", videoId=video.video_id)

    (listed,) = door.data("getRecommendVideos")["videoList"]

    assert listed["creationTime"] == "2019-01-10 22:11:29.0"


@pytest.mark.parametrize("listing", LISTINGS)
class TestBothLists:
    def test_the_newest_comes_first(self, listing, door, make_both, clock):
        made = []
        for _ in range(3):
            made.append(make_both().video_id)
            clock.move(1)

        assert ids(door.data(listing)) == made[::-1]

    def test_of_one_second_the_last_comes_first(self, listing, door, make_both):
        made = [make_both().video_id for _ in range(3)]

        assert ids(door.data(listing)) == made[::-1]

    def test_ten_a_page_unless_asked_otherwise(self, listing, door, make_both):
        made = [make_both().video_id for _ in range(12)][::-1]

        assert ids(door.data(listing)) == made[:10]
        assert ids(door.data(listing, pageIndex=2)) == made[10:]
        assert ids(door.data(listing, pageIndex="3", pageSize="5")) == made[10:]
        assert door.data(listing)["total"] == 12

    def test_a_page_past_the_end_is_empty_and_knows_the_total(self, listing, door, make_both):
        make_both()

        data = door.data(listing, pageIndex=2)

        assert data["videoList"] == []
        assert data["total"] == 1

    @pytest.mark.every_door
    def test_a_page_is_a_whole_number_from_one(self, listing, door):
        for wrong in (0, -1, "x", 1.5, "1e9", 2**31):
            answer = door(listing, pageIndex=wrong)
            assert answer["code"] == "400"
            assert "pageIndex" in answer["message"]

    def test_a_page_holds_one_to_a_hundred(self, listing, door):
        for wrong in (0, 101, "ten", "1e2", "９"):
            answer = door(listing, pageSize=wrong)
            assert answer["code"] == "400"
            assert "pageSize" in answer["message"]
        assert door(listing, pageSize=100)["code"] == "200"

    @pytest.mark.every_door
    def test_titles_match_in_any_part_whatever_the_case_and_width(self, listing, door, make_both):
        wanted = make_both(title="三亚海边ＶＬＯＧ第1集").video_id
        make_both(title="别的")

        for title in ("海边", "vlog", "ＶＬｏｇ", "第１集", "海"):
            assert ids(door.data(listing, title=title)) == [wanted]
        assert door.data(listing, title="没有")["videoList"] == []

    def test_what_means_something_in_sql_is_plain_text_here(self, listing, door, make_both):
        wanted = make_both(title="50% 'off' _ \\ \"x\"").video_id
        make_both(title="500 off")

        for title in ("%", "_", "'", "\\", '"', "50% 'off'"):
            assert ids(door.data(listing, title=title)) == [wanted]

    def test_user_names_match_in_any_part(self, listing, door, make_both):
        wanted = make_both(user=User("u-1", "小王 Wang")).video_id
        make_both(user=User("u-2", "李"))

        assert ids(door.data(listing, userName="WANG")) == [wanted]

    @pytest.mark.parametrize("name", ["userId", "videoId"])
    def test_ids_match_exactly(self, listing, name, door, make_both):
        wanted = make_both(video_id="abc", user=User("abc", "x")).video_id
        make_both(video_id="abcd", user=User("abcd", "x"))

        assert ids(door.data(listing, **{name: "abc"})) == [wanted]
        assert ids(door.data(listing, **{name: "ABC"})) == []

    def test_a_range_of_times_holds_both_its_ends(self, listing, door, make_both, clock):
        made = []
        for _ in range(3):
            made.append(make_both().video_id)
            clock.move(1)

        assert ids(door.data(listing, startTime="2019-01-09 22:11:30")) == [made[2], made[1]]
        assert ids(door.data(listing, endTime="2019-01-09 22:11:30")) == [made[1], made[0]]
        assert ids(door.data(listing, startTime="2019-01-09 22:11:30", endTime="2019-01-09 22:11:30")) == [made[1]]

    def test_times_are_understood_as_clients_write_them(self, listing, door, make_both):
        wanted = make_both().video_id

        for time in (
            "2019-01-09 22:11:29",
            "2019-1-9 22:11:29",
            "2019-01-09 22:11:29.0",
            "2019-01-09T22:11:29",
            "2019-01-09T22:11:29+08:00",
            "2019-01-09T14:11:29Z",
            "2019-01-09T14:11:29.000Z",
            "2019-01-09",
            "2019-1-9",
        ):
            assert ids(door.data(listing, startTime=time, endTime=time)) == [wanted], time

    def test_a_date_alone_means_the_whole_day(self, listing, door, make_both, clock):
        clock.now -= 22 * 3600 + 11 * 60 + 29
        first = make_both().video_id
        clock.move(DAY - 1)
        last = make_both().video_id
        clock.move(1)
        next_day = make_both().video_id

        assert ids(door.data(listing, startTime="2019-01-09", endTime="2019-01-09")) == [last, first]
        assert ids(door.data(listing, startTime="2019-01-10")) == [next_day]

    @pytest.mark.parametrize("name", ["startTime", "endTime"])
    def test_a_time_that_is_none_is_named(self, listing, name, door):
        for wrong in ("yesterday", "2019-13-01", "2019-02-30", "2019-01-09 25:00:00", "1547043089", "09/01/2019"):
            answer = door(listing, **{name: wrong})
            assert answer["code"] == "400"
            assert name in answer["message"]

    def test_a_status_that_is_none_is_named(self, listing, door):
        answer = door(listing, censorStatus="approved")

        assert answer["code"] == "400"
        assert "censorStatus" in answer["message"]
        assert "onCensor, check, success, fail" in answer["message"]

    def test_an_extension_narrows_to_a_category_and_sorts(self, listing, door, make_both):
        made = [make_both(cate_id=number % 2, duration=number, size=9 - number).video_id for number in range(4)]

        assert ids(door.data(listing, cateId="1")) == [made[3], made[1]]
        assert ids(door.data(listing, sort="duration")) == made
        assert ids(door.data(listing, sort="-size", cateId=0)) == [made[0], made[2]]
        assert "-creationTime" in door(listing, sort="newest")["message"]

    @pytest.mark.every_door
    def test_empty_text_counts_as_absent_and_unknown_names_are_ignored(self, listing, door, make_both):
        wanted = make_both().video_id
        empty = dict.fromkeys(
            ["pageIndex", "pageSize", "videoId", "userId", "title", "startTime", "endTime", "userName", "censorStatus"],
            "",
        )

        assert ids(door.data(listing, **empty, whatever="1")) == [wanted]

    @pytest.mark.parametrize("name", ["userName", "title", "tags"])
    def test_a_filter_of_which_nothing_is_seen_counts_as_empty(self, listing, door, make_both, name):
        wanted = make_both(censor_status=CensorStatus.SUCCESS).video_id

        for unseen in ("\u200b", "\u202e", "\u00ad", "\ufe0f", "\ufeff\u3164"):
            for also in ({}, {"startTime": "2019-01-01"}, {"cateId": "12"}, {"sort": "title"}):
                assert ids(door.data(listing, **{name: unseen}, **also)) == [wanted]
            assert door.data("getFacets", **{name: unseen})["byCensorStatus"]["success"] == 1

    @pytest.mark.every_door
    def test_names_of_parameters_are_case_sensitive(self, listing, door, make_both):
        wanted = make_both().video_id

        assert ids(door.data(listing, TITLE="nothing like it", PageSize="0")) == [wanted]


def test_the_status_filter_is_exact(door, make_video):
    waiting = make_video(censor_status=CensorStatus.CHECK).video_id
    make_video(censor_status=CensorStatus.SUCCESS)

    assert ids(door.data("getVideos", censorStatus="check")) == [waiting]
    assert ids(door.data("getVideos", censorStatus="fail")) == []


def test_filters_narrow_together(door, make_video):
    wanted = make_video(title="海", user=User("a", "Anne"), censor_status=CensorStatus.CHECK).video_id
    make_video(title="海", user=User("b", "Bob"), censor_status=CensorStatus.CHECK)
    make_video(title="山", user=User("a", "Anne"), censor_status=CensorStatus.CHECK)

    data = door.data("getVideos", title="海", userId="a", censorStatus="check", startTime="2019-01-01")

    assert ids(data) == [wanted]
    assert data["total"] == 1


def test_a_category_counts_whatever_states_its_videos_have_left(door, make_video):
    made = make_video()
    door.data("createAudit", mediaId=made.video_id, status="Normal")
    door.data("createAudit", mediaId=made.video_id, status="Blocked", reason="why")
    door.data("createAudit", mediaId=made.video_id, status="Normal")

    assert [one["total"] for one in door.data("getFacets")["categoryList"]] == [1]


@pytest.mark.every_door
def test_facets_count_what_each_status_category_and_user_would_find(door, make_video):
    make_video(title="海", censor_status=CensorStatus.CHECK)
    make_video(title="海", censor_status=CensorStatus.SUCCESS, user=User("b", "Bob"), cate_id=7, cate_name="旅行")
    make_video(title="山")

    facets = door.data("getFacets", title="海", censorStatus="check")

    assert facets == {
        "byCensorStatus": {"onCensor": 0, "check": 1, "success": 1, "fail": 0},
        "categoryList": [{"cateId": 12, "cateName": "12", "total": 1}],
        "userList": [{"userId": "2434793223202", "userName": "Anne", "total": 1}],
    }


@pytest.fixture
def various(make_both):
    """Four videos on both lists, by name."""
    made = {
        "new": make_both(),
        "failed": make_both(transcode_status=TranscodeStatus.FAIL, duration=59.5, tags="海,清晨"),
        "done": make_both(transcode_status=TranscodeStatus.SUCCESS, duration=60, size=5_000_000_000, tags="City"),
        "narrow": make_both(
            transcode_status=TranscodeStatus.SUCCESS, narrow_transcode_status=TranscodeStatus.RUNNING, tags="海, city"
        ),
    }
    return {video.video_id: name for name, video in made.items()}


NARROWED = [
    ({"transcodeStatus": "fail"}, {"failed"}),
    ({"transcodeStatus": "none"}, {"new"}),
    ({"transcodeStatus": "success", "narrowTranscodeStatus": "none"}, {"done"}),
    ({"narrowTranscodeStatus": "onTranscode"}, {"narrow"}),
    ({"isRecommend": "false"}, set()),
    ({"isRecommend": "true", "tags": "海"}, {"failed", "narrow"}),
    ({"tags": "ＣＩＴＹ"}, {"done", "narrow"}),
    ({"tags": "city,海"}, {"narrow"}),
    ({"tags": "cit"}, set()),
    ({"minDuration": "59.5"}, {"failed", "done"}),
    ({"minDuration": "59.6", "maxDuration": "60"}, {"done"}),
    ({"maxSize": "4999999999", "minDuration": "13"}, {"failed"}),
    ({"minSize": "5000000000", "censorStatus": "success", "title": "test"}, {"done"}),
]


@pytest.mark.parametrize("listing", LISTINGS)
def test_both_lists_are_narrowed_by_transcodes_tags_length_and_size(door, various, listing):
    answers = [door.data(listing, **asked) for asked, _ in NARROWED]

    assert [{various[video_id] for video_id in ids(data)} for data in answers] == [found for _, found in NARROWED]
    assert [data["total"] for data in answers] == [len(found) for _, found in NARROWED]


def test_counts_follow_the_filters(door, various):
    facets = door.data("getFacets", transcodeStatus="success", minDuration="13")

    assert facets["byCensorStatus"]["success"] == 1
    assert sum(category["total"] for category in facets["categoryList"]) == 1


@pytest.mark.parametrize("listing", [*LISTINGS, "getFacets", "createExportLink"])
@pytest.mark.every_door
def test_a_filter_that_is_none_is_refused_by_its_name(door, listing):
    wrong = {
        "transcodeStatus": "failed", "narrowTranscodeStatus": "Success", "isRecommend": "1", "minDuration": "-1",
        "maxDuration": "1:00", "minSize": "1.5", "maxSize": "5GB",
    }  # fmt: skip
    for name, value in wrong.items():
        answer = door(listing, **{name: value})

        assert answer["code"] == "400"
        assert name in answer["message"]
        assert repr(value) in answer["message"]
