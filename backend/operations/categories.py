"""The category tree: readable by everybody, changed by accounts that manage videos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import Line, Whole
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.lifecycle import category_changes
from backend.model.categories import Category
from backend.model.limits import MAX_CATE_ID

if TYPE_CHECKING:
    from backend.console import Call

CateId = Annotated[int, Whole(1, MAX_CATE_ID)]
ParentId = Annotated[int, Whole(0, MAX_CATE_ID)]
CateName = Annotated[str, Line(100)]


class CategoryData(msgspec.Struct, rename="camel"):
    """A category.

    `parentId` is 0 at the root, `level` counts from 1, `path` has all names from the root, `total` is its number of
    videos.
    """

    cate_id: int
    cate_name: str
    parent_id: int
    level: int
    path: str
    total: int


class CategoryList(msgspec.Struct, rename="camel"):
    total: int
    category_list: list[CategoryData]


class DeletedCategory(msgspec.Struct, rename="camel"):
    """`videos` is the number of videos whose category was cleared."""

    videos: int


@operation("GET", "/vod/getCategories")
def get_categories(call: Call) -> CategoryList:
    """List all categories in tree order. `total` counts a category's own videos, without those of its subcategories."""
    found = [_data(one) for one in call.store.categories.find()]
    return CategoryList(len(found), found)


@operation("POST", "/vod/addCategory", message="分类已创建", right=Right.MANAGE, remote=True)
def add_category(call: Call, *, cate_name: CateName, parent_id: ParentId = 0) -> CategoryData:
    """Add a category, under a parent or at the root; in cloud mode also at VOD.

    There are at most three levels, and 100 subcategories per category.
    """
    return _data(category_changes.add(call.console, _name(cate_name), parent_id, call.actor))


@operation("POST", "/vod/renameCategory", message="分类已重命名", right=Right.MANAGE, remote=True)
def rename_category(call: Call, *, cate_id: CateId, cate_name: CateName) -> None:
    """Rename a category, which also updates its videos; in cloud mode also at VOD."""
    category_changes.rename(call.console, cate_id, _name(cate_name), call.actor)


@operation("POST", "/vod/deleteCategory", message="分类已删除", right=Right.MANAGE, remote=True)
def delete_category(call: Call, *, cate_id: CateId) -> DeletedCategory:
    """Delete a category and its subcategories; in cloud mode also at VOD. Their videos are kept, without a category."""
    return DeletedCategory(category_changes.delete(call.console, cate_id, call.actor))


def _name(text: str) -> str:
    if not text:
        raise BadRequest("{name} is required.", name="cateName")
    return text


def _data(one: Category) -> CategoryData:
    return CategoryData(one.cate_id, one.cate_name, one.parent_id, len(one.names), " / ".join(one.names), one.total)
