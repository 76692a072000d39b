"""A server that is told to stop while people wait for something."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.acceptance.server_process import ServerProcess
from tests.waiting import until

pytestmark = pytest.mark.slow

LOGIN, FORM = "/console/user/login", {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("dashboard", [False, True], ids=["rest alone", "dashboard"])
def test_who_waits_to_sign_in_is_answered(dashboard, tmp_path):
    """Each got a plain 500 after ten seconds."""
    server = ServerProcess(tmp_path, dashboard=dashboard)
    server.start()
    asked, answered = [], []

    def guess(number):
        with closing(server.connect()) as connection:
            connection.request("GET", "/livez")  # who is not let in yet when the server stops is not answered
            connection.getresponse().read()
            connection.request("POST", LOGIN, f"userName=name+{number}&password=a+long+password", FORM)
            asked.append(number)
            answer = json.load(connection.getresponse())
            answered.append(number)
            return answer["code"]

    with ThreadPoolExecutor(40) as pool:
        guesses = [pool.submit(guess, number) for number in range(40)]
        until(lambda: len(asked) == 40 and answered, "all have asked, and the first is answered")
        assert server.end() == 0
        codes = {one.result() for one in guesses}

    assert codes <= {"401", "429"}
