"""Fetching videos from URLs, by this console or in cloud mode by ApsaraVideo VOD."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from backend.api.registry import as_text, operation, parameters_of
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.i18n.messages import say
from backend.lifecycle import category_changes
from backend.lifecycle.ingest import title_of
from backend.model.pull import PullSource, file_name_of
from backend.operations.fields import NewVideo
from backend.operations.uploads import owner_of, warnings_of
from backend.prewarm import read_line
from backend.prewarm.ssrf import check_literal, is_wanted

if TYPE_CHECKING:
    from backend.console import Call

MAX_SOURCES = 100  # per call
SHOWN_PROBLEMS = 10
FIELDS = {one.name: one for one in parameters_of(NewVideo)}
NOT_A_LIST = "sourceList must be a JSON list of objects, each with a sourceUrl."


class PullData(msgspec.Struct, rename="camel"):
    """A URL being fetched: `jobId` is its job (getJob), whose `result` names the video.

    `warningList` names texts that the provider stores shortened.
    """

    job_id: str
    source_url: str
    title: str
    warning_list: list[str]


@operation("POST", "/vod/pullVideos", message="已开始拉取", right=Right.UPLOAD, remote=True, needs_body=True)
def pull_videos(
    call: Call,
    *,
    source_url: str = "",
    source_list: str = "",
    about: NewVideo,
) -> list[PullData]:
    """Fetch videos from URLs: all, or none if one is invalid.

    Each becomes a job of kind `pull`. `sourceUrl` has one http or https URL per line, optionally followed by a space
    and a title; the default title is the file name. `sourceList` is a JSON list of objects with `sourceUrl` and any of
    the other parameters that differ for it. Owner and category are as for uploadVideo. Repeating a request while it is
    being fetched returns the same job. An embedded console fetches only from the internet and from addresses listed in
    QU_PREWARM_HOSTS. At most 200 URLs per account and 1,000 in total may be pending: else 429, and none is added.
    """
    given = [*_lines(call, source_url), *_items(call, source_list)]
    if not 0 < len(given) <= MAX_SOURCES:
        raise BadRequest(
            "sourceUrl and sourceList have {count} addresses; from 1 to {most} are allowed.",
            count=len(given), most=MAX_SOURCES,
        )  # fmt: skip
    found: dict[str, NewVideo] = {}
    problems: list[str] = []
    for number, (text, differing) in enumerate(given, start=1):
        try:
            url = _address(call, text)
        except BadRequest as wrong:
            problems.append(f"{number}: {text[:120]} ({say(wrong, call.caller.language)})")
            continue
        found.setdefault(url, replace(about, **{name: value for name, value in differing.items() if value}))
    if problems:
        raise BadRequest(
            "Nothing was fetched, because some addresses have problems ({count}): {named}",
            count=len(problems), named="; ".join(problems[:SHOWN_PROBLEMS]),
        )  # fmt: skip
    sources = [_source(call, url, said) for url, said in found.items()]
    ids = call.store.jobs.enqueue_pulls(sources, call.actor)
    return [
        PullData(job_id, one.url, one.title, warnings_of(call, one.title, one.description, one.tags))
        for job_id, one in zip(ids, sources, strict=True)
    ]


def _address(call: Call, text: str) -> str:
    """Return the complete URL.

    Raises BadRequest if it is invalid or a literal internal address, which is refused in cloud mode too. Where a host
    name leads is checked when it is fetched.
    """
    url = read_line(text, None, call.console.own_hosts)
    if call.console.cloud is not None or not is_wanted(url, call.console.own_hosts, call.settings.prewarm_hosts):
        check_literal(url)
    return url


def _lines(call: Call, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in text.splitlines():
        if line.strip():
            url, *rest = line.strip().split(None, 1)
            title = FIELDS["title"].kind.read("title", rest[0].strip(), call.settings.time_zone) if rest else ""
            yield url, {"title": title}


def _items(call: Call, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        items = json.loads(text) if text else []
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise BadRequest(NOT_A_LIST)
    for number, one in enumerate(items, start=1):
        name = f"sourceList[{number}]"
        if not isinstance(url := one.get("sourceUrl"), str) or not url.strip():
            raise BadRequest("{name} is required.", name=f"{name}.sourceUrl")
        read = {}
        for field in FIELDS.values():
            wire_name = f"{name}.{field.wire_name}"
            if (said := as_text(wire_name, one.get(field.wire_name))) != "":
                read[field.name] = field.kind.read(wire_name, said, call.settings.time_zone)
        yield url.strip(), read


def _source(call: Call, url: str, said: NewVideo) -> PullSource:
    cate_id, cate_name = category_changes.settle(call.console, said.cate_id, said.cate_name or None, call.actor)
    return PullSource(
        url=url, title=said.title or title_of(file_name_of(url)), description=said.description, tags=said.tags,
        cate_id=cate_id or 0, cate_name=cate_name or "", owner=owner_of(call, said), asked_by=call.actor.name,
    )  # fmt: skip
