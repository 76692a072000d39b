"""What happens to videos, and what a webhook is told of it."""

from __future__ import annotations

import json

from backend.model import FileKind, MediaFile, User, Verdict, Video
from backend.model.webhooks import EventType
from tests.conftest import TESTS

SOURCE, COMMON = MediaFile(FileKind.SOURCE, "source.mp4"), MediaFile(FileKind.COMMON, "common.mp4")
OWNER = User("7", "Anne")
HOOK = "https://hooks.example.com/in"
LINEUP = EventType.LINEUP_CHANGED


def events(store, hook, *leave):
    """Everything the webhook is told of, oldest first."""
    found = store.webhook_deliveries.find(hook.webhook_id, None, 1, 10_000).items
    bodies = [json.loads(one.body()) for one, _ in reversed(found)]
    return [body for body in bodies if body["type"] not in leave]


def types(store, hook, *leave):
    return [one["type"] for one in events(store, hook, *leave)]


def add(store, video_id="v1", now=None, **values):
    """A video is uploaded."""
    known = {"files": (SOURCE,), "created": int(store.now() if now is None else now), "user": OWNER}
    return store.catalogue.add_video(Video(**{"video_id": video_id, "title": "clip", **known, **values}), TESTS)


def approve(store, video_id="v1"):
    store.catalogue.record_audit(video_id, Verdict.NORMAL, "", "", TESTS)


def block(store, video_id="v1"):
    store.catalogue.record_audit(video_id, Verdict.BLOCKED, "why", "", TESTS)
