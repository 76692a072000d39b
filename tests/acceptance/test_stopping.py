"""A server that is told to stop while people wait for something."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.acceptance.server_process import ServerProcess
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("dashboard", [False, True], ids=["rest alone", "dashboard"])
def test_who_waits_to_sign_in_is_answered(dashboard, tmp_path):
    """Each got a plain 500 after ten seconds."""
    server = ServerProcess(tmp_path, dashboard=dashboard)
    server.start()
    answered = []

    def guess(number):
        given = {"userName": f"name {number}", "password": "a long password"}
        answer = requests.post(f"http://127.0.0.1:{server.port}/console/user/login", data=given, timeout=60)
        answered.append(number)
        return answer.json()["code"]

    with ThreadPoolExecutor(40) as pool:
        guesses = [pool.submit(guess, number) for number in range(40)]
        until(lambda: answered, "the first is answered")
        assert server.end() == 0
        codes = {one.result() for one in guesses}

    assert codes <= {"401", "429"}
