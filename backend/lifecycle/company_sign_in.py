"""Signs people in with their company account: talks to the provider of OpenID Connect, and opens a session."""

from __future__ import annotations

import logging
import secrets
import threading
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from backend.auth import oidc
from backend.auth.oidc import OidcError, PendingSignIn
from backend.auth.permissions import Right, Role
from backend.errors import BadRequest, Conflict, Forbidden
from backend.jobs.runner import Task
from backend.model import Actor
from backend.prewarm.fetcher import Fetch, FetchError, Limits

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from backend.console import Console

log = logging.getLogger(__name__)

PURPOSE = "company sign-in"
PENDING_SECONDS = 600.0  # to sign in at the provider
LIMITS = Limits(connect=5.0, pause=10.0, seconds=10.0, size=1 << 20)
METADATA_SECONDS = 3600.0  # for which the provider's metadata and keys are cached
REFETCH_SECONDS = 10.0  # at most so often its keys are asked for again
SHOWN = 200  # characters of a provider's error in the log
# What is wrong with a provider's answer, or why there is none; BadRequest if the name of its host is not found.
PROVIDER_ERRORS = (OidcError, FetchError, BadRequest)


class Refusal(Exception):
    """A sign-in is refused; `key` names the reason for the page, the message is for the log."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key


class CompanySignIn:
    """The provider of company accounts, as QU_OIDC_ISSUER names it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._guard = threading.Lock()
        self._provider: tuple[float, dict[str, Any]] | None = None
        self._trouble: tuple[float, str] | None = None  # when it was last out of reach, and why
        self._keys: tuple[float, dict[str, Any]] | None = None

    def begin(self, browser: str, redirect_uri: str, to: str, address: str) -> str:
        """Return where the browser is sent to sign in. Raises Refusal."""
        settings = self._console.settings
        pending = oidc.begin(browser, redirect_uri, to)
        try:
            endpoint = _check_address(str(self._read_metadata().get("authorization_endpoint", "")))[0]
        except PROVIDER_ERRORS as error:
            raise Refusal("failed", str(error)) from error
        kept = msgspec.to_builtins(pending)
        state = self._console.store.tickets.issue(PURPOSE, kept, PENDING_SECONDS, owner=f"{PURPOSE} {address}")
        return oidc.authorization_url(endpoint, settings.oidc_client_id, settings.oidc_scope, pending, state)

    def finish(self, answer: Mapping[str, str], browser: str, actor: Actor, agent: str) -> tuple[str, str]:
        """Complete a sign-in with what the provider answered; return a new console token and the page asked for.

        Each answer is taken once. Raises Refusal.
        """
        kept = self._console.store.tickets.take(PURPOSE, answer.get("state", ""))
        if kept is None or not secrets.compare_digest(kept["browser"], oidc.hashed(browser)):
            raise Refusal("expired", "its state is unknown, used, too old, or of another browser")
        pending = msgspec.convert(kept, PendingSignIn)
        if "error" in answer:
            denied = answer["error"] == "access_denied"
            raise Refusal("denied" if denied else "failed", f"the provider says {answer['error'][:SHOWN]!r}")
        if answer.get("iss", self._console.settings.oidc_issuer) != self._console.settings.oidc_issuer:
            raise Refusal("failed", "the answer is of another issuer")
        try:
            id_token, access_token = self._exchange(answer.get("code", ""), pending)
            claims = self._with_userinfo(self._read_claims(id_token, pending), access_token)
        except PROVIDER_ERRORS as error:
            raise Refusal("failed", str(error)) from error
        return self._open_session(claims, actor, agent), pending.to

    def _open_session(self, claims: Mapping[str, Any], actor: Actor, agent: str) -> str:
        settings, accounts = self._console.settings, self._console.store.company_accounts
        issuer, subject = settings.oidc_issuer, claims["sub"]
        role = oidc.find_role(claims, settings.oidc_role_claim, settings.oidc_roles)
        if not role:
            accounts.end_sessions(issuer, subject, actor)
            raise Refusal("role", f"{settings.oidc_role_claim} has no value of QU_OIDC_ROLES")
        if Right.DASHBOARD not in Role(role).rights:
            raise Refusal("role", f"the role {role} cannot use the dashboard")
        name = oidc.claim_at(claims, settings.oidc_name_claim)
        if not isinstance(name, str) or not name.strip():
            raise Refusal("name", f"{settings.oidc_name_claim} is missing")
        try:
            account = accounts.sign_in(issuer, subject, name.strip(), Role(role), actor)
        except Forbidden as error:
            raise Refusal("disabled", str(error)) from error
        except BadRequest as error:
            raise Refusal("name", str(error)) from error
        except Conflict as error:
            raise Refusal("role", str(error)) from error
        token = secrets.token_hex(24)
        own = msgspec.structs.replace(actor, name=account.user_name)
        self._console.store.sessions.open_session(
            account, token, settings.token_days, own, agent, hours=settings.oidc_session_hours, issuer=issuer
        )
        return token

    # Talking to the provider

    def _read_claims(self, id_token: str, pending: PendingSignIn) -> dict[str, Any]:
        settings, kid = self._console.settings, oidc.key_id(id_token)
        keys = self._read_keys()
        if kid not in {key.get("kid", "") for key in keys["keys"]}:  # it may have changed its keys
            keys = self._read_keys(older_than=REFETCH_SECONDS)
        return oidc.read_claims(
            id_token, keys, issuer=settings.oidc_issuer, client_id=settings.oidc_client_id, nonce=pending.nonce,
            now=self._console.clock(),
        )  # fmt: skip

    def _with_userinfo(self, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        """Return the claims, with those that the provider tells at its userinfo endpoint only."""
        settings, endpoint = self._console.settings, self._read_metadata().get("userinfo_endpoint")
        wanted = (settings.oidc_role_claim, settings.oidc_name_claim)
        if not endpoint or not access_token or None not in [oidc.claim_at(claims, path) for path in wanted]:
            return claims
        fetch = Fetch(Task(), LIMITS)
        with fetch.posted(str(endpoint), _check_address, b"", {"Authorization": f"Bearer {access_token}"}) as response:
            found = _read_json(fetch, response, "userinfo is refused")
        if found.get("sub") != claims["sub"]:
            raise OidcError("userinfo is about somebody else")
        return {**found, **claims}

    def _exchange(self, code: str, pending: PendingSignIn) -> tuple[str, str]:
        """Return the id token and the access token that a code is good for."""
        settings, provider = self._console.settings, self._read_metadata()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": pending.redirect_uri,
            "client_id": settings.oidc_client_id, "code_verifier": pending.verifier,
        }  # fmt: skip
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        methods = provider.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if settings.oidc_client_secret and "client_secret_basic" in methods:
            pair = f"{quote(settings.oidc_client_id, safe='')}:{quote(settings.oidc_client_secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        elif settings.oidc_client_secret:
            form["client_secret"] = settings.oidc_client_secret
        fetch = Fetch(Task(), LIMITS)
        endpoint = str(provider.get("token_endpoint", ""))
        with fetch.posted(endpoint, _check_address, urlencode(form).encode(), headers) as response:
            found = _read_json(fetch, response, "the code was refused")
        id_token = found.get("id_token")
        if not isinstance(id_token, str):
            raise OidcError("the provider sent no id token")
        access_token = found.get("access_token")
        return id_token, access_token if isinstance(access_token, str) else ""

    def _read_metadata(self) -> dict[str, Any]:
        """Return the provider's metadata (OpenID Connect Discovery), cached."""
        with self._guard:
            now = self._console.clock()
            if self._provider is not None and 0 <= now - self._provider[0] < METADATA_SECONDS:
                return self._provider[1]
            if self._trouble is not None and 0 <= now - self._trouble[0] < REFETCH_SECONDS:
                raise OidcError(self._trouble[1])  # others wait behind whoever asks
            try:
                found = self._discover()
            except PROVIDER_ERRORS as error:
                self._trouble = now, str(error)
                raise
            self._provider, self._trouble = (now, found), None
            return found

    def _discover(self) -> dict[str, Any]:
        issuer = self._console.settings.oidc_issuer
        found = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise OidcError(f"QU_OIDC_ISSUER is not how the provider calls itself: {found.get('issuer')!r}")
        return found

    def _read_keys(self, older_than: float = METADATA_SECONDS) -> dict[str, Any]:
        """Return its keys; those that were read longer ago are read again."""
        address = str(self._read_metadata().get("jwks_uri", ""))
        with self._guard:
            now = self._console.clock()
            if self._keys is None or not 0 <= now - self._keys[0] < older_than:
                self._keys = now, _read_key_set(address)
            return self._keys[1]


