"""Client for Alibaba Cloud: signs requests with its SDKs and retries safe ones within a time budget.

The only module that uses the SDKs of VOD and CDN. They are imported when the first client is created, so that an
embedded console does not load them (0.4 s and 58 MiB).
"""

from __future__ import annotations

import logging
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

from backend.aliyun.errors import EXPIRED, NO_CREDENTIALS, Refusal, has_code
from backend.errors import CloudError
from backend.settings import Settings, quiet_cloud_sdk

log = logging.getLogger(__name__)

CDN_ACTIONS = frozenset(
    {
        "PushObjectCache", "RefreshObjectCaches", "DescribeRefreshTasks", "DescribeRefreshTaskById",
        "DescribeRefreshQuota", "DescribeDomainUsageData",
    }
)  # fmt: skip
CONNECT_SECONDS, READ_SECONDS = 3.0, 5.0  # per attempt
BUDGET_SECONDS = 8.0  # per call, because a user may be waiting
FIRST_PAUSE, MAX_PAUSE = 0.3, 4.0
CONNECTIONS = 40
NOISY = ("darabonba-core", "alibabacloud-tea", "credentials")  # the SDKs' loggers; our own errors report the same
USER_AGENT = "qu-console"


@dataclass(frozen=True, slots=True)
class Sdk:
    """The modules of the SDKs."""

    vod: ModuleType
    vod_models: ModuleType
    cdn: ModuleType
    cdn_models: ModuleType
    config: Any
    runtime: Any
    credentials: Any
    failure: type[Exception]


@dataclass(frozen=True, slots=True)
class Keys:
    """A current access key; `token` is empty if it does not expire."""

    id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


class Client:
    """Calls VOD and CDN operations by their documented names; responses are plain data."""

    def __init__(
        self, settings: Settings, credentials: Callable[[], Any] | None = None,
        wait: Callable[[float], Any] = time.sleep, clock: Callable[[], float] = time.monotonic,
        read_seconds: float = READ_SECONDS,
    ) -> None:  # fmt: skip
        """`credentials` creates an Alibaba credentials client; the default is its standard chain.

        `wait` makes every pause between calls, here and in users of this client.
        """
        self._settings, self._clock, self._read_seconds = settings, clock, read_seconds
        self.wait = wait
        self._credentials = credentials or _sdk().credentials
        self._guard, self._generation = threading.Lock(), 0
        self._vod, self._cdn = self._open()

    def call(
        self, action: str, parameters: Mapping[str, Any] | None = None, *, expect: str = "", repeat: bool = True,
        seconds: float = BUDGET_SECONDS,
    ) -> dict[str, Any]:  # fmt: skip
        """Call an operation and return its response.

        Raises CloudError. `expect` is a path that every valid response contains. With `repeat=False` the call is not
        retried if it may have been executed without a response; the error is then `unknown`. `seconds` limits all
        attempts together.
        """
        deadline, pause, renewed = self._clock() + seconds, FIRST_PAUSE, False
        while True:
            generation = self._generation
            try:
                return self._once(action, parameters or {}, expect, deadline - self._clock())
            except CloudError as error:
                log.info("%s: %s %s", action, error.cloud_code or "no answer", error.request_id)
                if has_code(error, *EXPIRED) and not renewed:
                    renewed = True
                    self._renew(generation)
                    continue
                rest = deadline - self._clock() - pause
                hopeless = not error.passing or has_code(error, *NO_CREDENTIALS) or rest < CONNECT_SECONDS / 10
                if hopeless or (error.unknown and not repeat):
                    raise
            self.wait(pause * random.uniform(0.8, 1.2))  # noqa: S311
            pause = min(pause * 2, MAX_PAUSE)

    def keys(self) -> Keys:
        """Return the current credentials, for requests signed elsewhere. Raises CloudError if there are none."""
        try:
            found = self._credential.get_credential()
        except Exception as failure:  # of the environment, an assumed role or a credentials URL
            raise Refusal("GetCredential", "InvalidCredentials", words=type(failure).__name__).error() from None
        return Keys(found.get_access_key_id(), found.get_access_key_secret(), found.get_security_token() or "")

    def _once(self, action: str, parameters: Mapping[str, Any], expect: str, left: float) -> dict[str, Any]:
        sdk = _sdk()
        client, models = (self._cdn, sdk.cdn_models) if action in CDN_ACTIONS else (self._vod, sdk.vod_models)
        request = getattr(models, f"{action}Request")().from_map(dict(parameters))
        runtime = sdk.runtime(
            connect_timeout=_milliseconds(min(CONNECT_SECONDS, left)),
            read_timeout=_milliseconds(min(self._read_seconds, left)),
        )
        try:
            body = getattr(client, _snake(f"{action}WithOptions"))(request, runtime).body
            answer = body.to_map() if body is not None else None
        except sdk.failure as failure:
            # Not `from failure`: it holds the request, with its signature and token.
            raise _read(action, failure).error() from None
        except Exception as failure:  # the SDKs do not wrap transport errors
            raise Refusal(action, words=type(failure).__name__).error() from None
        if not isinstance(answer, dict) or (expect and not _holds(answer, expect)):
            raise Refusal(action, words="malformed answer").error()
        return answer

    def _open(self) -> tuple[Any, Any]:
        """Create both clients with fresh credentials."""
        sdk, settings = _sdk(), self._settings
        credential = self._credential = self._credentials()

        def config(endpoint: str) -> Any:
            return sdk.config(
                credential=credential, region_id=settings.aliyun_region, endpoint=endpoint or None,
                protocol=settings.aliyun_protocol, max_idle_conns=CONNECTIONS, user_agent=USER_AGENT,
            )  # fmt: skip

        return sdk.vod.Client(config(settings.vod_endpoint)), sdk.cdn.Client(config(settings.cdn_endpoint))

    def _renew(self, generation: int) -> None:
        """Refresh the credentials, once for all concurrent calls that failed with the same ones."""
        with self._guard:
            if generation == self._generation:
                self._vod, self._cdn = self._open()
                self._generation += 1


