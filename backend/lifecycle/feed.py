"""The app's feed: a frozen version of a slot, composed once per change, and pages of it for every process.

A version is an order of clips, named by a hash of all that phones are shown. Cursors name a version and a position, so
that a phone that pages through the feed sees each clip once however often the feed changes. Versions are stored for all
processes; what a page shows of its clips is of now, and clips that may not be shown any more are left out.
"""

from __future__ import annotations

import base64
import math
import threading
import uuid
from collections import OrderedDict
from collections.abc import Hashable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

import msgspec

from backend.api.feed_wire import FeedClip, FeedData, clip_of
from backend.api.signing import PERIOD_SECONDS, UrlSigner
from backend.api.wire import Writer, encode
from backend.model.feed import FeedVersion

if TYPE_CHECKING:
    from backend.console import Console
    from backend.model import Recommendation

NAMESPACE = uuid.UUID("6f2a1c52-3c0e-4d8e-9a58-0d1f3f2b7c11")
MAX_PAGES = 512
MAX_CURSOR = 200


class Snapshot(msgspec.Struct, eq=False):
    """A version and its clips, as of a state of the database; it is current until `until`."""

    frozen: FeedVersion
    clips: dict[str, Recommendation]
    next_change: int | None
    mark: Hashable
    seen: int  # database version for which it was found to be current
    composed: int  # second
    pages: OrderedDict[Hashable, FeedPage] = msgspec.field(default_factory=OrderedDict)

    def is_current(self, version: int, now: float) -> bool:
        return version == self.seen and self.composed <= now and (self.next_change is None or now < self.next_change)


class FeedPage(msgspec.Struct, eq=False):
    """A page of a version, encoded. `next_change` limits how long the first page may be kept; None for later pages.

    `ready` belongs to the server: what it sends.
    """

    version: str
    data: msgspec.Raw
    is_first: bool
    next_change: int | None
    ready: Any = None

    @property
    def request_id(self) -> str:
        """The same for equal content, from every process."""
        return str(uuid.uuid5(NAMESPACE, self.version))


