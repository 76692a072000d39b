"""Review queues: what the caller may work, and for administrators their rules, order and people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from backend.api.parameters import Clearable, ClearableLine, Text, Whole, Words
from backend.api.registry import operation
from backend.auth.permissions import Right, Role
from backend.errors import BadRequest, NotFound
from backend.model.limits import MAX_CATE_ID
from backend.model.reports import MAX_REPORTS
from backend.model.review import LeaseKind
from backend.model.review_queues import HINTS, MAX_PASSED, Arrival, QueueCount, QueueOrder, QueueRule, ReviewQueue
from backend.store.folding import fold
from backend.store.review_queues import MAX_QUEUES

if TYPE_CHECKING:
    from backend.console import Call

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
SUGGESTIONS = ("pass", "review", "block")
DESK_ROLES = tuple(role for role in Role if Right.DESK in role.rights)
MAX_VALUES, MAX_IDS = 50, 100
QueueCode = Annotated[str, Text(32)]
Name = Annotated[str | None, ClearableLine(100)]
VideoIds = Annotated[str, Text(MAX_IDS * 129)]
Values = Annotated[str | None, Clearable(4000)]
NO_QUEUE = "There is no review queue {code}."


class Conditions(msgspec.Struct, frozen=True):
    """Changed conditions of a queue: None leaves one unchanged; 0, an empty list or `any` removes it."""

    cate_id: Annotated[int | None, Whole(0, MAX_CATE_ID)] = None
    user_ids: Values = None
    suggestions: Values = None
    labels: Values = None
    words: Values = None
    hints: Values = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    passed_below: Annotated[int | None, Whole(0, MAX_PASSED)] = None
    reported: Annotated[int | None, Whole(0, MAX_REPORTS)] = None
    arrival: Arrival | None = None


class RuleData(msgspec.Struct, rename="camel"):
    """The conditions of a queue, all of which a video must meet; 0, an empty list and `any` mean none.

    `cateId` includes subcategories. `words` are compared with title and tags. `hints` are
    technical flags, and `similar` for videos like one that is blocked. `passedBelow`: the uploader had fewer
    passed videos when this one began to wait. `reported`: viewers reported it at least so often since its last
    verdict. `arrival` is `upload` or `import`.
    """

    cate_id: int
    user_ids: list[str]
    suggestions: list[str]
    labels: list[str]
    words: list[str]
    hints: list[str]
    min_seconds: float
    max_seconds: float
    passed_below: int
    reported: int
    arrival: str


class QueueDetail(msgspec.Struct, rename="camel"):
    """A queue and what waits in it; `position` is its priority, 1 first.

    Without `roleList` and `userNameList` everybody at the desk may work it; `mine` says whether you may. `free` is for
    you now.
    """

    code: str
    name_zh: str
    name_en: str
    position: int
    order: str
    rule: RuleData
    role_list: list[str]
    user_name_list: list[str]
    mine: bool
    waiting: int
    free: int
    oldest_seconds: int


class QueueList(msgspec.Struct, rename="camel"):
    queue_list: list[QueueDetail]


class EditedQueue(msgspec.Struct, rename="camel"):
    """A queue, and how many waiting videos got another place by the change."""

    queue: QueueDetail
    moved: int


class Moved(msgspec.Struct, rename="camel"):
    moved: int


class PriorityData(msgspec.Struct, rename="camel"):
    """The videos whose priority changed, and those that do not wait, or had it already."""

    video_ids: list[str]
    unchanged_ids: list[str]


class PlaceData(msgspec.Struct, rename="camel"):
    """Where a video waits: in which queue, since when, and whether it is reviewed before all others.

    `reported` ones are approved and were reported.
    """

    video_id: str
    queue: str
    waiting_time: str
    first: bool
    reported: bool


class PlaceList(msgspec.Struct, rename="camel"):
    place_list: list[PlaceData]


def codes_for(call: Call, code: str = "") -> list[str]:
    """Return the queue of this code, or all queues, as far as the caller may work them, by priority."""
    own = call.own
    found = [queue for queue in call.store.review_queues.find() if queue.admits(own.role, own.user_name)]
    return [queue.code for queue in found if code in ("", queue.code)]


def check_queue(call: Call, code: str) -> None:
    """Raise BadRequest if there is no such queue, or the caller may not work it."""
    if not code or codes_for(call, code):
        return
    queue = next((one for one in call.store.review_queues.find() if one.code == code), None)
    if queue is None:
        raise BadRequest(NO_QUEUE, code=code)
    queue_name = queue.name_zh if call.caller.language == "zh" else queue.name_en
    raise BadRequest("You may not work the review queue {queue} ({code}).", queue=queue_name, code=code)


@operation("GET", "/vod/getReviewQueues", right=Right.DESK)
def get_review_queues(call: Call) -> QueueList:
    """Return the review queues that you may work, by priority, with what waits in them.

    Those who manage videos see all; `mine` says which they may work.
    """
    sees_all = call.access is not None and Right.MANAGE in call.access.rights
    counts, own = call.store.review_queues.count(call.own.user_name), call.own
    return QueueList([
        _detail(call, queue, counts.get(queue.code))
        for queue in call.store.review_queues.find()
        if sees_all or queue.admits(own.role, own.user_name)
    ])  # fmt: skip


@operation("POST", "/vod/editReviewQueue", message="已保存", right=Right.ADMIN)
def edit_review_queue(
    call: Call,
    *,
    code: QueueCode,
    name_zh: Name = None,
    name_en: Name = None,
    position: Annotated[int | None, Whole(1, MAX_QUEUES)] = None,
    order: QueueOrder | None = None,
    roles: Values = None,
    user_names: Values = None,
    rule: Conditions,
) -> EditedQueue:
    """Add a review queue, which requires both names and a condition, or change the one with this code.

    Absent parameters stay unchanged; 0, an empty list or `any` removes a condition. Lists are comma-separated. A
    waiting video is in the first queue by `position` whose conditions it meets all, or else in the queue `default`,
    which is always last. Waiting videos are sorted again at once; leases are kept.
    """
    if not CODE.fullmatch(code):
        raise BadRequest("code must be small letters, digits, - and _, got {code!r}.", code=code)
    for wire, text in (("nameZh", name_zh), ("nameEn", name_en)):
        if text == "":
            raise BadRequest("{name} is required.", name=wire)
    given: dict[str, Any] = {
        "name_zh": name_zh, "name_en": name_en, "position": position, "sort": order,
        "roles": None if roles is None else tuple(map(Role, _words(call, "roles", roles, DESK_ROLES))),
        "user_names": None if user_names is None else _accounts(call, user_names),
    }  # fmt: skip
    made, moved = call.store.review_queues.edit(code, _given(given), _conditions(call, rule), call.actor)
    return EditedQueue(_detail(call, made, call.store.review_queues.count(call.own.user_name).get(code)), moved)


@operation("POST", "/vod/deleteReviewQueue", message="已删除", right=Right.ADMIN)
def delete_review_queue(call: Call, *, code: QueueCode) -> Moved:
    """Delete a review queue; what waits in it is sorted into the others. Leases are kept."""
    return Moved(call.store.review_queues.delete(code, call.actor))


@operation("GET", "/vod/getReviewPlaces", right=Right.DESK)
def get_review_places(call: Call, *, video_ids: VideoIds) -> PlaceList:
    """Return where those of up to 100 videos (comma-separated ids) wait for review that do, oldest first."""
    found = call.store.review_queues.find_places(_ids(video_ids))
    return PlaceList([
        PlaceData(one.video_id, one.queue, call.write.time(int(one.since)), one.first, one.kind is LeaseKind.REPORTED)
        for one in found
    ])  # fmt: skip


@operation("POST", "/vod/setReviewPriority", message="已保存", right=Right.MANAGE)
def set_review_priority(call: Call, *, video_ids: VideoIds, first: bool = True) -> PriorityData:
    """Have up to 100 waiting videos (comma-separated ids) reviewed before all others of all queues, or no longer.

    Nothing changes if one of the videos does not exist.
    """
    ids = _ids(video_ids)
    known = call.store.catalogue.find_known(ids)
    for video_id in ids:
        if video_id not in known:
            raise NotFound("There is no video {video_id}. It may have been deleted.", video_id=video_id)
    changed = call.store.review_queues.set_urgent(ids, first, call.actor)
    return PriorityData(changed, [video_id for video_id in ids if video_id not in changed])


def _ids(raw: str) -> tuple[str, ...]:
    ids = _split(raw)
    if not 0 < len(ids) <= MAX_IDS:
        raise BadRequest("videoIds has {count} ids; from 1 to {most} are allowed.", count=len(ids), most=MAX_IDS)
    return ids


def _conditions(call: Call, given: Conditions) -> dict[str, Any]:
    """Return the changed conditions by field. Raises BadRequest and NotFound."""
    if given.cate_id:
        call.store.categories.get(given.cate_id)
    lists: dict[str, Any] = {}
    for name, raw in (("user_ids", given.user_ids), ("labels", given.labels), ("words", given.words)):
        if raw is not None:
            values = _split(raw if name == "user_ids" else fold(raw))
            if len(values) > MAX_VALUES:
                raise BadRequest(
                    "{name} has {count} values; at most {most} are allowed.", name=name.replace("_ids", "Ids"),
                    count=len(values), most=MAX_VALUES,
                )  # fmt: skip
            lists[name] = values
    if given.suggestions is not None:
        lists["suggestions"] = _words(call, "suggestions", given.suggestions, SUGGESTIONS)
    if given.hints is not None:
        lists["hints"] = _words(call, "hints", given.hints, HINTS)
    numbers = {
        "cate_id": given.cate_id, "min_seconds": given.min_seconds, "max_seconds": given.max_seconds,
        "passed_below": given.passed_below, "reported": given.reported, "arrival": given.arrival,
    }  # fmt: skip
    return lists | _given(numbers)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _split(raw: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in (part.strip() for part in raw.replace("，", ",").split(",")) if one))


def _words(call: Call, name: str, raw: str, known: tuple[str, ...]) -> tuple[str, ...]:
    return Words(known).read(name, raw, call.settings.time_zone) if raw else ()


def _accounts(call: Call, raw: str) -> tuple[str, ...]:
    """Return the names of existing accounts. Raises NotFound."""
    return tuple(call.store.accounts.get_account(name).user_name for name in _split(raw))


def _detail(call: Call, queue: ReviewQueue, count: QueueCount | None) -> QueueDetail:
    rule, own = queue.rule, call.own
    count = count or QueueCount(0, 0, None)
    return QueueDetail(
        queue.code, queue.name_zh, queue.name_en, queue.position, queue.sort.value, _rule(rule), list(queue.roles),
        list(queue.user_names), queue.admits(own.role, own.user_name), count.waiting, count.free,
        0 if count.oldest is None else max(int(call.store.now() - count.oldest), 0),
    )  # fmt: skip


def _rule(rule: QueueRule) -> RuleData:
    return RuleData(
        rule.cate_id, list(rule.user_ids), list(rule.suggestions), list(rule.labels), list(rule.words),
        list(rule.hints), rule.min_seconds, rule.max_seconds, rule.passed_below, rule.reported, rule.arrival.value,
    )  # fmt: skip
