"""Webhooks by the Standard Webhooks specification (standardwebhooks.com): events, signatures, and when to retry."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from backend.errors import ConsoleError
from backend.model import SECONDS_A_DAY

PREFIX = "whsec_"
SECRET_BYTES = 32
ROLLED_SECONDS = SECONDS_A_DAY  # that a replaced secret signs too
RETRY_SECONDS = (5, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24)))  # after each failed attempt
JITTER = 0.2  # of these, so that what failed together is not retried together
FAILING_SECONDS = 5 * SECONDS_A_DAY
GONE = 410  # "do not send any more"
MAX_WEBHOOKS = 20
MAX_URL = 2048
MAX_DESCRIPTION = 200
MAX_ANSWER = 500  # characters of an answer that are kept


class EventType(StrEnum):
    """What webhooks are told of."""

    UPLOADED = "video.uploaded"
    APPROVED = "video.approved"
    BLOCKED = "video.blocked"
    REVIEW_REOPENED = "video.review_reopened"
    DELETED = "video.deleted"
    RESTORED = "video.restored"
    TRANSCODED = "transcode.finished"
    TRANSCODE_FAILED = "transcode.failed"
    STARTED = "recommendation.started"
    ENDED = "recommendation.ended"
    LINEUP_CHANGED = "lineup.changed"
    PREWARMED = "prewarm.finished"
    SHEET_APPLIED = "sheet.applied"
    SHEET_UNDONE = "sheet.undone"


TEST = "webhook.test"


class DeliveryState(StrEnum):
    """`waiting` for its first or next attempt; `failed` when no further one will be made."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class OffReason(StrEnum):
    """Why a webhook is off: a person did it, its server answered 410, or it failed for days."""

    NONE = ""
    PERSON = "person"
    GONE = "gone"
    FAILING = "failing"


class VideoEvent(msgspec.Struct, rename="camel"):
    """A video as it is after the event. `censorStatus` is onCensor, check, success or fail."""

    video_id: str
    title: str
    user_id: str
    censor_status: str


class DeletedEvent(msgspec.Struct, rename="camel"):
    """A video that left the catalogue; `restorable` while it is in the trash."""

    video_id: str
    title: str
    user_id: str
    restorable: bool


class TranscodeEvent(msgspec.Struct, rename="camel"):
    """A rendition: `plain` or `narrow` (narrow-band HD). `jobId` is empty if no job of this console made it."""

    video_id: str
    title: str
    rendition: str
    job_id: str


class RecommendationEvent(msgspec.Struct, rename="camel"):
    """An entry of a slot went live or ended. `endTime` is null if it has no end; `late` if the console was stopped at
    that time and noticed afterwards.
    """

    slot: str
    video_id: str
    title: str
    start_time: datetime
    end_time: datetime | None
    late: bool


class LineupEvent(msgspec.Struct, rename="camel"):
    """A slot has a new revision; `action` is the operation that made it, as in the history."""

    slot: str
    revision: int
    action: str


class PrewarmEvent(msgspec.Struct, rename="camel"):
    """A batch of addresses was prewarmed: `state` is done or failed, `warmCount` of `count` are warm."""

    job_id: str
    state: str
    count: int
    warm_count: int


class SheetEvent(msgspec.Struct, rename="camel"):
    """Rows of a sheet were applied, or that was undone: `count` videos were edited."""

    sheet_id: str
    file_name: str
    user_name: str
    count: int


class TestEvent(msgspec.Struct, rename="camel"):
    """Sent by an administrator to try a webhook."""

    webhook_id: int


EVENTS: dict[str, type[msgspec.Struct]] = {
    EventType.UPLOADED: VideoEvent,
    EventType.APPROVED: VideoEvent,
    EventType.BLOCKED: VideoEvent,
    EventType.REVIEW_REOPENED: VideoEvent,
    EventType.DELETED: DeletedEvent,
    EventType.RESTORED: VideoEvent,
    EventType.TRANSCODED: TranscodeEvent,
    EventType.TRANSCODE_FAILED: TranscodeEvent,
    EventType.STARTED: RecommendationEvent,
    EventType.ENDED: RecommendationEvent,
    EventType.LINEUP_CHANGED: LineupEvent,
    EventType.PREWARMED: PrewarmEvent,
    EventType.SHEET_APPLIED: SheetEvent,
    EventType.SHEET_UNDONE: SheetEvent,
    TEST: TestEvent,
}
# Made at import: msgspec crashes if two threads resolve a type at the same time.
DECODERS = {name: msgspec.json.Decoder(kind, strict=False) for name, kind in EVENTS.items()}


class Webhook(msgspec.Struct, frozen=True):
    """An address that is told of events. Empty `types` are all; two secrets sign until `old_until`.

    `off_since` and `failing_since` are 0 if it is on, or its last attempt succeeded.
    """

    webhook_id: int
    url: str
    description: str
    types: tuple[str, ...]
    secret: str
    old_secret: str
    old_until: int
    created: int
    created_by: str
    off_since: int = 0
    off_reason: OffReason = OffReason.NONE
    failing_since: int = 0

    def secrets_at(self, now: float) -> tuple[str, ...]:
        """Return the secrets that sign now, the present one first."""
        return (self.secret, self.old_secret) if self.old_secret and now < self.old_until else (self.secret,)


class Delivery(msgspec.Struct, frozen=True):
    """An event for a webhook. `due` is when it is attempted next; `tries` counts attempts not made by hand."""

    delivery_id: int
    webhook_id: int
    event_id: str
    type: str
    at: int
    data: str
    state: DeliveryState = DeliveryState.WAITING
    due: float = 0.0
    owner: str = ""
    tries: int = 0
    finished: int = 0

    def body(self) -> bytes:
        """Return what is sent, the same bytes at every attempt."""
        data = DECODERS[self.type].decode(self.data) if self.type in DECODERS else msgspec.Raw(self.data.encode())
        at = datetime.fromtimestamp(self.at, UTC)
        return msgspec.json.encode({"type": self.type, "timestamp": at, "data": data})


class Attempt(msgspec.Struct, frozen=True):
    """How an attempt ended: the HTTP status, 0 without an answer, and the first characters of the answer."""

    at: float
    status: int
    milliseconds: int
    answer: str = ""
    problem: ConsoleError | None = None
    by_hand: bool = False

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300


def new_secret() -> str:
    """Return a new random secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_event_id() -> str:
    """Return a new random event id, as the database makes them."""
    return f"evt_{secrets.token_hex(12)}"


def sign(keys: Iterable[str], event_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: one signature for each secret, separated by blanks."""
    content = f"{event_id}.{timestamp}.".encode() + body
    made = (hmac.digest(base64.b64decode(key.removeprefix(PREFIX)), content, hashlib.sha256) for key in keys)
    return " ".join(f"v1,{base64.b64encode(one).decode()}" for one in made)


def retry_after(tries: int) -> float | None:
    """Return the seconds until the next attempt when so many have failed; None if that was the last one."""
    if tries > len(RETRY_SECONDS):
        return None
    return RETRY_SECONDS[tries - 1] * (1 + JITTER * random.uniform(-1, 1))  # noqa: S311  (not secret)
