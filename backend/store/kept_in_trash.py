"""What is kept of a video while it is in the trash, beside its row."""

from __future__ import annotations

from backend.store.engine import Database

TABLES = ("technical_flags", "video_reports")


def forget(db: Database, video_id: str) -> None:
    """Delete it for good, inside the caller's transaction."""
    for table in TABLES:
        db.execute(f"delete from {table} where video_id = ?", [video_id])
