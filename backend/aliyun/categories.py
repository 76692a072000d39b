"""VOD's category tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backend.aliyun.client import Client
from backend.aliyun.errors import NO_CATEGORY, has_code
from backend.aliyun.mapping import number, words
from backend.errors import BadRequest, CloudError, NotFound
from backend.model.categories import Category
from backend.model.cloud import EMOJI

ROOT = -1
PAGE = 100
MAX_PAGES = 50
MAX_NAME_BYTES = 64  # of UTF-8
CALL_SECONDS = 30.0
TOO_LONG = "The category's name has {length} bytes; ApsaraVideo VOD takes at most {most}."
EMOJI_IN_NAME = "ApsaraVideo VOD takes no emoji in a category's name."
GONE = "ApsaraVideo VOD has no category {cate_id} any more; the tree will follow within minutes."


class Categories:
    """Reads and changes the category tree."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self) -> list[Category]:
        """Return VOD's whole tree, parents first. Raises CloudError."""
        return list(self._below(ROOT))

    def add(self, name: str, parent_id: int) -> int:
        """Create a category and return its id. If the response is lost, search for it. Raises CloudError."""
        _check(name)
        wanted = {"CateName": name, **({"ParentId": parent_id} if parent_id else {})}
        try:
            answer = self._client.call("AddCategory", wanted, expect="Category.CateId", repeat=False)
        except CloudError as error:
            if error.unknown and (found := self._find(name, parent_id)):
                return found
            raise
        return int(number(answer["Category"]["CateId"]))

    def rename(self, cate_id: int, name: str) -> None:
        """Rename a category. Raises CloudError, and NotFound if VOD does not have it."""
        _check(name)
        try:
            self._client.call("UpdateCategory", {"CateId": cate_id, "CateName": name})
        except CloudError as error:
            if has_code(error, *NO_CATEGORY):
                raise NotFound(GONE, cate_id=cate_id) from error
            raise

    def delete(self, cate_id: int) -> None:
        """Delete a category and its descendants; ignore one that does not exist. Raises CloudError."""
        try:
            self._client.call("DeleteCategory", {"CateId": cate_id})
        except CloudError as error:
            if not has_code(error, *NO_CATEGORY):
                raise

    def _find(self, name: str, parent_id: int) -> int:
        found = [one.cate_id for one, _ in self._children(parent_id or ROOT) if one.cate_name == name]
        return found[0] if found else 0

    def _below(self, parent_id: int) -> Iterator[Category]:
        for one, has_children in list(self._children(parent_id)):
            yield one
            if has_children:
                yield from self._below(one.cate_id)

    def _children(self, parent_id: int) -> Iterator[tuple[Category, bool]]:
        """Yield the direct children of a category, and whether each has children."""
        for page in range(1, MAX_PAGES + 1):
            wanted = {"CateId": parent_id, "PageNo": page, "PageSize": PAGE}
            answer = self._client.call("GetCategories", wanted, expect="SubTotal", seconds=CALL_SECONDS)
            found: list[dict[str, Any]] = (answer.get("SubCategories") or {}).get("Category") or []
            for one in found:
                above = parent_id if parent_id != ROOT else 0
                category = Category(int(number(one["CateId"])), words(one.get("CateName")), above)
                yield category, number(one.get("SubTotal")) > 0
            if len(found) < PAGE:
                return


def _check(name: str) -> None:
    """Raise BadRequest for a name VOD cannot store; truncated, it could be another category's name."""
    if (length := len(name.encode())) > MAX_NAME_BYTES:
        raise BadRequest(TOO_LONG, length=length, most=MAX_NAME_BYTES)
    if EMOJI.search(name):
        raise BadRequest(EMOJI_IN_NAME)
