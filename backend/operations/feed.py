"""The app's feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from backend.api.feed_wire import FeedData
from backend.api.parameters import Text, Whole
from backend.api.registry import operation

if TYPE_CHECKING:
    from backend.console import Call

FeedSize = Annotated[int, Whole(1, 50)]


@operation("GET", "/vodVideo/getFeed", right=None)
def get_feed(
    call: Call, *, key: Annotated[str, Text(64)], slot: Annotated[str, Text(40)] = "feed",
    cursor: Annotated[str, Text(200)] = "", page_size: FeedSize = 20,
) -> FeedData:  # fmt: skip
    """Return a page of what the app shows, in its order. Needs a key of the feed, and no token.

    Page through it with `nextCursor`: each clip of the version comes once, whatever changes meanwhile, and clips that
    were blocked are left out. Over HTTP, shared caches may keep the answer: see docs/feed.md.
    """
    call.store.feed_keys.check(key)
    page = call.console.feed.page(slot, cursor, page_size, call.write.base_url)
    return cast(FeedData, page.data)  # encoded already
