"""When videos are checked for technical flags: once, as soon as that is cheap; and what becomes of the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backend.jobs.runner import Done
from backend.model import Job, JobKind
from backend.model.technical_flags import FACT, Measurement

if TYPE_CHECKING:
    from backend.console import Console

# Pictures and a rendition let a check begin.
KINDS = (JobKind.SNAPSHOT, JobKind.TRANSCODE, JobKind.FLAGS)


def are_checked(console: Console) -> bool:
    """Return whether this console checks videos: not in cloud mode, where their files are elsewhere."""
    return console.cloud is None and console.settings.technical_flags


def settle(console: Console, job: Job, done: Done) -> None:
    """Store the result of a check, or queue the first one of a video; called again if the database fails."""
    if job.kind is JobKind.FLAGS:
        console.store.technical_flags.keep(job.video_id, msgspec.convert(done.facts[FACT], Measurement))
    elif are_checked(console):
        console.store.technical_flags.queue_first(job.video_id, has_rendition=job.kind is JobKind.TRANSCODE)
