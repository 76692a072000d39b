"""Versions of the app's feed, so that every process answers the cursors that another one gave out."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from backend.model.feed import MAX_AGE_SECONDS, FeedVersion
from backend.store.engine import Engine
from backend.store.errors import StoreError

log = logging.getLogger(__name__)

CURSOR_SECONDS = 86_400.0  # cursors of a version work so long after it was last shown first
EVENT_SECONDS = MAX_AGE_SECONDS + CURSOR_SECONDS  # events of it are accepted so long
NOTE_SECONDS = 600.0  # how exactly it is known when a version was last shown
MAX_KEPT = 64
MAX_VERSIONS = 20_000  # 140 MB; whatever makes more of them in a day, cursors of the oldest start anew

KEEP = """
    insert into feed_versions (version, slot, revision, video_ids, shown) values (?, ?, ?, ?, ?)
    on conflict (version) do update set shown = excluded.shown where excluded.shown > feed_versions.shown
"""
CROWDED = """
    delete from feed_versions where shown < (select shown from feed_versions order by shown desc limit 1 offset ?)
"""
FIND = "select version, slot, revision, video_ids, shown from feed_versions where version = ?"


class FeedVersions:
    """Versions of all processes. They never change, so those used last are kept in memory."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, tuple[FeedVersion, float]] = OrderedDict()  # with when they were last shown

    def note_shown(self, version: FeedVersion) -> None:
        """Store a version, and that it is shown now.

        If that fails it is logged: the feed can be shown nevertheless, and its cursors start anew.
        """
        now = self._clock()
        with self._guard:
            kept = self._kept.get(version.version)
        if kept is not None and kept[1] <= now < kept[1] + NOTE_SECONDS:
            return
        ids = msgspec.json.encode(version.video_ids).decode()
        try:
            with self._engine.feed_writing() as db:
                db.execute("delete from feed_versions where shown < ?", [now - EVENT_SECONDS - NOTE_SECONDS])
                db.execute(CROWDED, [MAX_VERSIONS])
                db.execute(KEEP, [version.version, version.slot, version.revision, ids, now])
        except StoreError as error:
            log.error("a version of the feed could not be stored: %s", error)
        else:
            self._keep(version, now)

    def find(self, version: str) -> FeedVersion | None:
        """Return a version of which events are accepted, or None. Raises StoreError."""
        found = self._find(version, EVENT_SECONDS)
        return found and found[0]

    def find_for_cursor(self, version: str) -> FeedVersion | None:
        """Return a version whose cursors still work, or None, also if it cannot be read."""
        try:
            found = self._find(version, CURSOR_SECONDS)
        except StoreError as error:
            log.error("a version of the feed could not be read: %s", error)
            return None
        return found and found[0]

    def _find(self, version: str, seconds: float) -> tuple[FeedVersion, float] | None:
        oldest = self._clock() - seconds - NOTE_SECONDS
        with self._guard:
            found = self._kept.get(version)
            if found is not None:
                self._kept.move_to_end(version)
        if found is None or found[1] < oldest:  # another process may have shown it since
            found = self._read(version)
        return found if found is not None and found[1] >= oldest else None

    def _read(self, version: str) -> tuple[FeedVersion, float] | None:
        with self._engine.feed_reading() as db:
            row = db.execute(FIND, [version]).fetchone()
        if row is None:
            return None
        found = FeedVersion(row[0], row[1], row[2], tuple(msgspec.json.decode(row[3])))
        self._keep(found, row[4])
        return found, row[4]

    def _keep(self, version: FeedVersion, shown: float) -> None:
        with self._guard:
            self._kept[version.version] = version, shown
            self._kept.move_to_end(version.version)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
