"""The record of an uploader for reviewers: verdict counts and the last blocked videos."""

from __future__ import annotations

from typing import Any

from backend.model.review import BlockedVideo, UploaderRecord
from backend.store.engine import Database, Engine
from backend.store.rows import read_object

NEWEST = 1000  # videos per uploader that are counted
LAST_BLOCKED = 3
OF_USER = "select {0} from videos where user_id = :user order by seq desc limit :newest"
COUNTS = f"""
    select censor_status, count(*) from ({OF_USER.format("video_id, censor_status")}) v
    where video_id <> :video group by censor_status
"""
BLOCKED = f"""
    select video_id, title from ({OF_USER.format("video_id, title, censor_status, seq")}) v
    where censor_status = 'fail' and video_id <> :video order by seq desc limit :last
"""
VERDICT = "select at, after from history where target = ? and action = 'createAudit' order by id desc limit 1"


class UploaderRecords:
    """Reads uploader records."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, user_id: str, video_id: str) -> UploaderRecord:
        """Return the record of an uploader's newest thousand videos, excluding this one."""
        values = {"user": user_id, "video": video_id, "newest": NEWEST, "last": LAST_BLOCKED}
        with self._engine.reading() as db:
            counts: dict[str, int] = dict(db.execute(COUNTS, values).fetchall())
            blocked = tuple(_blocked(db, row) for row in db.query(BLOCKED, values))
        return UploaderRecord(counts.get("success", 0), counts.get("fail", 0), counts.get("check", 0), blocked)


def _blocked(db: Database, row: dict[str, Any]) -> BlockedVideo:
    line = db.execute(VERDICT, [row["video_id"]]).fetchone()
    said = read_object(line[1]) if line else {}
    at = line[0] if line else None
    return BlockedVideo(row["video_id"], row["title"], at, str(said.get("reason", "")), str(said.get("reasonCode", "")))
