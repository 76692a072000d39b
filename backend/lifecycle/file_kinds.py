"""Tells files that are no tables by their first bytes, so that people are told what they uploaded."""

from __future__ import annotations

import re

from backend.errors import BadRequest

HEAD_BYTES = 16
PICTURE = "{file} is a picture ({kind}), not a table; use a CSV or XLSX file."
DOCUMENT = "{file} is a document ({kind}), not a table; use a CSV or XLSX file."
VIDEO = "{file} is a video ({kind}), not a table; use a CSV or XLSX file."
ARCHIVE = "{file} is an archive ({kind}); unpack it and use the CSV or XLSX file in it."

# What files of a kind begin with. A ZIP may be a workbook, so it is not among them.
PICTURES = {
    "PNG": rb"\x89PNG", "JPEG": rb"\xff\xd8\xff", "GIF": rb"GIF8[79]a", "WebP": rb"RIFF....WEBP",
    "BMP": rb"BM....\0\0\0\0", "TIFF": rb"II\*\0|MM\0\*", "HEIC": rb"\0...ftyp(heic|heix|mif1|msf1)",
    "AVIF": rb"\0...ftypavi[fs]",
}  # fmt: skip
DOCUMENTS = {"PDF": rb"%PDF-", "RTF": rb"\{\\rtf"}
VIDEOS = {"MP4": rb"\0...ftyp", "Matroska": rb"\x1aE\xdf\xa3", "AVI": rb"RIFF....AVI "}
ARCHIVES = {
    "GZIP": rb"\x1f\x8b", "RAR": rb"Rar!\x1a\x07", "7z": rb"7z\xbc\xaf\x27\x1c",
    "ZIP": rb"PK(\x05\x06|\x07\x08)",  # empty, or in several parts
}  # fmt: skip


def check_is_table(head: bytes, name: str) -> None:
    """Raise BadRequest, saying what it is, if the first bytes are those of a file that is no table."""
    if kind := _kind(PICTURES, head):
        raise BadRequest(PICTURE, file=name, kind=kind)
    if kind := _kind(DOCUMENTS, head):
        raise BadRequest(DOCUMENT, file=name, kind=kind)
    if kind := _kind(VIDEOS, head):
        raise BadRequest(VIDEO, file=name, kind=kind)
    if kind := _kind(ARCHIVES, head):
        raise BadRequest(ARCHIVE, file=name, kind=kind)


def _kind(kinds: dict[str, bytes], head: bytes) -> str:
    return next((kind for kind, begin in kinds.items() if re.match(begin, head, re.DOTALL)), "")
