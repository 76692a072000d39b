"""What a job of the kind `pull` is asked for, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from backend.model import Actor, User


@dataclass(frozen=True, slots=True)
class PullSource:
    """A file at an address elsewhere, what was said about it, and the account that asked for it."""

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
        """Return what a job's payload says."""
        return cls(
            url=payload["sourceUrl"], title=payload["title"], description=payload["description"], tags=payload["tags"],
            cate_id=payload["cateId"], cate_name=payload["cateName"],
            owner=User(payload["userId"], payload["userName"]), asked_by=payload["actor"],
        )  # fmt: skip

    def payload(self) -> dict[str, Any]:
        """Return what a job keeps of it."""
        return {
            "sourceUrl": self.url, "title": self.title, "description": self.description, "tags": self.tags,
            "cateId": self.cate_id, "cateName": self.cate_name, "userId": self.owner.user_id,
            "userName": self.owner.user_name, "actor": self.asked_by,
        }  # fmt: skip

    @property
    def actor(self) -> Actor:
        """Who the history names for the video."""
        return Actor(self.asked_by, "pull")


def file_name_of(url: str) -> str:
    """Return the name of the file behind an address."""
    return unquote(Path(urlsplit(url).path).name)
