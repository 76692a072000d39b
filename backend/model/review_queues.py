"""Review queues: which waiting videos belong to a queue, in which order they are reviewed, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from backend.auth.permissions import Right, Role
from backend.model.review import LeaseKind
from backend.model.technical_flags import TechnicalFlag

DEFAULT = "default"  # the queue of what meets no rule: always the last one, without a rule
MAX_PASSED = 100  # of an uploader are counted
SIMILAR = "similar"  # the hint that a video is like one that is blocked
HINTS = (SIMILAR, *(flag.value for flag in TechnicalFlag))


class QueueOrder(StrEnum):
    """The order inside a queue; videos to be reviewed first precede all others."""

    OLDEST = "oldest"  # longest waiting first
    NEWEST = "newest"
    MACHINE = "machine"  # most suspicious to the machine review first, then longest waiting


class Arrival(StrEnum):
    """How a video came into the catalogue; ANY does not matter."""

    ANY = "any"
    UPLOAD = "upload"
    IMPORT = "import"


class QueueRule(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The conditions of a queue. A video must meet all of those that are set, and one value of each list.

    `cate_id` includes subcategories. `words` are folded and occur in title or tags. `hints` are of HINTS. Durations are
    in seconds, the maximum included. `passed_below`: the uploader had fewer passed videos when this one began to wait.
    `reported`: viewers reported it at least so often since its last verdict.
    """

    cate_id: int = 0
    user_ids: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    min_seconds: float = 0
    max_seconds: float = 0
    passed_below: int = 0
    reported: int = 0
    arrival: Arrival = Arrival.ANY


class ReviewQueue(msgspec.Struct, frozen=True):
    """A queue. `position` is its priority, 1 first; without roles and user names everybody at the desk may work it."""

    code: str
    name_zh: str
    name_en: str
    position: int = 0
    rule: QueueRule = QueueRule()
    sort: QueueOrder = QueueOrder.OLDEST
    roles: tuple[Role, ...] = ()
    user_names: tuple[str, ...] = ()

    def admits(self, role: Role, user_name: str) -> bool:
        """Return whether an account may work this queue."""
        everybody = not self.roles and not self.user_names
        return Right.DESK in role.rights and (everybody or role in self.roles or user_name in self.user_names)


@dataclass(frozen=True, slots=True)
class ReviewPlace:
    """Where a video waits: in which queue, since when, whether before all others, and for which kind of review."""

    video_id: str
    queue: str
    since: float
    first: bool
    kind: LeaseKind


@dataclass(frozen=True, slots=True)
class QueueCount:
    """What waits in a queue: `free` for a user now; `oldest` is since when the longest waiting one waits, or None."""

    waiting: int
    free: int
    oldest: float | None

    def added_to(self, other: QueueCount) -> QueueCount:
        """Return both together."""
        since = [one for one in (self.oldest, other.oldest) if one is not None]
        return QueueCount(self.waiting + other.waiting, self.free + other.free, min(since, default=None))
