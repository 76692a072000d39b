"""How the pages call a webhook: those without a name are told apart."""

from __future__ import annotations

import pytest

from pages.components.webhook_notices import name_of


@pytest.mark.parametrize(
    ("description", "url", "name"),
    [
        ("App", "https://example.com/hooks", "App"),
        ("", "https://example.com", "example.com"),
        ("", "https://example.com:8443/hooks/orders/", "example.com:8443/hooks/orders"),
        ("", "https://example.com/hooks?token=secret", "example.com/hooks"),
        ("", "https://example.com/services/T0123/B4567/first-channel", "example.com/…23/B4567/first-channel"),
    ],
)
def test_a_webhook_is_called_by_its_name_or_by_host_and_path(description, url, name):
    assert name_of({"description": description, "url": url}) == name
