"""Films in a browser, whose addresses at VOD die while somebody is away."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager

DEAD = re.compile(r"403 .*\.mp4")
AFTER_LUNCH = 2 * 3600
FAR = 60  # seconds into a film: what is there is not loaded before one goes there


@contextmanager
def lunch(alibaba):
    """Two hours later: the addresses of before are dead."""
    morning, alibaba.clock = alibaba.clock, lambda: time.time() + AFTER_LUNCH
    try:
        yield
    finally:
        alibaba.clock = morning


def plays_on(person, film):
    """Wait until a film plays from the moment where it stood. A player that waited for its first addresses already asks
    for others after longer pauses."""
    person.waits_until(film, f"film => film.currentTime > {FAR} && film.currentTime < {FAR} + 20", seconds=90)


def expects_dead_addresses(person):
    """That addresses were refused is written down by the browser, and is all that it complains of."""
    assert person.complaints
    assert [said for said in person.complaints if not DEAD.search(said)] == []
    person.complaints.clear()
