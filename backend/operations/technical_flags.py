"""Technical flags of a video: black, frozen, silent, flashing and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import Conflict, ConsoleError
from backend.lifecycle.technical_flags import are_checked
from backend.model import JobState
from backend.model.technical_flags import Finding, Span
from backend.store.technical_flags import Checked

if TYPE_CHECKING:
    from backend.console import Call

NOT_CHECKED = (
    "This console does not check videos for technical flags: in cloud mode their files are at VOD, elsewhere "
    "QU_TECHNICAL_FLAGS is off."
)
STATES = {JobState.QUEUED: "waiting", JobState.RUNNING: "running", JobState.FAILED: "failed"}


class FlagData(msgspec.Struct, rename="camel"):
    """A flag: flashing, mayFlash, black, frozen, silent, noSound, loud or quiet.

    `seconds` and `share` (0 to 1) of the video have it; `spanList` has the longest parts, at most 20, in order. They
    are 0 and empty for noSound, loud and quiet, which are of the whole video.
    """

    flag: str
    seconds: float
    share: float
    span_list: list[Span]


class FlagsData(msgspec.Struct, rename="camel"):
    """Hints from measuring picture and sound. `state` is none, waiting, running, done or failed (`error`).

    `available` is false if this console checks no videos: then nothing is known. `flagList` is empty unless `state` is
    done, or an earlier check was. `badness` is how much the worst second flashes (from 4 it may, from 10 it does),
    `loudness` is in LUFS and `peak` in dBTP; null if there is no sound, or if it is not measured. `uncheckedList` has
    what the ffmpeg of this console cannot check: black, frozen, flashing, silent, loudness.
    """

    available: bool
    state: str
    flag_list: list[FlagData]
    badness: float | None
    loudness: float | None
    peak: float | None
    unchecked_list: list[str]
    error: str
    check_time: str


@operation("GET", "/vod/getTechnicalFlags")
def get_technical_flags(call: Call, *, video_id: str) -> FlagsData:
    """Return the technical flags of a video. They are hints: nothing is decided by them."""
    call.store.catalogue.get_video(video_id)
    return flags_of(call, video_id)


@operation("POST", "/vod/submitTechnicalFlags", message="已提交技术检测", right=Right.REVIEW)
def submit_technical_flags(call: Call, *, media_id: str) -> None:
    """Check a video for technical flags (again), for example one that was uploaded before this console did so.

    New videos are checked by themselves. 409 in cloud mode, and if QU_TECHNICAL_FLAGS is off.
    """
    call.store.catalogue.get_whole_video(media_id)
    if not are_checked(call.console):
        raise Conflict(NOT_CHECKED)
    call.store.technical_flags.queue(media_id, call.operation.name, call.actor)


def flags_of(call: Call, video_id: str) -> FlagsData:
    """Return what is known of the technical flags of an existing video, as JSON data."""
    if not are_checked(call.console):
        return FlagsData(False, "none", [], None, None, None, [], "", "")
    checked = call.store.technical_flags.find(video_id)
    found, state = checked.measured, _state(checked)
    error = call.say(ConsoleError.unpack(checked.job.error)) if state == "failed" and checked.job else ""
    if found is None:
        return FlagsData(True, state, [], None, None, None, [], error, "")
    return FlagsData(
        available=True,
        state=state,
        flag_list=[_flag(one, found.duration) for one in found.findings],
        badness=found.badness,
        loudness=found.loudness,
        peak=found.peak,
        unchecked_list=[check.value for check in found.unchecked],
        error=error,
        check_time=call.write.time(int(checked.at)),
    )


def _state(checked: Checked) -> str:
    state = STATES.get(checked.job.state, "none") if checked.job else "none"
    return "done" if checked.measured is not None and state in ("none", "failed") else state


def _flag(one: Finding, duration: float) -> FlagData:
    share = min(one.seconds / duration, 1.0) if duration > 0 else 0.0
    return FlagData(one.flag.value, one.seconds, round(share, 3), list(one.spans))
