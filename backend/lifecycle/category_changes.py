"""Changes to the category tree, applied at the provider first if it has the category."""

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
    """Rename a category and update its videos. Raises BadRequest, NotFound, Conflict and CloudError."""
    console.store.categories.check_name(cate_id, name)
    if console.store.categories.is_at_provider(cate_id):
        console.media.rename_category(cate_id, name)
    console.store.categories.rename(cate_id, name, actor)


def delete(console: Console, cate_id: int, actor: Actor) -> int:
    """Delete a category and its descendants; return the number of affected videos. Raises NotFound and CloudError."""
    console.store.categories.get(cate_id)
    if console.store.categories.is_at_provider(cate_id):
        console.media.delete_category(cate_id)
    return console.store.categories.delete(cate_id, actor)


def settle(
    console: Console, cate_id: int | None, cate_name: str | None, actor: Actor
) -> tuple[int | None, str | None]:  # fmt: skip
    """Resolve a category as Catalogue.settle_category does; in cloud mode to one that exists at VOD, creating it
    there if needed. Raises BadRequest and CloudError.
    """
    found, name = console.store.catalogue.settle_category(cate_id, cate_name)
    if console.cloud is None:
        return cate_id, cate_name  # a new category gets its id in the transaction that uses it
    if not found or console.store.categories.is_at_provider(found):
        return found, name
    same = [one for one in console.store.categories.find() if found == one.cate_id or one.names == (name,)]
    if cate_id and not same:
        raise BadRequest("ApsaraVideo VOD has no category {cate_id}; send its cateName alone.", cate_id=cate_id)
    if there := next((one for one in same if console.store.categories.is_at_provider(one.cate_id)), None):
        return there.cate_id, there.cate_name
    # videos of a local-only category keep it, as a difference to be resolved
    made = console.store.categories.add(name, 0, actor, console.media.add_category(name, 0))
    return made.cate_id, made.cate_name
