"""CDN cache refreshes for blocked and deleted videos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backend.api.parameters import PageIndex, PageSize
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import CloudError, Conflict, ConsoleError
from backend.i18n.messages import say
from backend.model.cloud import ACCEPTED, Action, Intent
from backend.operations.prewarm import checked_urls

if TYPE_CHECKING:
    from backend.aliyun.cloud import Cloud
    from backend.console import Call


class RefreshData(msgspec.Struct, rename="camel"):
    """A pending refresh. `why` is blocked, deleted, replaced or asked; `state` is waiting, sent or failing.

    `videoId` is `feed` for the app's feed, and begins with `urls:` for addresses given to refreshObjectCache.
    """

    video_id: str
    title: str
    why: str
    count: int
    state: str
    error: str
    time: str


class RefreshList(msgspec.Struct, rename="camel"):
    total: int
    refresh_list: list[RefreshData]


class RefreshQuotaData(msgspec.Struct, rename="camel"):
    """Today's quota of URL and directory refreshes, total and remaining."""

    url_total: int
    url_left: int
    directory_total: int
    directory_left: int


@operation("GET", "/vod/getCacheRefreshes")
def get_cache_refreshes(
    call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 20, video_id: str = ""
) -> RefreshList:
    """List pending CDN refreshes: blocked or deleted videos that the CDN may still serve, newest first.

    Completed refreshes are in the history as `refreshCache`. Cloud mode only; empty elsewhere.
    """
    found = call.store.cloud.list_intents(Action.REFRESH, video_id)
    page = found[(page_index - 1) * page_size : page_index * page_size]
    ids = [one.target for one in page]
    titles = call.store.trash.find_titles(ids) | call.store.catalogue.find_titles(ids)
    return RefreshList(len(found), [_written(call, one, titles.get(one.target, "")) for one in page])


@operation("GET", "/vod/getRefreshQuota", remote=True)
def get_refresh_quota(call: Call) -> RefreshQuotaData:
    """Return today's refresh quota. Cloud mode only."""
    quota = _cloud(call).refreshes.quota()
    return RefreshQuotaData(quota.urls, quota.urls_left, quota.directories, quota.directories_left)


@operation("POST", "/vod/refreshCache", message="已提交CDN刷新", right=Right.MANAGE)
def refresh_cache(call: Call, *, video_id: str) -> None:
    """Refresh the CDN cache of a video, or retry a failed refresh now. Cloud mode only."""
    _cloud(call)
    call.store.catalogue.refresh(video_id, call.actor)


@operation("POST", "/vod/refreshObjectCache", message="已提交CDN刷新", right=Right.MANAGE, remote=True)
def refresh_object_cache(call: Call, *, object_path: str) -> None:
    """Have the CDN drop its copies of these URLs, one per line, as in pushObjectCache. Cloud mode only.

    They can be prewarmed again afterwards.
    """
    refreshes = _cloud(call).refreshes
    urls = checked_urls(call, object_path)
    try:
        left = refreshes.quota().urls_left
    except CloudError:
        left = len(urls)  # unknown: go ahead, what is refused is tried again
    if left < len(urls):
        raise Conflict(
            "Today's refresh quota has room for {left} more addresses, and these are {count}. It is renewed at "
            "midnight, Beijing time.", left=left, count=len(urls),
        )  # fmt: skip
    call.store.prewarming.refresh(urls, call.actor)


def _written(call: Call, intent: Intent, title: str) -> RefreshData:
    payload = intent.payload
    parts, error = payload["parts"], payload.get("error") or ""
    state = "sent" if parts and all(part["state"] == ACCEPTED for part in parts) else "waiting"
    said = say(ConsoleError.unpack(error), call.caller.language, plainly=call.caller.plainly) if error else ""
    return RefreshData(
        video_id=intent.target, title=title, why=payload["why"], count=len(payload["paths"]),
        state="failing" if error else state, error=said, time=call.write.time(int(intent.begun)),
    )  # fmt: skip


def _cloud(call: Call) -> Cloud:
    if call.console.cloud is None:
        raise Conflict("This console does not use Alibaba Cloud (QU_MODE is embedded).")
    return call.console.cloud
