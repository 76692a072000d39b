"""What the app's feed is composed from: the line-up of a slot, and its clips as phones are shown them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import partial

from backend.model import CensorStatus, Recommendation, VideoStatus
from backend.store.engine import Engine
from backend.store.programme import ProgrammeStore
from backend.store.rows import AT, as_json, read_recommendations_at, read_videos

# Versions of rows only grow, and what comes or goes makes a revision.
MARK = """
    select (select revision from slots where slot = :slot),
        (select coalesce(sum(v.version), 0) from recommendations r join videos v using (video_id) where r.slot = :slot),
        (select coalesce(sum(v.version), 0) from specials s join special_entries e using (special_id)
            join videos v using (video_id) where s.slot = :slot)
"""
ENTRIES = f"select seq from recommendations where slot = ? and {AT.format(key='video_id')}"


class FeedLineups:
    """Line-ups and their clips."""

    def __init__(self, engine: Engine, programme: ProgrammeStore) -> None:
        self._engine = engine
        self.lineup = programme.lineup

    def mark(self, slot: str, version: int | None = None) -> Hashable:
        """Return a value that differs after every change of what the slot shows, but for changes by the clock.

        It takes a fraction of composing. Pass `version` if the database version was read already.
        """
        return self._engine.cached(("feed mark", slot), partial(self._read_mark, slot), version)

    def find_clips(self, slot: str, video_ids: Iterable[str]) -> dict[str, Recommendation]:
        """Return those of these videos that may be shown now, as entries of the slot show them, by id."""
        wanted = list(video_ids)
        with self._engine.reading() as db:
            videos = read_videos(db, wanted)
            rows = db.execute(ENTRIES, [slot, as_json(wanted)]).fetchall()
            entries = read_recommendations_at(db, [seq for (seq,) in rows])
        shown = {one.video.video_id: one for one in entries}
        return {
            video_id: shown.get(video_id) or Recommendation(video, 0)
            for video_id, video in videos.items()
            if video.censor_status is CensorStatus.SUCCESS and video.status is VideoStatus.NORMAL
        }

    def _read_mark(self, slot: str) -> Hashable:
        with self._engine.reading() as db:
            return tuple(db.execute(MARK, {"slot": slot}).fetchone())
