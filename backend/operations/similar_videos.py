"""Videos that look like another one: on a video's page, and as a hint at the review desk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.model import CensorStatus, FileKind, Video
from backend.model.review import Decision, Lease
from backend.model.similar import SimilarVideo
from backend.operations.covers import SpriteData, sprite_of

if TYPE_CHECKING:
    from backend.console import Call

STATUS = {CensorStatus.SUCCESS: "Normal", CensorStatus.FAIL: "Blocked"}


class SimilarData(msgspec.Struct, rename="camel"):
    """A video that has `share` percent of the other's frames, possibly `mirrored`.

    `status` is Normal or Blocked; empty while nobody has decided on it. `time`, `reason` and `reasonCode` are those of
    that verdict, empty if the history does not have it. `sensitive`: it was blocked for disturbing content.
    """

    video_id: str
    title: str
    user_id: str
    same_user: bool
    share: int
    mirrored: bool
    status: str
    time: str
    reason: str
    reason_code: str
    sensitive: bool
    cover_url: str


class SimilarList(msgspec.Struct, rename="camel"):
    video_list: list[SimilarData]


class HintData(SimilarData, rename="camel"):
    """A similar video on which somebody has decided, with its images. It is a hint only: it decides nothing."""

    seconds_ago: int | None
    duration: float
    snapshot_list: list[str]
    sprite: SpriteData


class NewHint(msgspec.Struct, rename="camel"):
    lease_key: str
    hint: HintData


@operation("GET", "/vod/getSimilarVideos", right=Right.DESK)
def get_similar_videos(call: Call, *, video_id: str) -> SimilarList:
    """Return at most 50 videos that look like this one: blocked ones first, then the most similar.

    Videos are compared by hashes of some frames, when their images are made. A video without clear images has none.
    """
    call.store.catalogue.get_video(video_id)
    found = call.store.similar_videos.find(video_id)
    known = _videos(call, found)
    return SimilarList([
        SimilarData(**_shared(call, one, known[one.video_id])) for one in found if one.video_id in known
    ])  # fmt: skip


def hints_of(call: Call, leases: Iterable[Lease]) -> dict[str, HintData]:
    """Return the best hint for the video of each lease, by lease key: the most similar video, preferably a blocked one.

    A second reviewer gets what was known before the first verdict.
    """
    similar = call.store.similar_videos
    found = {lease.key: similar.find_hint(lease.video_id, blind=lease.kind.is_blind) for lease in leases}
    best = {key: one for key, one in found.items() if one is not None}
    known = _videos(call, best.values()) if best else {}
    return {key: _hint(call, one, known[one.video_id]) for key, one in best.items() if one.video_id in known}


def hints_after(call: Call, made: Decision, keys: Iterable[str]) -> list[NewHint]:
    """Return the hints that a decision changes for leases that the desk has already."""
    if made.kind.is_blind:
        return []
    held = call.store.similar_videos.find_held(made.video_id, made.reviewer, keys)
    return [NewHint(key, hint) for key, hint in hints_of(call, held).items() if hint.video_id == made.video_id]


def _videos(call: Call, found: Iterable[SimilarVideo]) -> dict[str, Video]:
    known = call.store.catalogue.find_known([one.video_id for one in found])
    return {video_id: call.media.with_current_urls(video) for video_id, video in known.items()}


def _hint(call: Call, one: SimilarVideo, video: Video) -> HintData:
    ago = None if one.decided is None else max(call.now() - one.decided.at, 0)
    snapshots = [call.write.url(video, file) for file in video.files_of(FileKind.SNAPSHOT)]
    return HintData(
        **_shared(call, one, video), seconds_ago=ago, duration=video.duration, snapshot_list=snapshots,
        sprite=sprite_of(call, video),
    )  # fmt: skip


def _shared(call: Call, one: SimilarVideo, video: Video) -> dict[str, Any]:
    code = one.decided.reason_code if one.decided else ""
    listed = call.store.review_choices.find_reason(code) if code else None
    cover = video.cover
    return {
        "video_id": one.video_id, "title": one.title, "user_id": one.user_id, "same_user": one.same_user,
        "share": round(one.likeness.share * 100), "mirrored": one.likeness.mirrored,
        "status": STATUS.get(one.censor_status, ""),
        "time": "" if one.decided is None else call.write.time(one.decided.at),
        "reason": one.decided.reason if one.decided else "", "reason_code": code,
        "sensitive": listed is not None and listed.sensitive,
        "cover_url": call.write.url(video, cover) if cover else "",
    }  # fmt: skip
