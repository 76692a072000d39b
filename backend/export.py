"""The catalogue as a file: streamed, so that its size does not matter."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backend.model import Video
from backend.wire import Writer

COLUMNS = (
    "id", "videoId", "title", "description", "duration", "creationTime", "status", "censorStatus", "transcodeStatus",
    "narrowTranscodeStatus", "snapshotStatus", "isRecommend", "size", "width", "height", "cateId", "cateName", "tags",
    "userId", "userName", "coverUrl", "fileUrlList",
)  # fmt: skip
CHUNK_ROWS = 500
BOM = "\ufeff"  # without it, Excel takes UTF-8 for the machine's own encoding
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is made while it is sent."""

    name: str
    media_type: str
    chunks: Iterator[bytes]


def csv_chunks(videos: Iterable[Video], write: Writer) -> Iterator[bytes]:
    """Yield a CSV that Excel opens rightly: UTF-8 with a mark, CRLF, quotes as in RFC 4180, and no formulas."""
    buffer = io.StringIO()
    rows = csv.writer(buffer)
    buffer.write(BOM)
    rows.writerow(COLUMNS)
    for count, video in enumerate(videos, start=1):
        rows.writerow(_row(video, write))
        if count % CHUNK_ROWS == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def _row(video: Video, write: Writer) -> list[object]:
    data = write.listed(video)
    return [
        data.id, _text(data.video_id), _text(data.title), _text(data.description), data.duration,
        data.creation_time.removesuffix(".0"), data.status, data.censor_status, data.transcode_status,
        data.narrow_transcode_status, data.snapshot_status, data.is_recommend, data.size, video.width, video.height,
        data.cate_id, _text(data.cate_name), _text(data.tags), _text(data.user.user_id), _text(data.user.user_name),
        data.cover_url, " ".join(data.file_url_list),
    ]  # fmt: skip


def _text(value: str) -> str:
    """Return text that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value


def _drain(buffer: io.StringIO) -> bytes:
    chunk = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return chunk
