"""Runs operations: every call of every channel (page, REST, command line) goes through `Console.call`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from backend.api.registry import OPERATIONS, Operation
from backend.api.row_cache import EncodedRowCache
from backend.api.signing import PERIOD_SECONDS, UrlSigner
from backend.api.wire import Writer, envelope
from backend.auth.fair_semaphore import FairSemaphore
from backend.auth.permissions import Right
from backend.errors import DISK_FULL, SIGN_IN_FIRST, ConsoleError, Forbidden, NotFound, is_full
from backend.exports.download import Download, Exports
from backend.i18n.messages import say
from backend.media import MediaProvider
from backend.model import Access, Account, Actor, Missing, RowPage
from backend.observability.request_metrics import RequestMetrics, new_request_id
from backend.prewarm import CacheProvider
from backend.prewarm.ssrf import own_hosts
from backend.settings import Settings
from backend.store import Reason, Store, StoreError
from backend.store.engine import HAS_WRITTEN

if TYPE_CHECKING:
    from backend.aliyun.cloud import Cloud
    from backend.lifecycle.company_sign_in import CompanySignIn
    from backend.lifecycle.feed import Feed

log = logging.getLogger(__name__)

T = TypeVar("T")
W = TypeVar("W")

NOT_ALLOWED = "Your role ({role}) does not have the {right} permission."
GRANT_TOO_SMALL = "The token {token} does not have the {right} permission."
BROKE = "%(operation)s failed, requestId %(requestId)s"
REFUSED = "%(operation)s failed: %(why)s"
OUR_FAULT = "The console could not process this request. Give this number to the administrator: {request_id}"


def _refused_by_database(error: StoreError, request_id: str) -> ConsoleError:
    """Return the user-facing error for a failed transaction."""
    if HAS_WRITTEN.get():
        return ConsoleError(
            "The database failed after something was saved, so this may be done in part. Look before you try again."
        )
    if error.reason is Reason.FULL:
        return ConsoleError("The disk is full, so nothing was changed. Free some space and try again.")
    if error.reason is Reason.READ_ONLY:
        return ConsoleError("The database is read-only now, so nothing was changed. Make its folder writable.")
    if error.reason is Reason.DAMAGED:
        return ConsoleError("The database is damaged, so nothing was changed. Restore a backup.")
    if error.reason is Reason.BUSY:
        return ConsoleError("The database is busy, so nothing was changed. Try again.")
    if error.reason is Reason.UNCERTAIN:
        return ConsoleError(
            "The connection to the database broke while this was saved, so it may have been saved or not. "
            "Look before you try again."
        )
    return ConsoleError(
        "The database cannot be used now, so nothing was changed. Give this number to the administrator: {request_id}",
        request_id=request_id,
    )


class Caller(msgspec.Struct, frozen=True):
    """The origin of a call: `base_url` is the base of media URLs, `language` (zh, en) the language of messages.

    `agent` is the User-Agent. With `plainly`, as used by pages, messages omit ids.
    """

    channel: str = "page"
    address: str = ""
    base_url: str = ""
    language: str = "en"
    request_id: str = ""
    agent: str = ""
    plainly: bool = False


class Call(msgspec.Struct, frozen=True):
    """The context of an operation call: the console and the caller."""

    console: Console
    operation: Operation
    caller: Caller
    actor: Actor
    access: Access | None
    token: str
    given: Mapping[str, Any] = msgspec.field(default_factory=dict)  # the raw parameters

    @property
    def own(self) -> Account:
        """The caller's account. Raises Forbidden if nobody is signed in."""
        if self.access is None:
            raise Forbidden(SIGN_IN_FIRST)
        return self.access.account

    @property
    def settings(self) -> Settings:
        return self.console.settings

    @property
    def store(self) -> Store:
        return self.console.store

    @property
    def media(self) -> MediaProvider:
        return self.console.media

    @property
    def write(self) -> Writer:
        return Writer(self.settings.time_zone, self.settings.public_url or self.caller.base_url, self.signer)

    @property
    def signer(self) -> UrlSigner:
        """Signs URLs of the cloud's domains in responses, and removes signatures before storing."""
        if self.console.cloud is None:
            return UrlSigner()
        settings = self.settings
        return UrlSigner(settings.prewarm_hosts, settings.url_auth_key, self.now() // PERIOD_SECONDS)

    def list_encoded(
        self, name: str, find: Callable[[Missing], RowPage[T]], write: Callable[[T], W]
    ) -> tuple[int, list[W]]:
        """Return the total and the encoded rows of a page, as built by `write`. `name` identifies the list."""
        passed = self.store.programme.last_end()  # from then on a video is no longer recommended
        variant = (name, self.settings.public_url or self.caller.base_url, self.signer.period, passed)
        # msgspec accepts raw JSON in place of objects
        return cast(tuple[int, list[W]], self.console.row_cache.take(variant, find, write))

    def now(self) -> int:
        return int(self.console.clock())

    def say(self, error: ConsoleError) -> str:
        """Return an error as who asks is told of it."""
        return say(error, self.caller.language, plainly=self.caller.plainly)


@dataclass
class Console:
    """Dependencies of all operations, created once per process."""

    settings: Settings
    store: Store
    media: MediaProvider
    cache: CacheProvider
    clock: Callable[[], float] = time.time
    new_id: Callable[[], str] = new_request_id
    exports: Exports = field(default_factory=Exports)
    password_checks: FairSemaphore = field(default_factory=FairSemaphore)  # limits concurrent password checks
    row_cache: EncodedRowCache = field(default_factory=EncodedRowCache)
    calls: RequestMetrics = field(default_factory=RequestMetrics)
    cloud: Cloud | None = None  # in cloud mode
    company: CompanySignIn | None = None  # where QU_OIDC_ISSUER is set
    own_url: str = ""  # URL of this server from this machine
    feed: Feed = field(init=False)  # set by whoever puts the console together

    def call(
        self, name: str, parameters: Mapping[str, Any], token: str = "", caller: Caller | None = None
    ) -> dict[str, Any]:
        """Run an operation and return its envelope as plain data, as a client would receive it; never raises."""
        answer = self.answer(name, parameters, token, caller or Caller(), self.access_of)
        if not isinstance(answer["data"], Download):
            # Decodes pre-encoded rows
            answer["data"] = msgspec.to_builtins(answer["data"], enc_hook=msgspec.json.decode)
        return answer

    def answer(
        self,
        name: str,
        parameters: Mapping[str, Any],
        token: str,
        caller: Caller,
        access_of: Callable[[str], Access | None],
    ) -> dict[str, Any]:
        """As `call`, but `data` is returned ready for encoding. `access_of` looks up a token."""
        request_id = caller.request_id or self.new_id()
        started = time.perf_counter()
        HAS_WRITTEN.set(False)
        code, message, data, who = "500", "", None, ""
        try:
            operation = OPERATIONS.get(name)
            if operation is None:
                raise NotFound("There is no operation {name}.", name=name)
            access = access_of(token)
            check(access, operation.right, caller)
            who, api_token = ("", "") if access is None else (access.account.user_name, access.token)
            channel = caller.channel
            if access and access.desk:  # a desk's key comes from a page
                channel, caller = "page", msgspec.structs.replace(caller, plainly=True)
            actor = Actor(who, channel, caller.address, request_id, api_token)
            call = Call(self, operation, caller, actor, access, token, parameters)
            bound = operation.bind(parameters, self.settings.time_zone)
            data = operation.function(call, **bound)
            code, message = "200", operation.message
        except Exception as error:  # the outermost edge: every channel gets an envelope
            told = self.explain(error, name, request_id)
            code, message = told.code, say(told, caller.language, plainly=caller.plainly)
        known = name if name in OPERATIONS else "unknown"
        self.calls.note(known, code, who, caller.channel, time.perf_counter() - started, request_id)
        return envelope(self.legacy_code(code), message, data, request_id)

    def explain(self, error: Exception, operation: str, request_id: str) -> ConsoleError:
        """Return the user-facing error, and log what the operator needs to know."""
        if isinstance(error, ConsoleError):
            return error
        if isinstance(error, StoreError):
            log.error(REFUSED, {"operation": operation, "why": str(error), "requestId": request_id})
            return _refused_by_database(error, request_id)
        log.error(BROKE, {"operation": operation, "requestId": request_id}, exc_info=error)
        return ConsoleError(DISK_FULL if is_full(error) else OUR_FAULT, request_id=request_id)

    def run_as_operator(self, name: str, parameters: Mapping[str, Any], actor: Actor) -> Any:
        """Run an operation without a token, on behalf of the operator at the command line. Raises ConsoleError."""
        operation = OPERATIONS[name]
        call = Call(self, operation, Caller(actor.channel), actor, None, "")
        return operation.function(call, **operation.bind(parameters, self.settings.time_zone))

    def legacy_code(self, code: str) -> str:
        """Return the code for existing clients (setting QU_LEGACY_CLIENTS)."""
        if self.settings.legacy_clients and code not in ("200", "401", "403"):
            return "500"
        return code

    @property
    def reachable_url(self) -> str:
        """Return the base URL under which this machine reaches its own media, through the CDN if there is one."""
        return self.settings.public_url or self.own_url

    def access_of(self, token: str, version: int | None = None) -> Access | None:
        """Return the access this token grants, or None if it is unknown or expired.

        Pass `version` if the database version was read already.
        """
        return self.store.sessions.find_access(token, version)

    @property
    def own_hosts(self) -> tuple[str, ...]:
        """Return this console's own hosts, from which prewarming may fetch media only.

        A public host listed in QU_PREWARM_HOSTS is treated like any other: it must resolve to a public address.
        """
        own = own_hosts(self.own_url)
        public = own_hosts(self.settings.public_url)
        return own + tuple(place for place in public if place not in (*own, *self.settings.prewarm_hosts))

    def close(self) -> None:
        if self.cloud is not None:
            self.cloud.close()
        self.store.close()


def check(access: Access | None, right: Right | None, caller: Caller) -> None:
    """Raise Forbidden unless the access includes the permission; pages also require DASHBOARD.

    None requires nothing.
    """
    if right is None:
        return
    if access is None:
        raise Forbidden(SIGN_IN_FIRST)
    needed = (right, Right.DASHBOARD) if caller.channel == "page" else (right,)
    for one in needed:
        if one not in access.rights:
            account = access.account
            raise Forbidden(
                GRANT_TOO_SMALL if access.token and one in account.role.rights else NOT_ALLOWED,
                role=account.role.value,
                name=account.user_name,
                token=access.token,
                right=one.value,
            )
