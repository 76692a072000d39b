"""Fetching files from URLs with VOD, submitted exactly once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from msgspec.structs import replace

from backend.aliyun.client import Client
from backend.aliyun.errors import GONE, NO_SUCH_TASK, has_code, is_repeated_session
from backend.aliyun.mapping import extend_of, source_file, user_data, video_of
from backend.aliyun.upload import NO_TRANSCODE, fitted
from backend.errors import CloudError, NotFound
from backend.jobs.runner import Done, Failed, Lost, Outcome, Running
from backend.model import Actor, CensorStatus, Job, JobKind, JobState, Video
from backend.model.cloud import Action, CloudTask, Intent
from backend.model.pull import PullSource

if TYPE_CHECKING:
    from backend.store import Store

log = logging.getLogger(__name__)

ACTION = Action.PULL
WORKER = Actor("worker", "worker")
POLL_SECONDS = 30.0  # VOD takes minutes, or hours if many are queued; its callback reports the end immediately
MARK = "pull"  # key of our job id in UserData, the only way to recognize a submission without a response
ENDED_WELL, ENDED_BADLY = "SUCCESS", ("FAIL", "FAILED", "CANCELED", "CANCELLED")
UNLISTED_SECONDS = 3600.0  # a job still not listed this long after submission is lost
PULL_FAILED = "ApsaraVideo VOD could not fetch the file: {why} (code {cloud_code})."
FORGOTTEN = "ApsaraVideo VOD does not know the task {task_id} any more; submit it again."


class Pulls:
    """Submits and polls pulls. A reference is `pull:<our job>:<VOD's>`."""

    def __init__(
        self, client: Client, store: Store, clock: Callable[[], float], poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._client, self._store, self._clock, self._poll_seconds = client, store, clock, poll_seconds
        self._records = store.cloud

    def start(self, job: Job, video: Video | None) -> str:
        """Submit a job, unless it was submitted already. Raises CloudError."""
        task = self._records.task_of(job.job_id)
        if task is None:
            intent, new = self._records.begin(ACTION, job.job_id, {}, WORKER)
            cloud_id = ("" if new else self._find(job)) or self._submit(job, intent)
            task = CloudTask(job.job_id, cloud_id, "", JobKind.PULL, (cloud_id,))
            self._records.keep_task(task)
        return f"pull:{job.job_id}:{task.task_id}"

    def poll(self, reference: str) -> Outcome:
        """Poll a job. Raises CloudError if VOD does not respond."""
        job_id, _, cloud_id = reference.removeprefix("pull:").partition(":")
        info = next(iter(self._ask({"JobIds": cloud_id})), None)
        if info is None:
            task = self._records.task_of(job_id)
            if task is None:
                return Lost()
            if self._clock() - task.begun < UNLISTED_SECONDS:
                return Running(poll_after=self._poll_seconds)
            return self._failed(job_id, CloudError(FORGOTTEN, task_id=cloud_id), "")
        state = _state(info)
        if state == ENDED_WELL and info.get("MediaId"):
            return Done(facts={"videoId": str(info["MediaId"])})
        if state in ENDED_BADLY:
            code, why = str(info.get("ErrorCode") or state), str(info.get("ErrorMessage") or "-")
            return self._failed(job_id, CloudError(PULL_FAILED, why=why, cloud_code=code), f"{code}: {why}")
        return Running(poll_after=self._poll_seconds)

    def cancel(self, reference: str) -> None:
        """Cancel the fetch if a person cancelled the job; after a worker's stop, the job continues elsewhere."""
        self.withdraw(reference.removeprefix("pull:").partition(":")[0])

    def withdraw(self, job_id: str) -> None:
        """Cancel the fetch of a cancelled job at VOD, if it was submitted; a retry submits it again.

        VOD cancels queued jobs only: a video fetched anyway is added for its owner.
        """
        task = self._records.task_of(job_id)
        if task is None or not self._is_cancelled(job_id):
            return
        try:
            self._client.call("CancelUrlUploadJobs", {"JobIds": task.task_id})
        except CloudError as error:
            log.info("VOD may still fetch the file of job %s: %s", job_id, error)
            return
        self._records.forget_task(job_id)

    def _is_cancelled(self, job_id: str) -> bool:
        try:
            return self._store.jobs.get_job(job_id).state is JobState.CANCELLED
        except NotFound:
            return True

    def settle(self, job: Job, outcome: Done, unreviewed: CensorStatus) -> None:
        """Add the fetched video with the requested metadata. Raises CloudError, and NotFound if it was deleted."""
        video_id, said = str(outcome.facts["videoId"]), PullSource.read(job.payload)
        try:
            info = self._client.call("GetVideoInfo", {"VideoId": video_id}, expect="Video.VideoId")["Video"]
        except CloudError as error:
            if has_code(error, *GONE):
                raise NotFound("There is no video {video_id}. It may have been deleted.", video_id=video_id) from None
            raise
        texts = {"title": said.title, "description": said.description, "tags": said.tags}
        found = replace(video_of(info, int(self._clock())), user=said.owner, censor_status=unreviewed, **texts)
        category = {"cate_id": said.cate_id, "cate_name": said.cate_name}
        try:
            self._store.catalogue.get_video(video_id)
        except NotFound:
            if not self._store.trash.holds(video_id):
                self._store.catalogue.add_video(replace(found, **category), said.actor)
        else:  # an event or scan added it first
            chosen = (said.cate_id, said.cate_name) if said.cate_id else None
            self._store.catalogue.edit_video(video_id, texts, said.actor, category=chosen)
        self._store.cloud_catalogue.note_upload(video_id, source_file(video_id, found.size))

    def _failed(self, job_id: str, reason: CloudError, detail: str) -> Failed:
        self._records.forget_task(job_id)  # so that a retry submits it again
        return Failed(reason, detail)

    def _submit(self, job: Job, intent: Intent) -> str:
        """Submit a pull and return VOD's id. Without a response, the id is looked up, here or at the next start."""
        said = PullSource.read(job.payload)
        texts = {
            "title": said.title,
            "description": said.description,
            "tags": said.tags,
            "cate_id": said.cate_id or None,
        }
        extension = Path(urlsplit(said.url).path).suffix[1:] or "mp4"
        about = {
            **fitted(texts),
            "SourceURL": _encoded(said),
            "FileExtension": extension,
            "TemplateGroupId": NO_TRANSCODE,
        }
        wanted = {
            "UploadURLs": _encoded(said), "UploadMetadatas": json.dumps([about], ensure_ascii=False),
            "UserData": user_data(said.owner, {MARK: job.job_id}),
            "SessionId": f"{job.job_id}-{int(intent.begun * 1000)}",
        }  # fmt: skip
        try:
            answer = self._client.call(ACTION, wanted, expect="UploadJobs", repeat=False)
            return str(answer["UploadJobs"][0]["JobId"])
        except (IndexError, KeyError, TypeError):
            raise CloudError(FORGOTTEN, passing=True, unknown=True, task_id=job.job_id) from None
        except CloudError as error:
            if not error.unknown and not is_repeated_session(error):
                self._records.drop(ACTION, job.job_id)
                raise
            if found := self._find(job):
                return found
            error.passing = True
            raise

    def _find(self, job: Job) -> str:
        """Return VOD's id of a submission without a response; empty if there is none."""
        for info in self._ask({"UploadURLs": _encoded(PullSource.read(job.payload))}):
            ours = extend_of(info.get("UserData")).get(MARK) == job.job_id
            if ours and _state(info) not in ENDED_BADLY:  # a failed one is the reason for this retry
                return str(info["JobId"])
        return ""

    def _ask(self, wanted: dict[str, str]) -> list[dict[str, Any]]:
        try:
            answer = self._client.call("GetURLUploadInfos", wanted)
        except CloudError as error:
            if has_code(error, *NO_SUCH_TASK):
                return []
            raise
        found: list[dict[str, Any]] = answer.get("URLUploadInfoList") or []
        return found


def _state(info: dict[str, Any]) -> str:
    return str(info.get("Status") or "").upper()


def _encoded(source: PullSource) -> str:
    """Return the URL-encoded source, because VOD splits its list at commas."""
    return quote(source.url, safe="")
