"""An object store in memory: whole objects by key, no folders, no names that can be moved."""

from __future__ import annotations

import hashlib
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

from backend.errors import MediaError, NotFound
from backend.media import LocalFile


@dataclass
class Opened:
    content: bytes
    modified: float

    def __post_init__(self):
        self.size, self.tag = len(self.content), f'"{hashlib.md5(self.content).hexdigest()}"'

    def read(self, start=0, stop=None):
        yield self.content[start:stop]

    def close(self):
        pass


@dataclass
class Bucket:
    """What `MediaFiles` asks for, by an object store's means."""

    scratch: object
    objects: dict = field(default_factory=dict)

    def put(self, video_id, files, *, new=False):
        for name in files:
            if not re.fullmatch(r"[A-Za-z0-9][\w-]{0,127}", video_id, re.ASCII) or not re.fullmatch(
                r"\w[\w-]*\.(?!part$)\w+", name
            ):
                raise MediaError("{name} is no key.", name=f"{video_id}/{name}")
        if not new and not any(self.list(video_id)):
            raise NotFound("There are no files of the video {video_id} here.", video_id=video_id)
        for name, file in files.items():
            self.objects[video_id, name] = Opened(file.path.read_bytes(), time.time())
            file.path.unlink()

    def open(self, video_id, name):
        return self.objects.get((video_id, name))

    def exists(self, video_id, name):
        return (video_id, name) in self.objects

    def list(self, video_id=""):
        return iter(sorted(key for key in self.objects if not video_id or key[0] == video_id))

    def delete(self, video_id, *names):
        for key in list(self.list(video_id)) if not names else [(video_id, name) for name in names]:
            self.objects.pop(key, None)

    @contextmanager
    def local(self, video_id, name):
        found = self.open(video_id, name)
        if found is None:
            yield None
            return
        self.scratch.mkdir(parents=True, exist_ok=True)
        copy = self.scratch / f"{video_id}-{name}"
        copy.write_bytes(found.content)
        try:
            yield LocalFile(copy)
        finally:
            copy.unlink()
