"""ApsaraVideo VOD: videos, their transcodes, pictures and verdicts, and the events it tells of."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import Any

from tests.cloud.alibaba.categories import Categories
from tests.cloud.alibaba.events import Events
from tests.cloud.alibaba.refusal import Refusal, need
from tests.cloud.alibaba.search import search
from tests.cloud.alibaba.templates import GROUPS, Templates
from tests.cloud.alibaba.transcodes import WORKABLE, Transcodes

PLAYABLE = ("Normal",)
NO_TRANSCODE = "VOD_NO_TRANSCODE"  # the built-in group: the uploaded file itself is what plays
EMOJI = re.compile("[\U0001f000-\U0001faff]")
EDITABLE = ("Title", "Description", "Tags", "CoverURL")


class Vod(Transcodes, Templates, Categories):
    def __init__(self, alibaba) -> None:
        super().__init__()
        self._alibaba = alibaba
        self.videos: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.verdicts: dict[str, list[dict[str, Any]]] = {}
        self.snapshots: dict[str, dict[str, Any]] = {}
        self.suggestions: dict[str, str] = {}  # what the machine review found
        self.default_group = "plain-group"  # what uploads without a TemplateGroupId are transcoded with
        self.repeated_session_is_refused = False
        self.signs = True  # addresses, as the domain wants them
        self.failing: set[str] = set()  # videos whose transcodes fail
        self.half_failing: set[str] = set()  # videos of which one stream fails
        self.events = Events(alibaba)
        self.callback = {
            "CallbackType": "HTTP", "CallbackURL": "https://console.example.com/vodcallback/callback",
            "EventTypeList": "ALL", "AuthSwitch": "on", "AuthKey": "Abcdefgh12345678",
        }  # fmt: skip

    # What tests arrange

    def add(self, video_id: str = "", **values: Any) -> dict[str, Any]:
        """Put a video into the account that somebody uploaded elsewhere."""
        video_id = video_id or uuid.uuid4().hex
        name = f"sv/{video_id}/{video_id}.mp4"
        made = {
            "VideoId": video_id, "Title": "from elsewhere", "Description": "", "Duration": 12.5, "Size": 1000,
            "Status": "UploadSucc", "CateId": 1, "CateName": "pets", "Tags": "cat", "CoverURL": "",
            "CreationTime": self._utc(), "ModificationTime": self._utc(), "RegionId": "cn-shanghai", "UserData": "",
            "file": name,
            "AuditStatus": "Init", "ReferenceId": "", "TemplateGroupId": NO_TRANSCODE, "streams": [], **values,
        }  # fmt: skip
        self.videos[video_id] = made
        return made

    def judge(self, video_id: str, status: str, reason: str = "") -> None:
        """Give a verdict in VOD's own console."""
        item = {"VideoId": video_id, "Status": status, "Reason": reason}
        self.CreateAudit({"AuditContent": json.dumps([item])}, auditor="console")

    def arrived(self, name: str, size: int, *, by_url: bool = False) -> None:
        """OSS has the whole file: the first one, or another one in its place, which VOD tells of all the same."""
        video = next(video for video in self.videos.values() if video["file"] == name)
        self._change(video, Status="UploadSucc", Size=size, Duration=2.0, CoverURL=self._url(video, "cover.jpg"))
        extend = json.loads(video["UserData"] or "{}").get("Extend")
        told = {"Extend": json.dumps(extend)} if extend else {}
        url = self._url(video, "source.mp4")
        if not by_url:
            self.tell("FileUploadComplete", VideoId=video["VideoId"], Size=size, FileUrl=url, **told)
        if video["TemplateGroupId"] == NO_TRANSCODE:
            self._change(video, Status="Blocked" if video["AuditStatus"] == "Blocked" else "Normal")
            video["streams"] = [one for one in video["streams"] if one["Definition"] != "OD"]
            video["streams"].append(self._original(video, url))
        else:
            self._change(video, Status="Transcoding")
            self._begin_task(video, video["TemplateGroupId"], "Auto")

    def source_behind(self, name: str) -> str | None:
        video = self.videos.get(name.split("/")[0])
        return video["file"] if video else None

    def tell(self, event: str, **values: Any) -> None:
        told = {"EventTime": self._utc(), "EventType": event, "Status": "success", **values}
        if self.callback["CallbackType"] == "MNS":
            self._alibaba.queues.send(self.callback["MnsQueueName"], told)
        else:
            self.events.tell(told)

    # Videos

    def GetVideoInfo(self, parameters):
        if reference := parameters.get("ReferenceId"):
            found = [one["VideoId"] for one in self.videos.values() if one["ReferenceId"] == reference]
            parameters = {"VideoId": found[0] if found else "unknown"}
        video = self._video(*need(parameters, "VideoId"))
        return {"Video": {**shown(video), "Snapshots": {"Snapshot": []}, "AuditStatus": video["AuditStatus"]}}

    def GetVideoInfos(self, parameters):
        ids = self._ids(parameters, 20)
        found = [self.videos[one] for one in ids if one in self.videos]
        if not found:
            raise Refusal(404, "InvalidVideo.NotFound", "The video does not exist.")
        gone = [one for one in ids if one not in self.videos]
        return {"VideoList": [{**shown(video), "Snapshots": []} for video in found], "NonExistVideoIds": gone}

    def SearchMedia(self, parameters):
        return search(list(self.videos.values()), parameters)

    def UpdateVideoInfo(self, parameters):
        video = self._video(*need(parameters, "VideoId"))
        self._check_text(parameters, Title=128, Description=1024, Tags=16 * 32)
        category = self.category_of(parameters) if "CateId" in parameters else {}
        self._change(video, **{name: parameters[name] for name in EDITABLE if name in parameters}, **category)
        return {}

    def DeleteVideo(self, parameters):
        ids = self._ids(parameters, 20)
        if not any(one in self.videos for one in ids):
            raise Refusal(404, "InvalidVideo.NotFound", "The video does not exist.")
        gone = [one for one in ids if one not in self.videos]
        kept = [one for one in ids if self.videos.get(one, {}).get("forbidden")]
        for one in set(ids) - set(gone) - set(kept):
            del self.videos[one]
            self.tell("DeleteMediaComplete", MediaId=one, MediaType="video", DeleteType="all")
        return {"NonExistVideoIds": gone, "ForbiddenVideoIds": kept}

    def CreateUploadVideo(self, parameters):
        _title, name = need(parameters, "Title", "FileName")
        self._check_text(parameters, Title=128, Tags=16 * 32)
        if "." not in name:
            raise Refusal(400, "InvalidFileName.Extension", "The specified FileName has no extension.")
        group = parameters.get("TemplateGroupId") or self.default_group
        if group not in (*GROUPS, NO_TRANSCODE):
            raise Refusal(404, "InvalidTemplateGroupId.NotFound", "The TemplateGroupId does not exist.")
        check_user_data(parameters.get("UserData", ""))
        reference = parameters.get("ReferenceId", "")
        if reference and not re.fullmatch(r"[A-Za-z0-9_-]{6,64}", reference):
            raise Refusal(400, "InvalidReferenceId", "The ReferenceId is malformed.")
        if reference and any(video["ReferenceId"] == reference for video in self.videos.values()):
            raise Refusal(400, "InvalidReferenceId.Duplicate", "The ReferenceId is used already.")
        values = {key: parameters.get(key, "") for key in ("Title", "Description", "Tags", "UserData", "ReferenceId")}
        values |= self.category_of(parameters)
        video = self.add(Status="Uploading", Size=0, Duration=0.0, TemplateGroupId=group, **values)
        address, auth = self._alibaba.oss.allow(video["file"])
        return {"VideoId": video["VideoId"], "UploadAddress": address, "UploadAuth": auth}

    def RefreshUploadVideo(self, parameters):
        video = self._video(*need(parameters, "VideoId"))
        address, auth = self._alibaba.oss.allow(video["file"])
        return {"VideoId": video["VideoId"], "UploadAddress": address, "UploadAuth": auth}

    # Playing

    def GetPlayInfo(self, parameters):
        video = self._video(*need(parameters, "VideoId"))
        if video["Status"] not in PLAYABLE:
            words = f"Video Status is {video['Status']} and AuditStatus is {video['AuditStatus']}."
            raise Refusal(403, "Forbidden.IllegalStatus", f"Current Status is not supported: {words}")
        streams = [stream for stream in video["streams"] if stream["Status"] == "Normal"]
        if not streams:
            raise Refusal(404, "InvalidVideo.NoneStream", "The video has no stream.")
        seconds = int(parameters.get("AuthTimeout", 3600))
        infos = [{**stream, "PlayURL": self._fresh(stream["PlayURL"], seconds)} for stream in streams]
        base = {name: video[name] for name in ("VideoId", "Title", "Duration", "CoverURL", "Status", "CreationTime")}
        return {"VideoBase": {**base, "Duration": str(base["Duration"])}, "PlayInfoList": {"PlayInfo": infos}}

    def GetMezzanineInfo(self, parameters):
        video = self._video(*need(parameters, "VideoId"))
        if video["Status"] == "Uploading":
            raise Refusal(403, "Forbidden.IllegalStatus", "Current Status is not supported: Video Status is Uploading.")
        url = self._fresh(self._url(video, "source.mp4"), int(parameters.get("AuthTimeout", 3600)))
        found = {"VideoId": video["VideoId"], "FileURL": url, "Size": video["Size"], "Width": 1280, "Height": 720}
        return {"Mezzanine": {**found, "Duration": str(video["Duration"]), "Bitrate": "800"}}

    # Pictures

    def SubmitSnapshotJob(self, parameters):
        video = self._video(*need(parameters, "VideoId"))
        if video["Status"] not in (*WORKABLE, "Blocked"):
            raise Refusal(400, "Forbidden.IllegalStatus", f"Video Status is {video['Status']}.")
        count, ready = int(parameters.get("Count", 1)), self._alibaba.clock() + 60
        job = {"JobId": uuid.uuid4().hex, "count": count, "asked": 0, "ready": ready}
        self.snapshots[video["VideoId"]] = job
        return {"SnapshotJob": {"JobId": job["JobId"]}}

    def ListSnapshots(self, parameters):
        video = self._video(*need(parameters, "VideoId"))
        job = self.snapshots.get(video["VideoId"])
        if job is None or parameters.get("SnapshotType") != "NormalSnapshot":
            raise Refusal(404, "NoSuchResource", "The specified resource does not exist.")
        job["asked"] += 1
        if job["asked"] < 2 and self._alibaba.clock() < job["ready"]:
            raise Refusal(404, "NoSuchResource", "The specified resource does not exist.")
        if not job.get("told"):
            job["told"] = True
            video["CoverURL"] = video["CoverURL"] or self._url(video, "cover.jpg")
            self.tell("SnapshotComplete", VideoId=video["VideoId"], SubType="SpecifiedTime", CoverUrl=video["CoverURL"],
                      SnapshotInfos=[{"JobId": job["JobId"], "SnapshotCount": job["count"]}])  # fmt: skip
        pictures = [
            {"Index": number, "Url": self._url(video, f"{job['JobId']}/{number:05}.jpg")}
            for number in range(1, job["count"] + 1)
        ]
        found = {"Total": job["count"], "JobId": job["JobId"], "Snapshots": {"Snapshot": pictures}}
        return {"MediaSnapshot": {**found, "CreationTime": self._utc()}}

    def GetMessageCallback(self, _parameters):
        return {"MessageCallback": self.callback}

    def SetMessageCallback(self, parameters):
        names = {
            "HTTP": ("CallbackURL",), "MNS": ("MnsEndpoint", "MnsQueueName"),
        }.get(parameters.get("CallbackType", ""))  # fmt: skip
        if names is None:
            raise Refusal(400, "InvalidParameter", "The specified CallbackType is invalid.")
        need(parameters, *names)
        if len(parameters.get("CallbackURL", "").encode()) > 256 or len(parameters.get("AuthKey", "")) > 32:
            raise Refusal(400, "LengthExceededMax", "The CallbackURL exceeds the maximum length.")
        kept = ("CallbackType", *names, "EventTypeList", "AuthSwitch", "AuthKey")
        self.callback = {name: parameters[name] for name in kept if name in parameters}
        return {}

    # Review

    def CreateAudit(self, parameters, auditor="api"):
        (content,) = need(parameters, "AuditContent")
        items = json.loads(content)
        if not 1 <= len(items) <= 100:
            raise Refusal(400, "InvalidParameter", "The number of items exceeds the limit.")
        for item in items:
            if item["Status"] not in ("Blocked", "Normal"):
                raise Refusal(400, "InvalidParameter", "The specified Status is invalid.")
            self._check_text(item, Reason=128, Comment=512)
            self._video(item["VideoId"])
        for item in items:
            video = self.videos[item["VideoId"]]
            self._change(video, AuditStatus=item["Status"])
            if item["Status"] == "Blocked" or video["streams"]:
                video["Status"] = item["Status"]
            elif video["Status"] == "Blocked":
                video["Status"] = "UploadSucc"
            line = {**item, "CreationTime": self._utc(), "Auditor": auditor}
            self.verdicts.setdefault(item["VideoId"], []).insert(0, line)
            self.tell("CreateAuditComplete", MediaId=item["VideoId"], AuditStatus=item["Status"])
        return {}

    def GetAuditHistory(self, parameters):
        video = self._video(*need(parameters, "VideoId"))
        lines = self.verdicts.get(video["VideoId"], [])
        names = ("Status", "Reason", "Comment", "Auditor", "CreationTime")
        return {
            "Status": video["AuditStatus"], "Total": len(lines),
            "Histories": [{name: line.get(name, "") for name in names} for line in lines],
        }  # fmt: skip

    def _original(self, video, url):
        """The uploaded file as a stream, where no transcoding was wanted."""
        return {
            "JobId": "", "Definition": "OD", "Format": "mp4", "Width": 1280, "Height": 720, "Bitrate": "900.5",
            "Duration": str(video["Duration"]), "Size": video["Size"], "NarrowBandType": "0", "StreamType": "video",
            "Status": "Normal", "PlayURL": url, "Encrypt": 0,
        }  # fmt: skip

    # What several share

    def _utc(self) -> str:
        return utc(self._alibaba.clock())

    def _change(self, video, **values):
        video |= {**values, "ModificationTime": self._utc()}

    def _video(self, video_id):
        if video_id not in self.videos:
            raise Refusal(404, "InvalidVideo.NotFound", "The video does not exist.")
        return self.videos[video_id]

    def _url(self, video, name):
        return f"{self._alibaba.url}/{video['VideoId']}/{name}"

    def _fresh(self, url, seconds):
        if not self.signs:
            return url
        return f"{url}?auth_key={int(self._alibaba.clock()) + seconds}-0-0-{uuid.uuid4().hex}"

    @staticmethod
    def _ids(parameters, most):
        ids = need(parameters, "VideoIds")[0].split(",")
        if len(ids) > most:
            raise Refusal(400, "VideoIdsExceededMax", "The VideoIds exceeds the maximum.")
        return ids

    @staticmethod
    def _check_text(parameters, **most):
        for name, length in most.items():
            if len(parameters.get(name, "").encode()) > length:
                raise Refusal(400, "LengthExceededMax", f"The {name} exceeds the maximum length.")
            if EMOJI.search(parameters.get(name, "")):
                raise Refusal(400, "IllegalCharacters", f"The {name} contains illegal characters.")


def check_user_data(text):
    """Refuse what VOD has no room for."""
    try:
        said = json.loads(text or "{}").get("Extend", "")
    except ValueError:
        raise Refusal(400, "InvalidParameter", "The UserData is not JSON.") from None
    extend = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    if len(text.encode()) > 1024 or len(extend.encode()) > 512:
        raise Refusal(400, "LengthExceededMax", "The UserData exceeds the maximum length.")


def shown(video):
    hidden = ("streams", "file", "forbidden", "AuditStatus")
    return {name: value for name, value in video.items() if name not in hidden}


def utc(second: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
