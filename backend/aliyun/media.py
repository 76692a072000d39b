"""The media provider of cloud mode: files, renditions and verdicts are kept in ApsaraVideo VOD.

Requests that must be applied both at VOD and in the catalogue are first recorded as an intent. The catalogue's own
transaction removes the intent; one that remains is completed by the background tasks.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from backend.aliyun.categories import Categories
from backend.aliyun.client import Client
from backend.aliyun.errors import GONE, WRONG_STATE, has_code
from backend.aliyun.play_urls import PlayAddresses
from backend.aliyun.renditions import Renditions
from backend.aliyun.snapshots import SnapshotJobs
from backend.aliyun.templates import Templates
from backend.aliyun.transcode import Transcodes
from backend.aliyun.upload import NO_SUCH_VIDEO, Uploads, find_cut, fitted
from backend.aliyun.verdicts import Verdicts, VideoLocks, item_of
from backend.errors import CloudError, Conflict, ConsoleError, NotFound
from backend.jobs.runner import Lost, Outcome
from backend.media import NO_SNAPSHOTS, Judgement, LocalFile, MediaFiles, Probe
from backend.media.local import LocalMedia
from backend.media.templates import TemplateGroup, Watermark
from backend.model import Actor, FileKind, Job, JobKind, TranscodeStatus, User, Verdict, Video, VideoStatus
from backend.model.cloud import MARK, Action, Intent
from backend.model.fingerprint import Hashes

if TYPE_CHECKING:
    from backend.store.cloud import CloudRecords

log = logging.getLogger(__name__)

YOUNG_SECONDS = 60
KEPT_BACK = (VideoStatus.BLOCKED, VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL)  # VOD plays none of these
KEPT_BACK_REASON = "控制台回收站或撤销审核"  # VOD requires a reason for blocking
UNCONFIRMED = (
    "Alibaba Cloud did not confirm {action} ({words}). The console is checking whether it was done and will follow; "
    "look again in a minute."
)
NOT_DELETED = "ApsaraVideo VOD refused to delete the video {video_id}; it may be locked or in use there."


class CloudMedia:
    """Stores videos in VOD. An uploaded file stays on this machine until it is in OSS."""

    initial_jobs = (JobKind.UPLOAD,)

    def __init__(
        self, client: Client, records: CloudRecords, local: LocalMedia, transcodes: Transcodes, pictures: SnapshotJobs,
        renditions: Renditions, clock: Callable[[], float], signed_here: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._client, self._records, self._local, self._clock = client, records, local, clock
        self._transcodes, self._pictures, self._renditions = transcodes, pictures, renditions
        self.uploads, self._categories = Uploads(client), Categories(client)
        self._verdicts, self.video_locks = Verdicts(client), VideoLocks()
        self._templates = Templates(client, clock)
        self.addresses = PlayAddresses(client, records, signed_here)

    def describe(self) -> str:
        return f"ApsaraVideo VOD; uploads are looked at by {self._local.describe()}"

    # New files

    @property
    def files(self) -> MediaFiles:
        return self._local.files

    def admit(self, file: LocalFile) -> Probe:
        return self._local.admit(file)

    def allocate_id(
        self, title: str, file_name: str, description: str = "", tags: str = "", cate_id: int = 0,
        owner: User | None = None,
    ) -> str:  # fmt: skip
        return self.uploads.open(
            file_name, owner, title=title, description=description, tags=tags, cate_id=cate_id or None
        ).video_id

    def store_file(self, video_id: str, file: LocalFile, extension: str) -> str:
        return self._local.store_file(video_id, file, extension)

    def source_hash(self, video: Video) -> str:
        return self._local.source_hash(video)

    def with_current_urls(self, video: Video, renew: bool = False) -> Video:
        return self.addresses.with_current_urls(video, renew)

    def with_known_renditions(self, video: Video) -> Video:
        return self._renditions.known(video)

    def update_texts(self, video_id: str, texts: Mapping[str, Any]) -> None:
        if wanted := fitted(texts):
            self._client.call("UpdateVideoInfo", {"VideoId": video_id, **wanted})

    def fingerprint(self, video: Video, download: Callable[[str], bytes]) -> tuple[Hashes, ...]:
        """Return the hashes of VOD's snapshots, which are downloaded for it; the video is not."""
        images = (download(file.name) for file in video.files_of(FileKind.SNAPSHOT))
        return self._local.fingerprint_pictures(images)

    def template_groups(self) -> list[TemplateGroup]:
        return self._templates.groups()

    def watermarks(self) -> list[Watermark]:
        return self._templates.watermarks()

    def find_cut(self, texts: Mapping[str, Any]) -> list[ConsoleError]:
        return find_cut(texts)

    def add_category(self, name: str, parent_id: int) -> int | None:
        return self._categories.add(name, parent_id)

    def rename_category(self, cate_id: int, name: str) -> None:
        self._categories.rename(cate_id, name)

    def delete_category(self, cate_id: int) -> None:
        self._categories.delete(cate_id)

    # Jobs

    def is_up_to_date(self, kind: JobKind, video: Video, facts: Mapping[str, Any]) -> bool:
        """Return whether VOD has made this; sizes and codecs are defined by its template group."""
        if kind is JobKind.NARROW:
            status, made = video.narrow_transcode_status, video.file_of(FileKind.NARROW) or video.encrypted
        else:
            status, made = video.transcode_status, video.file_of(FileKind.COMMON) or video.encrypted
        return status is TranscodeStatus.SUCCESS and bool(made)

    def start(self, job: Job, video: Video | None) -> str:
        """Start a job. Called again for the same job, it finds VOD's task instead of submitting it again."""
        if video is None:
            raise NotFound(NO_SUCH_VIDEO, video_id=job.video_id)
        try:
            return self._start(job, video)
        except CloudError as error:
            # VOD's state lags its events by some seconds.
            young = self._clock() - (job.started or self._clock()) < YOUNG_SECONDS
            error.passing = error.passing or (young and has_code(error, *WRONG_STATE))
            raise

    def _start(self, job: Job, video: Video) -> str:
        if job.kind is JobKind.COVER:
            return f"cover:{video.video_id}:{self._number_of(video, float(job.payload.get('seconds', 0)))}"
        if job.kind is JobKind.SNAPSHOT:
            if self._records.task_of(job.job_id) is None:
                self._pictures.start(job.job_id, video.video_id)
            return f"snapshot:{job.job_id}:{video.video_id}"
        self._transcodes.start(job, video)
        return f"transcode:{job.job_id}"

    def poll(self, reference: str) -> Outcome:
        kind, _, rest = reference.partition(":")
        if kind == "transcode":
            return self._transcodes.poll(rest)
        if kind == "snapshot":
            return self._pictures.poll(*rest.split(":"))
        if kind == "cover":
            return self._pictures.choose(*rest.split(":"))
        return Lost()

    def cancel(self, reference: str) -> None:
        """Do nothing: a task at VOD cannot be cancelled."""

    @staticmethod
    def _number_of(video: Video, seconds: float) -> int:
        """Return the number of the snapshot at this time; each covers an equal part of the video. Raises Conflict."""
        count = len(video.files_of(FileKind.SNAPSHOT))
        if not count:
            raise Conflict(NO_SNAPSHOTS, video_id=video.video_id)
        return min(int(seconds * count / video.duration), count - 1) if video.duration else 0

    def clear(self, video_id: str) -> None:
        """Delete the local files of a video that is in VOD."""
        self._local.delete(video_id)

    # Verdicts and deletion

    @contextmanager
    def judging(self, judgements: Sequence[Judgement], actor: Actor) -> Iterator[list[ConsoleError | None]]:
        """Send verdicts to VOD, batched. If it is unknown whether VOD accepted one, the background task finds out."""
        ids = [one.video.video_id for one in judgements]
        with self.video_locks.held(ids):
            told = [{"status": one.verdict.value, "reason": one.reason, "comment": one.comment} for one in judgements]
            self._records.replace_intents(Action.AUDIT, dict(zip(ids, told, strict=True)), actor)
            items = [item_of(one.video.video_id, one.verdict.value, one.reason, one.comment) for one in judgements]
            errors = self._verdicts.send(items)
            for video_id in ids:
                self.addresses.forget(video_id)
            yield [self._settled(Action.AUDIT, *pair) for pair in zip(ids, errors, strict=True)]

    def tell(self, intents: Sequence[Intent]) -> list[CloudError | None]:
        """Tell VOD of recorded verdicts, whose videos the caller has locked; return the error of each."""
        items = [
            item_of(one.target, one.payload["status"], one.payload["reason"], one.payload["comment"]) for one in intents
        ]
        errors = self._verdicts.send(items)
        for one in intents:
            self.addresses.forget(one.target)
        return errors

    @contextmanager
    def set_playable(self, video: Video, playable: bool, action: str, actor: Actor) -> Iterator[None]:
        """Block or unblock a video at VOD.

        Raises CloudError. The comment is a marker by which the background task recognizes that the change was applied
        and was not a verdict.
        """
        if not playable and video.status in KEPT_BACK:
            yield
            return
        mark = f"{MARK}{action} {secrets.token_hex(8)}"
        pending = Action(action)
        with self.video_locks.held([video.video_id]):
            if pending is Action.UNDO and self._records.is_untried(Action.TELL, video.video_id):
                yield  # VOD never heard of the verdict
                return
            payload = {"userId": video.user.user_id, "mark": mark}
            self._records.replace_intents(pending, {video.video_id: payload}, actor)
            verdict, reason = (Verdict.NORMAL, "") if playable else (Verdict.BLOCKED, KEPT_BACK_REASON)
            (error,) = self._verdicts.send([item_of(video.video_id, verdict.value, reason, mark)])
            if error and not playable and has_code(error, *GONE):
                error = None
            if problem := self._settled(pending, video.video_id, error):
                raise problem
            self.addresses.forget(video.video_id)
            yield

    @contextmanager
    def deleting(self, video: Video, actor: Actor, recheck: Callable[[], object]) -> Iterator[None]:
        """Delete a video at VOD, permanently, and then in the console."""
        self._records.begin(Action.DELETE, video.video_id, {"userId": video.user.user_id}, actor)
        try:
            recheck()  # a concurrent restore sees the intent from here on
        except ConsoleError:
            self._records.drop(Action.DELETE, video.video_id)
            raise
        with self._told(Action.DELETE, video.video_id):
            self.delete_at_vod(video.video_id)
        yield
        self.clear(video.video_id)

    def delete(self, video_id: str) -> None:
        """Delete a failed upload, here and at VOD."""
        self.clear(video_id)
        try:
            self.delete_at_vod(video_id)
        except CloudError as error:
            log.warning("%s could not be deleted at VOD: %s", video_id, error)

    def delete_at_vod(self, video_id: str) -> None:
        """Delete a video at VOD, ignoring one that does not exist. Raises CloudError if VOD refuses."""
        try:
            answer = self._client.call("DeleteVideo", {"VideoIds": video_id})
        except CloudError as error:
            if not has_code(error, *GONE):
                raise
            return
        if video_id in (answer.get("ForbiddenVideoIds") or []) or (
            "ForbiddenVideoIds" not in answer and self._is_there(video_id)
        ):
            raise CloudError(NOT_DELETED, video_id=video_id)

    def _is_there(self, video_id: str) -> bool:
        try:
            self._client.call("GetVideoInfo", {"VideoId": video_id}, expect="Video.VideoId")
        except CloudError as error:
            if has_code(error, *GONE):
                return False
            raise
        return True

    @contextmanager
    def _told(self, action: Action, target: str) -> Iterator[None]:
        """Drop the intent if VOD refused; report it as unconfirmed if VOD may have executed it."""
        try:
            yield
        except CloudError as error:
            raise self._settled(action, target, error) or error from error

    def _settled(self, action: Action, target: str, error: CloudError | None) -> CloudError | None:
        """Return the user-facing error. The intent is kept if VOD executed it or may have."""
        if error is None:
            return None
        if error.unknown:
            words = error.cloud_code or error.values.get("words", "")
            return CloudError(UNCONFIRMED, unknown=True, action=action, words=words)
        self._records.drop(action, target)
        return error
