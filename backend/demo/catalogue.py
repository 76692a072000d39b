"""Turns the clips of `backend.demo.clips` into videos in every state, using the regular ingest path."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from backend.demo.clips import CLIPS, Clip
from backend.errors import NotFound
from backend.jobs.runner import Done
from backend.lifecycle.ingest import VideoMetadata, add_video, kept_until_stored, validate_file
from backend.media import LocalFile
from backend.model import Actor, CensorStatus, Job, User, Verdict, Video, VideoStatus

if TYPE_CHECKING:
    from backend.console import Console

ACTOR = Actor("demo", "worker")
NAMESPACE = uuid.UUID("6f1d1c0e-6f0b-4f0e-9d43-3e1f4e6f9a55")  # makes video ids deterministic
KEPT_OF_DAMAGED = 0.5  # share of bytes kept: enough to open, too few to transcode
SECONDS_TO_RECOMMEND = 3600
UNFINISHED = (
    ("周末骑行 vlog（上传中）", VideoStatus.UPLOADING),
    ("Surf trip, part 2 (upload interrupted)", VideoStatus.UPLOAD_FAIL),
)


def begin(console: Console) -> bool:
    """Queue the demo catalogue if it is enabled and the store is empty; return whether it was queued."""
    if not console.settings.demo or not console.store.catalogue.is_empty():
        return False
    now = int(console.clock())
    for number, (title, status) in enumerate(UNFINISHED):
        user = User(*CLIPS[number].user)
        created = now - 600 * (number + 1)
        censor = CensorStatus.ON_CENSOR
        video = Video(_video_id(title), title, user, created, status=status, censor_status=censor)
        console.store.catalogue.add_video(video, ACTOR)
    console.store.jobs.enqueue_demo(range(len(CLIPS)))
    return True


def settle(console: Console, job: Job, outcome: Done) -> None:
    """Add a finished clip and bring it to its intended state; idempotent."""
    number: int = job.payload["clip"]
    clip, path = CLIPS[number], Path(outcome.facts["path"])
    video_id = _video_id(f"clip {number}")
    with kept_until_stored(path) as file:
        try:
            console.store.catalogue.get_video(video_id)
        except NotFound:
            _enter(console, clip, file, video_id, created=job.created - clip.age)
        _review(console, clip, video_id, job.created - clip.age)


def _enter(console: Console, clip: Clip, file: LocalFile, video_id: str, created: int) -> None:
    probe, path = validate_file(console, file), file.path
    if clip.damaged:
        whole = path.read_bytes()
        path.unlink()  # the kept file may be a hard link
        path.write_bytes(whole[: int(len(whole) * KEPT_OF_DAMAGED)])
    said = VideoMetadata(
        path.name,
        User(*clip.user),
        clip.title,
        clip.description,
        clip.tags,
        clip.cate_id,
        clip.cate_name,
        created,
        video_id,
        CensorStatus.ON_CENSOR if clip.censor is CensorStatus.ON_CENSOR else None,
    )
    add_video(console, file, probe, said, ACTOR)


def _review(console: Console, clip: Clip, video_id: str, created: int) -> None:
    catalogue = console.store.catalogue
    if clip.censor is CensorStatus.SUCCESS:
        catalogue.record_audit(video_id, Verdict.NORMAL, "", "", ACTOR)
    elif clip.censor is CensorStatus.FAIL:
        catalogue.record_audit(video_id, Verdict.BLOCKED, clip.reason, "", ACTOR)
    if clip.recommend:
        catalogue.recommend(video_id, {}, ACTOR, at=created + SECONDS_TO_RECOMMEND)


def _video_id(name: str) -> str:
    return uuid.uuid5(NAMESPACE, name).hex
