"""Uploading a file, and links for uploads without a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from backend.api.parameters import File, Whole
from backend.api.registry import OPERATIONS, operation
from backend.api.wire import UploadedVideo
from backend.auth.permissions import Right
from backend.i18n.messages import say
from backend.lifecycle.ingest import VideoMetadata, ingest_file, same_files
from backend.media import LocalFile
from backend.model import User
from backend.operations.exports import LinkData
from backend.operations.fields import NewVideo

if TYPE_CHECKING:
    from backend.console import Call


@operation("POST", "/vod/uploadVideo", message="上传完成", right=Right.UPLOAD, remote=True)
def upload_video(
    call: Call,
    *,
    file: File,
    about: NewVideo,
) -> UploadedVideo:
    """Upload a video file (multipart).

    Without userId it belongs to the signed-in account. The name of an existing owner changes only if the caller may
    manage videos. If the same file exists already, `sameFileList` names those videos; the upload is accepted anyway.
    The category is an existing one, by id or name, or a new one by name; its id is assigned by the console unless
    cateId is given.
    """
    # Reject an invalid category before inspecting the file.
    call.store.catalogue.settle_category(about.cate_id, about.cate_name or None)
    said = VideoMetadata(
        file.file_name,
        owner_of(call, about),
        about.title,
        about.description,
        about.tags,
        about.cate_id,
        about.cate_name,
    )
    may_know = call.access is not None and Right.READ in call.access.rights
    received = LocalFile(file.path, file.sha256)
    same = same_files(call.console, received) if may_know else []
    video = ingest_file(call.console, received, said, call.actor)
    return call.write.uploaded(video, same, warnings_of(call, video.title, video.description, video.tags))


def owner_of(call: Call, about: NewVideo) -> User:
    """Return the owner of an upload: the signed-in account if no userId is given.

    The name of an existing owner changes only if the caller may manage videos.
    """
    user_id, user_name = about.user_id, about.user_name
    owner = User(user_id or call.actor.name, (user_name if user_id else "") or user_id or call.actor.name)
    known = call.store.catalogue.find_user(owner.user_id)
    may_rename = call.access is not None and Right.MANAGE in call.access.rights and bool(user_id and user_name)
    return owner if known is None or may_rename else known


def warnings_of(call: Call, title: str, description: str, tags: str) -> list[str]:
    """Return warnings about texts the provider stores differently, in the caller's language."""
    cut = call.media.find_cut({"title": title, "description": description, "tags": tags})
    return [say(one, call.caller.language, plainly=call.caller.plainly) for one in cut]


@operation("GET", "/vod/createUploadLinks", right=Right.UPLOAD)
def create_upload_links(call: Call, *, count: Annotated[int, Whole(1, 100)] = 1) -> list[LinkData]:
    """Create links that accept one uploadVideo each, within an hour, so that a browser can upload without a token."""
    upload = OPERATIONS["uploadVideo"]
    issue = call.store.tickets.issue
    tickets = (issue(upload.name, ({}, call.token), seconds=3600, owner=call.actor.name) for _ in range(count))
    return [LinkData(f"{call.write.base_url}{upload.path}?ticket={quote(ticket)}") for ticket in tickets]
