"""The history of one video, of all matching changes, and as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Generator, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import msgspec

from backend.api.parameters import End, Id, PageIndex, PageSize, SeenLine, Start, Text
from backend.api.registry import OPERATIONS, operation
from backend.api.wire import Writer
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.exports.columns import ExportSource, FileFormat, guard_id, guard_text
from backend.exports.download import Download, Progress
from backend.exports.file import MEDIA_TYPES, ExportInfo
from backend.model import HistoryFilter, HistoryLine
from backend.operations.video_filters import written

if TYPE_CHECKING:
    from backend.console import Call

COLUMNS = (
    "line", "time", "userName", "token", "way", "address", "requestId", "action", "target", "before", "after",
)  # fmt: skip
HISTORY = ExportSource("history", ())
CHUNK_ROWS = 500
MAX_IDS = 100
BOM = "\ufeff"  # without it, Excel would not detect UTF-8


class HistoryData(msgspec.Struct, rename="camel"):
    """One change.

    `line` counts from 1; `token` is the name of the API token used, if any. `title` is the title of the target video,
    if it exists.
    """

    line: int
    time: str
    user_name: str
    token: str
    way: str
    address: str
    request_id: str
    action: str
    target: str
    title: str
    before: dict[str, Any]
    after: dict[str, Any]


class HistoryPage(msgspec.Struct, rename="camel"):
    """`actionList` has all actions that occur in the history."""

    total: int
    history_list: list[HistoryData]
    action_list: list[str]


class ChangesData(msgspec.Struct, rename="camel"):
    """`line` is the newest line of the history; `changeList` has the changes since `seenLine`, latest first."""

    line: int
    change_list: list[HistoryData]


class HistoryLink(msgspec.Struct, rename="camel"):
    url: str


class HistoryFilters(msgspec.Struct, frozen=True):
    """Filters of the history: `userName` matches any part of a name, the others match exactly; times are inclusive."""

    user_name: str = ""
    way: str = ""
    action: str = ""
    target: Annotated[str, Id()] = ""
    start_time: Start = None
    end_time: End = None

    @property
    def wanted(self) -> HistoryFilter:
        return HistoryFilter(self.user_name, self.way, self.action, self.target, self.start_time, self.end_time)


@operation("GET", "/vod/getHistory", right=Right.HISTORY)
def get_history(call: Call, *, video_id: str) -> list[HistoryData]:
    """Return the history of a video, newest first, at most 100 lines."""
    return _listed(call, call.store.history.find_history(video_id))


@operation("GET", "/user/findHistory", right=Right.HISTORY)
def find_history(
    call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 10, filters: HistoryFilters
) -> HistoryPage:
    """List matching changes of all users, newest first, with the exact total."""
    page = call.store.history.find_page(filters.wanted, page_index, page_size)
    return HistoryPage(page.total, _listed(call, page.items), list(call.store.history.find_actions()))


@operation("GET", "/vod/getChanges", right=Right.HISTORY)
def get_changes(
    call: Call, *, video_ids: Annotated[str, Text(MAX_IDS * 129)] = "", seen_line: SeenLine = None
) -> ChangesData:
    """Return the newest line of the history, to be sent as `seenLine` with later changes of the videos just read.

    With `videoIds` (up to 100, comma-separated) and an earlier `seenLine`, also return the decisions on these videos
    since then.
    """
    # Read before the changes, so that concurrent ones are returned the next time
    line = call.store.history.newest_line()
    ids = [one for one in (part.strip() for part in video_ids.split(",")) if one]
    if len(ids) > MAX_IDS:
        raise BadRequest("videoIds has {count} ids; at most {most} are allowed.", count=len(ids), most=MAX_IDS)
    return ChangesData(line, _listed(call, call.store.catalogue.find_decisions(ids, seen_line)))


@operation("GET", "/user/exportHistory", right=Right.EXPORT)
def export_history(call: Call, *, filters: HistoryFilters) -> Download:
    """Export all matching history as CSV, newest first, streamed. The export itself is recorded in the history."""
    call.console.exports.check(call.actor.name)
    now, zone, given = call.now(), call.settings.time_zone, written(filters, call.write.time)
    history, newest = call.store.history, call.store.history.newest_line()
    total = history.find_page(filters.wanted, 1, 1).total
    after = {"format": FileFormat.CSV, "filter": given, "count": total}
    history.record(at=now, actor=call.actor, action=call.operation.name, target="", after=after)
    when, progress = datetime.fromtimestamp(now, zone), Progress(total)
    label = ExportInfo(HISTORY, (), FileFormat.CSV, given, when, zone.key, call.actor.name, progress)
    chunks = _csv(history.iterate(filters.wanted, newest), call.write)
    download = Download(label.file_name, MEDIA_TYPES[FileFormat.CSV], chunks, progress)
    return call.console.exports.begin(call.actor.name, download)


@operation("GET", "/user/createHistoryLink", right=Right.EXPORT)
def create_history_link(call: Call, *, filters: HistoryFilters) -> HistoryLink:
    """Create a link that downloads exportHistory's file once, within a minute, without a token."""
    export = OPERATIONS["exportHistory"]
    call.console.exports.check(call.actor.name)
    given = {one.wire_name: call.given[one.wire_name] for one in export.parameters if one.wire_name in call.given}
    ticket = call.store.tickets.issue(export.name, (given, call.token), owner=call.actor.name)
    return HistoryLink(f"{call.write.base_url}{export.path}?ticket={quote(ticket)}")


def _listed(call: Call, lines: Iterable[HistoryLine]) -> list[HistoryData]:
    lines = list(lines)
    titles = call.store.catalogue.find_titles({line.target for line in lines})
    return [_data(call.write, line, titles.get(line.target, "")) for line in lines]


def _data(write: Writer, line: HistoryLine, title: str = "") -> HistoryData:
    actor = line.actor
    return HistoryData(
        line=line.line, time=write.time(line.at), user_name=actor.name, token=actor.token, way=actor.channel,
        address=actor.address, request_id=actor.request_id, action=line.action, target=line.target, title=title,
        before=line.before, after=line.after,
    )  # fmt: skip


def _csv(lines: Iterable[HistoryLine], write: Writer) -> Generator[bytes, None, None]:
    """Yield CSV that Excel opens correctly, with formulas escaped; before and after are JSON."""
    buffer = io.StringIO()
    rows = csv.writer(buffer)
    buffer.write(BOM)
    rows.writerow(COLUMNS)
    for count, line in enumerate(lines, start=1):
        data = _data(write, line)
        before, after = (json.dumps(values, ensure_ascii=False) for values in (data.before, data.after))
        names = (guard_text(text) for text in (data.user_name, data.token, data.way, data.address))
        ids = (guard_id(data.request_id), guard_text(data.action), guard_id(data.target))
        rows.writerow([data.line, data.time.removesuffix(".0"), *names, *ids, before, after])
        if count % CHUNK_ROWS == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> bytes:
    chunk = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return chunk
