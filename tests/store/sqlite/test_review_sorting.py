"""What sorting videos into review queues reads: those that changed, and not the catalogue."""

from __future__ import annotations

import pytest

from backend.model import CensorStatus
from backend.store import review_sorting

CHANGED = "video_id in (select video_id from review_unsorted)"
COME = f"{review_sorting.COME} and {review_sorting.NEW} and v.{CHANGED}"


@pytest.mark.parametrize("sql", [f"{review_sorting.GO} and {CHANGED}", COME])
def test_the_sorting_of_one_video_reads_few_others(console, make_video, sql):
    for number in range(300):
        make_video(video_id=f"v{number}", censor_status=CensorStatus.SUCCESS)
    with console.store.engine.reading() as db:
        plan = [row[3] for row in db.execute(f"explain query plan {sql}", {"now": 0}).fetchall()]

    assert not any("censor_status" in step or step in ("SCAN v", "SCAN review_waiting") for step in plan), plan
