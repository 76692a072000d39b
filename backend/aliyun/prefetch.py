"""Prefetching by VOD or CDN: split into calls that fit, recorded before sending, never sent twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backend.aliyun.client import Client
from backend.aliyun.mapping import number, utc
from backend.errors import CloudError, Conflict, ConsoleError
from backend.jobs.runner import Done, Failed, Outcome, Running
from backend.model import SECONDS_A_DAY, Job, Video, WarmState
from backend.model.cloud import ACCEPTED, REFUSED, SENDING, Push
from backend.model.usage import day_of
from backend.model.warm_plan import SLICE_SECONDS

if TYPE_CHECKING:
    from backend.store.cloud import CloudRecords

MAX_URLS = 100  # per call
MAX_LIST_BYTES = 6000  # of the encoded list, which is sent in the query string
IDS_A_CALL = 10
POLL_SECONDS, MIN_SECONDS = 30.0, 3.0  # it usually takes minutes, for a few files sometimes seconds
SLACK_SECONDS = 300
SEND_SECONDS = 20.0
QUOTA_SECONDS, QUOTA_KEPT_SECONDS = 1.5, 10.0
LISTED_SECONDS = 3 * SECONDS_A_DAY  # after which Alibaba no longer lists a task, whatever its result
NOT_LISTED = "no longer listed after 3 days"
STATES = {"Complete": WarmState.WARM, "Failed": WarmState.FAILED}
QUOTA = "quota"  # cursor name under which the quota is cached
NO_ROOM = (
    "Today's prewarming quota has room for {left} more addresses, and these are {count}. It is renewed at midnight, "
    "Beijing time."
)
SOME_FAILED = "{bad} of {count} addresses could not be fetched. The list below says why."


@dataclass(frozen=True, slots=True)
class Service:
    """The operation names of a service that prefetches."""

    push: str
    task_id: str
    look_up: str
    found: str
    quota: str


SERVICES = {
    "vod": Service(
        "PreloadVodObjectCaches", "PreloadTaskId", "DescribeVodRefreshTasks", "Task", "DescribeVodRefreshQuota"
    ),
    "cdn": Service("PushObjectCache", "PushTaskId", "DescribeRefreshTasks", "CDNTask", "DescribeRefreshQuota"),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """Today's prefetch quota: total, remaining, and the number sent by this console."""

    total: int
    left: int
    sent: int


