"""Keeps the first clips of the programme in the CDN's cache: plans what is missing, and sends it in time."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from backend.api.feed_wire import clip_of
from backend.api.wire import Writer
from backend.errors import BadRequest, CloudError, ConsoleError
from backend.jobs.periodic import Periodic
from backend.lifecycle.cdn_files import opened
from backend.model import SECONDS_A_DAY, Actor, FileKind, Recommendation
from backend.model.warm_plan import (
    MAX_SLICE,
    SLICE_SECONDS,
    Plan,
    PlanItem,
    PlanState,
    Room,
    SentBy,
    WarmCheck,
    WarmFile,
    WarmKind,
    Wish,
    day_end,
    find_wishes,
    make_plan,
)
from backend.prewarm import CheckedLine, check_lines
from backend.prewarm.fetcher import FetchError, Limits
from backend.prewarm.playlist import FirstFiles, read_first_files
from backend.prewarm.ssrf import host_port

if TYPE_CHECKING:
    from backend.console import Console

log = logging.getLogger(__name__)

PREWARMER = Actor("prewarm", "worker")
LOOK, PLAYLIST = Limits(pause=10.0, seconds=15.0), Limits(pause=10.0, seconds=20.0, size=1 << 20)
GOOD_SECONDS, BAD_SECONDS = 600, 60  # how long a look at a file counts
PLAN_SECONDS = 60  # a plan is made anew so often, even if nothing was written
PRUNE_SECONDS = 6 * 3600
SUFFIX = ".m3u8"
UNSIGNED = (401, 403)  # what a domain answers that wants signatures, where this console has no key for them
NOT_THERE = "The CDN answers {why} for it."
NOT_KEPT = "The CDN may not keep it: its Cache-Control says {why}."


def is_automatic(console: Console) -> bool:
    """Return whether the plan is sent by itself.

    By default only where there is a cache to fill: in cloud mode, and where the public address is one of
    QU_PREWARM_HOSTS. Fetching from this server itself would load it and warm nothing.
    """
    settings = console.settings
    if settings.prewarm_plan != "auto":
        return settings.prewarm_plan == "on"
    if console.cloud is not None:
        return bool(settings.prewarm_hosts)
    return bool(settings.public_url) and host_port(settings.public_url) in settings.prewarm_hosts


def read_plan(console: Console) -> Plan:
    """Return what should be warm now and until the end of tomorrow, regardless of the quota."""
    now = int(console.clock())
    until = day_end(now) + SECONDS_A_DAY
    writer = Writer(console.settings.time_zone, console.reachable_url)
    wishes: list[Wish] = []
    files: dict[str, list[WarmFile]] = {}
    for slot in console.store.programme.find_slots():
        found = find_wishes(console.store.programme.get(slot.slot), now, until)
        clips = console.store.feed_lineups.find_clips(slot.slot, [wish.video_id for wish in found])
        for video_id, clip in clips.items():
            shown = clip_files(console, writer, clip)
            files[video_id] = list(dict.fromkeys([*files.get(video_id, ()), *shown]))
        wishes += found
    urls = [file.url for one in files.values() for file in one]
    known = console.store.prewarming.find_sent(urls, console.settings.prewarm_region)
    return make_plan(wishes, files, known, now, console.settings.warm_ttl)


def read_room(console: Console, *, fresh: bool = True) -> Room | None:
    """Return today's quota; None if none applies. Raises CloudError if it is unknown."""
    found = console.cache.room(fresh=fresh)
    if found is None:
        return None
    ends = day_end(console.clock())
    return Room(*found, console.store.prewarming.count_sent(ends - SECONDS_A_DAY), ends)


def clip_files(console: Console, writer: Writer, entry: Recommendation) -> list[WarmFile]:
    """Return the files of a clip that the feed names, if their hosts can be prewarmed."""
    video, clip = entry.video, clip_of(entry, writer)
    cover, first = video.cover, video.file_of(FileKind.FIRST_FRAME)
    wanted = [
        WarmFile(clip.cover_url, WarmKind.COVER, cover.size if cover else 0),
        WarmFile(clip.first_frame_url, WarmKind.FIRST_FRAME, first.size if first else 0),
    ]
    wanted += (
        WarmFile(one.play_url, WarmKind.PLAYLIST if is_playlist(one.play_url) else WarmKind.RENDITION, one.size)
        for one in clip.play_info_list
    )
    lines = {line.text: line.url for line in check(console, [file.url for file in wanted]) if line.url}
    return [replace(file, url=lines[file.url]) for file in wanted if file.url in lines]


def check(console: Console, urls: Iterable[str]) -> list[CheckedLine]:
    return check_lines(urls, console.cache.hosts(), console.reachable_url, console.own_hosts)


def is_playlist(url: str) -> bool:
    return urlsplit(url).path.endswith(SUFFIX)


