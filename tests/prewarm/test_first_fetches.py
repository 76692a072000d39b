"""What is imported when it is needed, is needed by several threads at the same time."""

from __future__ import annotations

import subprocess
import sys

from tests.paths import ROOT

# Each thread tells what it was told; a new interpreter has imported nothing yet.
TOGETHER = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from backend.auth.passwords import hash_password, is_right
from backend.jobs.runner import Task
from backend.prewarm.fetcher import Fetch, FetchError, Limits

assert not {"urllib3", "argon2"} & set(sys.modules)
sys.setswitchinterval(1e-6)
ready = threading.Barrier(8)

def fetch():
    ready.wait()
    try:
        with Fetch(Task(), Limits()).opened("http://127.0.0.1:1/", lambda url: (url, True)):
            return "an answer"
    except FetchError as error:
        return str(error)

def check():
    ready.wait()
    return str(is_right("wrong", None))

def choose():
    ready.wait()
    return hash_password("correct horse")[:9]

jobs = [*[fetch] * 4, *[check] * 2, *[choose] * 2]
with ThreadPoolExecutor(8) as pool:
    print([one.result() for one in [pool.submit(job) for job in jobs]])
"""


def test_the_first_fetches_and_sign_ins_may_come_at_the_same_time():
    told = [*["ConnectionRefusedError"] * 4, *["False"] * 2, *["$argon2id"] * 2]
    for _ in range(5):
        ran = subprocess.run([sys.executable, "-c", TOGETHER], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (ran.stdout.strip(), ran.returncode) == (str(told), 0), ran.stderr
