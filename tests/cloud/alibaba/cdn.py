"""Prefetching, by VOD and by CDN: quota, tasks, and states that go on as somebody asks for them."""

from __future__ import annotations

import itertools
import time

from tests.cloud.alibaba.refusal import Refusal, need

MAX_URLS, MAX_CHARACTERS = {"cdn": 100, "vod": 1000}, 1024
GOES_ON = {"Pending": "Refreshing", "Refreshing": "Complete"}


class Prefetching:
    CDN = frozenset({
        "PushObjectCache", "RefreshObjectCaches", "DescribeRefreshTasks", "DescribeRefreshTaskById",
        "DescribeRefreshQuota",
    })  # fmt: skip

    def __init__(self, alibaba) -> None:
        self._alibaba = alibaba
        self.domains = {"media.example.com", "127.0.0.1"}
        self.quota = self.remain = 1000
        self.url_remain, self.dir_remain = 10_000, 100
        self._day = ""  # of the quota, in Beijing
        self.tasks: list[dict[str, str]] = []
        self.failing: set[str] = set()  # addresses that cannot be fetched
        self.merges = False  # all that is sent of a domain shares one task, as within one second
        self._merged: dict[str, str] = {}
        self._numbers = itertools.count(95248880)

    def PushObjectCache(self, parameters):
        return {"PushTaskId": self._push(parameters, "cdn")}

    def PreloadVodObjectCaches(self, parameters):
        return {"PreloadTaskId": self._push(parameters, "vod")}

    def DescribeRefreshQuota(self, _parameters):
        self._renew_quota()
        return {
            "PreloadQuota": str(self.quota), "PreloadRemain": str(self.remain), "UrlQuota": "10000",
            "UrlRemain": str(self.url_remain), "DirQuota": "100", "DirRemain": str(self.dir_remain),
        }  # fmt: skip

    DescribeVodRefreshQuota = DescribeRefreshQuota

    def DescribeRefreshTaskById(self, parameters):
        (ids,) = need(parameters, "TaskId")
        if len(ids.split(",")) > 10:
            raise Refusal(400, "InvalidTaskId.Malformed", "The number of task ids exceeds the limit.")
        found = self._find("cdn", lambda task: task["TaskId"] in ids.split(","))
        return {"TotalCount": len(found), "Tasks": found}

    def DescribeRefreshTasks(self, parameters):
        return self._page(parameters, "cdn", "CDNTask", 100)

    def DescribeVodRefreshTasks(self, parameters):
        return self._page(parameters, "vod", "Task", 50)

    def _page(self, parameters, service, name, most):
        size, number = int(parameters.get("PageSize", 20)), int(parameters.get("PageNumber", 1))
        if size > most:
            raise Refusal(400, "InvalidParameter", "The specified PageSize is invalid.")

        def matches(task):
            return (
                all(parameters.get(key) in (None, task[key]) for key in ("TaskId", "ObjectPath", "ObjectType"))
                and parameters.get("StartTime", "") <= task["CreationTime"]
            )

        found = self._find(service, matches)
        return {"TotalCount": len(found), "Tasks": {name: found[(number - 1) * size : number * size]}}

    def _find(self, service, matches):
        found = [task for task in self.tasks if task["service"] == service and matches(task)]
        shown = [{name: value for name, value in task.items() if name != "service"} for task in found]
        self._go_on(found)
        return shown

    def go_on(self) -> None:
        """Have every task go a stage further."""
        self._go_on(self.tasks)

    def _go_on(self, tasks) -> None:
        for task in tasks:
            end = "Failed" if task["ObjectPath"] in self.failing else "Complete"
            after = GOES_ON.get(task["Status"], task["Status"])
            if after == "Complete":
                task |= {"Status": end, "Description": "Origin Timeout" if end == "Failed" else ""}
            else:
                task["Status"] = after
            task["Process"] = {"Complete": "100%", "Refreshing": "50%"}.get(task["Status"], "0%")

    def _renew_quota(self) -> None:
        """Give the whole quota again after midnight in Beijing."""
        day = time.strftime("%Y-%m-%d", time.gmtime(self._alibaba.clock() + 8 * 3600))
        if self._day and day != self._day:
            self.remain = self.quota
            self.url_remain, self.dir_remain = 10_000, 100
        self._day = day

    def RefreshObjectCaches(self, parameters):
        return {"RefreshTaskId": self._refresh(parameters, "cdn")}

    def RefreshVodObjectCaches(self, parameters):
        return {"RefreshTaskId": self._refresh(parameters, "vod")}

    def _refresh(self, parameters, service):
        (text,) = need(parameters, "ObjectPath")
        kind = parameters.get("ObjectType", "File")
        paths = text.replace("\r\n", "\n").split("\n")
        if len(paths) > (100 if kind == "Directory" else 1000):
            raise Refusal(400, "InvalidObjectPath.Size.Malformed", "The number of URLs exceeds the limit.")
        for path in paths:
            if path.endswith("/") != (kind == "Directory") or " " in path or "://" in path or not path.isascii():
                raise Refusal(400, "InvalidObjectPath.Malformed", "The specified ObjectPath is invalid.")
            if path.split("/")[0].split(":")[0] not in self.domains:
                raise Refusal(404, "InvalidDomain.NotFound", "The specified domain does not exist.")
        self._renew_quota()
        left = "dir_remain" if kind == "Directory" else "url_remain"
        if len(paths) > getattr(self, left):
            raise Refusal(400, "QuotaExceeded.Refresh", "The refresh quota of the day is used up.")
        setattr(self, left, getattr(self, left) - len(paths))
        return ",".join(self._begin(paths, service, kind.lower()))

    def _push(self, parameters, service):
        (text,) = need(parameters, "ObjectPath")
        paths = text.replace("\r\n", "\n").split("\n")
        if len(paths) > MAX_URLS[service]:
            raise Refusal(400, "SingleRequest.OverLimit", "The number of URLs in one request exceeds the limit.")
        for path in paths:
            domain = path.split("/")[0].split(":")[0]
            if not path.strip() or path.endswith("/") or "://" in path or " " in path or len(path) > MAX_CHARACTERS:
                raise Refusal(400, "InvalidObjectPath.Malformed", "The specified ObjectPath is invalid.")
            if not path.isascii():
                raise Refusal(400, "InvalidObjectPath.Malformed", "The specified ObjectPath is not encoded.")
            if domain not in self.domains:
                raise Refusal(404, "InvalidDomain.NotFound", "The specified domain does not exist.")
        self._renew_quota()
        if len(paths) > self.remain:
            raise Refusal(400, "QuotaExceeded.Preload", "The prefetch quota of the day is used up.")
        self.remain -= len(paths)
        return ",".join(self._begin(paths, service, "preload"))

    def _begin(self, paths, service, kind):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._alibaba.clock()))
        ids: dict[str, str] = {}
        known = self._merged if self.merges else {}
        for path in paths:
            domain = path.split("/")[0]
            task_id = ids[domain] = known[domain] = ids.get(domain) or known.get(domain) or str(next(self._numbers))
            self.tasks.append(
                {
                    "TaskId": task_id, "ObjectPath": path, "ObjectType": kind, "Status": "Pending",
                    "Process": "0%", "CreationTime": now, "Description": "", "service": service,
                }
            )  # fmt: skip
        return ids.values()
