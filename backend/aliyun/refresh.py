"""CDN refreshes after blocking and deleting: sent in parts, looked up after a lost response, and polled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.aliyun.client import Client
from backend.aliyun.errors import NO_QUOTA, has_code
from backend.aliyun.mapping import number, utc
from backend.aliyun.prefetch import LISTED_SECONDS, SLACK_SECONDS, cut
from backend.errors import CloudError, ConsoleError
from backend.model import SECONDS_A_DAY
from backend.model.cloud import ACCEPTED, SENDING, Intent
from backend.model.usage import BEIJING

if TYPE_CHECKING:
    from backend.store import Store

FILE, DIRECTORY = "File", "Directory"
SEND_SECONDS = 20.0
ASKED_AGAIN = 20.0  # seconds between polls; a refresh takes some minutes
LATER_SECONDS = 3600.0  # before retrying a refused request, whose permission may have been granted since
GIVEN_UP_SECONDS = 3.0 * SECONDS_A_DAY  # as long as Alibaba lists its tasks
QUOTA_SECONDS = 1.5
SOME_FAILED = "{bad} of {count} addresses could not be refreshed at the CDN, which may still serve cached copies."
PLAYLIST = ".m3u8"


@dataclass(frozen=True, slots=True)
class RefreshService:
    """The operation names of a service that refreshes."""

    refresh: str
    look_up: str
    found: str
    quota: str
    page: int


SERVICES = {
    "vod": RefreshService("RefreshVodObjectCaches", "DescribeVodRefreshTasks", "Task", "DescribeVodRefreshQuota", 50),
    "cdn": RefreshService("RefreshObjectCaches", "DescribeRefreshTasks", "CDNTask", "DescribeRefreshQuota", 100),
}


@dataclass(frozen=True, slots=True)
class RefreshQuota:
    """Today's quota of URL and directory refreshes, total and remaining."""

    urls: int
    urls_left: int
    directories: int
    directories_left: int


