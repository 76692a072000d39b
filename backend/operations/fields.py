"""Video parameters shared by several operations."""

from __future__ import annotations

from typing import Annotated

import msgspec

from backend.api.parameters import Line, Text, Whole
from backend.model.limits import MAX_CATE_ID

Title = Annotated[str, Line(200)]
Tags = Annotated[str, Line(500)]
Description = Annotated[str, Text(2000)]
Name = Annotated[str, Line(100)]
ReasonCode = Annotated[str, Text(32)]
CateId = Annotated[int, Whole(0, MAX_CATE_ID)]


class NewVideo(msgspec.Struct, frozen=True):
    """Metadata of a new video. Without `user_id` it belongs to the signed-in account."""

    title: Title = ""
    description: Description = ""
    tags: Tags = ""
    cate_id: CateId = 0
    cate_name: Name = ""
    user_id: Name = ""
    user_name: Name = ""
