"""Saved views of the dashboard's lists: filters, order and columns under a name."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

import msgspec

from backend.auth.permissions import Role
from backend.errors import BadRequest
from backend.model import Account

MAX_VIEWS = 100  # of one person
MAX_QUERY, MAX_COLUMNS, MAX_NAME = 2000, 1000, 60
MIN_WIDTH, MAX_WIDTH = 40, 1000  # pixels
PARAMETER = re.compile(r"[a-z][a-z0-9]*_[a-z0-9_]{1,30}")
COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9]{0,30}(?::[0-9]{1,4})?")


class ViewPage(StrEnum):
    """The pages with lists; parameters of their addresses begin with a prefix of their own."""

    VIDEOS = "videos"
    RECOMMENDATIONS = "recommendations"
    HISTORY = "history"
    TRASH = "trash"


class ViewScope(StrEnum):
    """Who sees a view."""

    ME = "me"
    ROLE = "role"
    ALL = "all"


class View(msgspec.Struct, frozen=True):
    """A view; `query` is that of the page's address, `columns` are those of the list with their widths in pixels.

    `revision` counts its changes.
    """

    view_id: str
    page: ViewPage
    name: str
    query: str
    columns: str
    scope: ViewScope
    role: str
    account_id: int
    user_name: str
    revision: int
    changed: int

    def is_shown_to(self, account: Account) -> bool:
        if self.scope is ViewScope.ME:
            return self.account_id == account.account_id
        return self.scope is ViewScope.ALL or account.role in (self.role, Role.ADMIN) or self.is_of(account)

    def is_of(self, account: Account) -> bool:
        """Return whether an account may change it: its owner, and administrators if it is shared."""
        return self.account_id == account.account_id or (self.scope is not ViewScope.ME and account.role is Role.ADMIN)


def read_query(query: str) -> str:
    """Return the query of an address without what a view does not keep: empty values. Raises BadRequest."""
    try:
        pairs = parse_qsl(query.removeprefix("?"), max_num_fields=60)
    except ValueError:
        raise BadRequest("query must be that of a page's address.") from None
    if wrong := next((name for name, _ in pairs if not PARAMETER.fullmatch(name)), ""):
        raise BadRequest("query contains {name}, which is no parameter of a list.", name=wrong[:40])
    return urlencode(dict(pairs))


def read_columns(columns: str) -> str:
    """Return columns in order, each at most once, as `title:300,user`: names, and widths where given.

    Raises BadRequest.
    """
    kept: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in columns.split(","))):
        name, _, width = part.partition(":")
        if not COLUMN.fullmatch(part) or (width and not MIN_WIDTH <= int(width) <= MAX_WIDTH):
            raise BadRequest(
                "columns must be names, with widths from {low} to {high} if wanted, like title:300,user; got {raw!r}.",
                low=MIN_WIDTH, high=MAX_WIDTH, raw=part[:40],
            )  # fmt: skip
        kept.setdefault(name, part)
    return ",".join(kept.values())
