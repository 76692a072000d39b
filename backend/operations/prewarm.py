"""Prewarming URLs: validation, queueing and results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backend.api.parameters import PageIndex, PageSize
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.i18n.messages import say
from backend.model import JobKind
from backend.operations.jobs import JobData, describe_jobs
from backend.prewarm import MAX_LINES, check_lines

if TYPE_CHECKING:
    from backend.console import Call


class CheckedLineData(msgspec.Struct, rename="camel"):
    """`problem` is empty if the line can be prewarmed."""

    line: int
    text: str
    url: str
    problem: str


class WarmedData(msgspec.Struct, rename="camel"):
    """`shared`: it was warm or on its way already, and was not sent with this batch. `size` is 0 if unknown."""

    url: str
    state: str
    detail: str
    shared: bool
    size: int
    video_id: str


class PrewarmData(msgspec.Struct, rename="camel"):
    job: JobData
    url_list: list[WarmedData]


class PrewarmPage(msgspec.Struct, rename="camel"):
    total: int
    host_list: list[str]
    prewarm_list: list[PrewarmData]


@operation("POST", "/vod/pushObjectCache", message="预热完成", right=Right.MANAGE, remote=True, place=8)
def push_object_cache(call: Call, *, object_path: str) -> None:
    """Prewarm the files at these URLs, one per line, with or without http://: all, or none if one is invalid.

    What is warm or on its way already is not sent again.
    """
    urls = checked_urls(call, object_path)
    ttl, region = call.settings.warm_ttl, call.settings.prewarm_region
    if missing := call.store.prewarming.find_missing(urls, ttl=ttl, region=region):
        call.console.cache.check_room(len(missing))
    call.store.prewarming.enqueue(urls, call.actor, ttl=ttl, region=region)


@operation("GET", "/vod/checkObjectPaths")
def check_object_paths(call: Call, *, object_path: str = "") -> list[CheckedLineData]:
    """Validate each line as pushObjectCache would, and return the problem if it would be rejected."""
    return [
        CheckedLineData(line.number, line.text, line.url, say(line.wrong, call.caller.language) if line.wrong else "")
        for line in check_lines(
            object_path.splitlines(), call.console.cache.hosts(), call.console.reachable_url, call.console.own_hosts
        )
    ]


@operation("GET", "/vod/getPrewarms")
def get_prewarms(call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 10) -> PrewarmPage:
    """List prewarm batches, newest first, with the state of every URL."""
    page = call.store.jobs.find_jobs(kind=JobKind.PREWARM, index=page_index, size=page_size)
    urls = call.store.prewarming.find_urls(job.job_id for job in page.items)
    batches = [
        PrewarmData(job, [WarmedData(**url) for url in urls[job.job_id]]) for job in describe_jobs(call, page.items)
    ]
    return PrewarmPage(page.total, list(call.console.cache.hosts()), batches)


def checked_urls(call: Call, object_path: str) -> list[str]:
    """Return the URLs of these lines, without signatures. Raises BadRequest, naming the lines that are wrong."""
    lines = check_lines(
        object_path.splitlines(), call.console.cache.hosts(), call.console.reachable_url, call.console.own_hosts
    )
    wrong = [(line, say(line.wrong, call.caller.language)) for line in lines if line.wrong]
    if wrong:
        named = "; ".join(f"{line.number}: {line.text[:120]} ({why})" for line, why in wrong[:10])
        raise BadRequest(
            "Nothing was sent, because some lines have problems ({count}): line {named}",
            count=len(wrong),
            named=named,
        )
    if not 0 < len(lines) <= MAX_LINES:
        raise BadRequest(
            "objectPath has {count} addresses; from 1 to {most} are allowed.", count=len(lines), most=MAX_LINES
        )
    return [call.signer.bare(line.url) for line in lines]
