"""Operations of cloud mode: the prefetch quota, and differences between the catalogue and VOD."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from backend.api.parameters import PageIndex, PageSize
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import Conflict
from backend.model.cloud import QUICK, TELLS

if TYPE_CHECKING:
    from backend.aliyun.cloud import Cloud
    from backend.console import Call


class Side(StrEnum):
    """The side whose value is kept."""

    HERE = "here"
    THERE = "there"


class QuotaData(msgspec.Struct, rename="camel"):
    """The prefetch quota; `sent` is the number sent by this console today."""

    total: int
    left: int
    sent: int


class DifferenceData(msgspec.Struct, rename="camel"):
    """A difference; `what` is `missing` for a video that VOD does not have, else the differing field."""

    video_id: str
    title: str
    what: str
    here: str
    there: str
    time: str


class DriftData(msgspec.Struct, rename="camel"):
    """The differences, the progress of the last sync, and the number of pending changes and events."""

    total: int
    drift_list: list[DifferenceData]
    synced: int
    sync_total: int
    sync_done: bool
    unfinished: int
    events: int


@operation("GET", "/vod/getPrewarmQuota", remote=True)
def get_prewarm_quota(call: Call) -> QuotaData:
    """Return how many URLs can be prefetched today. Cloud mode only."""
    quota = _cloud(call).quota()
    return QuotaData(quota.total, quota.left, quota.sent)


@operation("GET", "/vod/getDrift")
def get_drift(call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 20, what: str = "") -> DriftData:
    """List differences between the catalogue and VOD, newest first. Cloud mode only."""
    cloud = _cloud(call)
    page = call.store.cloud_catalogue.find_drift(what, page_index, page_size)
    sync = cloud.sync.progress()
    return DriftData(
        total=page.total,
        drift_list=[
            DifferenceData(one.video_id, one.title, one.what, one.here, one.there, call.write.time(one.found))
            for one in page.items
        ],
        synced=sync.seen,
        sync_total=sync.total,
        sync_done=sync.done,
        unfinished=call.store.cloud.count_intents((*QUICK, *TELLS)),
        events=call.store.cloud.count_events(),
    )


@operation("POST", "/vod/mendDrift", message="已处理", right=Right.MANAGE, remote=True)
def mend_drift(call: Call, *, video_id: str, what: str, use: Side) -> None:
    """Resolve a difference; `use` is the side whose value is kept. Cloud mode only."""
    _cloud(call).mend(video_id, what, use.value, call.actor)


def _cloud(call: Call) -> Cloud:
    if call.console.cloud is None:
        raise Conflict("This console does not use Alibaba Cloud (QU_MODE is embedded).")
    return call.console.cloud
