"""What requests that come all the time need to know of a video, cached until the database changes."""

from __future__ import annotations

from collections.abc import Iterable

from backend.errors import NotFound
from backend.model import CensorStatus, MediaAccess
from backend.store.engine import Engine
from backend.store.rows import AT, as_json, read_video_alone


class VideoLookups:
    """Lookups by video id."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_media_access(self, video_id: str) -> MediaAccess | None:
        """Return what decides on requests for a video's files; None if it does not exist, or is in the trash."""
        try:
            return self._engine.cached(("media access", video_id), lambda: self._read_media_access(video_id))
        except NotFound:  # not cached, since anybody can make up ids
            return None

    def find_durations(self, video_ids: Iterable[str]) -> dict[str, float]:
        """Return durations (seconds) of videos asked for since the last change, these among them if they exist."""
        known: dict[str, float] = self._engine.cached("durations", dict)
        if missing := [video_id for video_id in video_ids if video_id not in known]:
            with self._engine.reading() as db:
                sql = f"select video_id, duration from videos where {AT.format(key='video_id')}"
                known.update(db.fetch(sql, [as_json(missing)]))
        return known

    def _read_media_access(self, video_id: str) -> MediaAccess:
        with self._engine.reading() as db:
            video = read_video_alone(db, video_id)
        return MediaAccess(video.media_key, video.is_whole and video.censor_status is CensorStatus.SUCCESS)
