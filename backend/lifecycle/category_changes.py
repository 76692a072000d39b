"""Changing the tree of categories: by the provider first, where it has one of its own, and then here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.errors import BadRequest
from backend.model import Actor
from backend.model.categories import Category

if TYPE_CHECKING:
    from backend.console import Console


def add(console: Console, name: str, parent_id: int, actor: Actor) -> Category:
    """Add a category. Raises BadRequest, NotFound, Conflict and CloudError."""
    console.store.categories.check_new(name, parent_id)
    if console.cloud is not None and parent_id and not console.store.categories.is_at_provider(parent_id):
        raise BadRequest("ApsaraVideo VOD has no category {cate_id}, so none can be below it.", cate_id=parent_id)
    given = console.media.add_category(name, parent_id)
    return console.store.categories.add(name, parent_id, actor, given)


def rename(console: Console, cate_id: int, name: str, actor: Actor) -> None:
    """Rename a category, with all its videos. Raises BadRequest, NotFound, Conflict and CloudError."""
    console.store.categories.check_name(cate_id, name)
    if console.store.categories.is_at_provider(cate_id):
        console.media.rename_category(cate_id, name)
    console.store.categories.rename(cate_id, name, actor)


def delete(console: Console, cate_id: int, actor: Actor) -> int:
    """Delete a category and all below it; return how many videos had one of them. Raises NotFound and CloudError."""
    console.store.categories.get(cate_id)
    if console.store.categories.is_at_provider(cate_id):
        console.media.delete_category(cate_id)
    return console.store.categories.delete(cate_id, actor)


def settle(
    console: Console, cate_id: int | None, cate_name: str | None, actor: Actor
) -> tuple[int | None, str | None]:  # fmt: skip
    """Return the category that is meant, as Catalogue.settle_category takes it; in cloud mode one that VOD has.

    A new one is made there. Raises BadRequest and CloudError.
    """
    found, name = console.store.catalogue.settle_category(cate_id, cate_name)
    if console.cloud is None:
        return cate_id, cate_name  # a new one gets its id in the transaction that uses it
    if not found or console.store.categories.is_at_provider(found):
        return found, name
    same = [one for one in console.store.categories.find() if found == one.cate_id or one.names == (name,)]
    if cate_id and not same:
        raise BadRequest("ApsaraVideo VOD has no category {cate_id}; send its cateName alone.", cate_id=cate_id)
    if there := next((one for one in same if console.store.categories.is_at_provider(one.cate_id)), None):
        return there.cate_id, there.cate_name
    # One that was ours alone stays with the videos that have it: a difference, until somebody settles it.
    made = console.store.categories.add(name, 0, actor, console.media.add_category(name, 0))
    return made.cate_id, made.cate_name
