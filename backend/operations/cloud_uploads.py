"""Uploads directly to OSS with Alibaba's upload SDK, bypassing the console. Cloud mode only."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import Text
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import Conflict, NotFound
from backend.lifecycle import category_changes
from backend.lifecycle.ingest import title_of
from backend.model import CensorStatus, Video, VideoStatus
from backend.operations.fields import Name, NewVideo
from backend.operations.uploads import owner_of, warnings_of
from backend.store.rows import NO_VIDEO

if TYPE_CHECKING:
    from backend.aliyun.cloud import Cloud
    from backend.aliyun.upload import Grant
    from backend.console import Call

NOT_CLOUD = (
    "This console keeps videos itself (QU_MODE is embedded): send the file to uploadVideo, or to a link of "
    "createUploadLinks."
)


class UploadAuthData(msgspec.Struct, rename="camel"):
    """Parameters for Alibaba's upload SDKs: `uploadAddress` and `uploadAuth` as issued by VOD, and the video's id.

    `warningList` names texts that VOD stores shortened.
    """

    video_id: str
    upload_address: str
    upload_auth: str
    warning_list: list[str]


@operation("POST", "/vod/createUploadAuth", message="获取上传凭证完成", right=Right.UPLOAD, remote=True)
def create_upload_auth(
    call: Call,
    *,
    file_name: Annotated[str, Text(1024)],
    about: NewVideo,
    reference_id: Annotated[str, Text(200)] = "",
) -> UploadAuthData:
    """Create a video whose file an app uploads directly to OSS with Alibaba's upload SDK. Cloud mode only.

    The video is listed at once with status `Uploading` and censorStatus `onCensor`; it joins the review queue when
    VOD's callback, or a later check of VOD, reports the file. If no file arrives within a day, its status becomes
    `UploadFail`. Owner and category are as for uploadVideo. `referenceId` makes a retry idempotent: the same value for
    the same owner from the same account returns the same video with new credentials. Without it, every call creates a
    video. 409 if the video already has its file.
    """
    cloud = _cloud(call)
    category = category_changes.settle(call.console, about.cate_id, about.cate_name or None, call.actor)
    owner = owner_of(call, about)
    title = about.title or title_of(file_name)
    reference = _reference(call.actor.name, owner.user_id, reference_id)
    grant = cloud.media.uploads.open(
        file_name, owner, reference, title=title, description=about.description, tags=about.tags,
        cate_id=category[0] or None,
    )  # fmt: skip
    video = Video(
        video_id=grant.video_id, title=title or grant.video_id, user=owner, created=call.now(),
        description=about.description, tags=about.tags, cate_id=category[0] or 0, cate_name=category[1] or "",
        status=VideoStatus.UPLOADING,
        censor_status=CensorStatus.SUCCESS if call.settings.review == "off" else CensorStatus.ON_CENSOR,
    )  # fmt: skip
    if not _is_known(call, grant.video_id):
        call.store.catalogue.add_video(video, call.actor, settle=True)
    return _data(grant, warnings_of(call, title, about.description, about.tags))


@operation("POST", "/vod/refreshUploadAuth", message="刷新上传凭证完成", right=Right.UPLOAD, remote=True)
def refresh_upload_auth(call: Call, *, video_id: str, user_id: Name = "") -> UploadAuthData:
    """Issue new credentials for an upload whose credentials have expired. Cloud mode only.

    Allowed for the account that created the upload and for accounts that manage videos; others get 404, as for an
    unknown video. With `userId`, the video must belong to that owner, else 404. 409 if the video already has its file.
    """
    cloud = _cloud(call)
    video = call.store.catalogue.get_video(video_id)
    manages = call.access is not None and Right.MANAGE in call.access.rights
    if not manages and call.store.history.uploader_of(video_id) != call.actor.name:
        raise NotFound(NO_VIDEO, video_id=video_id)
    if user_id:
        call.store.catalogue.get_own_video(video_id, user_id)
    warnings = warnings_of(call, video.title, video.description, video.tags)
    return _data(cloud.media.uploads.renew(video.video_id), warnings)


def _data(grant: Grant, warnings: list[str]) -> UploadAuthData:
    return UploadAuthData(grant.video_id, grant.address, grant.auth, warnings)


def _reference(account: str, user_id: str, reference_id: str) -> str:
    """Return a ReferenceId for VOD: at most 64 characters, unique across the console.

    It includes the caller's account, so that guessing somebody else's id yields no credentials for their video.
    """
    named = "\n".join((account, user_id, reference_id)).encode()
    return f"qu-{hashlib.sha256(named).hexdigest()[:48]}" if reference_id else ""


def _is_known(call: Call, video_id: str) -> bool:
    try:
        call.store.catalogue.get_video(video_id)
    except NotFound:
        return False
    return True


def _cloud(call: Call) -> Cloud:
    if call.console.cloud is None:
        raise Conflict(NOT_CLOUD)
    return call.console.cloud