class Feed:
    """The feed of this process. Thread-safe."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._composing: dict[str, threading.Lock] = {}
        self._snapshots: dict[str, Snapshot] = {}
        self._guard = threading.Lock()
        self._old_pages: tuple[int, dict[Hashable, FeedPage]] = (0, {})

    def page(self, slot: str, cursor: str, size: int, base_url: str) -> FeedPage:
        """Return the page at a cursor, the first one without. Raises NotFound and StoreError."""
        return self.find(slot, cursor, size, base_url, self._console.store.version())[0]

    def find(self, slot: str, cursor: str, size: int, base_url: str, version: int) -> tuple[FeedPage, float]:
        """As `page`, with the time (seconds since 1970) until which it is the answer while the database has this
        version: 0 if a change of it is being composed.
        """
        snapshot, writer = self.snapshot(slot, version), self._writer(base_url)
        until = 0.0
        if snapshot.is_current(version, self._console.clock()):
            until = math.inf if snapshot.next_change is None else snapshot.next_change
            if writer.signer.key:
                until = min(until, (writer.signer.period + 1) * PERIOD_SECONDS)
        name, start = read_cursor(cursor)
        if name and name != snapshot.frozen.version:
            frozen = self._console.store.feed_versions.find_for_cursor(name)
            if frozen is not None and frozen.slot == slot:
                return self._old_page(frozen, start, size, writer, version), until
            name, start = "", 0
        return self._page_of(snapshot, start, size, writer, restarted=bool(cursor) and not name), until

    def snapshot(self, slot: str, version: int) -> Snapshot:
        """Return the snapshot of a slot. One thread composes after a change; others get the one before meanwhile."""
        known = self._snapshots.get(slot)
        if known is not None and known.is_current(version, self._console.clock()):
            return known
        with self._guard:
            if known is None and len(self._composing) > 100:
                self._composing.clear()
            composing = self._composing.setdefault(slot, threading.Lock())
        if not composing.acquire(blocking=known is None):
            return cast(Snapshot, known)
        try:
            known = self._snapshots.get(slot)
            if known is not None and known.is_current(version, self._console.clock()):
                return known  # another thread composed it meanwhile
            made = self._compose(slot, version, known)
            self._snapshots[slot] = made
            return made
        finally:
            composing.release()

    def _compose(self, slot: str, version: int, known: Snapshot | None) -> Snapshot:
        lineups = self._console.store.feed_lineups
        mark, now = lineups.mark(slot, version), self._console.clock()
        if known is not None and known.mark == mark and known.is_current(known.seen, now):
            known.seen = version  # nothing of this slot changed
            return known
        lineup = lineups.lineup(slot)
        clips = lineups.find_clips(slot, [place.entry.video_id for place in lineup.places])
        ids = [place.entry.video_id for place in lineup.places if place.entry.video_id in clips]
        shown = Writer(self._console.settings.time_zone)
        content = encode([slot, lineup.revision, [clip_of(clips[video_id], shown) for video_id in ids]])
        frozen = FeedVersion(blake2b(content, digest_size=12).hexdigest(), slot, lineup.revision, tuple(ids))
        self._console.store.feed_versions.note_shown(frozen)
        return Snapshot(frozen, clips, lineup.next_change, mark, version, int(now))

    def _page_of(self, snapshot: Snapshot, start: int, size: int, writer: Writer, *, restarted: bool) -> FeedPage:
        key = (start, size, restarted, writer.base_url, writer.signer.period)
        page = snapshot.pages.get(key)
        if page is None:
            page = _build(snapshot.frozen, snapshot.clips, start, size, writer, snapshot.next_change, restarted)
            with self._guard:
                snapshot.pages[key] = page
                while len(snapshot.pages) > MAX_PAGES:
                    snapshot.pages.popitem(last=False)
        return page

    def _old_page(self, frozen: FeedVersion, start: int, size: int, writer: Writer, version: int) -> FeedPage:
        """Return a page of an earlier version, without the clips that may not be shown any more."""
        key = (frozen.version, start, size, writer.base_url, writer.signer.period)
        known, kept = self._old_pages
        if known != version or len(kept) >= MAX_PAGES:
            kept = {}
            self._old_pages = version, kept
        page = kept.get(key)
        if page is None:
            shown = frozen.video_ids[start : start + size]
            clips = self._console.store.feed_lineups.find_clips(frozen.slot, shown)
            page = kept[key] = _build(frozen, clips, start, size, writer, None, restarted=False)
        return page

    def _writer(self, base_url: str) -> Writer:
        settings = self._console.settings
        signer = UrlSigner()
        if self._console.cloud is not None:
            period = int(self._console.clock()) // PERIOD_SECONDS
            signer = UrlSigner(settings.prewarm_hosts, settings.url_auth_key, period)
        return Writer(settings.time_zone, settings.public_url or base_url, signer)


def _build(
    frozen: FeedVersion, clips: dict[str, Recommendation], start: int, size: int, writer: Writer,
    next_change: int | None, restarted: bool,
) -> FeedPage:  # fmt: skip
    end, next_change = start + size, None if start else next_change
    shown: list[FeedClip] = []
    for place, video_id in enumerate(frozen.video_ids[start:end], start + 1):
        if video_id in clips:
            clip = clip_of(clips[video_id], writer)
            clip.place = place
            shown.append(clip)
    cursor = write_cursor(frozen.version, end) if end < len(frozen.video_ids) else ""
    data = FeedData(frozen.version, len(frozen.video_ids), shown, cursor, next_change, restarted)
    return FeedPage(frozen.version, msgspec.Raw(encode(data)), start == 0, next_change)


def write_cursor(version: str, start: int) -> str:
    """Return the cursor of a position in a version."""
    return base64.urlsafe_b64encode(f"{version}.{start}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[str, int]:
    """Return version and position; no version if there is no such cursor."""
    try:
        text = base64.b64decode(cursor[:MAX_CURSOR] + "=" * (-len(cursor) % 4), b"-_", validate=True).decode("ascii")
        version, _, start = text.partition(".")
        return (version, int(start)) if start.isdecimal() and version.isalnum() else ("", 0)
    except ValueError:
        return "", 0
