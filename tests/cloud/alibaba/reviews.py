"""Machine reviews: jobs that are billed, and what they find, in the forms in which VOD tells it."""

from __future__ import annotations

import uuid
from typing import Any

from tests.cloud.alibaba.refusal import Refusal, need

GOES_ON = {"init": "processing", "processing": "success"}
PAGE = 20
SCENES = ("Porn", "Terrorism", "Ad", "Live", "Logo")


class Reviews:
    def __init__(self, alibaba) -> None:
        self._alibaba = alibaba
        self.jobs: dict[str, dict[str, Any]] = {}
        self.failing: set[str] = set()  # videos whose reviews fail
        self.will_find: dict[str, dict[str, Any]] = {}
        self.results: dict[str, dict[str, Any]] = {}
        self.pictures_are_gone = False  # after two weeks

    def arrange(self, video_id: str, suggestion: str, *frames: tuple[int, str, str, float], title: str = "") -> None:
        """Say what the next review of a video will find: frames are milliseconds, scene, label and score."""
        self.will_find[video_id] = {"suggestion": suggestion, "frames": frames, "title": title}

    def SubmitAIMediaAuditJob(self, parameters):
        (media_id,) = need(parameters, "MediaId")
        video = self._alibaba.vod.videos.get(media_id)
        if video is None:
            raise Refusal(404, "InvalidVideo.NotFound", "The video does not exist.")
        if video["Status"] == "Uploading":
            raise Refusal(403, "Forbidden.IllegalStatus", "Video Status is Uploading.")
        job = {
            "JobId": uuid.uuid4().hex, "MediaId": media_id, "Status": "init", "Type": "AIMediaAudit",
            "template": parameters.get("TemplateId", ""), "UserData": parameters.get("UserData", ""),
        }  # fmt: skip
        self.jobs[job["JobId"]] = job
        return {"JobId": job["JobId"], "MediaId": media_id}

    def GetAIMediaAuditJob(self, parameters):
        job = self.jobs.get(*need(parameters, "JobId"))
        if job is None:
            raise Refusal(404, "NoSuchResource", "The specified resource does not exist.")
        shown = {name: value for name, value in job.items() if name not in ("template", "UserData")}
        self._go_on(job)
        return {"MediaAuditJob": shown}

    def GetMediaAuditResult(self, parameters):
        (media_id,) = need(parameters, "MediaId")
        if suggestion := self._alibaba.vod.suggestions.get(media_id):
            return {"MediaAuditResult": {"Suggestion": suggestion, "Label": "normal"}}
        found = self._found(media_id)
        frames = found["frames"]
        labels = ",".join(dict.fromkeys(scene.lower() for _, scene, _, _ in frames)) or "normal"
        video = {f"{scene}Result": self._summary(media_id, scene, frames) for scene in SCENES}
        result = {
            "Suggestion": found["suggestion"], "Label": labels, "AbnormalModules": "video" if frames else "",
            "VideoResult": {"Suggestion": found["suggestion"], "Label": labels, **video}, "ImageResult": [],
            "TextResult": [], "AudioResult": [],
        }  # fmt: skip
        if found["title"]:
            result["TextResult"] = [
                {"Type": "title", "Scene": "antispam", "Label": found["title"], "Suggestion": "review", "Score": "99",
                 "Content": self._alibaba.vod.videos[media_id]["Title"]}
            ]  # fmt: skip
        return {"MediaAuditResult": result}

    def GetMediaAuditResultDetail(self, parameters):
        media_id, page = need(parameters, "MediaId", "PageNo")
        frames = self._found(media_id)["frames"]
        if self.pictures_are_gone:
            raise Refusal(404, "NoSuchResource", "The specified resource does not exist.")
        rows = []
        for at, scene, label, score in frames:
            row = {"Timestamp": str(at), "Url": self._picture(media_id, at)}
            for one in SCENES:
                row |= {f"{one}Label": label if one == scene else "normal",
                        f"{one}Score": str(score if one == scene else 99.9)}  # fmt: skip
            rows.append(row)
        shown = rows[(int(page) - 1) * PAGE : int(page) * PAGE]
        return {"MediaAuditResultDetail": {"Total": len(rows), "List": shown}}

    def GetMediaAuditResultTimeline(self, parameters):
        (media_id,) = need(parameters, "MediaId")
        frames = self._found(media_id)["frames"]
        timeline = {
            one: [
                {"Label": label, "Score": str(score), "Timestamp": str(at)}
                for at, scene, label, score in frames if scene == one
            ]
            for one in SCENES
        }  # fmt: skip
        return {"MediaAuditResultTimeline": timeline}

    def go_on(self) -> None:
        for job in self.jobs.values():
            self._go_on(job)

    def _go_on(self, job) -> None:
        if job["Status"] not in GOES_ON:
            return
        job["Status"] = GOES_ON[job["Status"]]
        if job["Status"] != "success":
            return
        media_id = job["MediaId"]
        if media_id in self.failing:
            job |= {"Status": "fail", "Code": "InternalError", "Message": "the review broke"}
        else:
            self.results[media_id] = self.will_find.get(media_id, {"suggestion": "pass", "frames": (), "title": ""})
        self._alibaba.vod.tell(
            "AIMediaAuditComplete", MediaId=media_id, JobId=job["JobId"], Status=job["Status"], Extend=job["UserData"]
        )

    def _found(self, media_id):
        if media_id not in self.results:
            raise Refusal(404, "NoSuchResource", "The specified resource does not exist.")
        return self.results[media_id]

    def _picture(self, media_id, at):
        return f"{self._alibaba.url}/{media_id}/review-{at}.jpg?auth_key=1"

    def _summary(self, media_id, scene, frames):
        own = [(at, label, score) for at, one, label, score in frames if one == scene]
        if not own:
            return {"Suggestion": "pass", "Label": "normal", "CounterList": [], "TopList": []}
        worst = max(own, key=lambda frame: frame[2])
        return {
            "Suggestion": "review", "Label": worst[1], "MaxScore": str(worst[2]), "AverageScore": str(worst[2]),
            "CounterList": [{"Count": len(own), "Label": worst[1]}],
            "TopList": [{"Timestamp": str(worst[0]), "Label": worst[1], "Score": str(worst[2]),
                         "Url": self._picture(media_id, worst[0])}],
        }  # fmt: skip
