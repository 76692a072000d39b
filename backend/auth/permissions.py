"""Roles and permissions, and the permissions available for API tokens."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """The permission an operation requires."""

    READ = "read"  # the catalogue, the feed, jobs and statistics
    REPORT = "report"  # of videos by those who watch them
    UPLOAD = "upload"
    EXPORT = "export"
    REVIEW = "review"
    DESK = "desk"  # the review desk: all that its key is good for
    MANAGE = "manage"
    ADMIN = "admin"
    HISTORY = "history"  # the audit trail
    OWN = "own"  # one's own password, sessions and API tokens
    DASHBOARD = "dashboard"  # use of the dashboard


class Role(StrEnum):
    """The role of an account."""

    ADMIN = "admin"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    ANALYST = "analyst"
    APP = "app"  # a program that reads, plays, reports and uploads over REST

    @property
    def rights(self) -> frozenset[Right]:
        return RIGHTS[self]


PERSON = frozenset({Right.READ, Right.HISTORY, Right.OWN, Right.DASHBOARD})
RIGHTS = {
    Role.ADMIN: frozenset(Right),
    Role.MANAGER: frozenset(Right) - {Right.ADMIN},
    Role.REVIEWER: PERSON | {Right.REVIEW, Right.DESK},
    Role.ANALYST: PERSON | {Right.EXPORT},
    Role.APP: frozenset({Right.READ, Right.REPORT, Right.UPLOAD, Right.OWN}),
}
# The permissions an API token can have and what they include, limited by its owner's role; actions reserved for people
# are never included.
GRANTS = {
    Right.READ: frozenset({Right.READ}),
    Right.REPORT: frozenset({Right.READ, Right.REPORT}),
    Right.UPLOAD: frozenset({Right.READ, Right.REPORT, Right.UPLOAD}),
    Right.EXPORT: frozenset({Right.READ, Right.HISTORY, Right.EXPORT}),
    Right.REVIEW: frozenset({Right.READ, Right.HISTORY, Right.REVIEW, Right.DESK}),
    Right.MANAGE: frozenset(Right) - {Right.ADMIN, Right.OWN, Right.DASHBOARD},
}
