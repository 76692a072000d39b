"""The files of videos in a bucket of an S3-compatible object store, as objects `video id/name`.

An object appears whole or not at all, and cannot be renamed. That a job brings nothing back of a deleted video takes
the order of steps, and a store that shows a change to every later request, as S3 does: deleting removes the source
first, then lists and deletes until nothing is left; a job looks for the source after it has put its files, and removes
them if the source is gone. So either the job sees that, or deleting sees the job's files.
"""

from __future__ import annotations

import logging
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import obstore
from obstore.exceptions import (
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from backend.errors import MediaError, NotFound, StorageError
from backend.media import LocalFile
from backend.media.folder import BAD_NAME, NAME, NO_SUCH_VIDEO, VIDEO_ID
from backend.media.scratch import ProcessScratch
from backend.model.media_urls import media_type_of

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, RetryConfig, S3Config

log = logging.getLogger(__name__)

PIECE = 1 << 20  # bytes read at once for a client; nothing is held open between two pieces
COPY_PIECE = 8 << 20  # bytes read at once for a copy, and of each part of a large upload
UPLOAD_PARTS = 4  # of one file at the same time
SOURCE = "source."  # names of sources begin so
DELETED, PROBE = ".deleted", ".probe"
MAX_LISTINGS = 10  # while deleting
CAUSE = re.compile(r'^ +(?:message|error): "([^"]+)",$', re.MULTILINE)
MAX_REASON = 300  # characters of what a store says of itself
OLD_SECONDS = 3600.0  # no deletion takes that long
# A store that takes a request and says nothing is away. An upload is answered only after a part was sent.
ASKING: ClientConfig = {"read_timeout": timedelta(seconds=10), "timeout": timedelta(seconds=60)}
SENDING: ClientConfig = {"timeout": timedelta(minutes=5)}
CONNECT_SECONDS, TRIAL_SECONDS = 5, 1.0
# Somebody waits for most requests; nobody for those of jobs, whose work would have to be repeated.
QUICK: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
PATIENT: RetryConfig = {"max_retries": 20, "retry_timeout": timedelta(minutes=3)}

AWAY = "The media storage is not responding. Try again in a minute."
REFUSED = "The media storage refuses the keys of this console. Ask the administrator to run doctor."
CHANGED = "The file was replaced or deleted while it was read. Ask for it again."
NO_BUCKET = "There is no bucket {bucket} at {endpoint}. Create it, or correct QU_MEDIA or QU_S3_ENDPOINT."
BAD_ENDPOINT = (
    "{endpoint} does not take requests for {place}: QU_S3_ENDPOINT has to be the address of the bucket itself in its "
    "own region, as in https://{bucket}.oss-cn-hangzhou.aliyuncs.com."
)
BAD_KEYS = "{place} does not accept the keys: correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
BAD_CLOCK = "The clocks of this machine and of {place} differ by more than 15 minutes: correct the one that is wrong."
NO_RIGHT = "The keys are not allowed to use {place}: grant them {right}."
NO_ANSWER = "{place} cannot be used now ({why}). Check QU_S3_ENDPOINT, QU_S3_REGION and the network."
# Of OSS, which refuses requests that name the bucket in the path, or that are sent to another region
ELSEWHERE = ("SecondLevelDomainForbidden", "must be addressed using")
NOT_THE_SAME = "{place} returns other bytes than were put there, so it cannot store media."


class Place(NamedTuple):
    """Where the files are, and by which keys; empty: as obstore finds it (AWS's own variables and roles)."""

    url: str  # s3://bucket or s3://bucket/prefix
    endpoint: str = ""
    region: str = ""
    key_id: str = ""
    secret: str = ""
    session_token: str = ""

    @property
    def bucket(self) -> str:
        return self.url.removeprefix("s3://").partition("/")[0]

    def __repr__(self) -> str:
        return self.url  # keys are never shown


def connect(place: Place, retries: RetryConfig, timeouts: ClientConfig) -> S3Store:
    """Return a client; nothing is sent yet. An endpoint whose host begins with the bucket's name has it there only."""
    given = {
        "endpoint": place.endpoint, "region": place.region, "access_key_id": place.key_id,
        "secret_access_key": place.secret, "session_token": place.session_token,
    }  # fmt: skip
    options: dict[str, Any] = {name: value for name, value in given.items() if value}
    options["virtual_hosted_style_request"] = not place.endpoint or f"//{place.bucket}." in place.endpoint
    config: S3Config = options  # type: ignore[assignment]
    seconds, is_plain = timedelta(seconds=CONNECT_SECONDS), place.endpoint.startswith("http://")
    client: ClientConfig = {**timeouts, "connect_timeout": seconds, "allow_http": is_plain}
    prefix = place.url.removeprefix(f"s3://{place.bucket}").strip("/")
    return S3Store(place.bucket, prefix=prefix or None, config=config, client_options=client, retry_config=retries)


class CircuitBreaker:
    """After a request without an answer, lets one request at a time try again; others fail rather than wait for it."""

    def __init__(self) -> None:
        self._is_open, self._trying = False, threading.Lock()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Send a request within the block. Raises StorageError."""
        alone = self._is_open
        if alone and not self._trying.acquire(timeout=TRIAL_SECONDS):
            raise StorageError(AWAY)
        if alone and not self._is_open:  # it answered somebody meanwhile
            self._trying.release()
            alone = False
        is_answered = True
        try:
            with translated_errors():
                yield
        except StorageError as error:
            is_answered = error.template != AWAY
            raise
        finally:
            self._is_open = not is_answered
            if alone:
                self._trying.release()


class BucketFile:
    """An object as it was when it was opened. Every piece is a request of its own."""

    def __init__(self, store: S3Store, breaker: CircuitBreaker, key: str, meta: ObjectMeta) -> None:
        self._store, self._breaker, self._key = store, breaker, key
        self.size, self.modified = meta["size"], meta["last_modified"].timestamp()
        self.tag = meta["e_tag"] or f'"{self.modified:x}-{self.size:x}"'

    def read(self, start: int = 0, stop: int | None = None, piece: int = PIECE) -> Iterator[bytes]:
        end = self.size if stop is None else min(stop, self.size)
        for first in range(start, end, piece):
            yield self._piece(first, min(first + piece, end))

    def _piece(self, first: int, last: int) -> bytes:
        with self._breaker.asking():
            try:
                got = obstore.get(self._store, self._key, options={"range": (first, last), "if_match": self.tag})
                return got.bytes().to_bytes()
            except (PreconditionError, FileNotFoundError) as error:
                raise StorageError(CHANGED) from error

    def close(self) -> None:
        pass


class BucketFiles:
    """Keeps files in a bucket."""

    def __init__(self, place: Place, scratch: Path) -> None:
        """`scratch` is a folder of this machine; several processes may use it."""
        self.place, self._where = place.url, place
        self._scratch = ProcessScratch(scratch)
        self._store = connect(place, QUICK, ASKING)
        self._breaker = CircuitBreaker()
        self._uploads, self._job_uploads = connect(place, QUICK, SENDING), connect(place, PATIENT, SENDING)

    @property
    def scratch(self) -> Path:
        return self._scratch.folder

    def put(self, video_id: str, files: Mapping[str, LocalFile], *, new: bool = False) -> None:
        if not all(_key(video_id, name) for name in files):
            raise MediaError(BAD_NAME, name=video_id[:140])
        if not new:
            self._check_source(video_id)
        begun: list[str] = []  # a request without an answer may have stored the object nevertheless
        try:
            for name, file in files.items():
                begun.append(name)
                self._send(self._uploads if new else self._job_uploads, f"{video_id}/{name}", file.path)
            if not new:
                self._check_source(video_id)
        except BaseException as error:
            if new or isinstance(error, NotFound):
                with suppress(StorageError):
                    self.delete(video_id, *begun)
            raise
        for file in files.values():
            file.path.unlink(missing_ok=True)

    def _send(self, store: S3Store, key: str, path: Path) -> None:
        kind = media_type_of(key) or "application/octet-stream"
        with translated_errors():
            obstore.put(
                store, key, path, attributes={"Content-Type": kind}, chunk_size=COPY_PIECE, max_concurrency=UPLOAD_PARTS
            )

    def _check_source(self, video_id: str) -> None:
        if not any(name.startswith(SOURCE) for _, name in self.list(video_id)):
            raise NotFound(NO_SUCH_VIDEO, video_id=video_id)

    def open(self, video_id: str, name: str) -> BucketFile | None:
        key = _key(video_id, name)
        meta = self._head(key) if key else None
        return BucketFile(self._store, self._breaker, key, meta) if meta else None

    def exists(self, video_id: str, name: str) -> bool:
        key = _key(video_id, name)
        return bool(key) and self._head(key) is not None

    def _head(self, key: str) -> ObjectMeta | None:
        with self._breaker.asking():
            try:
                return obstore.head(self._store, key)
            except FileNotFoundError:
                return None

    def list(self, video_id: str = "") -> Iterator[tuple[str, str]]:
        if not video_id or VIDEO_ID.fullmatch(video_id):
            for meta in self._list(video_id):
                found, _, name = meta["path"].partition("/")
                if _key(found, name):
                    yield found, name

    def _list(self, prefix: str) -> Iterator[ObjectMeta]:
        pages = iter(obstore.list(self._store, prefix or None))
        while True:
            with self._breaker.asking():
                page = next(pages, None)
            if page is None:
                return
            yield from page

    def delete(self, video_id: str, *names: str) -> None:
        if names:
            self._delete([key for name in names if (key := _key(video_id, name))])
        elif VIDEO_ID.fullmatch(video_id):
            for _ in range(MAX_LISTINGS):
                keys = [meta["path"] for meta in self._list(video_id)]
                if not keys:
                    return
                sources = [key for key in keys if key.startswith(f"{video_id}/{SOURCE}")]
                self._delete(sources)
                self._delete([key for key in keys if key not in sources])

    def _delete(self, keys: Sequence[str]) -> None:
        with self._breaker.asking(), suppress(FileNotFoundError):
            if keys:
                obstore.delete(self._store, keys)

    @contextmanager
    def deleting(self, video_id: str) -> Iterator[None]:
        if not VIDEO_ID.fullmatch(video_id):
            yield
            return
        note = f"{DELETED}/{video_id}"
        with self._breaker.asking():
            obstore.put(self._store, note, b"")
        try:
            yield
        except BaseException:
            with suppress(StorageError):
                self._delete([note])
            raise
        try:
            self.delete(video_id)
            self._delete([note])
        except StorageError as error:
            log.warning("the files of %s are deleted later: %s", video_id, error)

    def sweep(self, is_gone: Callable[[str], bool]) -> None:
        for meta in list(self._list(DELETED)):
            video_id = meta["path"].rpartition("/")[2]
            if is_gone(video_id):
                self.delete(video_id)
            elif (datetime.now(UTC) - meta["last_modified"]).total_seconds() < OLD_SECONDS:
                continue  # perhaps another process is about to delete its rows
            self._delete([meta["path"]])

    @contextmanager
    def local(self, video_id: str, name: str) -> Iterator[LocalFile | None]:
        file = self.open(video_id, name)
        if file is None:
            yield None
            return
        copy = self.scratch / f"{uuid.uuid4().hex}{Path(name).suffix}"
        try:
            with copy.open("wb") as target:
                for piece in file.read(piece=COPY_PIECE):
                    target.write(piece)
            yield LocalFile(copy)
        finally:
            copy.unlink(missing_ok=True)

    def link(self, video_id: str, name: str, seconds: int) -> str:
        key = _key(video_id, name)
        with translated_errors():  # signing asks the store nothing, so it tells the circuit breaker nothing
            return obstore.sign(self._store, "GET", key, timedelta(seconds=seconds)) if key else ""

    def describe(self) -> str:
        key, content = f"{PROBE}/{uuid.uuid4().hex}", b"0123456789"
        with self._proving("s3:PutObject"):
            obstore.put(self._store, key, content)
        try:
            with self._proving("s3:GetObject"):
                part = obstore.get_range(self._store, key, start=2, end=5).to_bytes()
            with self._proving("s3:ListBucket"):
                found = [meta["path"] for page in obstore.list(self._store, PROBE) for meta in page]
        finally:
            with self._proving("s3:DeleteObject"):
                obstore.delete(self._store, [key])
        if part != content[2:5] or key not in found:
            raise StorageError(NOT_THE_SAME, passing=False, place=self.place)
        return f"{self.place}, where objects can be put, read in parts, listed and deleted"

    @contextmanager
    def _proving(self, right: str) -> Iterator[None]:
        """Raise StorageError with advice for the operator; `passing` if the store may only be away."""
        endpoint = self._where.endpoint or "AWS"
        try:
            yield
        except FileNotFoundError:
            raise StorageError(NO_BUCKET, passing=False, bucket=self._where.bucket, endpoint=endpoint) from None
        except (PermissionDeniedError, UnauthenticatedError) as error:
            if any(word in str(error) for word in ELSEWHERE):
                bucket = self._where.bucket
                raise StorageError(
                    BAD_ENDPOINT, passing=False, place=self.place, endpoint=endpoint, bucket=bucket
                ) from None
            if "SignatureDoesNotMatch" in str(error) or "InvalidAccessKeyId" in str(error):
                raise StorageError(BAD_KEYS, passing=False, place=self.place) from None
            if "RequestTimeTooSkewed" in str(error):
                raise StorageError(BAD_CLOCK, passing=False, place=self.place) from None
            raise StorageError(NO_RIGHT, passing=False, place=self.place, right=right) from None
        except BaseError as error:
            raise StorageError(NO_ANSWER, place=self.place, why=_reason(error)) from None


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate the object store's errors to StorageError, and log them."""
    try:
        yield
    except (PermissionDeniedError, UnauthenticatedError) as error:
        log.error("the object store refused a request: %s", _reason(error))
        raise StorageError(REFUSED) from error
    except FileNotFoundError:
        raise
    except BaseError as error:
        log.warning("the object store does not answer: %s", _reason(error))
        raise StorageError(AWAY) from error


def _key(video_id: str, name: str) -> str:
    """Return the key of a file; empty for odd ids and names."""
    return f"{video_id}/{name}" if VIDEO_ID.fullmatch(video_id) and NAME.fullmatch(name) else ""


def _reason(error: Exception) -> str:
    """Return what an error of obstore says at last, without what it says of the request and its retries."""
    first, _, rest = str(error).strip().partition("\n")
    cause = CAUSE.findall(rest)  # as "Connection refused", where the first line has "error sending request" alone
    return f"{first.rpartition(' - ')[2].strip()}{f': {cause[-1]}' if cause else ''}"[:MAX_REASON]
