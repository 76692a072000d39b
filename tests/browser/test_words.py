"""Both languages say everything."""

import re
from string import Formatter

import pytest

from backend.model import CensorStatus, JobKind, JobState, SnapshotStatus, TranscodeStatus, VideoStatus, WarmState
from pages.components.i18n import form
from pages.components.video_actions import ACTIONS
from tests.paths import ROOT

PAGES = ROOT / "pages"
ASKED_FOR = re.compile(r"""\bt\(\s*(f?)(["'])(.+?)\2""")


def forms(text):
    return {"other": text} if isinstance(text, str) else text


def places(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts(texts):
    assert list(texts["zh"]) == list(texts["en"])
    assert not [
        key
        for language in texts.values()
        for key, text in language.items()
        if not all(one.strip() for one in forms(text).values())
    ]


def test_a_text_has_one_form_or_both_and_the_one_for_a_single_thing_may_leave_its_number_out(texts):
    for key, text in ((key, text) for language in texts.values() for key, text in language.items()):
        if not isinstance(text, str):
            assert list(text) == ["one", "other"], key
            assert places(text["one"]) <= places(text["other"]), key
            assert len(places(text["other"])) == 1 or "count" in places(text["other"]), key


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 1, "Approve this video?"),
        ("en", 12, "Approve 12 videos?"),
        ("zh", 1, "通过这个视频？"),
        ("zh", 12, "通过这 12 个视频？"),
    ],
)
def test_one_video_is_asked_about_as_one(texts, language, count, said):
    assert form(texts[language]["confirm.approve"], {"count": count}).format(count=count) == said


def test_no_text_counts_one_thing_as_several(texts):
    """English words that are counted differ for one of them: such a text has both forms."""
    counted = re.compile(r"\{(count|days|seconds)\} (?!s\b|min\b|more\b|per\b|selected\b|columns\b)[a-z]*s\b")

    assert not [key for key, text in texts["en"].items() if isinstance(text, str) and counted.search(text)]


def test_a_text_is_filled_in_with_the_same_in_both_languages(texts):
    differing = [
        key
        for key, text in texts["zh"].items()
        if places(forms(text)["other"]) != places(forms(texts["en"][key])["other"])
    ]

    assert not differing


@pytest.mark.parametrize("script", sorted(PAGES.rglob("*.py")), ids=lambda path: path.stem)
def test_every_text_that_a_page_asks_for_is_there(script, texts):
    asked_for = ASKED_FOR.findall(script.read_text("utf-8"))
    patterns = [
        re.sub(r"\\\{.+?\\\}", ".+", re.escape(key)) if is_f_string else re.escape(key)
        for is_f_string, _, key in asked_for
    ]

    missing = [pattern for pattern in patterns if not any(re.fullmatch(pattern, key) for key in texts["zh"])]

    assert not missing


def test_every_status_and_every_kind_of_job_has_a_name(texts):
    words = [*VideoStatus, *TranscodeStatus, *SnapshotStatus, *JobState, *WarmState]
    names = [f"status.{word or 'none'}" for word in words]
    names += [f"censor.{word}" for word in CensorStatus] + [f"job.{word}" for word in JobKind]

    assert not [name for name in names if name not in texts["zh"]]


@pytest.mark.parametrize("group", ["action", "confirm", "follows", "done"])
def test_every_action_is_named_asked_explained_and_reported(group, texts):
    assert not [key for key in ACTIONS if f"{group}.{key}" not in texts["zh"]]
