"""Renditions not made by our jobs: by VOD's default template group, or requested elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backend.aliyun.client import Client
from backend.aliyun.errors import NO_STREAM, WRONG_STATE, has_code
from backend.aliyun.mapping import encrypted, of_present_file, renditions, unsigned
from backend.errors import CloudError
from backend.model import Video, VideoStatus

if TYPE_CHECKING:
    from backend.store import Store


class Renditions:
    """Finds playable renditions at VOD and stores them in the catalogue."""

    def __init__(self, client: Client, store: Store) -> None:
        self._client, self._store = client, store

    def take(self, video_id: str) -> None:
        """Store VOD's renditions, unless a job of ours is about to report them. Raises CloudError."""
        if self._store.cloud_catalogue.is_transcoding(video_id):
            return
        try:
            answer = self._client.call("GetPlayInfo", {"VideoId": video_id, "ResultType": "Multiple"})
        except CloudError as error:
            if has_code(error, *WRONG_STATE, *NO_STREAM):
                return
            raise
        answer = of_present_file(self._store.cloud, video_id, answer)
        files = renditions(answer, self._store.cloud.kinds_of(video_id)) + encrypted(answer)
        self._store.cloud_catalogue.set_renditions(
            video_id, [replace(file, name=unsigned(file.name)) for file in files]
        )

    def known(self, video: Video) -> Video:
        """Return the video with its renditions, querying VOD if it is playable and none are known.

        Raises CloudError.
        """
        if video.renditions or video.encrypted or video.status is not VideoStatus.NORMAL:
            return video
        self.take(video.video_id)
        return self._store.catalogue.get_video(video.video_id)
