"""Both languages say everything."""

import re
from pathlib import Path
from string import Formatter

import pytest

from backend.model import CensorStatus, JobKind, JobState, SnapshotStatus, TranscodeStatus, VideoStatus, WarmState
from pages.actions import ACTIONS

PAGES = Path(__file__).resolve().parents[2] / "pages"
ASKED_FOR = re.compile(r"""\bt\(\s*(f?)(["'])(.+?)\2""")


def places(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def test_both_languages_have_the_same_texts(texts):
    assert list(texts["zh"]) == list(texts["en"])
    assert not [key for language in texts.values() for key, text in language.items() if not text.strip()]


def test_a_text_is_filled_in_with_the_same_in_both_languages(texts):
    differing = [key for key, text in texts["zh"].items() if places(text) != places(texts["en"][key])]

    assert not differing


@pytest.mark.parametrize("script", sorted(PAGES.glob("*.py")), ids=lambda path: path.stem)
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
