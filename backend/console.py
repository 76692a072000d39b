"""The one door: every operation, for every way in, goes through `Console.call`."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from backend.errors import SIGN_IN_FIRST, ConsoleError, Forbidden, NotFound
from backend.export import Download
from backend.media import MediaProvider
from backend.messages import say
from backend.model import Account, Actor
from backend.prewarm import CacheProvider
from backend.registry import OPERATIONS, Operation
from backend.settings import Settings
from backend.store import Store
from backend.store.accounts import token_hash
from backend.tickets import Tickets
from backend.wire import Writer, envelope

if TYPE_CHECKING:
    from backend.aliyun.cloud import Cloud

log = logging.getLogger("backend.calls")

NOT_ALLOWED = "The role {role} of account {name} may not do this; it needs the right {right}."
OUR_FAULT = "The console failed at this request. Quote this number to whoever runs it: {request_id}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a call comes from: `base_url` is what its media URLs begin with, `language` (zh, en) what errors speak."""

    way: str = "page"
    address: str = ""
    base_url: str = ""
    language: str = "en"
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """What an operation is given: the console, and who asks."""

    console: Console
    operation: Operation
    caller: Caller
    actor: Actor
    account: Account | None
    token: str
    given: Mapping[str, Any] = field(default_factory=dict)  # the parameters as they were sent

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
        return Writer(self.settings.time_zone, self.settings.public_url or self.caller.base_url)

    def now(self) -> int:
        return int(self.console.clock())


@dataclass
class Console:
    """Everything that operations work with, chosen once when the process starts."""

    settings: Settings
    store: Store
    media: MediaProvider
    cache: CacheProvider
    clock: Callable[[], float] = time.time
    new_id: Callable[[], str] = field(default=lambda: str(uuid.uuid4()))
    tickets: Tickets = field(default_factory=Tickets)
    cloud: Cloud | None = None  # in cloud mode
    own_url: str = ""  # where this server can be reached from this machine

    def call(
        self, name: str, parameters: Mapping[str, Any], token: str = "", caller: Caller | None = None
    ) -> dict[str, Any]:
        """Run an operation and return its envelope as plain data, as clients of the wire see it; nothing is raised."""
        answer = self.answer(name, parameters, token, caller)
        if not isinstance(answer["data"], Download):
            answer["data"] = msgspec.to_builtins(answer["data"])
        return answer

    def answer(
        self, name: str, parameters: Mapping[str, Any], token: str = "", caller: Caller | None = None
    ) -> dict[str, Any]:
        """Run an operation and return its envelope with `data` as the operation made it, ready to be encoded."""
        caller = caller or Caller()
        request_id = caller.request_id or self.new_id()
        started = time.perf_counter()
        code, message, data, who = "500", "", None, ""
        try:
            operation = OPERATIONS.get(name)
            if operation is None:
                raise NotFound("There is no operation {name}.", name=name)
            call = self.admit(operation, token, caller, request_id)
            who = call.actor.name
            bound = operation.bind(parameters, self.settings.time_zone)
            data = operation.function(replace(call, given=parameters), **bound)
            code, message = "200", operation.message
        except ConsoleError as error:
            code, message = error.code, say(error, caller.language)
        except Exception:
            log.exception("%s failed, requestId %s", name, request_id)
            message = say(ConsoleError(OUR_FAULT, request_id=request_id), caller.language)
        took = (time.perf_counter() - started) * 1000
        log.info("%s code=%s who=%s way=%s ms=%.1f requestId=%s", name, code, who or "-", caller.way, took, request_id)
        return envelope(self.known_code(code), message, data, request_id)

    def run_as_operator(self, name: str, parameters: Mapping[str, Any], actor: Actor) -> Any:
        """Run an operation for whoever sits at the machine itself, without a token. Raises ConsoleError."""
        operation = OPERATIONS[name]
        call = Call(self, operation, Caller(actor.way), actor, None, "")
        return operation.function(call, **operation.bind(parameters, self.settings.time_zone))

    def known_code(self, code: str) -> str:
        """Return the code that this installation's clients understand (setting QU_LEGACY_CLIENTS)."""
        if self.settings.legacy_clients and code not in ("200", "401", "403"):
            return "500"
        return code

    @property
    def reachable_url(self) -> str:
        """Return the address below which this machine reaches its own media, through the cache if there is one."""
        return self.settings.public_url or self.own_url

    def account_of(self, token: str) -> Account | None:
        """Return who holds this token, or None when it is nobody's (any more)."""
        return self.store.accounts.find_session(token_hash(token)) if token and token.isascii() else None

    def close(self) -> None:
        if self.cloud is not None:
            self.cloud.close()
        self.store.close()

    def admit(self, operation: Operation, token: str, caller: Caller, request_id: str) -> Call:
        """Return what an operation is given. Raises Forbidden when whoever holds the token may not do this."""
        account = self.account_of(token)
        if operation.right is not None:
            if account is None:
                raise Forbidden(SIGN_IN_FIRST)
            if operation.right not in account.role.rights:
                raise Forbidden(
                    NOT_ALLOWED, role=account.role.value, name=account.user_name, right=operation.right.value
                )
        name = account.user_name if account else ""
        actor = Actor(name, caller.way, caller.address, request_id)
        return Call(self, operation, caller, actor, account, token)
