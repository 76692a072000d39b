"""Transcoding by VOD: submitted exactly once, then polled."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backend.aliyun.client import Client
from backend.aliyun.errors import NO_STREAM, NO_SUCH_TASK, WRONG_STATE, has_code, is_repeated_session
from backend.aliyun.mapping import encrypted, number, of_present_file, renditions, unsigned, utc
from backend.errors import CloudError, NotFound
from backend.jobs.runner import Done, Failed, Outcome, Running
from backend.model import Actor, FileKind, Job, JobKind, MediaFile, Video, VideoStatus
from backend.model.cloud import Action, CloudTask

if TYPE_CHECKING:
    from backend.store.cloud import CloudRecords

ACTION = Action.TRANSCODE
WORKER = Actor("worker", "worker")
POLL_SECONDS = 10.0  # callbacks report the end immediately
SUBMIT_SECONDS = 20.0
SLACK_SECONDS = 300  # allowance for clock differences between VOD and this machine
TRIES = 3
AUTOMATIC = "Auto"  # trigger of a task started by an upload
ALL_FAILED_STATUS = "CompleteAllFail"
ENDED_WELL = ("CompleteAllSucc", "CompletePartialSucc")
FORGOTTEN = "ApsaraVideo VOD does not know the task {task_id} any more; submit it again."
ALL_FAILED = "ApsaraVideo VOD could not transcode the video: {why} (code {cloud_code})."


class Transcodes:
    """Submits and polls the jobs of both template groups."""

    def __init__(
        self, client: Client, records: CloudRecords, groups: Mapping[JobKind, str], poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._client, self._records, self._groups = client, records, groups
        self._poll_seconds = poll_seconds

    def start(self, job: Job, video: Video) -> None:
        """Submit a job, unless it was submitted already or VOD started the same task itself.

        Raises CloudError. A retry after a failure at VOD is submitted again; otherwise the existing task continues.
        """
        task = self._records.task_of(job.job_id)
        if task is not None:
            if str(self._ask(task.task_id)["TaskStatus"]) != ALL_FAILED_STATUS:
                return
            self._records.forget_task(job.job_id)
        intent, new = self._records.begin(ACTION, job.job_id, {"videoId": video.video_id, "kind": job.kind}, WORKER)
        found = self._find_automatic(job, video) if new else self._look_up(job, video, intent.begun)
        session = job.job_id if task is None else f"{job.job_id}-{secrets.token_hex(4)}"
        self._records.keep_task(found or self._submit(job, video, intent.begun, session))

    def poll(self, job_id: str) -> Outcome:
        """Poll a job. Raises CloudError if VOD does not respond."""
        task = self._records.task_of(job_id)
        if task is None:
            raise NotFound("There is no job {job_id}.", job_id=job_id)
        try:
            found = self._ask(task.task_id)
        except CloudError as error:
            if not has_code(error, *NO_SUCH_TASK):
                raise
            return Failed(CloudError(FORGOTTEN, task_id=task.task_id), str(error))
        jobs = found.get("TranscodeJobInfoList") or []
        state = str(found["TaskStatus"])
        if state in ENDED_WELL:
            failed = sum(job.get("TranscodeJobStatus") == "TranscodeFail" for job in jobs)
            return Done(self._files(task), {"streams": len(jobs) - failed, "failed_streams": failed})
        if state == ALL_FAILED_STATUS:
            return _failed(jobs)
        progress = sum(number(job.get("TranscodeProgress")) for job in jobs) / (100 * len(jobs)) if jobs else 0.0
        return Running(min(progress, 0.99), poll_after=self._poll_seconds)

    def _submit(self, job: Job, video: Video, begun: float, session: str) -> CloudTask:
        """Submit; after a lost response, check for the task before retrying."""
        for _ in range(TRIES - 1):
            try:
                return self._submit_once(job, video, session)
            except CloudError as error:
                repeated = is_repeated_session(error)
                if not error.unknown and not repeated:
                    self._records.drop(ACTION, job.job_id)
                    raise
                if found := self._look_up(job, video, begun):
                    return found
                if repeated:
                    raise
        return self._submit_once(job, video, session)

    def _submit_once(self, job: Job, video: Video, session: str) -> CloudTask:
        wanted = {"VideoId": video.video_id, "TemplateGroupId": self._group_of(job), "SessionId": session}
        if watermark := job.payload.get("watermark"):
            wanted["OverrideParams"] = json.dumps({"Watermarks": [watermark]}, ensure_ascii=False)
        answer = self._client.call(ACTION, wanted, expect="TranscodeTaskId", repeat=False, seconds=SUBMIT_SECONDS)
        ids = [str(one["JobId"]) for one in (answer.get("TranscodeJobs") or {}).get("TranscodeJob") or []]
        return _task(job, video, str(answer["TranscodeTaskId"]), ids)

    def _find_automatic(self, job: Job, video: Video) -> CloudTask | None:
        """Find the task that VOD started for an upload with its default group, as for apps that name none; it is
        already paid for. A plain transcode accepts any group.
        """
        if job.payload.get("watermark"):
            return None  # tasks do not report their watermark text
        since = self._records.file_since(video.video_id)
        for one in self._list_tasks(video, {"StartTime": utc(since)} if since else {}):
            any_will_do = job.kind is JobKind.TRANSCODE and not job.payload.get("templateGroupId")
            plain = any_will_do and one.get("Trigger") == AUTOMATIC
            same = one.get("TranscodeTemplateGroupId") == self._group_of(job)
            if (plain or same) and one.get("TaskStatus") != ALL_FAILED_STATUS:
                return self._adopt(job, video, one)
        return None

    def _look_up(self, job: Job, video: Video, begun: float) -> CloudTask | None:
        """Find the task created by a submission without a response."""
        for one in self._list_tasks(video, {"StartTime": utc(begun - SLACK_SECONDS)}):
            if one.get("TranscodeTemplateGroupId") == self._group_of(job):
                return self._adopt(job, video, one)
        return None

    def _group_of(self, job: Job) -> str:
        """Return the template group chosen for a job, or the default of its kind."""
        return str(job.payload.get("templateGroupId") or self._groups[job.kind])

    def _list_tasks(self, video: Video, wanted: dict[str, str]) -> list[dict[str, Any]]:
        """Return the tasks of a video that do not belong to our jobs, newest first."""
        answer = self._client.call("ListTranscodeTask", {"VideoId": video.video_id, "PageSize": 50, **wanted})
        listed: list[dict[str, Any]] = answer.get("TranscodeTaskList") or []
        return [one for one in listed if not self._records.knows_task(str(one.get("TranscodeTaskId")))]

    def _adopt(self, job: Job, video: Video, listed: dict[str, Any]) -> CloudTask:
        task_id = str(listed["TranscodeTaskId"])
        jobs = self._ask(task_id).get("TranscodeJobInfoList") or []
        return _task(job, video, task_id, [str(one["TranscodeJobId"]) for one in jobs])

    def _ask(self, task_id: str) -> dict[str, Any]:
        answer = self._client.call("GetTranscodeTask", {"TranscodeTaskId": task_id}, expect="TranscodeTask.TaskStatus")
        found: dict[str, Any] = answer["TranscodeTask"]
        return found

    def _files(self, task: CloudTask) -> tuple[MediaFile, ...]:
        """Return the renditions of a finished task, without the signatures of their URLs."""
        try:
            answer = self._client.call("GetPlayInfo", {"VideoId": task.video_id, "ResultType": "Multiple"})
        except CloudError as error:
            if has_code(error, *WRONG_STATE) and self._is_blocked(task.video_id):
                return ()  # the streams exist but must not be played
            # VOD's state lags its tasks by some seconds.
            error.passing = error.passing or has_code(error, *WRONG_STATE, *NO_STREAM)
            raise
        wanted = FileKind.NARROW if task.kind is JobKind.NARROW else FileKind.COMMON
        answer = of_present_file(self._records, task.video_id, answer)
        playable = renditions(answer, self._records.kinds_of(task.video_id))
        files = [file for file in playable if file.kind is wanted] + encrypted(answer)
        return tuple(replace(file, name=unsigned(file.name)) for file in files)

    def _is_blocked(self, video_id: str) -> bool:
        info = self._client.call("GetVideoInfo", {"VideoId": video_id}, expect="Video.Status")["Video"]
        return str(info["Status"]) == VideoStatus.BLOCKED


def _task(job: Job, video: Video, task_id: str, ids: list[str]) -> CloudTask:
    return CloudTask(job.job_id, task_id, video.video_id, job.kind, tuple(ids or [task_id]))


def _failed(jobs: list[dict[str, Any]]) -> Failed:
    first = next((job for job in jobs if job.get("ErrorCode")), {})
    code, why = str(first.get("ErrorCode") or "-"), str(first.get("ErrorMessage") or "-")
    return Failed(CloudError(ALL_FAILED, why=why, cloud_code=code), f"{code}: {why}")