def due_problems(console: Console, items: Sequence[PlanItem]) -> list[WarmCheck]:
    """Look at one file of each kind and host, unless that was done lately; return what shows that sending is no use."""
    now = int(console.clock())
    known = {(one.host, one.kind): one for one in console.store.prewarming.find_checks()}
    first = {(host_port(item.file.url), item.file.kind): item.file for item in reversed(items)}
    fresh = [
        _look_at(console, host, file, now)
        for (host, kind), file in first.items()
        if not _is_recent(known.get((host, kind)), now)
    ]
    if fresh:
        console.store.prewarming.note_checks(fresh)
    known |= {(one.host, one.kind): one for one in fresh}
    return [known[place] for place in first if known[place].problem is not None]


def _is_recent(found: WarmCheck | None, now: int) -> bool:
    if found is None:
        return False
    return now - found.at < (GOOD_SECONDS if found.problem is None else BAD_SECONDS)


def _look_at(console: Console, host: str, file: WarmFile, now: int) -> WarmCheck:
    problem: ConsoleError | None = None
    try:
        with opened(console, file.url, LOOK) as (_, answer):
            if answer.status not in UNSIGNED or console.settings.url_auth_key:
                problem = _problem(answer.status, answer.headers.get("Cache-Control", ""))
    except (BadRequest, FetchError) as error:
        # The CDN may reach what this machine does not, and says so of each file.
        log.info("%s could not be looked at before prewarming: %s", file.url, error)
    return WarmCheck(host, file.kind, file.url, now, problem)


def _problem(status: int, cache_control: str) -> ConsoleError | None:
    """Return why a cache cannot keep what was answered so, or None (RFC 9111)."""
    if status != 200:
        return ConsoleError(NOT_THERE, why=f"HTTP {status}")
    parts = [part.strip().lower().replace(" ", "") for part in cache_control.split(",")]
    names = {part.partition("=")[0] for part in parts}
    forbidding = {"private", "no-store", "s-maxage=0"} | (set() if "s-maxage" in names else {"max-age=0"})
    bad = [part for part in parts if part in forbidding or part.partition("=")[0] == "private"]
    return ConsoleError(NOT_KEPT, why=", ".join(bad)) if bad else None


def with_segments(console: Console, items: Sequence[PlanItem]) -> list[PlanItem]:
    """Add to playlists the segments that a player fetches first; return as many as fit into a slice."""
    found: list[PlanItem] = []
    for item in items:
        more = _segments(console, item) if item.file.kind is WarmKind.PLAYLIST else []
        if found and len(found) + 1 + len(more) > MAX_SLICE:
            break
        found += (item, *more)
    return found


def _segments(console: Console, item: PlanItem) -> list[PlanItem]:
    files: list[WarmFile] = []
    url = item.file.url
    first = _read_playlist(console, url)
    if first.variant:
        files.append(WarmFile(first.variant, WarmKind.PLAYLIST))
        first = _read_playlist(console, first.variant)
    files += (WarmFile(one, WarmKind.SEGMENT) for one in first.segments)
    bare = {line.text: line.url for line in check(console, [file.url for file in files]) if line.url}
    files = [replace(file, url=bare[file.url]) for file in files if file.url in bare]
    known = console.store.prewarming.find_sent([file.url for file in files], console.settings.prewarm_region)
    return [replace(item, file=file, known=known.get(file.url)) for file in files]


def _read_playlist(console: Console, url: str) -> FirstFiles:
    try:
        with opened(console, url, PLAYLIST) as (fetch, answer):
            text = b"".join(fetch.pieces(answer)).decode(errors="replace") if answer.status == 200 else ""
    except (BadRequest, FetchError) as error:
        log.info("the playlist %s could not be read before prewarming: %s", url, error)
        return FirstFiles()
    return read_first_files(text, url)


class Prewarmer(Periodic):
    """Sends the plan by itself, one slice at a time. Any number of servers may do it: each URL is sent once."""

    def __init__(self, console: Console, seconds: float = SLICE_SECONDS) -> None:
        super().__init__("prewarmer", seconds)
        self._console = console
        self._looked: tuple[int, float] = (-1, 0.0)  # at which version of the database nothing was due, and until when
        self._pruned = 0.0

    def step(self) -> int:
        """Send what is due, as much as a slice holds; return the number of URLs."""
        console, now = self._console, self._console.clock()
        if not is_automatic(console):
            return 0
        if now - self._pruned >= PRUNE_SECONDS:
            console.store.prewarming.prune()
            self._pruned = now
        version, until = self._looked
        if (version == console.store.version() and now < until) or not console.store.prewarming.may_send():
            return 0
        seen = console.store.version()
        plan = read_plan(console)
        if not plan.due():
            self._looked = (seen, min(plan.next_due() or now + PLAN_SECONDS, now + PLAN_SECONDS))
            return 0
        if due_problems(console, plan.due()):
            return 0
        try:
            plan = plan.within(read_room(console))
        except CloudError as error:
            log.info("what is due waits, because the quota of prewarming is unknown: %s", error)
            return 0
        region = console.settings.prewarm_region
        console.store.prewarming.skip(
            (one for one in plan.items if one.state is PlanState.WAITING and not one.wish.live), region
        )
        due = with_segments(console, plan.due()[:MAX_SLICE])
        return console.store.prewarming.send(due, PREWARMER, source=SentBy.AUTOMATIC, room=plan.room, region=region)
