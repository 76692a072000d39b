"""Requests that no honest client sends. `python -m tests.acceptance.hostile` makes a hundred thousand of them."""

from __future__ import annotations

import warnings

import pytest

from backend.server.app import RestApp
from tests.acceptance import hostile
from tests.acceptance.server_process import ServerProcess

pytestmark = pytest.mark.slow


@pytest.fixture
def attacked(tmp_path):
    console = hostile.open_console(tmp_path)
    yield console
    console.close()


def test_no_request_gets_an_error_of_ours_or_learns_what_is_none_of_its_business(attacked):
    answers = hostile.attack(attacked, 1000)

    assert answers.total() >= 1000
    assert answers["HTTP 200"] > 250


def test_answers_are_as_the_description_says(attacked):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = hostile.follow_schema(RestApp(attacked), 4)

    assert answers["200"] > 20
    assert answers["400"] > 20


def test_no_bytes_on_a_connection_bring_the_server_down(tmp_path):
    stand = ServerProcess(tmp_path)
    stand.start()
    hostile.pelt(stand.port, 300)

    assert stand.is_ready()
    assert stand.end() == 0
    assert "Traceback" not in stand.said()
