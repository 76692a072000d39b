"""Asking for plain and narrow-band renditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.model import JobKind, JobState

if TYPE_CHECKING:
    from backend.console import Call


@operation(
    "GET", "/vod/submitTranscode", message="发起非窄带高清转码作业完成!", right=Right.MANAGE, remote=True, place=2
)
def submit_transcode(call: Call, *, media_id: str) -> None:
    """Queue a plain transcode. While one waits or runs, and where all it would make is there, nothing new begins."""
    _queue(call, JobKind.TRANSCODE, media_id)


@operation(
    "GET", "/vod/submitTabTranscode", message="发起窄带高清转码作业完成!", right=Right.MANAGE, remote=True, place=4
)
def submit_tab_transcode(call: Call, *, media_id: str) -> None:
    """Queue a narrow-band HD transcode. While one waits or runs, and where it is there, nothing new begins."""
    _queue(call, JobKind.NARROW, media_id)


def _queue(call: Call, kind: JobKind, media_id: str) -> None:
    jobs = call.store.jobs
    last = jobs.find_jobs(video_id=media_id, kind=kind, state=JobState.DONE, size=1).items
    facts = last[0].result if last else {}
    video = call.media.with_known_renditions(call.store.catalogue.get_video(media_id))
    if not call.media.has_made(kind, video, facts):
        jobs.enqueue_for_video(kind, media_id, call.operation.name, call.actor)
