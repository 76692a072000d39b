"""Keys of the app's feed, for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.model.feed import FeedKey

if TYPE_CHECKING:
    from backend.console import Call


class FeedKeyData(msgspec.Struct, rename="camel"):
    """A key of the feed. It is in every phone, so it is no secret, and it is good for nothing else."""

    key_id: int
    key: str
    creation_time: str
    created_by: str


class FeedKeyList(msgspec.Struct, rename="camel"):
    key_list: list[FeedKeyData]


@operation("GET", "/vod/getFeedKeys", right=Right.ADMIN)
def get_feed_keys(call: Call) -> FeedKeyList:
    """List the valid keys of the app's feed, oldest first."""
    return FeedKeyList([_data(call, key) for key in call.store.feed_keys.find()])


@operation("POST", "/vod/addFeedKey", message="密钥已创建", right=Right.ADMIN)
def add_feed_key(call: Call) -> FeedKeyData:
    """Create a key of the app's feed, the first one or the next one; at most two are valid.

    The one before stays valid until retireFeedKey: release the app with the new one, and retire the old one when no
    phone uses it any more.
    """
    return _data(call, call.store.feed_keys.add(call.actor))


@operation("POST", "/vod/retireFeedKey", message="密钥已停用", right=Right.ADMIN)
def retire_feed_key(call: Call, *, key_id: int) -> None:
    """End a key of the app's feed at once; phones that use it are refused."""
    call.store.feed_keys.retire(key_id, call.actor)


def _data(call: Call, key: FeedKey) -> FeedKeyData:
    return FeedKeyData(key.key_id, key.key, call.write.time(key.created), key.created_by)
