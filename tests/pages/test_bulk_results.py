"""Actions on many videos that have ended: whoever closed the page finds on the page of jobs what became of them."""

from __future__ import annotations

from msgspec.structs import replace

from backend.errors import Conflict
from backend.model import CensorStatus
from backend.model.bulks import ItemState
from pages.components.i18n import text
from tests.pages.conftest import PAGES


def test_the_page_of_jobs_lists_what_was_done_and_what_was_not(drawings, console, token, make_video):
    for number in range(3):
        make_video(title=f"山里的猫 {number}", censor_status=CensorStatus.CHECK)

    def ask(name, **given):
        answer = console.call(name, given, token)
        assert answer["code"] == "200", answer
        return answer["data"]

    bulk_id = ask("startBulk", action="approve")["bulkId"]
    first, second, _ = console.store.bulks.find_items(bulk_id, ItemState.WAITING, 1, 3)
    refused = replace(second, state=ItemState.REFUSED, why=Conflict("The video is recommended already."))
    console.store.bulks.record(bulk_id, [replace(first, state=ItemState.DONE), refused])
    ask("cancelBulk", bulkId=bulk_id)

    page = drawings.draw(PAGES / "jobs.py")

    told = next(one.value for one in page.markdown if text("zh", "action.approve") in one.value)
    assert text("zh", "bulk.ended", what=text("zh", "action.approve"), count=1) in told
    assert text("zh", "bulk.left", count=1) in told
    assert "anne" in told, "who did it is not named"
    page.button(key=f"bulk_undo_{bulk_id}").click().run()
    assert [one["undoes"] for one in ask("getBulks")["bulkList"] if one["undoes"]] == [bulk_id]
