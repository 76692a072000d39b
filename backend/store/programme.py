"""The recommendation programme as it is: slots, line-ups, revisions, and what began or ended by the clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from backend.errors import NotFound
from backend.model import SECONDS_A_DAY, Page
from backend.model.programme import Entry, Lineup, Programme, Rules, Special, lineup_at
from backend.store import entries
from backend.store.engine import Database, Engine
from backend.store.feed_clock import FeedClock, read_clock, read_rules
from backend.store.lineups import NO_SLOT

KEPT_DAYS = 35  # entries that ended longer ago are in the revisions only, and what was told of them is forgotten
LATE_SECONDS = 5
# What a restored revision leaves as it is.
OF_KEPT = "'saveSpecial', 'deleteSpecial', 'copyWeek', 'saveSlot', 'deleteSlot'"
NO_REVISION = "{slot} has no revision {revision}, or it is no longer kept."
PLAYS = "exists (select 1 from files f where f.video_id = v.video_id and f.kind in ({kinds}))".format(
    kinds="'common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted'"
)
COVER = """coalesce((
    select name from files f where f.video_id = v.video_id and f.kind in ('chosenCover', 'cover')
    order by kind, position limit 1
), '')"""
OF_VIDEO = f"v.created, v.censor_status = 'success' and v.status = 'Normal', {PLAYS}"
SHOWN = f"v.media_key, {COVER}"
OF_SLOT = f"""
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id), r.recommended, r.ends, r.pin, r.rank, r.note, {OF_VIDEO},
        coalesce(r.title, v.title), coalesce(u.user_name, ''), coalesce(r.duration, v.duration),
        coalesce(r.cover_url, ''), {SHOWN}, r.starts_typed, r.ends_typed, r.zone
    from recommendations r join videos v using (video_id)
        left join users u on u.user_id = coalesce(r.user_id, v.user_id)
    where r.slot = ? and (r.ends is null or r.ends > ?) order by r.seq
"""
OF_SPECIALS = f"""
    select s.special_id, e.position, v.video_id, v.user_id, {OF_VIDEO}, v.title, u.user_name, v.duration, '', {SHOWN},
        '', '', ''
    from specials s join special_entries e using (special_id) join videos v using (video_id)
        join users u using (user_id)
    where s.slot = ? order by e.position
"""
SPECIALS = """
    select special_id, slot, name, starts, ends, priority, note from specials where slot = ? order by ends, special_id
"""
OF_REVISION = """
    select * from lineup_entries where slot = :slot and since <= :revision and (until is null or until > :revision)
"""
DUE = """
    select slot, video_id, recommended, ends, told from recommendations
    where told = 0 and recommended <= :now or told < 2 and ends <= :now order by seq
"""
NEXT_DUE = """
    select min(case when told = 0 then recommended else ends end) from recommendations
    where told = 0 or told = 1 and ends is not null
"""


class Card(msgspec.Struct, frozen=True, gc=False):
    """What a list shows of an entry; `cover_url` is one of its own, `cover` the name of the video's file."""

    title: str
    user_name: str
    duration: float
    cover_url: str
    media_key: str
    cover: str
    starts_typed: str = ""
    ends_typed: str = ""
    zone: str = ""


class Loaded(msgspec.Struct, frozen=True):
    """A programme with a card of every video in it, and one of every video in its specials."""

    programme: Programme
    cards: dict[str, Card]
    special_cards: dict[str, Card]


class Slot(msgspec.Struct, frozen=True):
    """A list in the app."""

    slot: str
    name: str
    revision: int
    rules: Rules


class SlotOfVideo(msgspec.Struct, frozen=True):
    """A slot that a video is in, and its window and pin there."""

    slot: str
    name: str
    recommended: int
    ends: int | None
    pin: int | None


class Revision(msgspec.Struct, frozen=True):
    """Who changed a slot, when and how; `action` and `target` are as in the history."""

    slot: str
    revision: int
    at: int
    actor: str
    action: str
    target: str
    note: str


class Tick(msgspec.Struct, frozen=True):
    """An entry began or ended by the clock; `late` if that was noticed more than seconds after."""

    event: str
    slot: str
    video_id: str
    due: int
    late: bool


