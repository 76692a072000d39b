"""OSS: takes uploads with temporary keys, whole or in parts; gives out what VOD made, while its address is fresh."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import crcmod

from tests.cloud.alibaba.oss_signature import is_signed
from tests.cloud.alibaba.refusal import Refusal

BUCKET, REGION = "outin-test", "cn-shanghai"
MIN_PART_BYTES, MAX_PARTS, PARTS_A_PAGE = 100 << 10, 10_000, 1000
PIECE = 1 << 16
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAgAAAQABAAD//gAPTGF2YzYzLjEuMTAyAP/bAEMACD4+ST5JVVVVVVVVZF1kaGhoZGRkZGhoaHBwcIODg3BwcGhocHB8fIOD"
    "j5OPh4eDh5OTm5uburqystnZ4P/////EAEoAAQAAAAAAAAAAAAAAAAAAAAABAQAAAAAAAAAAAAAAAAAAAAAQAQAAAAAAAAAAAAAAAAAAAAARAQAA"
    "AAAAAAAAAAAAAAAAAAD/wAARCAAQABADASIAAhEAAxEA/9oADAMBAAIRAxEAPwAAD//Z"
)


def crc64():
    return crcmod.Crc(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF)


@dataclass
class Part:
    """What arrived of an object, as OSS tells of it. `body` is empty where the emulator keeps nothing."""

    size: int
    etag: str
    crc: int
    body: bytes


@dataclass
class MultipartUpload:
    name: str
    parts: dict[int, Part] = field(default_factory=dict)


class Oss:
    """A bucket: objects by name. Whoever uploads one names a token that VOD gave for it."""

    def __init__(self, alibaba) -> None:
        self._alibaba = alibaba
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, MultipartUpload] = {}
        self.tokens: dict[str, str] = {}  # token -> object it may write
        self.expired: set[str] = set()
        self.breaks_after: int | None = None  # bytes of a body, once
        self.full = False  # the account is overdue
        self.plays_nothing = False  # whatever the address
        self.cache_control = "public, max-age=31536000"  # of what the play domain answers
        self.gone: set[str] = set()  # pictures and playlists that the play domain does not have
        self.playlists: dict[str, bytes] = {}
        self.looked_at: list[str] = []  # pictures, playlists and segments
        self.keeps = True  # what arrives; where it does not, only sizes and checksums are kept
        self.damages: set[str] = set()  # numbers of parts that are damaged on their way, once
        self.calls: list[tuple[str, str, str]] = []  # (action, part number, token) of what was done
        self.watch: Callable[[str, str], None] = lambda _action, _number: None  # called before anything is done

    def allow(self, name: str) -> tuple[str, str]:
        """Return UploadAddress and UploadAuth for an object."""
        token = f"upload-{len(self.tokens)}"
        self.tokens[token] = name
        address = {"Endpoint": self._alibaba.url, "Bucket": BUCKET, "FileName": name}
        auth = {
            "AccessKeyId": f"STS.{token}", "AccessKeySecret": f"secret of {token}", "SecurityToken": token,
            "ExpireUTCTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3000)),
            "Expiration": "3000", "Region": REGION,
        }  # fmt: skip
        return tuple(base64.b64encode(json.dumps(part).encode()).decode() for part in (address, auth))

    def count(self, action: str) -> int:
        return sum(name == action for name, _, _ in self.calls)

    def sent(self) -> list[int]:
        """The numbers of the parts that arrived, in order."""
        return [int(number) for action, number, _ in self.calls if action == "UploadPart"]

    # Writing

    def handle(self, method, path, headers, stream):
        """Answer a request of the bucket: (status, headers, body). Raises Refusal."""
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        name = unquote(parts.path).removeprefix(f"/{BUCKET}/")
        action = action_of(method, query)
        self.watch(action, query.get("partNumber", ""))
        with self._alibaba.guard:
            fault = self._alibaba.fault_for(action)
        if fault and not fault.kind.startswith("done_"):
            self._break(fault.kind, headers, stream)
        body = self._read(headers, stream)
        self._check(method, parts, headers, name)
        with self._alibaba.guard:
            self.calls.append((action, query.get("partNumber", ""), token_of(headers)))
            answer = getattr(self, f"_{action}")(name, query, body)
        if fault:
            raise ConnectionAbortedError
        return answer

    def _break(self, kind, headers, stream):
        stream.read(int(headers.get("Content-Length") or 0) // 2)
        if kind == "busy":
            raise Refusal(503, "ServiceUnavailable")
        if kind == "expired":
            raise Refusal(403, "SecurityTokenExpired")
        raise ConnectionAbortedError

    def _read(self, headers, stream):
        """Return what arrived, in pieces, so that a large body is never whole in memory twice."""
        length = int(headers.get("Content-Length") or 0)
        if self.breaks_after is not None:
            stream.read(min(self.breaks_after, length))
            self.breaks_after = None
            raise Refusal(503, "ServiceUnavailable")
        size, digest, crc, kept = 0, hashlib.md5(), crc64(), []
        while size < length and (piece := stream.read(min(PIECE, length - size))):
            size += len(piece)
            digest.update(piece)
            crc.update(piece)
            if self.keeps:
                kept.append(piece)
        if size != length:
            raise Refusal(400, "IncompleteBody")
        return Part(size, f'"{digest.hexdigest().upper()}"', crc.crcValue, b"".join(kept))

    def _check(self, method, parts, headers, name):
        token = token_of(headers)
        signed = is_signed(
            method, f"/{BUCKET}/{name}", parts.query, headers, f"STS.{token}", f"secret of {token}", REGION
        )
        if token in self.expired:
            raise Refusal(403, "SecurityTokenExpired")
        if self.tokens.get(token) != name or not signed:
            raise Refusal(403, "SignatureDoesNotMatch")
        if self.full:
            raise Refusal(403, "UserDisable")

    def _PutObject(self, name, _query, part):
        self.objects[name] = part.body
        self._alibaba.vod.arrived(name, part.size)
        return 200, {"ETag": part.etag, "x-oss-hash-crc64ecma": str(part.crc)}, b""

    def _InitiateMultipartUpload(self, name, _query, _part):
        upload_id = uuid.uuid4().hex.upper()
        self.uploads[upload_id] = MultipartUpload(name)
        return 200, {}, xml("InitiateMultipartUploadResult", Bucket=BUCKET, Key=name, UploadId=upload_id)

    def _UploadPart(self, name, query, part):
        upload, number = self._upload(name, query), int(query["partNumber"])
        if not 1 <= number <= MAX_PARTS:
            raise Refusal(400, "InvalidArgument")
        if str(number) in self.damages:
            self.damages.discard(str(number))
            part = replace(part, crc=part.crc ^ 1)
        upload.parts[number] = part
        return 200, {"ETag": part.etag, "x-oss-hash-crc64ecma": str(part.crc)}, b""

    def _ListParts(self, name, query, _part):
        upload, after = self._upload(name, query), int(query.get("part-number-marker") or 0)
        numbers = [number for number in sorted(upload.parts) if number > after]
        shown = numbers[:PARTS_A_PAGE]
        answer = ElementTree.fromstring(xml(
            "ListPartsResult", Bucket=BUCKET, Key=name, UploadId=query["uploadId"], PartNumberMarker=after,
            NextPartNumberMarker=shown[-1] if shown else after, MaxParts=PARTS_A_PAGE,
            IsTruncated=str(len(shown) < len(numbers)).lower(),
        ))  # fmt: skip
        for number in shown:
            part, place = upload.parts[number], ElementTree.SubElement(answer, "Part")
            told = {"PartNumber": number, "ETag": part.etag, "Size": part.size, "HashCrc64ecma": part.crc}
            told["LastModified"] = "2026-01-01T00:00:00.000Z"
            for key, value in told.items():
                ElementTree.SubElement(place, key).text = str(value)
        return 200, {}, ElementTree.tostring(answer)

    def _CompleteMultipartUpload(self, name, query, body):
        upload = self._upload(name, query)
        asked = [
            (int(one.findtext("PartNumber")), one.findtext("ETag"))
            for one in ElementTree.fromstring(body.body or self._named(upload)).findall("Part")
        ]
        if not asked or any(number not in upload.parts or upload.parts[number].etag != tag for number, tag in asked):
            raise Refusal(400, "InvalidPart")
        if [number for number, _ in asked] != sorted({number for number, _ in asked}):
            raise Refusal(400, "InvalidPartOrder")
        parts = [upload.parts[number] for number, _ in asked]
        if any(part.size < MIN_PART_BYTES for part in parts[:-1]):
            raise Refusal(400, "EntityTooSmall")
        del self.uploads[query["uploadId"]]
        self.objects[name] = b"".join(part.body for part in parts)
        whole = {"x-oss-hash-crc64ecma": str(crc_of(self.objects[name]))} if self.keeps else {}
        self._alibaba.vod.arrived(name, sum(part.size for part in parts))
        return 200, whole, xml("CompleteMultipartUploadResult", Bucket=BUCKET, Key=name, ETag=f'"{uuid.uuid4().hex}"')

    def _AbortMultipartUpload(self, name, query, _part):
        self._upload(name, query)
        del self.uploads[query["uploadId"]]
        return 204, {}, b""

    def _upload(self, name, query):
        upload = self.uploads.get(query["uploadId"])
        if upload is None or upload.name != name:
            raise Refusal(404, "NoSuchUpload")
        return upload

    @staticmethod
    def _named(upload):
        """What a body that was not kept must have said."""
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{part.etag}</ETag></Part>"
            for number, part in sorted(upload.parts.items())
        )
        return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"

    # Reading

    def get(self, path, wanted=""):
        """Give out a file of the play domain, or a part of it, if the address was signed and is not too old."""
        parts = urlsplit(path)
        expires = parse_qs(parts.query).get("auth_key", [""])[0].split("-")[0]
        name = unquote(parts.path).lstrip("/")
        if re.search(r"\.(jpg|m3u8|ts)$", name):
            self.looked_at.append(name)
            status = 404 if name in self.gone else 200
            body = self.playlists.get(name, JPEG)
            return status, {"Content-Type": "image/jpeg", "Cache-Control": self.cache_control}, body
        if self.plays_nothing or not expires.isdecimal() or int(expires) < self._alibaba.clock():
            return 403, {"Content-Type": "text/plain"}, b"denied by request uri auth"
        source = self._alibaba.vod.source_behind(name)
        if not source:
            return 404, {"Content-Type": "text/plain"}, b""
        body, headers = self.objects.get(source, b""), {"Content-Type": "video/mp4", "Accept-Ranges": "bytes"}
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "")
        if not part or int(part[1]) >= len(body):
            return 200, headers, body
        first, last = int(part[1]), min(int(part[2] or len(body)), len(body) - 1)
        return 206, {**headers, "Content-Range": f"bytes {first}-{last}/{len(body)}"}, body[first : last + 1]


def action_of(method, query):
    """Return the operation that a request means."""
    if method == "POST":
        return "InitiateMultipartUpload" if "uploads" in query else "CompleteMultipartUpload"
    if method == "PUT":
        return "UploadPart" if "uploadId" in query else "PutObject"
    return "ListParts" if method == "GET" else "AbortMultipartUpload"


def token_of(headers):
    return headers.get("x-oss-security-token") or headers.get("security-token") or ""


def crc_of(body):
    crc = crc64()
    crc.update(body)
    return crc.crcValue


def xml(root, **values):
    made = ElementTree.Element(root)
    for name, value in values.items():
        ElementTree.SubElement(made, name).text = str(value)
    return ElementTree.tostring(made)
