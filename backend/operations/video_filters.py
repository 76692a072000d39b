"""Filter parameters of video lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec.structs import asdict, replace

from backend.api.parameters import End, Number, Start, Whole
from backend.api.registry import camel
from backend.model import CensorStatus, TranscodeStatus, VideoFilter
from backend.model.limits import MAX_CATE_ID
from backend.model.programme import EntryState
from backend.model.reports import MAX_REPORTS
from backend.model.technical_flags import ANY, NONE, TechnicalFlag

MAX_BYTES = 10**15

# Filters and orders that are not cheap: they use the search index or another sort order.
SLOW = frozenset((
    "title", "userName", "sort", "tags", "transcodeStatus", "narrowTranscodeStatus", "isRecommend", "minDuration",
    "maxDuration", "minSize", "maxSize", "technicalFlag", "minReports",
))  # fmt: skip


class Rendition(StrEnum):
    """State of a rendition; `none` if it was never requested."""

    NONE = "none"
    RUNNING = TranscodeStatus.RUNNING
    SUCCESS = TranscodeStatus.SUCCESS
    FAIL = TranscodeStatus.FAIL


class FlagFilter(StrEnum):
    """A technical flag; `any` if there are some, `none` if the video was checked and there are none."""

    ANY = ANY
    FLASHING = TechnicalFlag.FLASHING
    MAY_FLASH = TechnicalFlag.MAY_FLASH
    BLACK = TechnicalFlag.BLACK
    FROZEN = TechnicalFlag.FROZEN
    SILENT = TechnicalFlag.SILENT
    NO_SOUND = TechnicalFlag.NO_SOUND
    LOUD = TechnicalFlag.LOUD
    QUIET = TechnicalFlag.QUIET
    NONE = NONE


class FeedState(StrEnum):
    """State of a recommendation: before its start, live, after its end; `all` includes those without a rendition."""

    LIVE = EntryState.LIVE
    SCHEDULED = EntryState.SCHEDULED
    ENDED = EntryState.ENDED
    ALL = "all"


Seconds = Annotated[float | None, Number()]
Bytes = Annotated[int | None, Whole(0, MAX_BYTES)]


class Filters(msgspec.Struct, frozen=True):
    """The documented filters as operation parameters, in the documented order; those from `cateId` on are
    extensions. `minReports` counts those of viewers since the last verdict on a video.
    """

    video_id: str = ""
    user_id: str = ""
    title: str = ""
    start_time: Start = None
    end_time: End = None
    user_name: str = ""
    censor_status: CensorStatus | None = None
    cate_id: Annotated[int | None, Whole(0, MAX_CATE_ID)] = None
    transcode_status: Rendition | None = None
    narrow_transcode_status: Rendition | None = None
    is_recommend: bool | None = None
    tags: str = ""
    min_duration: Seconds = None
    max_duration: Seconds = None
    min_size: Bytes = None
    max_size: Bytes = None
    technical_flag: FlagFilter | None = None
    min_reports: Annotated[int | None, Whole(1, MAX_REPORTS)] = None

    def given(self, write_time: Callable[[int], str]) -> dict[str, str]:
        """Return the active filters by wire name, formatted for people."""
        return written(self, write_time)

    @property
    @lru_cache(128)  # noqa: B019  (who turns pages asks for the same ones; they are few, and no larger than texts)
    def wanted(self) -> VideoFilter:
        return VideoFilter(
            video_id=self.video_id,
            user_id=self.user_id,
            title=self.title,
            user_name=self.user_name,
            censor_status=self.censor_status,
            start=self.start_time,
            end=self.end_time,
            cate_id=self.cate_id,
            transcode_status=_status(self.transcode_status),
            narrow_transcode_status=_status(self.narrow_transcode_status),
            recommended=self.is_recommend,
            tags=self.tags,
            min_duration=self.min_duration,
            max_duration=self.max_duration,
            min_size=self.min_size,
            max_size=self.max_size,
            flag=self.technical_flag or "",
            min_reports=self.min_reports,
        )


def in_state(wanted: VideoFilter, state: FeedState) -> VideoFilter:
    """Return the filter for recommendations in a state."""
    return wanted if state is FeedState.ALL else replace(wanted, state=EntryState(state))


def _status(wanted: Rendition | None) -> TranscodeStatus | None:
    if wanted is None:
        return None
    return TranscodeStatus.NEVER if wanted is Rendition.NONE else TranscodeStatus(wanted)


def written(filters: msgspec.Struct, write_time: Callable[[int], str]) -> dict[str, str]:
    """Return the active filters by wire name, formatted for people."""
    values = {camel(name): value for name, value in asdict(filters).items()}
    return {
        name: write_time(value).removesuffix(".0") if name.endswith("Time") else _written(value)
        for name, value in values.items()
        if value not in ("", None)
    }


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def is_plain_page(sent: Mapping[str, Any]) -> bool:
    """Return whether the request is for a small page without full-text search or another sort order."""
    return SLOW.isdisjoint(sent) and len(sent.get("pageSize", "")) <= 2
