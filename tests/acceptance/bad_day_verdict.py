"""What is left after a bad day, held against what clients were told."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from backend import Console
from backend.model import VideoFilter
from tests.acceptance.bad_day_load import Told

UPLOADED, AUDITED = "uploadVideo", "createAudit"


@dataclass
class Verdict:
    """`untrue` are changes that were made although an envelope said that nothing was changed."""

    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # the chain, what recount and the database's own check say
    media: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.untrue or self.broken or self.media)


def judge(console: Console, told: Told, keys: list[str]) -> Verdict:
    """Read everything back; `keys` are the objects in the bucket."""
    verdict = Verdict(acknowledged=len(told.acknowledged) + len(told.queued))
    with console.store.engine.reading() as db:
        lines = db.fetch("select action, target, request_id, after from history order by id")
        jobs = db.fetch("select kind, state, video_id, error from jobs")
    marks = Counter(json.loads(after).get("comment", "") for action, _, _, after in lines if action == AUDITED)
    clips = Counter(video.title for video in console.store.catalogue.iterate_videos(VideoFilter()))
    found = marks + clips
    verdict.lost = [mark for mark in told.acknowledged if not found[mark]]
    verdict.doubled = [f"{mark}: {count} times" for mark, count in found.items() if mark and count > 1]
    made = {request_id for _, _, request_id, _ in lines}
    verdict.untrue = [f"{number}: {message}" for number, message in told.refused.items() if number in made]
    verdict.untrue += [f"{mark}: {message}" for mark, message in told.refused_uploads.items() if clips[mark]]
    kinds = {(video, kind) for kind, _, video, _ in jobs}
    verdict.lost += [f"the rendition of {video}" for video in told.queued if (video, "narrow") not in kinds]
    verdict.broken += [
        f"{kind} of {video} is {state}: {error}" for kind, state, video, error in jobs if state != "done"
    ]
    ends = Counter((target, action) for action, target, _, _ in lines)
    runs = Counter((video, kind) for kind, state, video, _ in jobs if state == "done" and video)
    verdict.doubled += [
        f"{kind} of {video} ended {ends[video, kind]} times, not {count}"
        for (video, kind), count in runs.items()
        if kind in ("snapshot", "transcode", "narrow") and ends[video, kind] != count
    ]
    result = console.store.history.verify()
    verdict.broken += [f"the chain: {error}" for error in result.errors]
    verdict.broken += [*console.store.engine.recount(), *console.store.check()]
    there = set(keys)
    for video in console.store.catalogue.iterate_videos(VideoFilter()):
        verdict.media += [
            f"{video.video_id}/{file.name} is missing"
            for file in video.files
            if f"{video.video_id}/{file.name}" not in there
        ]
    return verdict