def _get(url: str) -> dict[str, Any]:
    fetch = Fetch(Task(), LIMITS)
    with fetch.opened(url, _check_address) as response:
        return _read_json(fetch, response, f"{url} cannot be read")


def _read_key_set(url: str) -> dict[str, Any]:
    found = _get(url)
    keys = found.get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise OidcError(f"{url} has no JSON Web Key Set")
    return found


def _read_json(fetch: Fetch, response: BaseHTTPResponse, trouble: str) -> dict[str, Any]:
    body = b"".join(fetch.pieces(response))
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        found = None
    if response.status != 200 or not isinstance(found, dict):
        said = found.get("error") if isinstance(found, dict) else None
        raise OidcError(f"{trouble}: HTTP {response.status}{f', {str(said)[:SHOWN]!r}' if said else ''}")
    return found


def _check_address(url: str) -> tuple[str, bool]:
    """Return an address of the provider, which may be internal: the operator named it. Raises OidcError."""
    try:
        parts = urlsplit(url)
        schemes = ("https", "http") if parts.hostname in ("127.0.0.1", "::1", "localhost") else ("https",)
        is_address = bool(parts.hostname) and parts.scheme in schemes and parts.port != 0
    except ValueError:  # brackets without an IPv6 address, or a port that is none
        is_address = False
    if not is_address:
        raise OidcError(f"{url[:SHOWN]!r} is no https address")
    return url, True
