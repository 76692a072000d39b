"""Roles and rights: what each role may do, and what an API token may be given of that."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """What an operation asks of its caller."""

    READ = "read"  # the catalogue, the feed, jobs and counts
    UPLOAD = "upload"
    EXPORT = "export"
    REVIEW = "review"
    MANAGE = "manage"
    ADMIN = "admin"
    HISTORY = "history"  # who did what
    OWN = "own"  # one's own password, sessions and API tokens
    DASHBOARD = "dashboard"  # to come by the pages at all


class Role(StrEnum):
    """What an account may do."""

    ADMIN = "admin"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    ANALYST = "analyst"
    APP = "app"  # a program: it reads, plays and uploads over REST

    @property
    def rights(self) -> frozenset[Right]:
        return RIGHTS[self]


PERSON = frozenset({Right.READ, Right.HISTORY, Right.OWN, Right.DASHBOARD})
RIGHTS = {
    Role.ADMIN: frozenset(Right),
    Role.MANAGER: frozenset(Right) - {Right.ADMIN},
    Role.REVIEWER: PERSON | {Right.REVIEW},
    Role.ANALYST: PERSON | {Right.EXPORT},
    Role.APP: frozenset({Right.READ, Right.UPLOAD, Right.OWN}),
}
# What an API token may be made for, and what it may do then, as far as its owner may: never what only people do.
GRANTS = {
    Right.READ: frozenset({Right.READ}),
    Right.UPLOAD: frozenset({Right.READ, Right.UPLOAD}),
    Right.EXPORT: frozenset({Right.READ, Right.HISTORY, Right.EXPORT}),
    Right.REVIEW: frozenset({Right.READ, Right.HISTORY, Right.REVIEW}),
    Right.MANAGE: frozenset(Right) - {Right.ADMIN, Right.OWN, Right.DASHBOARD},
}
