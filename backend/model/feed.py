"""The app's feed: its keys and versions, and what phones report of it."""

from __future__ import annotations

import msgspec


class FeedKey(msgspec.Struct, frozen=True):
    """A key with which phones ask for the feed; `created` is in seconds since 1970 (UTC)."""

    key_id: int
    key: str
    created: int
    created_by: str
