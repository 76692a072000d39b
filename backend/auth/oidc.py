"""Sign-in with a company account by OpenID Connect: the authorization code flow with PKCE, and its checks.

Nothing here talks to the provider. See OpenID Connect Core 1.0, 3.1.3.7, and RFC 9700.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, cast
from urllib.parse import urlencode

import msgspec

COMPANY_PATH = "/console/user/company"  # where a browser begins
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")  # none is not among them
LEEWAY_SECONDS = 60  # by which the provider's clock may differ
MAX_AGE_SECONDS = 600  # of an id token


class OidcError(Exception):
    """A sign-in cannot be completed; the message is for the log and contains no secret."""


class PendingSignIn(msgspec.Struct, frozen=True):
    """What is kept of a sign-in until the provider sends the browser back.

    `browser` is the hash of a cookie, so that nobody can be made to finish the sign-in of somebody else.
    """

    nonce: str
    verifier: str
    browser: str
    redirect_uri: str
    to: str


def begin(browser: str, redirect_uri: str, to: str) -> PendingSignIn:
    """Return a new sign-in with random values; `to` is the page that was asked for."""
    return PendingSignIn(secrets.token_urlsafe(24), secrets.token_urlsafe(48), hashed(browser), redirect_uri, to)


def hashed(text: str) -> str:
    """Return the hash of a cookie."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


def authorization_url(endpoint: str, client_id: str, scope: str, pending: PendingSignIn, state: str) -> str:
    """Return the address of the provider that the browser is sent to."""
    challenge = urlsafe_b64encode(sha256(pending.verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code", "client_id": client_id, "redirect_uri": pending.redirect_uri, "scope": scope,
        "state": state, "nonce": pending.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def key_id(id_token: str) -> str:
    """Return the id of the key that signed a token, or empty. Raises OidcError."""
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        header = jws.extract_compact(id_token.encode()).protected
    except (JoseError, ValueError) as error:
        raise OidcError(f"the id token cannot be read: {type(error).__name__}") from error
    found = header.get("kid", "")
    return found if isinstance(found, str) else ""


def read_claims(
    id_token: str, keys: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: float
) -> dict[str, Any]:  # fmt: skip
    """Return the claims of an id token for this sign-in. Raises OidcError.

    `keys` is the provider's JSON Web Key Set.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    registry = jwt.JWTClaimsRegistry(
        now=int(now), leeway=LEEWAY_SECONDS, iss={"essential": True, "value": issuer}, sub={"essential": True},
        aud={"essential": True, "value": client_id}, exp={"essential": True}, iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )  # fmt: skip
    try:
        claims = jwt.decode(id_token, KeySet.import_key_set(cast(Any, keys)), algorithms=list(ALGORITHMS)).claims
        registry.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise OidcError(f"the id token is not accepted: {error}") from error
    if claims["iat"] < now - MAX_AGE_SECONDS - LEEWAY_SECONDS:
        raise OidcError("the id token is not accepted: it is too old")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", client_id if not several else None) != client_id:
        raise OidcError("the id token is not accepted: it is for another client (azp)")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise OidcError("the id token is not accepted: sub is no text of at most 255 characters")
    return dict(claims)


def claim_at(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim, or one within others by a path with dots, such as `realm_access.roles`; None if absent."""
    if path in claims:  # names may have dots themselves
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def find_role(claims: Mapping[str, Any], path: str, table: Sequence[tuple[str, str]]) -> str:
    """Return the first role of the table whose value the claim has; empty if none."""
    found = claim_at(claims, path)
    values: Iterable[Any] = found if isinstance(found, list) else [found]
    have = {value for value in values if isinstance(value, str)}
    return next((role for value, role in table if value in have), "")