@cache
def _sdk() -> Sdk:
    quiet_cloud_sdk()
    import alibabacloud_cdn20180510.client as cdn
    import alibabacloud_cdn20180510.models as cdn_models
    import alibabacloud_vod20170321.client as vod
    import alibabacloud_vod20170321.models as vod_models
    from alibabacloud_credentials.client import Client as Credentials
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.runtime import RuntimeOptions
    from Tea.exceptions import TeaException

    for name in NOISY:
        its = logging.getLogger(name)
        its.handlers.clear()
        its.setLevel(logging.CRITICAL)
    return Sdk(vod, vod_models, cdn, cdn_models, Config, RuntimeOptions, Credentials, TeaException)


def _read(action: str, failure: Any) -> Refusal:
    """Convert an SDK exception, without any request data."""
    code = getattr(failure, "code", None)
    if not code:
        name = type(getattr(failure, "inner_exception", None) or failure).__name__
        return Refusal(action, "InvalidCredentials" if name == "CredentialException" else "", words=name)
    data = getattr(failure, "data", None) or {}
    words = str(data.get("Message") or getattr(failure, "message", "") or "")[:300]
    status = getattr(failure, "status_code", None) or getattr(failure, "statusCode", None)
    return Refusal(
        action, str(code), status, str(getattr(failure, "request_id", "") or data.get("RequestId", "")), words
    )


def _holds(answer: Mapping[str, Any], path: str) -> bool:
    found: Any = answer
    for name in path.split("."):
        if not isinstance(found, Mapping) or found.get(name) is None:
            return False
        found = found[name]
    return True


def _snake(action: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", action).lower()


def _milliseconds(seconds: float) -> int:
    return max(100, round(seconds * 1000))
