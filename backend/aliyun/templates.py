"""VOD's transcode template groups and watermarks, which are defined in the VOD console."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from backend.aliyun.client import Client
from backend.aliyun.mapping import number, words
from backend.media.templates import Template, TemplateGroup, Watermark

KEPT_SECONDS = 300.0
NARROW = "NarrowBand"


class Templates:
    """Lists template groups and watermarks, cached for some minutes."""

    def __init__(self, client: Client, clock: Callable[[], float]) -> None:
        self._client, self._clock, self._guard = client, clock, threading.Lock()
        self._groups: tuple[float, list[TemplateGroup]] = (0.0, [])
        self._watermarks: tuple[float, list[Watermark]] = (0.0, [])

    def groups(self) -> list[TemplateGroup]:
        """Return all non-empty template groups. Raises CloudError."""
        with self._guard:
            if self._clock() >= self._groups[0]:
                answer = self._client.call("ListTranscodeTemplateGroup", expect="RequestId")
                ids = [str(one["TranscodeTemplateGroupId"]) for one in answer.get("TranscodeTemplateGroupList") or []]
                groups = [group for group in map(self._ask, ids) if group.templates]
                self._groups = (self._clock() + KEPT_SECONDS, groups)
            return self._groups[1]

    def watermarks(self) -> list[Watermark]:
        """Return all watermarks. Raises CloudError."""
        with self._guard:
            if self._clock() >= self._watermarks[0]:
                answer = self._client.call("ListWatermark", expect="RequestId")
                found = [_watermark(one) for one in answer.get("WatermarkInfos") or []]
                self._watermarks = (self._clock() + KEPT_SECONDS, found)
            return self._watermarks[1]

    def _ask(self, group_id: str) -> TemplateGroup:
        wanted = {"TranscodeTemplateGroupId": group_id}
        answer = self._client.call("GetTranscodeTemplateGroup", wanted, expect="TranscodeTemplateGroup")
        return group_of(answer["TranscodeTemplateGroup"])


def group_of(found: Mapping[str, Any]) -> TemplateGroup:
    """Build a group from a GetTranscodeTemplateGroup response."""
    return TemplateGroup(
        str(found.get("TranscodeTemplateGroupId")),
        words(found.get("Name")),
        str(found.get("IsDefault")) == "Default",
        tuple(_template(one) for one in found.get("TranscodeTemplateList") or []),
    )


def _template(one: Mapping[str, Any]) -> Template:
    video, container = _object(one.get("Video")), _object(one.get("Container"))
    return Template(
        name=words(one.get("TemplateName")),
        kind=str(one.get("Type") or ""),
        definition=str(one.get("Definition") or ""),
        format=str(container.get("Format") or ""),
        width=int(number(video.get("Width"))),
        height=int(number(video.get("Height"))),
        encrypted=bool(_object(one.get("EncryptSetting")).get("EncryptType")),
        watermark_ids=tuple(str(each) for each in one.get("WatermarkIds") or []),
    )


def _watermark(one: Mapping[str, Any]) -> Watermark:
    is_text = one.get("Type") == "Text"
    content = _object(one.get("WatermarkConfig")).get("Content") if is_text else one.get("FileUrl")
    default = str(one.get("IsDefault")) == "Default"
    return Watermark(str(one.get("WatermarkId")), words(one.get("Name")), is_text, words(content), default)


def _object(data: Any) -> Mapping[str, Any]:
    """Parse a field that may contain JSON text."""
    try:
        found = json.loads(data) if isinstance(data, str) else data
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, Mapping) else {}
