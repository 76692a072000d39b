"""What every list of videos can be narrowed by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec.structs import asdict

from backend.model import CensorStatus, VideoFilter
from backend.parameters import End, Start, Whole
from backend.registry import camel


class Filters(msgspec.Struct, frozen=True):
    """The filters of the contract, as parameters of an operation, in the seed's order; `cateId` is an extension."""

    video_id: str = ""
    user_id: str = ""
    title: str = ""
    start_time: Start = None
    end_time: End = None
    user_name: str = ""
    censor_status: CensorStatus | None = None
    cate_id: Annotated[int | None, Whole(0, 10**9)] = None

    def given(self, write_time: Callable[[int], str]) -> dict[str, str]:
        """Return the filters that narrow anything, by their names on the wire, as people read them."""
        values = {camel(name): value for name, value in asdict(self).items()}
        return {
            name: write_time(value).removesuffix(".0") if name.endswith("Time") else str(value)
            for name, value in values.items()
            if value not in ("", None)
        }

    @property
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
        )
