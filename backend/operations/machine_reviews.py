"""Results of the machine review, and requesting one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import Conflict, ConsoleError
from backend.model.cloud import Action, MachineReview

if TYPE_CHECKING:
    from backend.console import Call

NO_MACHINE = "This console has no machine review: it comes with ApsaraVideo VOD (QU_MODE is embedded)."


class FindingData(msgspec.Struct, rename="camel"):
    """A finding in video, cover, title, text or audio (`part`). `score` is between 0 and 100."""

    part: str
    module: str
    label: str
    suggestion: str
    score: float
    text: str


class FrameData(msgspec.Struct, rename="camel"):
    """A frame with a finding, `seconds` into the clip. VOD keeps the images for two weeks."""

    seconds: float
    module: str
    label: str
    score: float
    picture_url: str


class ReviewData(msgspec.Struct, rename="camel"):
    """`state` is unknown until VOD was queried, then none, running, done or failed; `suggestion` is pass, review or
    block. `available` is false if this console has no machine review.
    """

    available: bool
    state: str
    suggestion: str
    labels: list[str]
    finding_list: list[FindingData]
    frame_list: list[FrameData]
    error: str
    submit_time: str
    result_time: str


@operation("GET", "/vod/getReviewResults")
def get_review_results(call: Call, *, video_id: str) -> ReviewData:
    """Return the stored result of a video's machine review, without waiting for VOD.

    For a video never queried before, VOD is queried in the background.
    """
    call.store.catalogue.get_video(video_id)
    return machine_review_of(call, video_id)


def machine_review_of(call: Call, video_id: str) -> ReviewData:
    """Return what is known of the machine review of a video that there is, as the wire has it."""
    cloud = call.console.cloud
    found = cloud.reviews.known(video_id) if cloud else None
    if found is None:
        return ReviewData(cloud is not None, "unknown" if cloud else "none", "", [], [], [], "", "", "")
    return _written(call, found)


@operation(
    "POST", "/vod/resubmitReview", message="已提交机器审核", right=Right.REVIEW, remote=True
)  # fmt: skip
def resubmit_review(call: Call, *, media_id: str, template_id: str = "") -> None:
    """Submit a video to VOD's machine review (again), which is billed. Cloud mode only.

    `templateId` is an AI template at VOD; the default is QU_REVIEW_TEMPLATE, or the account's default. 409 while a
    review is running.
    """
    call.store.catalogue.get_whole_video(media_id)
    if call.console.cloud is None:
        raise Conflict(NO_MACHINE)
    call.console.cloud.reviews.submit(media_id, call.actor, template_id)


def _written(call: Call, found: MachineReview) -> ReviewData:
    error = ""
    if found.error:
        error = call.say(ConsoleError.unpack(found.error))
    pending = call.store.cloud.is_begun(Action.REVIEW, found.video_id)
    return ReviewData(
        available=True,
        state="running" if pending else found.state,
        suggestion=found.suggestion,
        labels=list(found.labels),
        finding_list=[
            FindingData(one.part, one.module, one.label, one.suggestion, one.score, one.text) for one in found.findings
        ],
        frame_list=[
            FrameData(one.milliseconds / 1000, one.module, one.label, one.score, one.url) for one in found.frames
        ],
        error=error,
        submit_time=call.write.time(found.submitted) if found.submitted else "",
        result_time=call.write.time(found.fetched) if found.fetched else "",
    )
