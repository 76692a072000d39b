"""What of the programme should be in the CDN's cache, and what of it is sent when.

The plan is not stored: it follows from the programme, from what was sent already and from the day's quota. Times are
seconds since 1970 (UTC).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import islice

import msgspec
from msgspec.structs import replace

from backend.errors import ConsoleError
from backend.model import SECONDS_A_DAY
from backend.model.programme import Place, Programme, boundaries, compose, special_at
from backend.model.usage import BEIJING

LEAD_SECONDS = 45 * 60  # a prefetch takes 5 to 30 minutes
MARGIN_SECONDS = 10 * 60  # what is sent earlier could leave the cache before it starts
MAX_SLICE = 100  # URLs sent at once; larger bursts load the origin
SLICE_SECONDS = 10.0
RETRY_SECONDS = 10 * 60
MAX_TRIES = 3
TOP_PLACES = 20  # whose covers and default renditions go first
MAX_BOUNDARIES = 100  # looked ahead per slot
RUNNERS_UP = 4  # times the first clips: those that may move up
KEPT_SHARE = 5  # one in so many of today's URLs is kept for people


class WarmKind(StrEnum):
    """What a file is to the player."""

    COVER = "cover"
    FIRST_FRAME = "firstFrame"
    RENDITION = "rendition"
    PLAYLIST = "playlist"
    SEGMENT = "segment"


PLAYED = (WarmKind.RENDITION, WarmKind.PLAYLIST)


class SentBy(StrEnum):
    """Who wanted a batch: a list by hand, a recommendation, or the plan, sent by a person or by itself."""

    HAND = "hand"
    RECOMMENDATION = "recommendation"
    PLAN = "plan"
    AUTOMATIC = "automatic"


class SentState(StrEnum):
    """What became of a URL that was sent to the cache, or could not be."""

    SENT = "sent"
    WARM = "warm"
    FAILED = "failed"
    SKIPPED = "skipped"


class PlanState(StrEnum):
    """State of a URL in the plan: `waiting` for quota; `skipped` because its clip started before there was any."""

    PLANNED = "planned"
    WAITING = "waiting"
    SENT = "sent"
    WARM = "warm"
    FAILED = "failed"
    SKIPPED = "skipped"


class WarmFile(msgspec.Struct, frozen=True, gc=False):
    """A file of a clip; `size` is in bytes, 0 if unknown."""

    url: str
    kind: WarmKind
    size: int = 0


class SentUrl(msgspec.Struct, frozen=True, gc=False):
    """What is known of a URL: when it was last sent and by whom, and when it was last found warm (0: never).

    `tries` counts failures in a row, `starts` is the start for which it was skipped.
    """

    url: str
    state: SentState
    sent: int = 0
    warmed: int = 0
    tries: int = 0
    starts: int = 0
    actor: str = ""
    detail: str = ""
    job_id: str = ""


class Wish(msgspec.Struct, frozen=True, gc=False):
    """A clip that should be warm at its place of a slot: it is live since `starts`, or it starts then."""

    slot: str
    place: int
    video_id: str
    starts: int
    live: bool


class Room(msgspec.Struct, frozen=True):
    """The day's quota: in total, left, and how many URLs were sent by the plan today, up to the end of the day."""

    total: int
    left: int
    sent: int
    day_ends: int

    @property
    def share(self) -> int:
        """How many URLs the plan may send today in all, including those already sent."""
        budget = self.left + self.sent
        return budget - -(-budget // KEPT_SHARE)

    @property
    def allowed(self) -> int:
        """How many URLs the plan may still send today."""
        return max(0, self.share - self.sent)

    @property
    def reserve(self) -> int:
        """How many of what is left are kept for people."""
        return self.left - self.allowed


class WarmCheck(msgspec.Struct, frozen=True):
    """How a file was answered that was looked at before others of its kind are sent; without a problem: cacheable."""

    host: str
    kind: WarmKind
    url: str
    at: int
    problem: ConsoleError | None = None


class PlanItem(msgspec.Struct, frozen=True, gc=False):
    """A URL that should be warm. It is due at `send_at`, and warm until `until`, if that is not 0."""

    file: WarmFile
    wish: Wish
    state: PlanState
    send_at: int = 0
    until: int = 0
    known: SentUrl | None = None


class Plan(msgspec.Struct, frozen=True):
    """All URLs that should be warm, most urgent first."""

    at: int
    items: tuple[PlanItem, ...]
    room: Room | None = None

    def within(self, room: Room | None) -> Plan:
        """Return the plan in which waits what is due and exceeds the quota; without `room` none applies."""
        if room is None:
            return self
        items, allowed = list(self.items), room.allowed
        for position, item in enumerate(items):
            if item.state is PlanState.PLANNED and item.send_at <= self.at:
                if allowed <= 0:
                    items[position] = replace(item, state=PlanState.WAITING)
                allowed -= 1
        return Plan(self.at, tuple(items), room)

    def due(self) -> list[PlanItem]:
        """Return what is to be sent now."""
        return [item for item in self.items if item.state is PlanState.PLANNED and item.send_at <= self.at]

    def next_due(self) -> int | None:
        """Return when something is due that is not due yet."""
        times = (item.send_at for item in self.items if item.state is PlanState.PLANNED and item.send_at > self.at)
        return min(times, default=None)


def day_end(at: float) -> int:
    """Return the second at which the quota's day ends: midnight in Beijing."""
    shift = int(BEIJING.total_seconds())
    return (int(at) + shift) // SECONDS_A_DAY * SECONDS_A_DAY + SECONDS_A_DAY - shift


def find_wishes(programme: Programme, now: int, until: int) -> list[Wish]:
    """Return the first clips that are live now, and those that start among the first ones before `until`."""
    short = _shortened(programme, now, until)
    special = special_at(programme.specials, now)
    since = special.starts if special else 0
    found = [_wish(programme.slot, one, max(one.entry.starts, since), live=True) for one in _places(short, now)]
    before = {wish.video_id for wish in found}
    instants = sorted(at for at in boundaries(short) if now < at <= until)
    for at in islice(instants, MAX_BOUNDARIES):
        places = _places(short, at)
        found += (_wish(programme.slot, one, at, live=False) for one in places if one.entry.video_id not in before)
        before = {one.entry.video_id for one in places}
    return found


def make_plan(
    wishes: Iterable[Wish], files: Mapping[str, Sequence[WarmFile]], known: Mapping[str, SentUrl], now: int, ttl: int
) -> Plan:
    """Return the plan; `files` are those of each video, the default rendition before the others.

    `ttl` is how many seconds the cache keeps a file that nobody asks for.
    """
    best: dict[str, tuple[tuple[bool, int, int, int, int], WarmFile, Wish]] = {}
    for wish in wishes:
        played = 0
        for position, file in enumerate(files.get(wish.video_id, ())):
            played += file.kind in PLAYED
            rank = _rank(wish, file, position, is_default=file.kind in PLAYED and played == 1)
            if file.url not in best or rank < best[file.url][0]:
                best[file.url] = rank, file, wish
    items = [_item(file, wish, known.get(file.url), now, ttl) for _, file, wish in best.values()]
    urgency = {file.url: rank[1:] for rank, file, _ in best.values()}
    items.sort(key=lambda item: urgency[item.file.url])
    return Plan(now, tuple(items))


def _shortened(programme: Programme, now: int, until: int) -> Programme:
    """Return a programme that has the same first clips from now until then, unless most of them end together."""
    rules = programme.rules
    shown = _places(replace(programme, rules=replace(rules, size=RUNNERS_UP * rules.warm_first), specials=()), now)
    entries = [place.entry for place in shown]
    entries += (one for one in programme.entries if now < one.starts <= until)
    return replace(programme, rules=replace(rules, size=min(rules.size, rules.warm_first)), entries=tuple(entries))


def _places(programme: Programme, at: int) -> list[Place]:
    # as lineup_at, which also looks for the next change
    special = special_at(programme.specials, at)
    return compose(programme.entries if special is None else special.entries, programme.rules, at)[0]


def _wish(slot: str, place: Place, starts: int, *, live: bool) -> Wish:
    return Wish(slot, place.place, place.entry.video_id, starts, live)


def _rank(wish: Wish, file: WarmFile, position: int, *, is_default: bool) -> tuple[bool, int, int, int, int]:
    """Return the urgency: covers of the top, their default rendition, what starts soonest, the rest; then place.

    A clip that is live in one slot and starts in another is live.
    """
    if wish.live and wish.place <= TOP_PLACES and file.kind is WarmKind.COVER:
        urgency, starts = 0, 0
    elif wish.live and wish.place <= TOP_PLACES and is_default:
        urgency, starts = 1, 0
    elif not wish.live:
        urgency, starts = 2, wish.starts
    else:
        urgency, starts = 3, 0
    return (not wish.live, urgency, starts, wish.place, position)


def _item(file: WarmFile, wish: Wish, known: SentUrl | None, now: int, ttl: int) -> PlanItem:
    due = now if wish.live else min(wish.starts, max(wish.starts - LEAD_SECONDS, wish.starts - ttl + MARGIN_SECONDS))
    planned = PlanItem(file, wish, PlanState.PLANNED, due, 0, known)
    if known is None:
        return planned
    until = known.warmed + ttl if known.warmed else 0
    is_of_this_start = known.sent >= wish.starts - ttl
    if known.state is SentState.SENT:
        return replace(planned, state=PlanState.SENT)
    if known.state is SentState.WARM:
        # Viewers keep a live clip in the cache: it is not sent again however long it is live.
        lasts = until > now or is_of_this_start if wish.live else until > wish.starts
        return replace(planned, state=PlanState.WARM, until=until) if lasts else planned
    if known.state is SentState.SKIPPED:
        is_past = wish.live and known.starts == wish.starts
        return replace(planned, state=PlanState.SKIPPED) if is_past else planned
    if not is_of_this_start:
        return planned
    if known.tries >= MAX_TRIES:
        return replace(planned, state=PlanState.FAILED)
    return replace(planned, send_at=max(due, known.sent + RETRY_SECONDS))
