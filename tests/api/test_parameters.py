"""How text becomes values: round trips, edges, and that nothing but BadRequest is ever raised."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.api.parameters import (
    Choice,
    Flag,
    Id,
    Link,
    Moment,
    Number,
    Text,
    Upload,
    UploadedFile,
    Url,
    Whole,
    kind_of,
)
from backend.api.registry import OPERATIONS, as_text, camel
from backend.errors import BadRequest

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
KINDS = [
    Text(),
    Text(5),
    Id(),
    Whole(),
    Whole(1, 100),
    Number(),
    Flag(),
    Url(),
    Moment(),
    Moment(end=True),
    UploadedFile(),
]
moments = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(lambda when: when.replace(microsecond=0))


class Word(StrEnum):
    NONE = ""
    ONE = "one"


def read(kind, raw, zone=SHANGHAI):
    return kind.read("name", raw, zone)


@given(kind=st.sampled_from([*KINDS, Choice(Word)]), raw=st.text(min_size=1))
def test_whatever_the_text_there_is_a_value_or_a_bad_request(kind, raw):
    with contextlib.suppress(BadRequest):
        read(kind, raw)


@given(
    operation=st.sampled_from(list(OPERATIONS.values())),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner), max_leaves=3
    ),
)
def test_binding_raises_bad_requests_alone(operation, value):
    raw = {one.wire_name: value for one in operation.parameters}
    try:
        bound = operation.bind(raw, SHANGHAI)
    except BadRequest:
        return
    assert set(bound) <= {one.group or one.name for one in operation.parameters}


class TestTimes:
    @given(when=moments, zone=st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")]))
    def test_every_second_is_read_in_the_consoles_zone(self, when, zone):
        expected = int(when.replace(tzinfo=zone).timestamp())
        unpadded = f"{when.year}-{when.month}-{when.day} {when:%H:%M:%S}"

        for text in (f"{when:%Y-%m-%d %H:%M:%S}", when.isoformat(), unpadded, f"{unpadded}.0", f" {unpadded} "):
            assert read(Moment(), text, zone) == expected

    @given(when=moments, minutes=st.integers(-14 * 60, 14 * 60))
    def test_an_offset_wins_over_the_zone(self, when, minutes):
        aware = when.replace(tzinfo=timezone(timedelta(minutes=minutes)))

        assert read(Moment(), aware.isoformat()) == int(aware.timestamp())

    @given(
        day=st.dates(datetime(1970, 1, 2).date(), datetime(2100, 1, 1).date()), zone=st.sampled_from([SHANGHAI, BERLIN])
    )
    def test_a_date_alone_is_its_first_or_its_last_second(self, day, zone):
        next_day = day + timedelta(days=1)
        first, end = read(Moment(), str(day), zone), read(Moment(end=True), str(day), zone)

        assert first == int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
        assert end + 1 == read(Moment(), str(next_day), zone)

    @given(when=moments, micro=st.integers(1, 999_999))
    def test_a_fraction_never_widens_a_range(self, when, micro):
        second = int(when.replace(tzinfo=SHANGHAI).timestamp())
        text = f"{when.isoformat(' ')}.{micro:06}"

        assert read(Moment(), text) == second + 1
        assert read(Moment(end=True), text) == second

    def test_an_hour_that_comes_twice_is_in_a_range_as_a_whole(self):
        start, end = (read(Moment(end), "2026-10-25 02:30:00", BERLIN) for end in (False, True))

        assert end - start == 3600

    def test_z_is_utc_in_either_case(self):
        expected = int(datetime(2019, 1, 9, 14, 11, 29, tzinfo=UTC).timestamp())

        assert read(Moment(), "2019-01-09t14:11:29z") == read(Moment(), "2019-01-09T14:11:29Z") == expected

    @pytest.mark.parametrize(
        "text",
        ["2024/1/9 22:11", "2024-1-9 22:11", "2024.1.9 22:11", "2024年1月9日 22:11", "2024年1月9日22:11",
         "2024/01/09 10:11 PM", "2024年1月9日 22时11分", "2024/1/9 下午 10:11", "2024/1/9 下午10:11:00",
         "2024-01-09T22:11", "2024/1/9  22:11:00.0"],
    )  # fmt: skip
    def test_times_are_read_as_spreadsheets_write_them(self, text):
        assert read(Moment(), text) == int(datetime(2024, 1, 9, 22, 11, tzinfo=SHANGHAI).timestamp())
        assert read(Moment(), text[: text.index("9") + 1 + ("日" in text)]) == read(Moment(), "2024-01-09")

    @pytest.mark.parametrize(
        ("text", "hour"), [("12:00 AM", 0), ("12:00 PM", 12), ("1:00 am", 1), ("上午 0:00", 0), ("下午 12:00", 12)]
    )
    def test_clocks_of_twelve_hours_are_read(self, text, hour):
        assert read(Moment(), f"2024/1/9 {text}") == int(datetime(2024, 1, 9, hour, tzinfo=SHANGHAI).timestamp())

    @pytest.mark.parametrize("far", ["0001-01-01", "1899-12-30", "1900-01-01", "9999-12-31", "2199-12-31 23:59:59"])
    def test_a_time_that_not_everything_can_show_is_a_limit_but_is_not_kept(self, far):
        read(Moment(), far)
        with pytest.raises(BadRequest, match=f"name must be from 1900-01-02 to 2199-12-30, got {far}"):
            read(Moment(kept=True), far)

    @pytest.mark.parametrize(
        "wrong",
        ["1/9/2024 22:11", "9.1.2024", "2024/1-9", "24/1/9", "2024/1/9 13:00 PM", "2024年1月9", "45300.92",
         "0000-01-01", "2019-00-01", "2019-01-32", "2019-1-9 24:00:00", "2019-1-9 1:60", "2019-1-9 1:00:61", "2019",
         "2019-01-09 22:11:29 GMT", "2019-01-09T22:11:29+25:00", "２０１９-01-09", "1e9", "now", "-1"],
    )  # fmt: skip
    def test_what_is_no_time_is_refused(self, wrong):
        with pytest.raises(BadRequest, match="name must be a time"):
            read(Moment(), wrong)


class TestNumbers:
    @given(st.integers(-(10**15) + 1, 10**15 - 1))
    def test_whole_numbers_come_back(self, number):
        assert read(Whole(), str(number)) == number
        assert read(Whole(), as_text("name", number)) == number

    @given(st.integers().filter(lambda number: not 1 <= number <= 100))
    def test_a_number_outside_is_refused(self, number):
        with pytest.raises(BadRequest):
            read(Whole(1, 100), as_text("name", number))

    @given(st.floats(0, 1e7))
    def test_numbers_come_back(self, number):
        assert read(Number(), as_text("name", number)) == pytest.approx(number)

    @pytest.mark.parametrize("wrong", ["nan", "inf", "-0.5", "1_000", "１", "0x10", "1,5", "", " "])
    def test_what_is_no_number_is_refused(self, wrong):
        for kind in (Number(), Whole(0)):
            with pytest.raises(BadRequest):
                read(kind, wrong)

    def test_what_is_huge_is_refused_in_words(self):
        for huge in (10**5000, -(10**5000), 1e308, float("inf"), float("nan")):
            for kind in (Number(), Whole()):
                with pytest.raises(BadRequest):
                    read(kind, as_text("name", huge))

    def test_a_number_of_any_length_is_refused_as_one_that_is_too_large(self):
        for huge in ("9" * 20, "9" * 4999):
            with pytest.raises(BadRequest, match=f"name must be from 1 to 100, got {huge[:40]}"):
                read(Whole(1, 100), huge)


class TestIds:
    @pytest.mark.parametrize("copied", ["2434793223202\t", " 2434793223202\r\n", "\ufeff2434793223202\u00a0"])
    def test_what_stands_around_an_id_that_was_copied_is_left_out(self, copied):
        assert read(Id(), copied) == "2434793223202"

    def test_every_parameter_that_is_an_id_is_read_so(self):
        texts = [(name, one) for name, found in OPERATIONS.items() for one in found.parameters
                 if isinstance(one.kind, Text) and (one.name.endswith("id") or one.name == "target")]  # fmt: skip

        assert len(texts) > 20
        assert [(name, one.name) for name, one in texts if not isinstance(one.kind, Id)] == []


class TestUrls:
    @pytest.mark.parametrize(
        "good",
        ["http://a", "https://a.example.com:8443/x?y=z#f", "HTTPS://A", "/media/a.jpg", "/", "https://例子.cn/图.jpg",
         "http://[::1]:80/"],
    )  # fmt: skip
    def test_http_https_and_paths_of_ours_are_taken(self, good):
        assert read(Url(), good) == good

    @pytest.mark.parametrize(
        "wrong",
        ["javascript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "file:///etc/passwd",
         "ftp://a/b", "//evil.example.com", "/\\evil.example.com", "https://", "http:///x", "https://a b", "http://[::1",
         "a.jpg", "\thttps://a", "https://a\r\nSet-Cookie: x", "https://a/\x7f"],
    )  # fmt: skip
    def test_everything_else_is_refused(self, wrong):
        with pytest.raises(BadRequest):
            read(Url(), wrong)


class TestText:
    @given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50))
    def test_text_comes_back_as_it_is(self, text):
        assert read(Text(50), text) == text

    @pytest.mark.parametrize("wrong", ["\0", "a\0b", "\ud800", "x" * 51])
    def test_what_cannot_be_kept_is_refused(self, wrong):
        with pytest.raises(BadRequest):
            read(Text(50), wrong)


def test_a_file_never_comes_as_text():
    with pytest.raises(BadRequest, match="multipart"):
        read(UploadedFile(), "x")


def test_a_file_is_passed_on_as_it_came(tmp_path):
    upload = Upload(tmp_path, "a.mp4", 1)

    assert OPERATIONS["uploadVideo"].bind({"file": upload}, SHANGHAI)["file"] is upload


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (None, ""), (5.0, "5"), (0.5, "0.5")])
def test_values_of_json_read_as_those_of_forms(value, text):
    assert as_text("name", value) == text


@pytest.mark.parametrize("value", [[], {}, ["a"], b"bytes"])
def test_what_is_no_single_value_is_refused(value):
    with pytest.raises(BadRequest, match="name must be a single value"):
        as_text("name", value)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, Text()),
        (int, Whole()),
        (int | None, Whole()),
        (Annotated[str, Text(3)], Text(3)),
        (Annotated[int, Whole(1, 2)] | None, Whole(1, 2)),
        (Link | None, Url()),
        (Word | None, Choice(Word)),
        (bool, Flag()),
    ],
)
def test_signatures_say_how_parameters_are_read(annotation, kind):
    assert kind_of(annotation) == kind


def test_a_type_that_no_text_can_be_is_a_mistake_of_ours():
    with pytest.raises(TypeError):
        kind_of(list)


def test_names_on_the_wire_are_camel_case():
    assert camel("media_id") == "mediaId"
    assert camel("get_recommend_video_by_id") == "getRecommendVideoById"
