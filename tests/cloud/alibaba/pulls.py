"""Pulls by URL: VOD fetches what somebody put at an address, some time later."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.cloud.alibaba.refusal import Refusal, need
from tests.cloud.alibaba.vod import check_user_data, utc

MAX_URLS, MAX_IDS = 20, 10
SESSION_SECONDS = 600
GOES_ON = {"PENDING": "PROCESSING", "PROCESSING": "SUCCESS"}


class Pulls:
    def __init__(self, alibaba) -> None:
        self._alibaba = alibaba
        self.there: dict[str, bytes] = {}  # what lies at an address; what does not cannot be fetched
        self.jobs: dict[str, dict[str, Any]] = {}
        self._sessions: dict[str, float] = {}

    def UploadMediaByURL(self, parameters):
        (text,) = need(parameters, "UploadURLs")
        urls = [unquote(url) for url in text.split(",")]
        if len(urls) > MAX_URLS:
            raise Refusal(400, "UploadURLsExceededMax", "The number of UploadURLs exceeds the maximum.")
        check_user_data(parameters.get("UserData", ""))
        about = {unquote(one["SourceURL"]): one for one in json.loads(parameters.get("UploadMetadatas") or "[]")}
        for url in urls:
            has_name = "." in urlsplit(url).path or about.get(url, {}).get("FileExtension")
            if urlsplit(url).scheme not in ("http", "https") or not has_name:
                raise Refusal(400, "InvalidUploadURL", "The specified URL is invalid.")
        for one in about.values():
            self._alibaba.vod._check_text(one, Title=128, Tags=16 * 32)
        self._use(parameters.get("SessionId", ""))
        return {"UploadJobs": [self._begin(url, about.get(url, {}), parameters) for url in urls]}

    def _use(self, session):
        if len(session) > 50 or not re.fullmatch(r"[A-Za-z0-9_-]*", session):
            raise Refusal(400, "InvalidParameter", "The specified SessionId is invalid.")
        now = self._alibaba.clock()
        if session and now - self._sessions.get(session, -SESSION_SECONDS) < SESSION_SECONDS:
            raise Refusal(400, "InvalidSessionId.Repeat", "The specified SessionId was used already.")
        self._sessions[session] = now

    def _begin(self, url, about, parameters):
        job = {
            "JobId": uuid.uuid4().hex, "UploadURL": url, "Status": "PENDING", "ErrorCode": "", "ErrorMessage": "",
            "MediaId": "", "CreationTime": utc(self._alibaba.clock()), "UserData": parameters.get("UserData", ""),
            "about": about, "group": about.get("TemplateGroupId") or parameters.get("TemplateGroupId", ""),
        }  # fmt: skip
        self.jobs[job["JobId"]] = job
        return {"JobId": job["JobId"], "SourceURL": url}

    def GetURLUploadInfos(self, parameters):
        if ids := parameters.get("JobIds"):
            wanted, key = ids.split(","), "JobId"
        else:
            wanted, key = [unquote(url) for url in need(parameters, "UploadURLs")[0].split(",")], "UploadURL"
        if len(wanted) > MAX_IDS:
            raise Refusal(400, "JobIdsExceededMax", "The number of ids exceeds the maximum.")
        found = [job for job in self.jobs.values() if job[key] in wanted]
        shown = [{name: value for name, value in job.items() if name not in ("about", "group")} for job in found]
        for job in found:
            self._go_on(job)
        return {"URLUploadInfoList": shown, "NonExists": [one for one in wanted if one not in [j[key] for j in found]]}

    def CancelUrlUploadJobs(self, parameters):
        """Take back what nobody began to fetch; what is being fetched goes on."""
        ids = need(parameters, "JobIds")[0].split(",")
        waiting = [one for one in ids if self.jobs.get(one, {}).get("Status") == "PENDING"]
        for one in waiting:
            self.jobs[one]["Status"] = "CANCELED"
        if not waiting:
            raise Refusal(400, "InvalidParameter.JobStatus", "The job cannot be canceled.")
        return {"CanceledJobs": waiting, "NonExists": [one for one in ids if one not in self.jobs]}

    def go_on(self) -> None:
        """Have every job go a stage further."""
        for job in self.jobs.values():
            self._go_on(job)

    def _go_on(self, job) -> None:
        after = GOES_ON.get(job["Status"])
        if after == "SUCCESS" and job["UploadURL"] not in self.there:
            words = "download video failed by the url, please check it"
            job |= {"Status": "FAIL", "ErrorCode": "URLInvalidError", "ErrorMessage": words}
            self._tell(job, "fail", ErrorCode=job["ErrorCode"], ErrorMessage=words)
        elif after == "SUCCESS":
            vod, body = self._alibaba.vod, self.there[job["UploadURL"]]
            about = {
                name: job["about"][name] for name in ("Title", "Description", "Tags", "CateId") if name in job["about"]
            }
            made = vod.add(
                Status="Uploading", Size=0, UserData=job["UserData"], TemplateGroupId=job["group"] or vod.default_group,
                **{"Title": job["UploadURL"], "CateId": 0, "CateName": "", "Tags": "", **about},
            )  # fmt: skip
            self._alibaba.oss.objects[made["file"]] = body
            vod.arrived(made["file"], len(body), by_url=True)
            job |= {"Status": "SUCCESS", "MediaId": made["VideoId"], "FileSize": str(len(body))}
            self._tell(job, "success", VideoId=made["VideoId"], Size=str(len(body)))
        elif after:
            job["Status"] = after

    def _tell(self, job, status, **values) -> None:
        self._alibaba.vod.tell(
            "UploadByURLComplete", **{"JobId": job["JobId"], "SourceURL": job["UploadURL"], "Status": status, **values}
        )
