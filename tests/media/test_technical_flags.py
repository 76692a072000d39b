"""Technical flags: what the detectors print, what is made of it, and clips that are black, frozen, silent, flashing."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import ConsoleError, MediaError
from backend.media.detector_output import SUMMARY, DetectorLog, read_summary
from backend.media.ffmpeg import Ffmpeg
from backend.media.technical_flags import NO_DETECTORS, READ_OPTIONS, measure
from backend.model.technical_flags import (
    MAX_SPANS,
    MIN_FROZEN,
    Check,
    Span,
    Spans,
    TechnicalFlag,
    judge,
    merge,
    subtract,
)

seconds = st.floats(0, 20_000, allow_nan=False).map(lambda value: round(value, 3))
span = st.tuples(seconds, st.integers(1, 10_000)).map(lambda pair: Span(pair[0], pair[0] + pair[1] / 1000))
pieces = st.lists(span, max_size=30)
few = settings(max_examples=40)
NAMES = ("lavfi.black", "lavfi.freezedetect.freeze", "lavfi.silence")


def read(*lines: bytes) -> DetectorLog:
    log = DetectorLog()
    for line in lines:
        log.read(line)
    return log


def flags(measured):
    return [finding.flag.value for finding in measured.findings]


class TestReading:
    @few
    @given(st.lists(st.tuples(st.sampled_from(NAMES), span), max_size=10))
    def test_spans_are_read_as_they_were_printed(self, printed):
        lines = [(f"{name}_start={one.start!r}", f"{name}_end={one.end!r}") for name, one in printed]

        spans = read(*(line.encode() for pair in lines for line in pair)).spans(20_000)

        for name, found in zip(NAMES, (spans.black, spans.frozen, spans.silent), strict=True):
            assert list(found) == [one for kind, one in printed if kind == name]

    @few
    @given(st.lists(st.binary(max_size=60) | st.sampled_from([
        b"lavfi.black_start=", b"lavfi.black_end=1", b"lavfi.black_start=nan", b"lavfi.silence_start=inf",
        b"lavfi.silence_end=1,5", b"lavfi.freezedetect.freeze_start=-0.01", b"lavfi.freezedetect.freeze_end=1e999",
        b"lavfi.photosensitivity.badness=-nan", b"lavfi.photosensitivity.badness=1e30", b"frame:x pts:1 pts_time:2",
        b"frame:1    pts:1 pts_time:nan", b"frame:1    pts:1       pts_time:0.04", b"lavfi.black_start=1e300",
        "lavfi.black_start=١".encode(),
    ])))  # fmt: skip
    def test_no_line_of_any_kind_breaks_it_and_all_spans_lie_within_the_video(self, lines):
        log = read(*lines)
        spans = log.spans(10.0)
        measured = judge(10.0, spans, has_sound=True, badness=log.badness)

        assert 0 <= log.seconds < 10**7
        assert all(0 <= span.start < span.end <= 10 for finding in measured.findings for span in finding.spans)

    def test_what_begins_and_does_not_end_lasts_to_the_end(self):
        log = read(b"lavfi.freezedetect.freeze_start=3", b"lavfi.silence_start=4.5", b"lavfi.black_end=2")

        assert log.spans(9.0) == Spans((), (Span(3.0, 9.0),), (Span(4.5, 9.0),), ())

    def test_flashes_are_where_the_badness_was_high_half_a_second_before(self):
        def frame(number, badness):
            return (
                f"frame:{number}   pts:{number}   pts_time:{number / 25}".encode(),
                f"lavfi.photosensitivity.badness={badness}".encode(),
            )

        log = read(*(line for number in range(100) for line in frame(number, 12.5 if 25 <= number <= 75 else 1.5)))

        assert log.badness == 12.5
        assert log.spans(4.0).flashing == (Span(0.5, 2.5),)

    @pytest.mark.parametrize(
        ("lines", "found"),
        [
            (["    I:         -14.3 LUFS", "    Peak:       -4.9 dBFS"], (-14.3, -4.9)),
            (["    I:         -70.0 LUFS", "    Peak:       -inf dBFS"], (-70.0, -float("inf"))),
            (["    I:         -14,3 LUFS", "    Peak:        nan dBFS"], (None, None)),
            (["    Threshold: -24.4 LUFS", "    LRA low:   -22.5 LUFS"], (None, None)),
            ([], (None, None)),
        ],
    )
    def test_the_summary_of_loudness(self, lines, found):
        assert read_summary(lines) == found
        assert all(SUMMARY.match(line) for line in lines if "I:" in line or "Peak:" in line)

    @few
    @given(st.lists(st.text(max_size=9) | st.floats().map(str), max_size=9))
    def test_any_summary_gives_numbers_or_nothing(self, values):
        lines = [f"    {name}: {value} {unit}" for value in values for name, unit in (("I", "LUFS"), ("Peak", "dBFS"))]

        assert all(value is None or isinstance(value, float) for value in read_summary(lines))


class TestJudging:
    @few
    @given(pieces, pieces, st.floats(0, 20_000), st.floats(0.1, 5))
    def test_merged_and_subtracted_spans_are_in_order_apart_and_no_shorter(self, spans, others, duration, shortest):
        merged, taken = merge(spans, duration, shortest), merge(others, duration, 0.0)
        left = subtract(merged, taken, shortest)

        for found in (merged, left):
            assert all(0 <= span.start < span.end <= duration for span in found)
            assert all(before.end < after.start for before, after in itertools.pairwise(found))
            assert all(span.seconds >= shortest - 1e-5 for span in found)
        assert not any(span.start < other.end and other.start < span.end for span in left for other in taken)

    @pytest.mark.parametrize(
        ("measured", "found"),
        [
            ({}, []),
            ({"spans": Spans(black=(Span(0, 0.6),))}, []),  # a fade
            ({"spans": Spans(black=(Span(0, 2),))}, ["black"]),
            ({"spans": Spans(black=(Span(0, 4),), frozen=(Span(0, 5),))}, ["black"]),  # black is not also frozen
            ({"spans": Spans(frozen=(Span(0, 5),))}, ["frozen"]),
            ({"spans": Spans(silent=(Span(3, 10),))}, ["silent"]),
            ({"loudness": -70.0, "peak": -120.0}, ["silent"]),  # not quiet as well
            ({"loudness": -36.8, "peak": -11.6}, ["quiet"]),
            ({"loudness": -6.6, "peak": -0.5}, ["loud"]),
            ({"has_sound": False}, ["noSound"]),
            ({"has_sound": False, "spans": Spans(silent=(Span(0, 10),))}, ["noSound"]),
            ({"badness": 3.9}, []),
            ({"badness": 4.0}, ["mayFlash"]),
            ({"badness": 10.0, "spans": Spans(flashing=(Span(1, 2),), black=(Span(5, 8),))}, ["flashing", "black"]),
        ],
    )
    def test_what_is_conspicuous(self, measured, found):
        measured = {"spans": Spans(), "has_sound": True, **measured}

        assert flags(judge(10.0, measured.pop("spans"), **measured)) == found

    def test_a_finding_has_all_seconds_but_the_longest_spans_only(self):
        stills = tuple(Span(10.0 * number, 10.0 * number + 2 + number / 10) for number in range(50))

        (found,) = judge(500.0, Spans(frozen=stills), has_sound=True).findings

        assert found.seconds == pytest.approx(sum(span.seconds for span in stills))
        assert found.spans == stills[-MAX_SPANS:]
        assert min(span.seconds for span in found.spans) > MIN_FROZEN


class TestRealClips:
    @pytest.fixture
    def check(self, ffmpeg, clip, tmp_path):
        def measured(name, duration, program=ffmpeg):
            reads = program.reads(clip(name), *READ_OPTIONS)
            return measure(program, reads, duration, 0, tmp_path, lambda _: None)

        return measured

    def test_a_clip_that_is_black_then_frozen_and_silent_then_flashes(self, check):
        measured = check("conspicuous.mp4", 9.0)

        found = {finding.flag: finding for finding in measured.findings}
        assert list(found) == ["flashing", "black", "frozen", "silent"]
        assert found[TechnicalFlag.BLACK].spans == (Span(1.0, 3.0),)
        assert found[TechnicalFlag.FROZEN].spans == (Span(3.0, 6.0),)
        (silent,), (flashing,) = found[TechnicalFlag.SILENT].spans, found[TechnicalFlag.FLASHING].spans
        assert (silent.start, silent.end) == pytest.approx((3.0, 5.5), abs=0.1)
        assert (flashing.start, flashing.end) == pytest.approx((6.0, 8.0), abs=0.5)
        assert measured.badness > 10
        assert -25 < measured.loudness < -5

    def test_a_clip_without_a_sound_track_is_not_silent_and_an_ordinary_one_has_nothing(self, check):
        silent, plain = check("tagged.mp4", 8.0), check("plain.mp4", 2.0)

        assert (flags(silent), silent.loudness, silent.peak) == (["noSound"], None, None)
        assert (flags(plain), plain.words, plain.unchecked) == ([], "none", ())

    def test_an_ffmpeg_without_some_filters_tells_what_is_not_checked(self, check):
        other = Ffmpeg()
        other.__dict__["filters"] = Ffmpeg().filters - {"photosensitivity", "ebur128", "freezedetect"}

        measured = check("conspicuous.mp4", 9.0, other)

        assert measured.unchecked == (Check.FROZEN, Check.FLASHING, Check.LOUDNESS)
        assert flags(measured) == ["black", "silent"]
        assert (measured.badness, measured.loudness) == (None, None)

    def test_an_ffmpeg_without_all_of_them_says_what_to_do(self, check):
        other = Ffmpeg()
        other.__dict__["filters"] = frozenset()

        with pytest.raises(ConsoleError) as error:
            check("plain.mp4", 2.0, other)
        assert error.value.template == NO_DETECTORS

    def test_a_file_without_a_picture_fails_with_what_ffmpeg_said(self, ffmpeg, tmp_path):
        broken = tmp_path / "broken.mp4"
        broken.write_bytes(b"not a video")

        with pytest.raises(MediaError) as error:
            measure(ffmpeg, ffmpeg.reads(broken), 1.0, 0, tmp_path, lambda _: None)
        assert error.value.detail
