"""VOD's machine review: submitting it, which is billed and must not be repeated, and storing its results."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backend.aliyun.client import Client
from backend.aliyun.errors import NO_SUCH_TASK, has_code
from backend.aliyun.mapping import number, unsigned, words
from backend.errors import CloudError, Conflict
from backend.model import Actor
from backend.model.cloud import Action, Finding, Frame, Intent, MachineReview, ReviewState

if TYPE_CHECKING:
    from backend.store import Store

ACTION = Action.REVIEW
MODULES = {"PornResult": "porn", "TerrorismResult": "terrorism", "AdResult": "ad", "LiveResult": "live",
           "LogoResult": "logo", "GreenEnhancedResult": "enhanced"}  # fmt: skip
SCENES = ("Porn", "Terrorism", "Ad", "Live", "Logo")
CLEAN = ("", "normal", "nonlabel")
PAGE, MAX_PAGES = 20, 25  # of GetMediaAuditResultDetail
MAX_FRAMES = 200
SUBMIT_SECONDS = 20.0
ASKED_AGAIN = 15.0  # seconds between polls of a job
SETTLED_FROM = 30.0
LOST_SECONDS = 1800.0  # after which an unconfirmed submission counts as lost
GIVEN_UP_SECONDS = 86_400.0  # VOD reviews a video in minutes
PENDING = "The machine is reviewing the video {video_id} already. Look again in a minute."
UNCONFIRMED = (
    "ApsaraVideo VOD did not confirm the machine review. It is billed, so it is not submitted again until it is clear "
    "whether VOD accepted it; if so, the result appears here."
)
NEVER_CONFIRMED = "ApsaraVideo VOD never confirmed this machine review. It can be submitted again."
NO_RESULT = "ApsaraVideo VOD gave no result of the machine review within a day. It can be submitted again."
FAILED = "The machine review failed at ApsaraVideo VOD: {why} (code {cloud_code})."


class MachineReviews:
    """Submits machine reviews and stores their results."""

    def __init__(self, client: Client, store: Store, template: str, clock: Callable[[], float]) -> None:
        """`template` is the id of VOD's AI template; empty for the account's default."""
        self._client, self._store, self._template, self._clock = client, store, template, clock

    def known(self, video_id: str) -> MachineReview | None:
        """Return the stored result. If it was never fetched, queue fetching it in the background."""
        found = self._store.machine_reviews.find(video_id)
        if found is None:
            self._store.cloud.begin(Action.LOOK, video_id, {}, Actor("console", "worker"))
        return found

    def submit(self, video_id: str, actor: Actor, template: str = "") -> None:
        """Submit a video for review.

        Raises Conflict while one is running, and CloudError; after a lost response, nothing is submitted again until it
        is clear whether VOD accepted it.
        """
        template = template or self._template
        payload = {"template": template, "token": secrets.token_hex(8)}
        _, new = self._store.cloud.begin(ACTION, video_id, payload, actor)
        if not new:
            raise Conflict(PENDING, video_id=video_id)
        wanted = {
            "MediaId": video_id, "MediaType": "video", "TemplateId": template,
            "UserData": json.dumps({"Extend": {"review": payload["token"]}}),
        }  # fmt: skip
        try:
            answer = self._client.call(
                ACTION, {name: value for name, value in wanted.items() if value}, expect="JobId", repeat=False,
                seconds=SUBMIT_SECONDS,
            )  # fmt: skip
        except CloudError as error:
            if not error.unknown:
                self._store.cloud.drop(ACTION, video_id)
                raise
            self._store.machine_reviews.note_submitted(self._running(video_id), {**payload, "jobId": ""}, actor)
            raise CloudError(UNCONFIRMED, unknown=True) from error
        job = str(answer["JobId"])
        self._store.machine_reviews.note_submitted(self._running(video_id), {**payload, "jobId": job}, actor)

    def settle(self, intent: Intent) -> bool:
        """Poll a review; False while it is running. Raises CloudError."""
        waited = self._clock() - intent.begun
        job = str(intent.payload.get("jobId") or "")
        if not job:
            return self._settle_unconfirmed(intent, waited)
        try:
            found = self._client.call("GetAIMediaAuditJob", {"JobId": job}, expect="MediaAuditJob.Status")
        except CloudError as error:
            if not has_code(error, *NO_SUCH_TASK):
                raise
            self._fail(intent.target, CloudError(NEVER_CONFIRMED))
            return True
        state = found["MediaAuditJob"]
        if state.get("MediaId") not in (None, intent.target):
            raise CloudError(NEVER_CONFIRMED)
        if state["Status"] == "success":
            self._store.machine_reviews.keep(self._fetch(intent.target), ends=True)
            return True
        if state["Status"] == "fail":
            why, code = words(state.get("Message")) or "-", words(state.get("Code")) or "-"
            self._fail(intent.target, CloudError(FAILED, why=why, cloud_code=code))
            return True
        if waited > GIVEN_UP_SECONDS:
            self._fail(intent.target, CloudError(NO_RESULT))
            return True
        self._store.cloud.postpone_intent(intent, ASKED_AGAIN)
        return False

    def look(self, intent: Intent) -> bool:
        """Fetch the result of a video never looked up before. Raises CloudError."""
        self.take(intent.target)
        self._store.cloud.drop(Action.LOOK, intent.target)
        return True

    def take(self, video_id: str) -> MachineReview:
        """Fetch and store VOD's result of a finished review. Raises CloudError."""
        found = self._fetch(video_id)
        self._store.machine_reviews.keep(found)
        return found

    def _settle_unconfirmed(self, intent: Intent, waited: float) -> bool:
        """Settle a submission without a response.

        VOD does not list such jobs, but a new result shows that it was accepted.
        """
        if waited < SETTLED_FROM:  # the submitter may still be waiting for the response
            self._store.cloud.postpone_intent(intent, SETTLED_FROM - waited)
            return False
        before = self._store.machine_reviews.find(intent.target)
        found = self._fetch(intent.target)
        if found.state is ReviewState.DONE and (before is None or found.content != before.content):
            self._store.machine_reviews.keep(found, ends=True)
            return True
        if waited > LOST_SECONDS:
            self._fail(intent.target, CloudError(NEVER_CONFIRMED))
            return True
        self._store.cloud.postpone_intent(intent, 4 * ASKED_AGAIN)
        return False

    def _running(self, video_id: str) -> MachineReview:
        before = self._store.machine_reviews.find(video_id) or MachineReview(video_id)
        return replace(before, state=ReviewState.RUNNING, error="", submitted=int(self._clock()))

    def _fail(self, video_id: str, error: CloudError) -> None:
        before = self._store.machine_reviews.find(video_id) or MachineReview(video_id)
        failed = replace(before, state=ReviewState.FAILED, error=error.pack())
        self._store.machine_reviews.keep(failed, ends=True)

    def _fetch(self, video_id: str) -> MachineReview:
        submitted = (self._store.machine_reviews.find(video_id) or MachineReview(video_id)).submitted
        now = int(self._clock())
        try:
            answer = self._client.call(
                "GetMediaAuditResult", {"MediaId": video_id}, expect="MediaAuditResult.Suggestion"
            )
        except CloudError as error:
            if not has_code(error, *NO_SUCH_TASK):
                raise
            return MachineReview(video_id, ReviewState.NONE, submitted=submitted, fetched=now)
        result = answer["MediaAuditResult"]
        frames = self._frames(video_id, result)
        return MachineReview(
            video_id, ReviewState.DONE, suggestion=words(result.get("Suggestion")), labels=_listed(result.get("Label")),
            findings=tuple(_findings(result)), frames=frames, submitted=submitted, fetched=now,
        )  # fmt: skip

    def _frames(self, video_id: str, result: Mapping[str, Any]) -> tuple[Frame, ...]:
        """Return the frames with findings, in time order.

        Details that VOD no longer has are omitted; the summary has the worst frames of each kind.
        """
        found: dict[tuple[str, int], Frame] = {}
        for name, module in MODULES.items():
            for one in ((result.get("VideoResult") or {}).get(name) or {}).get("TopList") or []:
                _add(found, module, one.get("Label"), one.get("Score"), one)
        for one in self._details(video_id) if _is_suspect(result) else []:
            for scene in SCENES:
                _add(found, scene.lower(), one.get(f"{scene}Label"), one.get(f"{scene}Score"), one)
        for scene, moments in self._timeline(video_id).items() if _is_suspect(result) else ():
            for one in moments or []:
                _add(found, scene.lower(), one.get("Label"), one.get("Score"), one)
        worst = sorted(found.values(), key=lambda frame: -frame.score)[:MAX_FRAMES]
        return tuple(sorted(worst, key=lambda frame: (frame.milliseconds, frame.module)))

    def _details(self, video_id: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for page in range(1, MAX_PAGES + 1):
            answer = self._optional("GetMediaAuditResultDetail", {"MediaId": video_id, "PageNo": page})
            detail = answer.get("MediaAuditResultDetail") or {}
            rows += detail.get("List") or []
            if len(rows) >= number(detail.get("Total")) or not detail.get("List"):
                break
        return rows

    def _timeline(self, video_id: str) -> dict[str, Any]:
        answer = self._optional("GetMediaAuditResultTimeline", {"MediaId": video_id})
        timeline = answer.get("MediaAuditResultTimeline") or {}
        return {scene: timeline.get(scene) for scene in SCENES}

    def _optional(self, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._client.call(action, parameters)
        except CloudError as error:
            if error.passing:
                raise
            return {}


def _add(found: dict[tuple[str, int], Frame], module: str, label: Any, score: Any, one: Mapping[str, Any]) -> None:
    if words(label).lower() in CLEAN:
        return
    at = int(number(one.get("Timestamp")))
    known = found.get((module, at))
    url = unsigned_picture(one.get("Url")) or (known.url if known else "")
    best = max(number(score), known.score if known else 0.0)
    found[(module, at)] = Frame(at, module, words(label), best, url)


def unsigned_picture(url: Any) -> str:
    """Return a frame's URL as given by VOD, if valid; it is signed for the two weeks that VOD keeps the image."""
    text = words(url)
    return text if text.startswith(("http://", "https://")) and unsigned(text) else ""


def _is_suspect(result: Mapping[str, Any]) -> bool:
    return str(result.get("Suggestion")) != "pass" or any(label not in CLEAN for label in _listed(result.get("Label")))


def _listed(text: Any) -> tuple[str, ...]:
    return tuple(part for part in (one.strip() for one in words(text).split(",")) if part)


def _findings(result: Mapping[str, Any]) -> list[Finding]:
    """Return the findings in frames, cover, texts and audio."""
    found = []
    for name, module in MODULES.items():
        one = (result.get("VideoResult") or {}).get(name) or {}
        found.append(Finding("video", module, words(one.get("Label")), words(one.get("Suggestion")),
                             number(one.get("MaxScore"))))  # fmt: skip
    for picture in result.get("ImageResult") or []:
        for one in picture.get("Result") or []:
            found.append(_finding("cover", one))
    for one in result.get("TextResult") or []:
        part = "title" if str(one.get("Type")) in ("title", "text-title") else "text"
        found.append(_finding(part, one, words(one.get("Content"))))
    found += [_finding("audio", one) for one in result.get("AudioResult") or []]
    return [one for one in found if one.suggestion not in ("", "pass") or one.label.lower() not in CLEAN]


def _finding(part: str, one: Mapping[str, Any], text: str = "") -> Finding:
    return Finding(part, words(one.get("Scene")), words(one.get("Label")), words(one.get("Suggestion")),
                   number(one.get("Score")), text)  # fmt: skip
