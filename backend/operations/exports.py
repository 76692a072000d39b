"""Export of whole lists as files."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import msgspec

from backend.api.parameters import Words
from backend.api.registry import OPERATIONS, operation
from backend.auth.permissions import Right
from backend.exports.columns import RECOMMENDED, VIDEOS, ExportSource, FileFormat
from backend.exports.download import Download, Progress
from backend.exports.file import ExportInfo, make_download
from backend.model import Sort
from backend.operations.video_filters import FeedState, Filters, in_state

if TYPE_CHECKING:
    from backend.console import Call


class LinkData(msgspec.Struct, rename="camel"):
    url: str


@operation("GET", "/vod/exportVideos", right=Right.EXPORT)
def export_videos(
    call: Call,
    *,
    format: FileFormat = FileFormat.CSV,
    columns: Annotated[tuple[str, ...], Words(VIDEOS.names)] = (),
    sort: Sort = Sort.NEWEST,
    filters: Filters,
) -> Download:
    """Export all matching videos as a file, in order, streamed. Without `columns`, all are included."""
    total = call.store.catalogue.find_videos(filters.wanted, 1, 1).total
    return _export(call, VIDEOS, format, columns, filters, sort, total)


@operation("GET", "/vod/exportRecommendVideos", right=Right.EXPORT)
def export_recommend_videos(
    call: Call,
    *,
    format: FileFormat = FileFormat.CSV,
    columns: Annotated[tuple[str, ...], Words(RECOMMENDED.names)] = (),
    sort: Sort = Sort.NEWEST,
    state: FeedState = FeedState.LIVE,
    filters: Filters,
) -> Download:
    """Export all matching recommendations in a state as a file, as exportVideos does; times are those of the start."""
    wanted = in_state(filters.wanted, state)
    total = call.store.catalogue.find_recommendations(wanted, 1, 1).total
    return _export(call, RECOMMENDED, format, columns, filters, sort, total, state)


@operation("GET", "/vod/createExportLink", right=Right.EXPORT)
def create_export_link(
    call: Call,
    *,
    recommended: bool = False,
    format: FileFormat = FileFormat.CSV,
    columns: str = "",
    sort: Sort = Sort.NEWEST,
    state: FeedState = FeedState.LIVE,
    filters: Filters,
) -> LinkData:
    """Create a link that downloads the file of exportVideos (or exportRecommendVideos) once, within a minute.

    The link contains no token, so a browser can open it.
    """
    export = OPERATIONS["exportRecommendVideos" if recommended else "exportVideos"]
    export.bind(call.given, call.settings.time_zone)  # validate the parameters now instead of at download
    call.console.exports.check(call.actor.name)
    given = {one.wire_name: call.given[one.wire_name] for one in export.parameters if one.wire_name in call.given}
    ticket = call.store.tickets.issue(export.name, (given, call.token), owner=call.actor.name)
    return LinkData(f"{call.write.base_url}{export.path}?ticket={quote(ticket)}")


def _export(
    call: Call,
    listing: ExportSource,
    file_format: FileFormat,
    columns: tuple[str, ...],
    filters: Filters,
    sort: Sort,
    total: int,
    state: FeedState = FeedState.ALL,
) -> Download:
    """Record in the history who exports what, before sending the first byte, and return the file."""
    call.console.exports.check(call.actor.name)
    now, zone, chosen = call.now(), call.settings.time_zone, listing.chosen(columns)
    given = filters.given(call.write.time)
    after = {"format": file_format, "columns": ",".join(columns), "filter": given, "count": total}
    if sort is not Sort.NEWEST:
        after["sort"] = sort
    if state not in (FeedState.ALL, FeedState.LIVE):
        after["state"] = state
    call.store.history.record(at=now, actor=call.actor, action=call.operation.name, target="", after=after)
    when, progress = datetime.fromtimestamp(now, zone), Progress(total)
    label = ExportInfo(listing, chosen, file_format, given, when, zone.key, call.actor.name, progress)
    wanted = call.store.catalogue.settle(in_state(filters.wanted, state), of_feed=listing is RECOMMENDED)
    pieces = call.store.exporting.export_batches(listing, chosen, file_format, wanted, zone, call.write.base_url, sort)
    return call.console.exports.begin(call.actor.name, make_download(label, pieces, call.media.files.scratch))
