"""What the app's feed is composed from: the line-up of a slot, and its clips as phones are shown them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial

from backend.errors import NotFound
from backend.model import CensorStatus, Recommendation, VideoStatus
from backend.model.programme import FEED, Entry, Lineup, Programme, lineup_at
from backend.store.engine import Engine
from backend.store.rows import AT, as_json, read_recommendations_at, read_videos

MARK = """
    select count(*), total(v.version), total(r.seq) from recommendations r join videos v using (video_id)
"""
ENTRIES = """
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id), r.recommended, v.created,
        v.censor_status = 'success' and v.status = 'Normal',
        exists (select 1 from files f where f.video_id = v.video_id and f.kind in ('common', 'narrow'))
    from recommendations r join videos v using (video_id) order by r.seq
"""


class FeedLineups:
    """Line-ups and their clips."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def mark(self, slot: str, version: int | None = None) -> Hashable:
        """Return a value that differs after every change of what the slot shows, but for changes by the clock.

        It takes a fraction of composing. Pass `version` if the database version was read already.
        """
        return self._engine.cached(("feed mark", slot), partial(self._read_mark, slot), version)

    def lineup(self, slot: str) -> Lineup:
        """Return what the slot shows now. Raises NotFound."""
        if slot != FEED:
            raise NotFound("There is no slot {slot}.", slot=slot)
        with self._engine.reading() as db:
            entries = [
                Entry(row[0], row[1], row[2], row[3], created=row[4], approved=bool(row[5]), plays=bool(row[6]))
                for row in db.execute(ENTRIES).fetchall()
            ]
        return lineup_at(Programme(slot, entries=tuple(entries)), int(self._clock()))

    def find_clips(self, slot: str, video_ids: Iterable[str]) -> dict[str, Recommendation]:
        """Return those of these videos that may be shown now, as entries of the slot show them, by id."""
        wanted = list(video_ids)
        with self._engine.reading() as db:
            videos = read_videos(db, wanted)
            rows = db.execute(f"select seq from recommendations where {AT.format(key='video_id')}", [as_json(wanted)])
            entries = read_recommendations_at(db, [seq for (seq,) in rows.fetchall()])
        shown = {one.video.video_id: one for one in entries}
        return {
            video_id: shown.get(video_id) or Recommendation(video, 0)
            for video_id, video in videos.items()
            if video.censor_status is CensorStatus.SUCCESS and video.status is VideoStatus.NORMAL
        }

    def _read_mark(self, slot: str) -> Hashable:
        with self._engine.reading() as db:
            return tuple(db.execute(MARK).fetchone())
