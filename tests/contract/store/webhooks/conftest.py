"""A webhook that is told of everything."""

from __future__ import annotations

import pytest

from tests.conftest import TESTS
from tests.contract.store.webhooks.changes import HOOK


@pytest.fixture
def hook(store):
    return store.webhooks.add(HOOK, "", (), TESTS)
