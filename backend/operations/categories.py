"""The tree of categories: seen by everybody, changed by those who manage videos."""

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
    """A category: `parentId` is 0 at the root, `level` counts from 1, `path` leads to it, `total` counts its videos."""

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
    """`videos` counts those that have no category now."""

    videos: int


@operation("GET", "/vod/getCategories", extension=True)
def get_categories(call: Call) -> CategoryList:
    """List all categories, each behind its parent. `total` of a category counts its own videos, not those below it."""
    found = [_data(one) for one in call.store.categories.find()]
    return CategoryList(len(found), found)


@operation("POST", "/vod/addCategory", message="分类已创建", right=Right.MANAGE, extension=True, remote=True)
def add_category(call: Call, *, cate_name: CateName, parent_id: ParentId = 0) -> CategoryData:
    """Add a category, below another one or at the root; in cloud mode at VOD too.

    There are at most three levels and, below each category, 100 others.
    """
    return _data(category_changes.add(call.console, _name(cate_name), parent_id, call.actor))


@operation("POST", "/vod/renameCategory", message="分类已重命名", right=Right.MANAGE, extension=True, remote=True)
def rename_category(call: Call, *, cate_id: CateId, cate_name: CateName) -> None:
    """Rename a category, with all its videos; in cloud mode at VOD too."""
    category_changes.rename(call.console, cate_id, _name(cate_name), call.actor)


@operation("POST", "/vod/deleteCategory", message="分类已删除", right=Right.MANAGE, extension=True, remote=True)
def delete_category(call: Call, *, cate_id: CateId) -> DeletedCategory:
    """Delete a category and all below it; in cloud mode at VOD too. Their videos stay, and have no category then."""
    return DeletedCategory(category_changes.delete(call.console, cate_id, call.actor))


def _name(text: str) -> str:
    if not text:
        raise BadRequest("{name} is required.", name="cateName")
    return text


def _data(one: Category) -> CategoryData:
    return CategoryData(one.cate_id, one.cate_name, one.parent_id, len(one.names), " / ".join(one.names), one.total)