class Refreshes:
    """Settles refresh intents; each part is recorded in the payload before it is sent."""

    def __init__(
        self, client: Client, store: Store, service: str, hosts: tuple[str, ...], clock: Callable[[], float],
        feed: str = "",
    ) -> None:  # fmt: skip
        """Only URLs on `hosts` can be refreshed; `feed` is the host of the app's feed, if it is one of them."""
        self._feed = feed
        self._client, self._store, self._hosts, self._clock = client, store, hosts, clock
        self._service = SERVICES[service]

    def quota(self) -> RefreshQuota:
        """Return today's quota. Raises CloudError; returns quickly."""
        answer = self._client.call(self._service.quota, expect="UrlRemain", seconds=QUOTA_SECONDS)
        names = ("UrlQuota", "UrlRemain", "DirQuota", "DirRemain")
        return RefreshQuota(*(int(number(answer.get(name))) for name in names))

    def settle(self, intent: Intent) -> bool:
        """Send unsent parts and poll sent ones; False while unfinished.

        Raises CloudError if Alibaba does not respond.
        """
        payload = {**intent.payload, "parts": [*intent.payload["parts"]]}
        self._plan(payload)
        if not payload["parts"]:
            self._store.cloud.drop(intent.action, intent.target)
            return True
        try:
            for position, part in enumerate(payload["parts"]):
                if part["state"] != ACCEPTED:
                    self._send(intent, payload, position)
        except CloudError as error:
            if error.passing:
                self._store.cloud.note_intent(intent, {**payload, "error": error.pack()})
                raise
            return self._put_off(intent, payload, error)
        return self._watch(intent, payload)

    def _plan(self, payload: dict[str, Any]) -> None:
        """Add parts for new paths: files, and for playlists the directories of their segments."""
        planned = {path for part in payload["parts"] for path in part["paths"]}
        files = [path for path in payload["paths"] if path.partition("/")[0] in self._hosts]
        folders = dict.fromkeys(path.rpartition("/")[0] + "/" for path in files if path.endswith(PLAYLIST))
        # of the feed, every address: a cache keeps one for each key, slot and cursor
        folders |= dict.fromkeys(self._feed + path for path in payload["paths"] if self._feed and path.startswith("/"))
        for kind, paths in ((FILE, files), (DIRECTORY, list(folders))):
            new = [path for path in paths if path not in planned]
            for positions in cut(list(enumerate(new))):
                part = {"kind": kind, "paths": [new[at] for at in positions], "state": "", "begun": 0.0, "tasks": []}
                payload["parts"].append(part)

    def _send(self, intent: Intent, payload: dict[str, Any], position: int) -> None:
        part = payload["parts"][position]
        ids = self._look_up(part) if part["state"] == SENDING else []
        if not ids:
            part |= {"state": SENDING, "begun": self._clock()}
            self._store.cloud.note_intent(intent, payload)
            ids = self._submit(part)
        payload["parts"][position] = {**part, "state": ACCEPTED, "tasks": ids}
        self._store.cloud.note_intent(intent, payload)

    def _submit(self, part: dict[str, Any]) -> list[str]:
        wanted = {"ObjectPath": "\n".join(part["paths"]), "ObjectType": part["kind"]}
        if part["kind"] == DIRECTORY:
            wanted["Force"] = True
        try:
            answer = self._client.call(
                self._service.refresh, wanted, expect="RefreshTaskId", repeat=False, seconds=SEND_SECONDS
            )
        except CloudError as error:
            if error.unknown and (ids := self._look_up(part)):
                return ids
            if not error.unknown:
                part["state"] = ""
            raise
        return [one for one in str(answer["RefreshTaskId"]).split(",") if one]

    def _look_up(self, part: dict[str, Any]) -> list[str]:
        """Find the tasks created by a call without a response; a refresh of the same URLs serves its purpose,
        whoever requested it.
        """
        found: list[str] = []
        for path in {one.partition("/")[0]: one for one in part["paths"]}.values():
            for form in (path, f"http://{path}", f"https://{path}"):
                wanted = {
                    "ObjectPath": form, "ObjectType": part["kind"].lower(),
                    "StartTime": utc(part["begun"] - SLACK_SECONDS),
                }  # fmt: skip
                if tasks := list(self._tasks(wanted)):
                    found += [str(task["TaskId"]) for task in tasks]
                    break
            else:
                return []
        return sorted(set(found))

    def _tasks(self, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for page in range(1, 41):
            asked = {**wanted, "PageSize": self._service.page, "PageNumber": page}
            found = (self._client.call(self._service.look_up, asked).get("Tasks") or {}).get(self._service.found) or []
            yield from found
            if len(found) < self._service.page:
                return

    def _watch(self, intent: Intent, payload: dict[str, Any]) -> bool:
        parts: Sequence[dict[str, Any]] = payload["parts"]
        states: dict[str, str] = {}
        for task_id in sorted({task for part in parts for task in part["tasks"]}):
            for task in self._tasks({"TaskId": task_id}):
                states[path_of(str(task.get("ObjectPath")))] = str(task.get("Status"))
        paths = [path for part in parts for path in part["paths"]]
        ended = [states.get(path) for path in paths if states.get(path) in ("Complete", "Failed")]
        aged = self._clock() - max(part["begun"] for part in parts) > LISTED_SECONDS
        if len(ended) < len(paths) and not aged:
            self._store.cloud.note_intent(intent, {**payload, "error": ""}, ASKED_AGAIN)
            return False
        bad = ended.count("Failed")
        if bad and not payload.get("again"):
            fresh = {**payload, "parts": [], "again": True, "error": _failed(bad, len(paths)).pack()}
            self._store.cloud.note_intent(intent, fresh, LATER_SECONDS)
            return False
        self._store.cloud.end_refresh(intent, len(paths), _failed(bad, len(paths)) if bad else None)
        return True

    def _put_off(self, intent: Intent, payload: dict[str, Any], error: CloudError) -> bool:
        """Retry a refused request, for three days: tomorrow if the quota is used up, else in an hour."""
        if self._clock() - intent.begun > GIVEN_UP_SECONDS:
            self._store.cloud.end_refresh(intent, len(payload["paths"]), error)
            return True
        pause = self._until_midnight() if has_code(error, *NO_QUOTA) else LATER_SECONDS
        self._store.cloud.note_intent(intent, {**payload, "error": error.pack()}, pause)
        return False

    def _until_midnight(self) -> float:
        """Return the seconds until the quota is renewed: midnight in Beijing, plus a minute for clock differences."""
        return SECONDS_A_DAY - (self._clock() + BEIJING.total_seconds()) % SECONDS_A_DAY + 60


def path_of(path: str) -> str:
    return path.partition("://")[2] or path


def _failed(bad: int, count: int) -> ConsoleError:
    return ConsoleError(SOME_FAILED, bad=bad, count=count)