class ProgrammeStore:
    """Queries of the programme; `ProgrammeChanges` changes it."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def find_slots(self) -> list[Slot]:
        """Return all slots, by code."""
        with self._engine.reading() as db:
            rows = db.execute("select slot, name, revision from slots order by slot").fetchall()
            return [Slot(slot, name, revision, read_rules(db, slot)) for slot, name, revision in rows]

    def get(self, slot: str) -> Programme:
        """Return a slot with its entries and specials. Raises NotFound."""
        return self.load(slot).programme

    def load(self, slot: str) -> Loaded:
        """As `get`, with what lists show of the videos; kept until the database changes."""
        return self._engine.cached(("programme", slot), partial(self._load, slot))

    def _load(self, slot: str) -> Loaded:
        with self._engine.reading() as db:
            return read_programme(db, slot, self._now())

    def lineup(self, slot: str, at: int | None = None) -> Lineup:
        """Return what a slot shows at an instant, by default now, with reasons. Raises NotFound."""
        if at is not None:
            return lineup_at(self.get(slot), at)
        now = self._now()
        compose = partial(self._compose, slot, now)
        made = self._engine.cached(("lineup", slot), compose)
        if made.next_change is not None and now >= made.next_change:
            made = self._compose(slot, now)
        return replace(made, at=now)

    def _compose(self, slot: str, now: int) -> Lineup:
        return lineup_at(self.get(slot), now)

    def find_slots_of(self, video_id: str) -> list[SlotOfVideo]:
        """Return the slots in which a video is live or scheduled, by code, without specials."""
        sql = f"""
            select {", ".join(SlotOfVideo.__struct_fields__)} from recommendations join slots using (slot)
            where video_id = ? and (ends is null or ends > ?) order by slot
        """
        with self._engine.reading() as db:
            return [SlotOfVideo(*row) for row in db.fetch(sql, [video_id, self._now()])]

    # Caches

    def boundary(self, version: int | None = None) -> int:
        """Return the last instant at which anything began or ended, 0 if nothing did.

        A cached answer that depends on the clock needs it in its key. Pass `version` if it was read already.
        """
        now = self._now()
        return self._clock_of(now, version).boundary(now)

    def last_end(self) -> int:
        """Return the last instant at which an entry of the documented slot ended: from then on its video says so."""
        now = self._now()
        return self._clock_of(now).end(now)

    def _clock_of(self, now: int, version: int | None = None) -> FeedClock:
        return self._engine.cached("clock", partial(self._read_clock, now), version)

    def _read_clock(self, now: int) -> FeedClock:
        with self._engine.reading() as db:
            return read_clock(db, now)

    # Revisions

    def find_revisions(self, slot: str, index: int = 1, size: int = 20) -> Page[Revision]:
        """Return page `index` (from 1) of the kept revisions of a slot, newest first, and their number."""
        page = "order by revision desc limit ? offset ?"
        columns = ", ".join(Revision.__struct_fields__)
        with self._engine.reading() as db:
            total = db.execute("select count(*) from lineups where slot = ?", [slot]).fetchone()[0]
            sql = f"select {columns} from lineups where slot = ? {page}"
            rows = db.execute(sql, [slot, size, (index - 1) * size]).fetchall()
        return Page(total, tuple(Revision(*row) for row in rows))

    def get_revision(self, slot: str, revision: int) -> tuple[Revision, list[dict[str, Any]]]:
        """Return a revision and its entries, in order of their start. Raises NotFound."""
        with self._engine.reading() as db:
            return read_revision(db, slot, revision), read_entries(db, slot, revision)

    def find_entries_at(self, slot: str, before: int) -> list[dict[str, Any]]:
        """Return the entries of the last revision before an instant, in order of their start. Raises NotFound."""
        sql = "select max(revision) filter (where at < :before), min(revision) from lineups where slot = :slot"
        with self._engine.reading() as db:
            last, oldest = db.execute(sql, {"slot": slot, "before": before}).fetchone()
            if oldest is None:
                raise NotFound(NO_SLOT, slot=slot)
            return read_entries(db, slot, last or oldest)

    def find_kept(self, slot: str, after: int) -> list[Revision]:
        """Return the revisions after one that may have changed specials or rules, oldest first."""
        columns = ", ".join(Revision.__struct_fields__)
        sql = f"select {columns} from lineups where slot = ? and revision > ? and action in ({OF_KEPT}) order by 2"
        with self._engine.reading() as db:
            return [Revision(*row) for row in db.execute(sql, [slot, after]).fetchall()]

    def find_titles(self, video_ids: list[str]) -> dict[str, str]:
        """Return the titles of these videos, also of those in the trash, and the names of specials, by id."""
        wanted = json.dumps(video_ids)
        sql = """
            select video_id, title from videos where video_id in (select value from json_each(:wanted)) union all
            select video_id, json_extract(video, '$[0].title') from trash
                where video_id in (select value from json_each(:wanted)) union all
            select special_id, name from specials where special_id in (select value from json_each(:wanted)) union all
            select target, json_extract(before, '$.name') from history where action = 'deleteSpecial'
                and target in (select value from json_each(:wanted))
        """
        with self._engine.reading() as db:
            return dict(db.execute(sql, {"wanted": wanted}).fetchall())

    # What began and ended

    def next_due(self) -> int | None:
        """Return when the next entry begins or ends that was not told yet; it may be past."""
        return self._engine.cached("next due", self._read_next_due)

    def _read_next_due(self) -> int | None:
        with self._engine.reading() as db:
            found: int | None = db.execute(NEXT_DUE).fetchone()[0]
            return found

    def tick(self) -> list[Tick]:
        """Tell what has begun and ended since the last call, each once, whoever calls; return it in order."""
        now = self._now()
        with self._engine.writing() as db:
            found: list[Tick] = []
            for slot, video_id, starts, ends, told in db.execute(DUE, {"now": now}).fetchall():
                ended = ends is not None and ends <= now
                events = [(entries.STARTED, starts)] * (told == 0) + [(entries.ENDED, ends)] * ended
                found += (Tick(event, slot, video_id, due, now - due > LATE_SECONDS) for event, due in events)
                sql = "update recommendations set told = ? where slot = ? and video_id = ?"
                db.execute(sql, [2 if ended else 1, slot, video_id])
            found.sort(key=lambda one: one.due)
            for one in found:
                entries.record_tick(db, one.event, one.slot, one.video_id, one.due, now, late=one.late)
            if found:  # so that the newest row stays, and no id is given twice
                db.execute("delete from programme_ticks where at < ?", [now - KEPT_DAYS * SECONDS_A_DAY])
        return found

    def find_ticks(self) -> list[dict[str, Any]]:
        """Return the rows of `programme_ticks`, oldest first."""
        with self._engine.reading() as db:
            return list(db.query("select * from programme_ticks order by id"))

    def _now(self) -> int:
        return int(self._clock())


def read_programme(db: Database, slot: str, now: int) -> Loaded:
    """Return a slot with its entries and specials. Raises NotFound."""
    row = db.execute("select name, revision from slots where slot = ?", [slot]).fetchone()
    if row is None:
        raise NotFound(NO_SLOT, slot=slot)
    name, revision = row
    rows = db.fetch(OF_SLOT, [slot, now - KEPT_DAYS * SECONDS_A_DAY])
    found = tuple(Entry(*row[:9], *map(bool, row[9:11])) for row in rows)
    cards = {row[1]: Card(*row[11:]) for row in rows}
    specials, special_cards = _specials(db, slot)
    return Loaded(Programme(slot, revision, read_rules(db, slot), found, specials, name), cards, special_cards)


def _specials(db: Database, slot: str) -> tuple[tuple[Special, ...], dict[str, Card]]:
    windows = {row[0]: (row[3], row[4]) for row in db.execute(SPECIALS, [slot])}
    found: dict[str, list[Entry]] = {special_id: [] for special_id in windows}
    cards = {}
    for row in db.fetch(OF_SPECIALS, [slot]):
        special_id, position, video_id, creator, created, approved, plays = row[:7]
        starts, ends = windows[special_id]
        entry = Entry(
            -position, video_id, creator, starts, ends, rank=position, created=created, approved=bool(approved),
            plays=bool(plays),
        )  # fmt: skip
        found[special_id].append(entry)
        cards[video_id] = Card(*row[7:])
    rows = db.execute(SPECIALS, [slot]).fetchall()
    return tuple(msgspec.structs.replace(Special(*row), entries=tuple(found[row[0]])) for row in rows), cards


def read_revision(db: Database, slot: str, revision: int) -> Revision:
    """Return a revision of a slot. Raises NotFound."""
    columns = ", ".join(Revision.__struct_fields__)
    row = db.execute(f"select {columns} from lineups where slot = ? and revision = ?", [slot, revision]).fetchone()
    if row is None:
        raise NotFound(NO_REVISION, slot=slot, revision=revision)
    return Revision(*row)


def read_entries(db: Database, slot: str, revision: int) -> list[dict[str, Any]]:
    """Return the entries of a revision as rows, in order of their start."""
    rows = db.query(f"{OF_REVISION} order by seq", {"slot": slot, "revision": revision})
    return [{**row, "typed": json.loads(row["typed"]), "shown": json.loads(row["shown"])} for row in rows]


def columns_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an entry that a row of a revision holds."""
    own = {name: row[name] for name in ("recommended", "ends", "pin", "rank", "note")}
    return {**own, **row["typed"], **row["shown"]}