class CloudCache:
    """The cache provider of cloud mode: prefetches through the service of the domains."""

    def __init__(
        self, client: Client, records: CloudRecords, service: str, hosts: tuple[str, ...],
        batch: Callable[[str], list[str]], clock: Callable[[], float], poll_seconds: float = POLL_SECONDS,
        region: str = "",
    ) -> None:  # fmt: skip
        """`batch` returns the URLs of a job; without `region` all nodes that a domain uses are prewarmed."""
        self._client, self._records, self._hosts, self._batch = client, records, hosts, batch
        self._service, self._name, self._area = SERVICES[service], service, {"Area": region} if region else {}
        self._clock, self._poll_seconds, self._pause = clock, poll_seconds, min(SLICE_SECONDS, poll_seconds)
        self._known_quota: tuple[float, dict[str, Any]] = (0.0, {})

    def hosts(self) -> tuple[str, ...]:
        return self._hosts

    def quota(self) -> Quota:
        """Return today's quota, cached for some seconds. Raises CloudError; returns quickly."""
        until, answer = self._known_quota
        if self._clock() >= until:
            answer = self._client.call(self._service.quota, expect="PreloadRemain", seconds=QUOTA_SECONDS)
            self._known_quota = (self._clock() + QUOTA_KEPT_SECONDS, answer)
        total, left = (int(number(answer.get(name))) for name in ("PreloadQuota", "PreloadRemain"))
        self._records.save_cursor(QUOTA, {"day": self._day(), "total": total, "left": left, "at": self._clock()})
        return Quota(total, left, self._records.spent(self._day()))

    def room(self, *, fresh: bool) -> tuple[int, int]:
        """Return today's quota, and what is left of it when all that is queued was sent. Raises CloudError."""
        unsent = self._records.count_unsent()  # before the quota is read: what is sent meanwhile counts twice at most
        if fresh:
            self._known_quota = (0.0, {})
        quota = self.quota()
        return quota.total, max(0, quota.left - unsent)

    def kept_quota(self) -> tuple[Quota, float] | None:
        """Return the last known quota of today and its time; None if there is none."""
        kept = self._records.cursor(QUOTA)
        if kept.get("day") != self._day():
            return None
        return Quota(kept["total"], kept["left"], self._records.spent(self._day())), kept["at"]

    def check_room(self, count: int) -> None:
        """Raise Conflict if today's quota is too small; if it is unknown, go ahead."""
        try:
            left = self.quota().left
        except CloudError:
            return
        if left < count:
            raise Conflict(NO_ROOM, left=left, count=count)

    def start(self, job: Job, video: Video | None) -> str:
        """Send the first part of the batch that was not sent yet. Raises CloudError if it must be retried later."""
        self._send_next(job.job_id, job.payload["urls"])
        return job.job_id

    def poll(self, reference: str) -> Outcome:
        """Send the next part of the batch if enough time has passed, and poll the states. Raises CloudError."""
        urls = self._batch(reference)
        is_whole = self._send_next(reference, urls)
        pushes = self._records.pushes_of(reference)
        states = self._states([one for push in pushes for one in push.task_ids])
        warmed: dict[int, tuple[WarmState, str]] = {}
        for push in pushes:
            listed = self._clock() - push.begun < LISTED_SECONDS
            for at in push.positions:
                state = _state(push, path_of(urls[at]), states)
                warmed[at] = state if listed or state[0] is not WarmState.WAITING else (WarmState.FAILED, NOT_LISTED)
        ended = sum(state is not WarmState.WAITING for state, _ in warmed.values())
        facts = {"warmed": warmed}
        if ended < len(urls):
            waited = self._clock() - min((push.begun for push in pushes), default=0.0)
            longest = self._poll_seconds if is_whole else self._pause
            return Running(ended / len(urls), facts, poll_after=min(longest, max(waited / 2, MIN_SECONDS)))
        bad = sum(state is WarmState.FAILED for state, _ in warmed.values())
        refused = next((push.error for push in pushes if push.error), None)
        if bad:
            error = refused if refused and bad == len(urls) else ConsoleError(SOME_FAILED, bad=bad, count=len(urls))
            return Failed(error, str(refused or ""), facts)
        return Done(facts=facts)

    def cancel(self, reference: str) -> None:
        """Do nothing: a prefetch cannot be cancelled."""

    def _send_next(self, job_id: str, urls: list[str]) -> bool:
        """Finish parts that were begun, and send one more, unless one was sent just now; return whether all are sent.

        Parts follow each other slowly, because the CDN fetches all their files from the origin.
        """
        pushes = self._records.pushes_of(job_id)
        for push in pushes:
            if push.state == SENDING:
                self._finish(push.id, push.begun, [urls[at] for at in push.positions], looked_for=False)
        entered = {at for push in pushes for at in push.positions}
        parts = list(cut([(at, path_of(url)) for at, url in enumerate(urls) if at not in entered]))
        begun = self._clock()
        if parts and (not pushes or not 0 <= begun - pushes[-1].begun < self._pause):
            positions = parts.pop(0)
            number_ = self._records.begin_push(job_id, self._day(), positions)
            self._finish(number_, begun, [urls[at] for at in positions], looked_for=True)
        return not parts

    def _finish(self, push: int, begun: float, urls: list[str], *, looked_for: bool) -> None:
        """Send one part of a batch, or find that it was sent, and record the result."""
        ids = [] if looked_for else self._look_up(urls, begun)
        try:
            ids = ids or self._send(urls, begun)
        except CloudError as error:
            if error.passing:
                raise
            self._records.refuse_push(push, error)
        else:
            self._records.accept_push(push, ids)
            self._known_quota = (0.0, {})

    def _send(self, urls: list[str], begun: float) -> list[str]:
        wanted = {"ObjectPath": "\n".join(path_of(url) for url in urls), **self._area}
        try:
            answer = self._client.call(
                self._service.push, wanted, expect=self._service.task_id, repeat=False, seconds=SEND_SECONDS
            )
        except CloudError as error:
            if error.unknown and (ids := self._look_up(urls, begun)):
                return ids
            raise
        return [part for part in str(answer[self._service.task_id]).split(",") if part]

    def _look_up(self, urls: list[str], begun: float) -> list[str]:
        """Find the tasks created by a call without a response, by the first URL of each domain.

        URLs of a domain sent within one second share a task, so a known task may be ours too, unless it is recorded
        with this very URL.
        """
        first = {path_of(url).partition("/")[0]: url for url in reversed(urls)}
        found: set[str] = set()
        for url in first.values():
            path = path_of(url)
            for form in (path, f"http://{path}", f"https://{path}"):
                wanted = {"ObjectPath": form, "ObjectType": "preload", "StartTime": utc(begun - SLACK_SECONDS)}
                ids = {str(task["TaskId"]) for task in self._tasks(wanted)}
                if new := {task_id for task_id in ids if not self._records.knows_push(task_id, url)}:
                    found |= new
                    break
        return sorted(found)

    def _states(self, task_ids: Sequence[str]) -> dict[tuple[str, str], tuple[WarmState, str]]:
        """Return the states by (task, URL); several tasks may contain the same URL."""
        tasks: list[dict[str, Any]] = []
        ids = sorted(set(task_ids))
        if self._name == "cdn":
            for start in range(0, len(ids), IDS_A_CALL):
                wanted = {"TaskId": ",".join(ids[start : start + IDS_A_CALL])}
                tasks += self._client.call("DescribeRefreshTaskById", wanted).get("Tasks") or []
        else:
            for task_id in ids:
                tasks += self._tasks({"TaskId": task_id})
        return {
            (str(task.get("TaskId")), path_of(str(task.get("ObjectPath")))): (
                STATES.get(str(task.get("Status")), WarmState.WAITING),
                str(task.get("Description") or task.get("Process") or ""),
            )
            for task in tasks
        }

    def _tasks(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        tasks: list[dict[str, Any]] = []
        for page in range(1, 41):
            asked = {**wanted, "PageSize": 50, "PageNumber": page}
            answer = self._client.call(self._service.look_up, asked)
            found = (answer.get("Tasks") or {}).get(self._service.found) or []
            tasks += found
            if len(found) < 50:
                break
        return tasks

    def _day(self) -> str:
        """Return the quota's day, which starts at midnight in Beijing."""
        return day_of(self._clock())


def path_of(url: str) -> str:
    """Return a URL as the prefetch API expects it: `host/path`, without the scheme."""
    return url.partition("://")[2] or url


def cut(paths: Sequence[tuple[int, str]]) -> Iterator[list[int]]:
    """Split into calls, limited by count and by encoded length; yields positions."""
    part: list[int] = []
    size = 0
    for position, path in paths:
        length = len(quote(path, safe="")) + len("%0A")
        if part and (len(part) == MAX_URLS or size + length > MAX_LIST_BYTES):
            yield part
            part, size = [], 0
        part.append(position)
        size += length
    if part:
        yield part


def _state(push: Push, path: str, states: dict[tuple[str, str], tuple[WarmState, str]]) -> tuple[WarmState, str]:
    if push.state == REFUSED:
        return WarmState.FAILED, push.error.values.get("cloud_code", "") if push.error else ""
    if push.state != ACCEPTED:
        return WarmState.WAITING, ""
    found = (states.get((task_id, path)) for task_id in push.task_ids)
    return next((state for state in found if state), (WarmState.WAITING, ""))
