"""Transcoding at VOD: tasks that go a stage further each time somebody asks, and the streams they end in."""

from __future__ import annotations

import re
import uuid

from tests.cloud.alibaba.refusal import Refusal, need
from tests.cloud.alibaba.templates import ENCRYPTIONS, GROUPS

WORKABLE = ("UploadSucc", "Normal", "Checking")


class Transcodes:
    """That part of VOD; `Vod` brings the videos."""

    def SubmitTranscodeJobs(self, parameters):
        video_id, group = need(parameters, "VideoId", "TemplateGroupId")
        session = parameters.get("SessionId", "")
        if len(session) > 50 or not re.fullmatch(r"[A-Za-z0-9_-]*", session):
            raise Refusal(400, "InvalidParameter", "The specified SessionId is invalid.")
        if session in self.sessions:
            if self.repeated_session_is_refused:
                raise Refusal(400, "InvalidSessionId.Repeat", "The specified SessionId was used already.")
            return self.sessions[session]
        video = self._video(video_id)
        if group not in GROUPS:
            raise Refusal(404, "InvalidTemplateGroupId.NotFound", "The TemplateGroupId does not exist.")
        if video["Status"] not in WORKABLE:
            raise Refusal(403, "Forbidden.IllegalStatus", f"Video Status is {video['Status']}.")
        self.check_override(group, parameters.get("OverrideParams", ""))
        task = self._begin_task(video, group, "Manual")
        answer = {
            "TranscodeTaskId": task["TranscodeTaskId"],
            "TranscodeJobs": {"TranscodeJob": [{"JobId": job["TranscodeJobId"]} for job in task["jobs"]]},
        }
        if session:
            self.sessions[session] = answer
        return answer

    def _begin_task(self, video, group, trigger):
        """Begin to transcode; every stream of it is billed."""
        task_id = uuid.uuid4().hex
        jobs = [
            {"TranscodeJobId": uuid.uuid4().hex, "TranscodeJobStatus": "Transcoding", "TranscodeProgress": 0,
             "Definition": definition, "type": kind, "Width": width, "Height": height, "group": group}
            for kind, definition, width, height in GROUPS[group]
        ]  # fmt: skip
        self.tasks[task_id] = {
            "TranscodeTaskId": task_id, "VideoId": video["VideoId"], "TranscodeTemplateGroupId": group,
            "CreationTime": self._utc(), "TaskStatus": "Processing", "Trigger": trigger, "jobs": jobs,
        }  # fmt: skip
        return self.tasks[task_id]

    def GetTranscodeTask(self, parameters):
        if ids := parameters.get("JobIds"):
            if len(ids.split(",")) > 10:
                raise Refusal(400, "JobIdsExceededMax", "The JobIds exceeds the maximum.")
            tasks = [t for t in self.tasks.values() if any(j["TranscodeJobId"] in ids.split(",") for j in t["jobs"])]
            if not tasks:
                raise Refusal(404, "NoSuchResource", "The specified resource does not exist.")
            return {"TranscodeJobInfoList": [info(job) for task in tasks for job in task["jobs"]], "NonExistJobIds": []}
        task = self.tasks.get(*need(parameters, "TranscodeTaskId"))
        if task is None:
            raise Refusal(404, "NoSuchResource", "The specified resource does not exist.")
        self._go_on(task)
        found = {name: value for name, value in task.items() if name != "jobs"}
        return {"TranscodeTask": {**found, "TranscodeJobInfoList": [info(job) for job in task["jobs"]]}}

    def ListTranscodeTask(self, parameters):
        (video_id,) = need(parameters, "VideoId")
        since = parameters.get("StartTime", "")
        found = [task for task in self.tasks.values() if task["VideoId"] == video_id and task["CreationTime"] >= since]
        return {"TranscodeTaskList": [{k: v for k, v in task.items() if k != "jobs"} for task in reversed(found)]}

    def go_on(self) -> None:
        """Have every task go a stage further."""
        for task in self.tasks.values():
            self._go_on(task)

    def _go_on(self, task) -> None:
        """A stage further each time somebody asks: half, then done."""
        video = self.videos.get(task["VideoId"])
        if video is None or task["TaskStatus"] != "Processing":
            return
        if task["jobs"][0]["TranscodeProgress"] < 50:
            for job in task["jobs"]:
                job["TranscodeProgress"] = 50
            return
        bad = len(task["jobs"]) if video["VideoId"] in self.failing else int(video["VideoId"] in self.half_failing)
        for number, job in enumerate(task["jobs"]):
            if number < bad:
                job |= {
                    "TranscodeJobStatus": "TranscodeFail",
                    "ErrorCode": "InvalidParameter.Stream",
                    "ErrorMessage": "bad",
                }
                continue
            job |= {"TranscodeJobStatus": "TranscodeSuccess", "TranscodeProgress": 100}
            video["streams"].append(self._stream(video, job))
        good = len(task["jobs"]) - bad
        task["TaskStatus"] = "CompleteAllFail" if not good else "CompletePartialSucc" if bad else "CompleteAllSucc"
        if video["Status"] != "Blocked" and (good or video["Status"] == "Transcoding"):
            self._change(video, Status="Normal" if good else "TranscodeFail")
        infos = [{"JobId": job["TranscodeJobId"], "Definition": job["Definition"]} for job in task["jobs"]]
        status = "success" if good else "fail"
        self.tell("TranscodeComplete", VideoId=video["VideoId"], Status=status, StreamInfos=infos)

    def _stream(self, video, job):
        narrow = job["type"].startswith("NarrowBand")
        size = video["Size"] // (4 if narrow else 2)
        return {
            "JobId": job["TranscodeJobId"], "Definition": job["Definition"], "Format": "mp4", "Width": job["Width"],
            "Height": job["Height"], "Bitrate": "400.5" if narrow else "800.5", "Duration": str(video["Duration"]),
            "Size": size, "NarrowBandType": "2.0" if narrow else "0", "StreamType": "video", "Status": "Normal",
            "PlayURL": self._url(video, f"{job['TranscodeJobId']}-{job['Definition'].lower()}.mp4"),
            "CreationTime": self._utc(),
            "Encrypt": int(job["group"] in ENCRYPTIONS), "EncryptType": ENCRYPTIONS.get(job["group"], ""),
        }  # fmt: skip


def info(job):
    return {name: value for name, value in job.items() if name not in ("type", "Width", "Height", "group")}
