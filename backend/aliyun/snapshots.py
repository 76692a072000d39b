"""Cover, first frame and snapshots by VOD: one job takes eight images, the first of which is the first frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from backend.aliyun.client import Client
from backend.aliyun.errors import NO_SUCH_TASK, WRONG_STATE, has_code
from backend.aliyun.mapping import second, unsigned
from backend.errors import CloudError, Conflict
from backend.jobs.runner import Done, Failed, Lost, Outcome, Running
from backend.media import NO_SNAPSHOTS
from backend.model import Actor, FileKind, JobKind, MediaFile
from backend.model.cloud import Action, CloudTask

if TYPE_CHECKING:
    from backend.store.cloud import CloudRecords

ACTION = Action.SNAPSHOT
WORKER = Actor("worker", "worker")
COUNT = 8
POLL_SECONDS = 3.0
SLACK_SECONDS = 300
MAX_POLLS = 20  # after which an unconfirmed submission counts as lost
MAX_SECONDS = 1800.0  # VOD does not report failed jobs
LATER_SECONDS = 30.0  # before retrying a video that VOD is processing
NO_PICTURES = "ApsaraVideo VOD made no pictures of the video within {minutes} minutes."


class SnapshotJobs:
    """Submits snapshot jobs and polls their results. VOD lists the images of the newest job only."""

    def __init__(
        self, client: Client, records: CloudRecords, clock: Callable[[], float], poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._client, self._records, self._clock = client, records, clock
        self._poll_seconds = poll_seconds

    def start(self, job_id: str, video_id: str) -> None:
        """Submit a job, unless it was, or may have been, submitted already.

        Raises CloudError. VOD rejects it while transcoding the video; `poll` submits it later.
        """
        _, new = self._records.begin(ACTION, job_id, {"videoId": video_id}, WORKER)
        if not new:
            return
        wanted = {"VideoId": video_id, "Count": COUNT, "SpecifiedOffsetTime": 0, "Interval": 0}
        try:
            answer = self._client.call(ACTION, wanted, expect="SnapshotJob.JobId", repeat=False)
        except CloudError as error:
            if error.unknown:
                return  # its images will show whether it was executed
            self._records.drop(ACTION, job_id)
            if has_code(error, *WRONG_STATE):
                return
            raise
        self._keep(job_id, video_id, str(answer["SnapshotJob"]["JobId"]))

    def poll(self, job_id: str, video_id: str) -> Outcome:
        """Look for the images. Raises CloudError if VOD does not respond."""
        task = self._records.task_of(job_id)
        if task is None and not self._records.is_begun(ACTION, job_id):
            self.start(job_id, video_id)
            return Running(poll_after=LATER_SECONDS if self._records.task_of(job_id) is None else self._poll_seconds)
        begun = next((one.begun for one in self._records.find_intents() if one.target == job_id), self._clock())
        try:
            wanted = {"VideoId": video_id, "SnapshotType": "NormalSnapshot", "PageSize": COUNT}
            found = self._client.call("ListSnapshots", wanted, expect="MediaSnapshot.JobId")["MediaSnapshot"]
        except CloudError as error:
            if not has_code(error, *NO_SUCH_TASK):
                raise
            return self._not_yet(task, job_id, begun)
        if task is None and (second(str(found.get("CreationTime"))) or 0) >= begun - SLACK_SECONDS:
            self._keep(job_id, video_id, str(found["JobId"]))
        elif task is None or found["JobId"] not in task.cloud_ids:
            return self._not_yet(task, job_id, begun)
        urls = _urls(found)
        return Done(self._files(video_id, urls)) if urls else self._not_yet(task, job_id, begun)

    def choose(self, video_id: str, number: str) -> Outcome:
        """Make a snapshot the video's cover at VOD; idempotent. Raises CloudError."""
        wanted = {"VideoId": video_id, "SnapshotType": "NormalSnapshot", "PageSize": COUNT}
        try:
            found = self._client.call("ListSnapshots", wanted, expect="MediaSnapshot.JobId")["MediaSnapshot"]
        except CloudError as error:
            if not has_code(error, *NO_SUCH_TASK):
                raise
            return Failed(Conflict(NO_SNAPSHOTS, video_id=video_id))
        urls = _urls(found)
        if not urls:
            return Failed(Conflict(NO_SNAPSHOTS, video_id=video_id))
        cover = urls[min(int(number), len(urls) - 1)]
        self._client.call("UpdateVideoInfo", {"VideoId": video_id, "CoverURL": cover})
        return Done((MediaFile(FileKind.COVER, cover),))

    def _not_yet(self, task: CloudTask | None, job_id: str, begun: float) -> Outcome:
        """Return the outcome of a job without images at VOD."""
        if task and task.begun and self._clock() - task.begun > MAX_SECONDS:
            return Failed(CloudError(NO_PICTURES, minutes=round(MAX_SECONDS / 60)))
        waited = self._clock() - begun
        if task is None and waited > MAX_POLLS * self._poll_seconds:
            self._records.drop(ACTION, job_id)
            return Lost()
        return Running(poll_after=self._poll_seconds)

    def _files(self, video_id: str, urls: list[str]) -> tuple[MediaFile, ...]:
        info = self._client.call("GetVideoInfo", {"VideoId": video_id}, expect="Video")["Video"]
        cover = unsigned(str(info.get("CoverURL") or "")) or urls[0]
        snapshots = (MediaFile(FileKind.SNAPSHOT, url, position=number) for number, url in enumerate(urls))
        return MediaFile(FileKind.COVER, cover), MediaFile(FileKind.FIRST_FRAME, urls[0]), *snapshots

    def _keep(self, job_id: str, video_id: str, cloud_id: str) -> None:
        self._records.keep_task(CloudTask(job_id, cloud_id, video_id, JobKind.SNAPSHOT, (cloud_id,)))


def _urls(found: dict[str, Any]) -> list[str]:
    """Return the snapshot URLs in order, without their signatures."""
    pictures = (found.get("Snapshots") or {}).get("Snapshot") or []
    return [unsigned(str(one["Url"])) for one in sorted(pictures, key=lambda one: int(one.get("Index") or 0))]
