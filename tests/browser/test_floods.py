"""People in Chromium beside visitors who would take all of the server. `python benchmarks/floods.py` measures more."""

import json
import socket
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse

import pytest
from playwright.sync_api import expect

from tests.acceptance.server_process import PASSWORD, ServerProcess, with_descriptors
from tests.acceptance.videos import add_videos
from tests.sockets import Page

pytestmark = pytest.mark.slow

IDLE, SIGN_INS = 300, 50


@contextmanager
def dashboard(folder, descriptors):
    stand = ServerProcess(folder, dashboard=True, prefix=with_descriptors(descriptors))
    add_videos(stand.data, 200)
    stand.start()
    try:
        yield stand
    finally:
        stand.end()
        assert "Traceback" not in stand.said()


def fail_to_sign_in(stand, number):
    """Send a wrong password, and return the connection."""
    body = f"userName=nobody{number}&password=wrong".encode()
    connection = socket.create_connection(("127.0.0.1", stand.port), timeout=60)
    connection.sendall(
        b"POST /console/user/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    return connection


def test_a_person_turns_pages_beside_300_idle_sockets_and_50_failing_sign_ins(tmp_path, fresh_browser, new_person):
    with dashboard(tmp_path, 1024) as stand, ExitStack() as stack:
        person = new_person(fresh_browser("zh"), f"http://127.0.0.1:{stand.port}", "zh")
        person.goes_to("/")
        person.enters(password=PASSWORD)
        person.goes_to("/videos")
        stack.callback(person.page.close)
        for _ in range(IDLE):
            stack.callback(Page(stand.port).close)
        sign_ins = [stack.enter_context(fail_to_sign_in(stand, number)) for number in range(SIGN_INS)]
        for page, newest in ((2, 179), (1, 199), (3, 159)):
            person.turns_to("v_page", page)
            expect(person.column(2).first).to_have_text(f"短视频 {newest}")
            person.is_idle()

        answer = HTTPResponse(sign_ins[0])
        answer.begin()
        assert json.load(answer)["code"] == "401"
