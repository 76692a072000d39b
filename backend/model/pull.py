"""Parameters of `pull` jobs, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from backend.model import Actor, User


@dataclass(frozen=True, slots=True)
class PullSource:
    """A file to fetch, its metadata, and the account that requested it."""

    url: str
    title: str
    description: str
    tags: str
    cate_id: int
    cate_name: str
    owner: User
    asked_by: str

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> PullSource:
        """Parse a job's payload."""
        return cls(
            url=payload["sourceUrl"], title=payload["title"], description=payload["description"], tags=payload["tags"],
            cate_id=payload["cateId"], cate_name=payload["cateName"],
            owner=User(payload["userId"], payload["userName"]), asked_by=payload["actor"],
        )  # fmt: skip

    def payload(self) -> dict[str, Any]:
        """Return the job's payload."""
        return {
            "sourceUrl": self.url, "title": self.title, "description": self.description, "tags": self.tags,
            "cateId": self.cate_id, "cateName": self.cate_name, "userId": self.owner.user_id,
            "userName": self.owner.user_name, "actor": self.asked_by,
        }  # fmt: skip

    @property
    def actor(self) -> Actor:
        """The actor of the video's history lines."""
        return Actor(self.asked_by, "pull")


def file_name_of(url: str) -> str:
    """Return the file name in a URL."""
    return unquote(Path(urlsplit(url).path).name)
