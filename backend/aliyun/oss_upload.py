"""Uploads a file to OSS with Alibaba's SDK, using the address and temporary credentials issued by VOD.

Larger files are uploaded in parts, sequentially. An interrupted upload resumes at the part where it stopped: the SDK
stores the upload id in a checkpoint, and OSS lists the parts it has.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import requests

from backend.aliyun.errors import Refusal
from backend.errors import CloudError
from backend.jobs.runner import Cancelled
from backend.settings import quiet_cloud_sdk

CONNECT_SECONDS, READ_SECONDS = 5.0, 60.0
PART_BYTES = 6 << 20  # the SDK uses larger ones if a file would have more than 10,000
SPARE_SECONDS = 120.0  # credentials expiring sooner are renewed before use
KEY_SECONDS = 1800.0  # assumed lifetime of credentials if VOD does not report one
KEY_CODES = ("invalidaccesskeyid", "securitytokenexpired", "invalidsecuritytoken", "accessdenied")
NO_SUCH_UPLOAD = "nosuchupload"


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """The destination of a file and its temporary credentials, which last `seconds`."""

    endpoint: str
    bucket: str
    name: str
    key_id: str
    secret: str
    token: str
    region: str = ""
    seconds: float = KEY_SECONDS

    @classmethod
    def read(cls, address: str, auth: str) -> UploadTarget:
        """Parse UploadAddress and UploadAuth. Raises CloudError if malformed."""
        try:
            where, how = (json.loads(base64.b64decode(text)) for text in (address, auth))
            return cls(
                where["Endpoint"], where["Bucket"], where["FileName"], how["AccessKeyId"], how["AccessKeySecret"],
                how["SecurityToken"], str(how.get("Region") or ""), float(how.get("Expiration") or KEY_SECONDS),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError):
            raise Refusal("CreateUploadVideo", words="malformed answer").error() from None


class UploadKeys:
    """Credentials provider for the SDK, which asks before each request; renews them before they expire."""

    def __init__(self, give: Callable[[], UploadTarget], clock: Callable[[], float]) -> None:
        """`give` requests the destination and new credentials from VOD; it may raise CloudError."""
        self._give, self._clock = give, clock
        self.target = self._renew()

    def get_credentials(self) -> Any:
        if self._clock() > self._until:
            self.target = self._renew()
        return sdk().credentials.Credentials(self.target.key_id, self.target.secret, self.target.token)

    def _renew(self) -> UploadTarget:
        asked = self._clock()
        target = self._give()
        self._until = asked + max(target.seconds - SPARE_SECONDS, target.seconds / 2)
        return target


def send(
    give: Callable[[], UploadTarget], path: Path, checkpoints: Path, report: Callable[[float], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:  # fmt: skip
    """Upload a file, resuming an earlier attempt for the same file.

    Raises CloudError, passing if a retry may help, and Cancelled if `report` does. `checkpoints` is a folder that
    survives this process. Memory use is limited to one buffer.
    """
    checkpoints.mkdir(exist_ok=True)
    keys = UploadKeys(give, clock)
    target = keys.target

    def progress(_piece: int, done: int, total: int) -> None:
        report(done / total if total > 0 else 1.0)

    request = sdk().PutObjectRequest(bucket=target.bucket, key=target.name, progress_fn=progress)
    with requests.Session() as session:
        # Without an explicit `auth`, requests would replace the signature with credentials from a .netrc.
        session.auth = lambda prepared: prepared
        uploader = _client(keys, session).uploader(
            part_size=PART_BYTES, parallel_num=1, leave_parts_on_error=True, enable_checkpoint=True,
            checkpoint_dir=f"{checkpoints}/",
        )  # fmt: skip
        try:
            uploader.upload_file(request, str(path))
        except sdk().exceptions.BaseError as error:
            raise _read(error) from None


def is_expired(error: CloudError) -> bool:
    """Return whether OSS rejected the temporary credentials; VOD issues new ones."""
    return error.cloud_code.lower() in KEY_CODES


def is_ended(error: CloudError) -> bool:
    """Return whether OSS does not know the upload: it was completed but the response was lost, or it expired."""
    return error.cloud_code.lower() == NO_SUCH_UPLOAD


@cache
def sdk() -> ModuleType:
    """Import the SDK, which an embedded console never loads (0.4 s and 28 MiB)."""
    quiet_cloud_sdk()
    import alibabacloud_oss_v2 as module

    found: ModuleType = module
    return found


def _client(keys: UploadKeys, session: requests.Session) -> Any:
    """Return a client that signs with version 4, or with version 1 if VOD gives no region."""
    target, oss = keys.target, sdk()
    transport = oss.transport.RequestsHttpClient(
        session=session, connect_timeout=CONNECT_SECONDS, readwrite_timeout=READ_SECONDS
    )
    return oss.Client(
        oss.Config(
            region=target.region, endpoint=target.endpoint, signature_version="v4" if target.region else "v1",
            credentials_provider=keys, http_client=transport,
        )
    )  # fmt: skip


def _read(error: Any) -> Exception:
    """Return the innermost error of an SDK error, without any request data."""
    action = "PutObject"
    while isinstance(error, sdk().exceptions.BaseError) and isinstance(error.kwargs.get("error"), Exception):
        action = error.kwargs.get("name", action)
        error = error.kwargs["error"]
    if isinstance(error, CloudError | Cancelled | OSError) and not isinstance(error, requests.RequestException):
        return error
    if not isinstance(error, sdk().exceptions.ServiceError):
        return Refusal(action, words=type(error).__name__).error()
    # OSS has its own codes; a status of 5xx means that retrying may help.
    code = error.code if error.code != "BadErrorResponse" else f"Http{error.status_code}"
    return Refusal(action, code, error.status_code, error.request_id, f"HTTP {error.status_code}").error()
