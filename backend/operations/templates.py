"""Transcode templates: listing them, and choosing one for a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from backend.api.parameters import Text
from backend.api.registry import operation
from backend.errors import BadRequest, Conflict
from backend.media.templates import TemplateGroup, Watermark
from backend.model import JobKind, JobState

if TYPE_CHECKING:
    from backend.console import Call

TemplateGroupId = Annotated[str, Text(64)]
WatermarkId = Annotated[str, Text(64)]
WatermarkText = Annotated[str, Text(128)]
LAST_JOBS = 100
NO_TEMPLATES = "This console has no transcode templates to choose from."


class TemplateData(msgspec.Struct, rename="camel"):
    """One rendition of a template; `width` and `height` are 0 if they follow the source."""

    template_name: str
    type: str
    definition: str
    format: str
    width: int
    height: int
    is_encrypted: bool


class TemplateGroupData(msgspec.Struct, rename="camel"):
    """`kind` is the operation that accepts it: `transcode` or `narrow`; `isSetting` marks the default group.

    A transcode applies the watermarks in `watermarkIdList`.
    """

    template_group_id: str
    name: str
    kind: str
    is_setting: bool
    is_encrypted: bool
    watermark_id_list: list[str]
    template_list: list[TemplateData]


class TemplateGroupList(msgspec.Struct, rename="camel"):
    total: int
    template_group_list: list[TemplateGroupData]


class WatermarkData(msgspec.Struct, rename="camel"):
    """`type` is `Image` or `Text`; `content` is the image URL or the text."""

    watermark_id: str
    name: str
    type: str
    content: str
    is_default: bool


class WatermarkList(msgspec.Struct, rename="camel"):
    total: int
    watermark_list: list[WatermarkData]


@operation("GET", "/vod/getTranscodeTemplates", remote=True)
def get_transcode_templates(call: Call) -> TemplateGroupList:
    """List the template groups available for transcodes. Empty in embedded mode."""
    settings = (call.settings.template_group, call.settings.narrow_template_group)
    found = [_group(one, one.group_id in settings) for one in call.media.template_groups()]
    return TemplateGroupList(len(found), found)


@operation("GET", "/vod/getWatermarks", remote=True)
def get_watermarks(call: Call) -> WatermarkList:
    """List the watermarks used by templates. Empty in embedded mode."""
    found = [
        WatermarkData(one.watermark_id, one.name, "Text" if one.is_text else "Image", one.content, one.is_default)
        for one in call.media.watermarks()
    ]
    return WatermarkList(len(found), found)


def chosen(call: Call, kind: JobKind, group_id: str, watermark_id: str, text: str) -> dict[str, Any]:
    """Return the template parameters of a job; empty for the defaults. Raises BadRequest and CloudError."""
    setting = call.settings.narrow_template_group if kind is JobKind.NARROW else call.settings.template_group
    if not group_id and not watermark_id and not text:
        return {}
    groups = call.media.template_groups()
    if not groups:
        raise BadRequest(NO_TEMPLATES)
    group = next((one for one in groups if one.group_id == (group_id or setting)), None)
    if group is None:
        raise BadRequest("There is no template group {group_id}. See getTranscodeTemplates.", group_id=group_id)
    if group.is_narrow is not (kind is JobKind.NARROW):
        raise BadRequest(
            "The template group {group_id} is one of {operation}.", group_id=group.group_id,
            operation="submitTabTranscode" if group.is_narrow else "submitTranscode",
        )  # fmt: skip
    wanted = {"templateGroupId": group.group_id}
    if watermark_id:
        wanted |= _watermark(group, call.media.watermarks(), watermark_id, text)
    elif text:
        raise BadRequest("{name} is required.", name="watermarkId")
    return {} if wanted == {"templateGroupId": setting} else wanted


def queue(call: Call, kind: JobKind, video_id: str, wanted: dict[str, Any]) -> None:
    """Queue a transcode with a chosen template.

    Raises Conflict if that rendition exists or another transcode is pending.
    """
    done = call.store.jobs.find_jobs(video_id=video_id, kind=kind, state=JobState.DONE, size=LAST_JOBS).items
    if any(job.payload == wanted for job in done):
        raise Conflict("Video {video_id} was transcoded with this template already.", video_id=video_id)
    if call.store.jobs.enqueue_for_video(kind, video_id, call.operation.name, call.actor, payload=wanted):
        return
    waiting = [
        job.payload
        for state in (JobState.QUEUED, JobState.RUNNING)
        for job in call.store.jobs.find_jobs(video_id=video_id, kind=kind, state=state, size=1).items
    ]
    if wanted not in waiting:
        raise Conflict(
            "Another transcode of video {video_id} waits or runs. Ask again when it is done.", video_id=video_id
        )


def _watermark(group: TemplateGroup, known: list[Watermark], watermark_id: str, text: str) -> dict[str, Any]:
    """Return a job's watermark parameters.

    VOD can replace the text or image of the group's watermarks, but not add others.
    """
    found = next((one for one in known if one.watermark_id == watermark_id), None)
    if found is None or watermark_id not in group.watermark_ids:
        raise BadRequest(
            "The template group {group_id} has no watermark {watermark_id}; it has {known}.", group_id=group.group_id,
            watermark_id=watermark_id, known=", ".join(group.watermark_ids) or "-",
        )  # fmt: skip
    if text and not found.is_text:
        raise BadRequest("The watermark {watermark_id} is a picture and has no text.", watermark_id=watermark_id)
    key = "Content" if found.is_text else "FileUrl"
    return {"watermark": {"WatermarkId": watermark_id, key: text or found.content}}


def _group(group: TemplateGroup, is_setting: bool) -> TemplateGroupData:
    templates = [
        TemplateData(one.name, one.kind, one.definition, one.format, one.width, one.height, one.encrypted)
        for one in group.templates
    ]
    kind = JobKind.NARROW if group.is_narrow else JobKind.TRANSCODE
    return TemplateGroupData(
        group.group_id, group.name, kind.value, is_setting, any(one.encrypted for one in group.templates),
        list(group.watermark_ids), templates,
    )  # fmt: skip
