"""SearchMedia: its language as far as the console speaks it, pages, and the token that leads beyond the first 5,000."""

from __future__ import annotations

import re
import uuid

from tests.cloud.alibaba.refusal import Refusal

MAX_BY_PAGES = 5000
RANGE = re.compile(r"(CreationTime|ModificationTime) = ([\[(])'([^']*)','([^']*)'([\])])")
_places: dict[str, tuple[str, int]] = {}


def search(videos, parameters):
    size, page = int(parameters.get("PageSize", 10)), int(parameters.get("PageNo", 1))
    if size > 100 or parameters.get("SearchType", "video") != "video":
        raise Refusal(400, "InvalidParameter", "The specified parameter is invalid.")
    terms = _terms(parameters.get("Match", ""))
    found = [video for video in videos if _matches(video, terms)]
    key, _, order = parameters.get("SortBy", "CreationTime:Desc").partition(":")
    if key not in ("CreationTime", "ModificationTime"):
        raise Refusal(400, "InvalidParameter", "The specified SortBy is invalid.")
    found.sort(key=lambda video: (video[key], video["VideoId"]), reverse=order == "Desc")
    start = _start(parameters, size, page)
    wanted = [name for name in parameters.get("Fields", "").split(",") if name]
    token = uuid.uuid4().hex
    _places[token] = (_question(parameters), start + size)
    return {
        "Total": len(found), "ScrollToken": token,
        "MediaList": [_shown(video, wanted) for video in found[start : start + size]],
    }  # fmt: skip


def _start(parameters, size, page):
    token = parameters.get("ScrollToken")
    if not token:
        if page * size > MAX_BY_PAGES:
            raise Refusal(400, "PaginationExceededMax", "Only the first 5000 can be found by pages.")
        return (page - 1) * size
    question, start = _places.get(token, ("", 0))
    if question != _question(parameters):
        raise Refusal(400, "InvalidScrollToken", "The ScrollToken belongs to another search.")
    return start


def _question(parameters):
    return str([parameters.get(name) for name in ("Match", "SortBy", "PageSize")])


def _terms(match):
    terms = RANGE.findall(match)
    if match and not terms:
        raise Refusal(400, "InvalidParameter.Match", "The specified Match is invalid.")
    return terms


def _matches(video, terms):
    return all(
        (start <= video[name] if open_ == "[" else start < video[name])
        and (video[name] <= end if close == "]" else video[name] < end)
        for name, open_, start, end, close in terms
    )


def _shown(video, wanted):
    known = {"VideoId": video["VideoId"], "CreationTime": video["CreationTime"]}
    fields = {name: video[name] for name in wanted if name in video}
    return {"MediaId": video["VideoId"], "MediaType": "video", **known, "Video": {**known, **fields}}
