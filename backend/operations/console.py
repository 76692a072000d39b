"""What the console offers beyond the seed: upload, editing, facets, statistics."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import msgspec

from backend.api.parameters import Clearable, File, SeenLine, Text, Whole, is_blank
from backend.api.registry import OPERATIONS, operation
from backend.api.wire import EditedVideo, UploadedVideo
from backend.errors import SIGN_IN_FIRST, BadRequest, Forbidden
from backend.i18n.messages import say
from backend.lifecycle import category_changes
from backend.lifecycle.ingest import Particulars, same_files, take_in
from backend.model import JobKind, JobState, Right, User, Video
from backend.model.limits import MAX_CATE_ID
from backend.operations.exports import LinkData
from backend.operations.filters import Filters
from backend.prewarm import check_lines

if TYPE_CHECKING:
    from backend.console import Call

Title = Annotated[str, Text(200)]
Tags = Annotated[str, Text(500)]
Description = Annotated[str, Text(2000)]
Name = Annotated[str, Text(100)]
CateId = Annotated[int, Whole(0, MAX_CATE_ID)]
DAYS = 30


class AccountData(msgspec.Struct, rename="camel"):
    user_name: str
    role: str
    rights: list[str]


class CheckedLineData(msgspec.Struct, rename="camel"):
    """`problem` is empty where the line can be prewarmed."""

    line: int
    text: str
    url: str
    problem: str


class DayData(msgspec.Struct, rename="camel"):
    day: str
    uploaded: int
    recommended: int


class StatisticsData(msgspec.Struct, rename="camel"):
    videos: int
    recommended: int
    bytes: int
    seconds: float
    by_censor_status: dict[str, int]
    failed_transcodes: int
    running_transcodes: int
    narrow_bytes: int
    narrow_bytes_plain: int
    waiting_jobs: int
    running_jobs: int
    failed_jobs: int
    demo_done: int
    demo_total: int
    day_list: list[DayData]


class CategoryCount(msgspec.Struct, rename="camel"):
    cate_id: int
    cate_name: str
    total: int


class UserCount(msgspec.Struct, rename="camel"):
    user_id: str
    user_name: str
    total: int


class FacetsData(msgspec.Struct, rename="camel"):
    """The greatest counts come first."""

    by_censor_status: dict[str, int]
    category_list: list[CategoryCount]
    user_list: list[UserCount]


@operation("GET", "/user/getAccount", extension=True)
def get_account(call: Call) -> AccountData:
    """Return who is signed in and what may be done with this token."""
    if call.access is None:
        raise Forbidden(SIGN_IN_FIRST)
    account = call.access.account
    return AccountData(account.user_name, account.role.value, sorted(right.value for right in call.access.rights))


@operation("POST", "/vod/uploadVideo", message="上传完成", right=Right.UPLOAD, extension=True, remote=True)
def upload_video(
    call: Call,
    *,
    file: File,
    title: Title = "",
    description: Description = "",
    tags: Tags = "",
    cate_id: CateId = 0,
    cate_name: Name = "",
    user_id: Name = "",
    user_name: Name = "",
) -> UploadedVideo:
    """Take in a video file (multipart). Without a userId it belongs to the signed-in account.

    The name of an owner who is known already changes only where the caller may manage videos.

    Where the very same file is there already, `sameFileList` names the videos; this one comes in all the same.

    A category is one that is there, by id or name; or a new one, by its name, whose id is given by the console unless
    a cateId comes along.
    """
    call.store.catalogue.settle_category(cate_id, cate_name or None)  # refused before the file is looked at
    user = owner_of(call, user_id, user_name)
    said = Particulars(file.file_name, user, title, description, tags, cate_id, cate_name)
    may_know = call.access is not None and Right.READ in call.access.rights
    same = same_files(call.console, file.path) if may_know else []
    video = take_in(call.console, file.path, said, call.actor)
    return call.write.uploaded(video, same, _warnings(call, video))


def _warnings(call: Call, video: Video) -> list[str]:
    """Return in the caller's language what of a video's texts the provider does not hold as they are here."""
    cut = call.media.find_cut({"title": video.title, "description": video.description, "tags": video.tags})
    return [say(one, call.caller.language, plainly=call.caller.plainly) for one in cut]


def owner_of(call: Call, user_id: str, user_name: str) -> User:
    """Return whose an upload is: the signed-in account's where no userId comes along.

    The name of an owner who is known already changes only where the caller may manage videos.
    """
    owner = User(user_id or call.actor.name, (user_name if user_id else "") or user_id or call.actor.name)
    known = call.store.catalogue.find_user(owner.user_id)
    may_rename = call.access is not None and Right.MANAGE in call.access.rights and bool(user_id and user_name)
    return owner if known is None or may_rename else known


@operation("POST", "/vod/editVideo", message="修改完成", right=Right.MANAGE, extension=True, remote=True)
def edit_video(
    call: Call,
    *,
    video_id: str,
    title: Annotated[str | None, Clearable(200)] = None,
    description: Annotated[str | None, Clearable(2000)] = None,
    tags: Annotated[str | None, Clearable(500)] = None,
    cate_id: CateId | None = None,
    cate_name: Annotated[str | None, Clearable(100)] = None,
    seen_line: SeenLine = None,
) -> EditedVideo:
    """Change title, description, tags or category: what is absent stays, and what is sent empty becomes empty.

    A title cannot be empty. A category is one that is there, by id or name, or a new one, by its name, whose id is
    given by the console unless a cateId comes along; a cateId of 0 or an empty cateName is none.
    `seenLine` is as for createAudit.
    """
    if title is not None and is_blank(title):
        raise BadRequest("title may not be empty.")
    given = {"title": title, "description": description, "tags": tags}
    changes = {name: value for name, value in given.items() if value is not None}
    has_category = cate_id is not None or cate_name is not None
    if not changes and not has_category:
        raise BadRequest("No change was given.")
    call.store.catalogue.get_video(video_id)
    call.store.catalogue.check_seen(video_id, seen_line)
    category = category_changes.settle(call.console, cate_id, cate_name, call.actor) if has_category else None
    call.media.update_texts(video_id, {**changes, **({"cate_id": category[0] or 0} if category else {})})
    call.store.catalogue.edit_video(video_id, changes, call.actor, category=category, seen_line=seen_line)
    video = call.store.catalogue.get_video(video_id)
    return call.write.edited(video, _warnings(call, video))


@operation("GET", "/vod/getFacets", extension=True)
def get_facets(call: Call, *, filters: Filters) -> FacetsData:
    """Count the videos that match by status, category and user (the ten with the most).

    Each count leaves its own filter aside: those by status say what every other status would find.
    """
    facets = call.store.catalogue.count_facets(filters.wanted)
    return FacetsData(
        by_censor_status={status.value: count for status, count in facets.by_censor_status.items()},
        category_list=[CategoryCount(*category) for category in facets.by_category],
        user_list=[UserCount(user.user_id, user.user_name, count) for user, count in facets.by_user],
    )


@operation("GET", "/vod/createUploadLinks", right=Right.UPLOAD, extension=True)
def create_upload_links(call: Call, *, count: Annotated[int, Whole(1, 100)] = 1) -> list[LinkData]:
    """Return links that take one uploadVideo each, within an hour, so that a browser can send a file with no token."""
    upload = OPERATIONS["uploadVideo"]
    issue = call.console.tickets.issue
    tickets = (issue(upload.name, ({}, call.token), seconds=3600, owner=call.actor.name) for _ in range(count))
    return [LinkData(f"{call.write.base_url}{upload.path}?ticket={quote(ticket)}") for ticket in tickets]


@operation("GET", "/vod/checkObjectPaths", extension=True)
def check_object_paths(call: Call, *, object_path: str = "") -> list[CheckedLineData]:
    """Say for every line whether pushObjectCache would take it, and what is wrong where it would not."""
    return [
        CheckedLineData(line.number, line.text, line.url, say(line.wrong, call.caller.language) if line.wrong else "")
        for line in check_lines(
            object_path.splitlines(), call.console.cache.hosts(), call.console.reachable_url, call.console.own_places
        )
    ]


@operation("GET", "/vod/getStatistics", extension=True)
def get_statistics(call: Call) -> StatisticsData:
    """Return the counts of the overview; the days are the last 30, oldest first."""
    zone = call.settings.time_zone
    midnight = datetime.fromtimestamp(call.now(), zone).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    counts = call.store.statistics.count_everything([int(day.timestamp()) for day in days])
    jobs = call.store.jobs.count_jobs()

    def total(*states: JobState, demo: bool = False) -> int:
        return sum(count for (kind, state), count in jobs.items() if state in states and (kind is JobKind.DEMO) == demo)

    return StatisticsData(
        videos=counts.videos,
        recommended=counts.recommended,
        bytes=counts.bytes,
        seconds=counts.seconds,
        by_censor_status={status.value: count for status, count in counts.by_censor_status.items()},
        failed_transcodes=counts.failed_transcodes,
        running_transcodes=counts.running_transcodes,
        narrow_bytes=counts.narrow_bytes,
        narrow_bytes_plain=counts.narrow_bytes_plain,
        waiting_jobs=total(JobState.QUEUED),
        running_jobs=total(JobState.RUNNING),
        failed_jobs=total(JobState.FAILED),
        demo_done=total(JobState.DONE, JobState.FAILED, demo=True),
        demo_total=total(*JobState, demo=True),
        day_list=[
            DayData(day.strftime("%Y-%m-%d"), uploaded, recommended)
            for day, (_, uploaded, recommended) in zip(days, counts.by_day, strict=True)
        ],
    )
