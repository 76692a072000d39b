"""Streaming multipart/form-data parser: fields are kept in memory, within limits; the file goes straight to disk."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from backend.api.parameters import Upload
from backend.errors import BadRequest, Refused, disk_error
from backend.lifecycle.disk_space import check_free_space

MAX_FIELDS = 50
MAX_FIELD_BYTES = 64 << 10
MAX_NAME = 200
DISK_BUFFER = 1 << 20
EXTENDED_NAME = re.compile(r"filename\*\s*=\s*utf-8'[^']*'([^\s;]+)", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def read_content_type(header: str) -> tuple[str, dict[str, str]]:
    """Return the media type of a Content-Type header, lower-cased, and its parameters."""
    if not header:
        return "", {}
    media_type, options = parse_options_header(header)
    return media_type.decode("latin-1"), {
        name.decode("latin-1"): value.decode("latin-1") for name, value in options.items()
    }


class MultipartForm:
    """An incremental form parser: call `feed`, then `finish`, and in any case `discard`.

    `admit` is called when a file begins, with the preceding fields; it returns the path for the file, or raises. All
    methods block, so they must not run on the event loop.
    """

    def __init__(
        self, boundary: bytes, file_field: str | None, most_file_mb: int, admit: Callable[[Mapping[str, str]], Path]
    ) -> None:
        self._file_field = file_field
        self._most_file_mb = most_file_mb
        self._admit = admit
        self._fields: dict[str, str] = {}
        self._count = 0
        self._headers: dict[bytes, bytes] = {}
        self._header_name, self._header_value = b"", b""
        self._name = ""
        self._value = bytearray()
        self._disk: BinaryIO | None = None
        self._size, self._digest = 0, hashlib.sha256()
        self._upload: Upload | None = None
        self._complete = False
        if not boundary:
            raise BadRequest("The Content-Type has no boundary.")
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError:
            raise BadRequest("The boundary of the multipart body is too long.") from None

    def feed(self, data: bytes) -> None:
        """Parse the next bytes. Raises BadRequest, and Refused if the file is too large."""
        try:
            self._parser.write(data)
        except FormParserError:
            raise BadRequest("The multipart body is malformed.") from None
        except OSError as error:
            raise disk_error(error) from error

    def finish(self) -> dict[str, Any]:
        """Return the parameters of a complete form. Raises BadRequest if it is truncated."""
        if not self._complete:
            raise BadRequest("The multipart body is incomplete.")
        if self._upload is None:
            return dict(self._fields)
        return {**self._fields, str(self._file_field): self._upload}

    def discard(self) -> None:
        """Delete the file, unless an operation has taken it."""
        if self._disk is not None:
            with suppress(OSError):  # closing flushes, which fails on a full disk
                self._disk.close()
        if self._upload is not None:
            self._upload.path.unlink(missing_ok=True)

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_header_name,
            "on_header_value": self._add_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open_part,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin_part(self) -> None:
        self._headers.clear()
        self._value.clear()
        self._count += 1
        if self._count > MAX_FIELDS:
            raise BadRequest("The form has more than {most} fields.", most=MAX_FIELDS)

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name, self._header_value = b"", b""

    def _open_part(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        if not options.get(b"name"):
            raise BadRequest("A part of the form has no name.")
        self._name = _utf8(options[b"name"], "name")
        file_name = _file_name(disposition, options)
        if file_name:
            self._open_file(file_name)

    def _open_file(self, file_name: str) -> None:
        if self._name != self._file_field:
            raise BadRequest("{name} may not be a file.", name=self._name[:MAX_NAME])
        if self._upload is not None:
            raise BadRequest("Send one file at a time.")
        path = self._admit(self._fields)
        self._upload = Upload(path, file_name, 0)
        self._disk = path.open("wb", buffering=DISK_BUFFER)

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._disk is None or self._upload is None:
            self._value += data[start:end]
            if len(self._value) > MAX_FIELD_BYTES:
                raise BadRequest(
                    "The field {name} is larger than {most} bytes.", name=self._name[:MAX_NAME], most=MAX_FIELD_BYTES
                )
            return
        check_free_space(self._upload.path.parent, end - start)
        piece = memoryview(data)[start:end]
        self._disk.write(piece)
        self._digest.update(piece)
        self._size += end - start
        if self._size > self._most_file_mb * 1_000_000:
            raise Refused(413, "The file is larger than {limit} MB.", limit=self._most_file_mb)

    def _end_part(self) -> None:
        if self._disk is None:
            self._fields[self._name] = _utf8(bytes(self._value), self._name)
            return
        self._disk.close()
        self._disk = None
        if self._upload is not None:
            self._upload = replace(self._upload, size=self._size, sha256=self._digest.hexdigest())

    def _end(self) -> None:
        self._complete = True


def _file_name(disposition: bytes, options: Mapping[bytes, bytes]) -> str:
    """Return the client's file name, without directories and control characters; empty if it is not a file."""
    if not options.get(b"filename") and b"filename*" not in disposition:
        return ""
    extended = EXTENDED_NAME.search(disposition.decode("latin-1"))
    if extended:
        name = unquote(extended.group(1))
    else:
        # browsers encode quotation marks as %22, and otherwise only line breaks
        name = _utf8(options.get(b"filename", b""), "filename").replace("%22", '"')
    return CONTROL.sub(" ", re.split(r"[/\\]", name)[-1]).strip()[-MAX_NAME:] or "file"


def _utf8(value: bytes, name: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise BadRequest("{name} is not UTF-8.", name=name[:MAX_NAME]) from None
