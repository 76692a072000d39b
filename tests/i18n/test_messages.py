"""Errors are told in the reader's language, and to somebody at a page without ids and words of the API."""

from __future__ import annotations

from backend.auth.permissions import Right, Role
from backend.errors import BadRequest, Conflict, ConsoleError, Forbidden
from backend.i18n import translations
from backend.i18n.messages import FORMER, GROUPS, say
from backend.model import JobState, Verdict

WORDS = {"role": Role, "right": Right, "state": JobState, "verdict": Verdict}


def test_an_error_is_told_in_the_language_of_the_caller():
    error = BadRequest("{name} is required.", name="videoId")

    assert say(error, "zh") == "缺少参数 videoId。"
    assert say(error, "en") == say(error, "fr") == "videoId is required."


def test_a_job_that_failed_before_its_message_was_reworded_tells_the_new_one():
    old = "The disk refused: {why}."

    assert say(ConsoleError(old, why="EIO"), "zh") == "磁盘写入失败：EIO。"
    assert say(ConsoleError(old, why="EIO"), "en") == "The disk could not be written: EIO."
    chinese = translations("zh")
    assert [new for new in FORMER.values() if chinese.gettext(new) == new] == []
    assert [old for old in FORMER if chinese.gettext(old) != old] == []


def test_somebody_at_a_page_reads_no_ids_and_no_words_of_the_api():
    error = Conflict(
        "Video {video_id} has not passed review (censorStatus is {status}). Approve it first.",
        video_id="23rfewc23",
        status="check",
    )

    assert say(error, "zh", plainly=True) == "该视频尚未通过审核，请先通过审核。"
    assert say(error, "en", plainly=True) == "This video has not passed review yet. Approve it first."
    assert "23rfewc23" in say(error, "zh")


def test_somebody_at_a_page_reads_the_names_of_the_fields():
    missing = BadRequest("{name} is required.", name="uploaderZh")
    long = BadRequest("{name} has {length} bytes; at most {most} are allowed.", name="nameEn", length=130, most=128)

    assert say(missing, "zh", plainly=True) == "请填写“给上传者的中文文案”。"
    assert say(missing, "en", plainly=True) == "Fill in “Told to the uploader (Chinese)”."
    assert say(long, "zh", plainly=True) == "“英文名称”过长（130 字节，最多 128 字节）。"
    person = Conflict("{name} looks like the account {other}. Choose another name.", name="position", other="posltion")
    assert "position" in say(person, "zh", plainly=True)


def test_a_refusal_names_roles_rights_and_states_in_words_of_the_reader():
    refused = Forbidden("Your role ({role}) does not have the {right} permission.", role="analyst", right="manage")

    assert say(refused, "zh") == "你的角色（分析员）没有“管理”权限。"
    assert say(refused, "en") == "Your role (analyst) does not have the manage permission."
    keys = [f"{GROUPS[value]}.{word}" for value, words in WORDS.items() for word in words]
    assert [key for key in keys if translations("zh").gettext(key) == key] == []
    assert GROUPS.keys() == WORDS.keys()
