"""What is cut or shortened to fit what Alibaba takes, whatever it is."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.aliyun.callbacks import read_event
from backend.aliyun.mapping import number, second, status, utc, video_of
from backend.aliyun.oss_upload import UploadTarget
from backend.aliyun.prefetch import MAX_LIST_BYTES, MAX_URLS, cut, path_of
from backend.errors import CloudError, Refused
from backend.model.cloud import MAX_BYTES, MAX_TAGS, fitting

paths = st.lists(
    st.text(st.characters(codec="ascii", exclude_characters="\n"), min_size=1, max_size=1024), max_size=300
)


@given(paths)
def test_every_address_is_in_one_part_and_every_part_fits(given_paths):
    parts = list(cut(list(enumerate(given_paths))))

    assert [position for part in parts for position in part] == list(range(len(given_paths)))
    for part in parts:
        assert len(part) <= MAX_URLS
        size = len(quote("\n".join(given_paths[position] for position in part), safe=""))
        assert size <= MAX_LIST_BYTES or len(part) == 1


def test_parts_are_as_large_as_they_may_be():
    assert [len(part) for part in cut([(at, "a/b") for at in range(250)])] == [100, 100, 50]


@pytest.mark.parametrize("url", ["http://a/b", "https://a/b", "a/b"])
def test_a_path_has_no_scheme(url):
    assert path_of(url) == "a/b"


@pytest.mark.parametrize("what", ["title", "description"])
@given(text=st.text(max_size=2000))
def test_a_text_fits_and_stays_text(what, text):
    fitted = fitting(what, text)

    assert len(fitted.encode()) <= MAX_BYTES[what]
    assert fitted == fitting(what, fitted)


@given(st.lists(st.text(), max_size=30))
def test_tags_fit(tags):
    fitted = fitting("tags", ",".join(tags))

    assert fitted.count(",") < MAX_TAGS
    assert all(len(tag.encode()) <= 32 for tag in fitted.split(","))
    assert fitted == fitting("tags", fitted)


def test_a_title_keeps_its_words_and_loses_its_emoji():
    assert fitting("title", "海边 🌊 的早晨 ☀️") == "海边 的早晨"


@given(st.binary())
def test_whatever_is_posted_is_an_event_or_refused(raw):
    try:
        kind, target, body = read_event(raw)
    except Refused:
        return
    assert isinstance(kind, str)
    assert isinstance(target, str)
    assert isinstance(body, dict)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_a_number_is_a_number_whatever_alibaba_sends(value):
    assert 0 <= number(value) < 1e15


@given(st.integers(0, 4_000_000_000))
def test_a_time_survives_the_way_there_and_back(moment):
    assert second(utc(moment)) == moment


def test_what_vod_does_not_say_is_empty():
    video = video_of({"VideoId": "v1", "Status": "SomethingNew"}, 7)

    assert (video.title, video.duration, video.size, video.created, video.status) == ("", 0.0, 0, 7, "UploadSucc")
    assert status("SomethingNew") is None


@pytest.mark.parametrize(("address", "auth"), [("", ""), ("e30=", "e30="), ("bnVsbA==", "bnVsbA=="), ("äöü", "x")])
def test_an_upload_address_that_is_none_is_said(address, auth):
    with pytest.raises(CloudError):
        UploadTarget.read(address, auth)
