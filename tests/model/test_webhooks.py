"""Signatures, held against the public library."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Library

from backend.model.webhooks import new_secret, sign


@given(
    body=st.text(st.characters(codec="utf-8")),
    at=st.integers(0, 2**32),
    event_id=st.from_regex(r"[a-z0-9_]{1,40}", fullmatch=True),
)
def test_signatures_are_those_of_the_public_library(body, at, event_id):
    secrets = new_secret(), new_secret()
    expected = [Library(secret).sign(event_id, datetime.fromtimestamp(at, UTC), body) for secret in secrets]

    assert sign(secrets, event_id, at, body.encode()).split(" ") == expected
