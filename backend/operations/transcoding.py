"""Requests for plain and narrow-band renditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.model import JobKind, JobState
from backend.operations.templates import TemplateGroupId, WatermarkId, WatermarkText, chosen, queue

if TYPE_CHECKING:
    from backend.console import Call


@operation(
    "GET", "/vod/submitTranscode", message="发起非窄带高清转码作业完成!", right=Right.MANAGE, remote=True, place=2
)
def submit_transcode(
    call: Call, *, media_id: str, template_group_id: TemplateGroupId = "", watermark_id: WatermarkId = "",
    watermark_text: WatermarkText = "",
) -> None:  # fmt: skip
    """Queue a plain transcode.

    Does nothing if one is pending or the rendition exists. In cloud mode, as an extension: `templateGroupId` (see
    getTranscodeTemplates) replaces the default group; 409 if the video was transcoded with it already. `watermarkId` is
    one of the group's watermarks, `watermarkText` replaces the text of a text watermark.
    """
    _queue(call, JobKind.TRANSCODE, media_id, template_group_id, watermark_id, watermark_text)


@operation(
    "GET", "/vod/submitTabTranscode", message="发起窄带高清转码作业完成!", right=Right.MANAGE, remote=True, place=4
)
def submit_tab_transcode(
    call: Call, *, media_id: str, template_group_id: TemplateGroupId = "", watermark_id: WatermarkId = "",
    watermark_text: WatermarkText = "",
) -> None:  # fmt: skip
    """Queue a narrow-band HD transcode.

    Does nothing if one is pending or the rendition exists. The other parameters are as for submitTranscode.
    """
    _queue(call, JobKind.NARROW, media_id, template_group_id, watermark_id, watermark_text)


def _queue(call: Call, kind: JobKind, media_id: str, *choice: str) -> None:
    jobs = call.store.jobs
    if wanted := chosen(call, kind, *choice):
        queue(call, kind, media_id, wanted)
        return
    last = jobs.find_jobs(video_id=media_id, kind=kind, state=JobState.DONE, size=1).items
    facts = last[0].result if last else {}
    video = call.media.with_known_renditions(call.store.catalogue.get_video(media_id))
    if not call.media.is_up_to_date(kind, video, facts):
        jobs.enqueue_for_video(kind, media_id, call.operation.name, call.actor)
