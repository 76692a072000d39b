"""The category tree; renaming or deleting a category also updates its videos."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from backend.errors import Conflict, NotFound
from backend.model import Actor
from backend.model.categories import Category
from backend.store import history
from backend.store.categories import NONE, names_of, new_id
from backend.store.engine import Database, Engine
from backend.store.folding import fold

MAX_LEVELS = 3  # as in VOD
MAX_CHILDREN = 100
COUNTS = "select cate_id, sum(number) from videos_per_category group by cate_id"
NO_CATEGORY = "There is no category {cate_id}."


class CategoryTree:
    """Queries and changes of the category tree."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def find(self) -> list[Category]:
        """Return all categories in tree order, siblings by name.

        Categories known only from videos are listed at the root.
        """
        with self._engine.reading() as db:
            return list(_walk(_read(db)))

    def get(self, cate_id: int) -> Category:
        """Return one category. Raises NotFound."""
        found = next((one for one in self.find() if one.cate_id == cate_id), None)
        if found is None:
            raise NotFound(NO_CATEGORY, cate_id=cate_id)
        return found

    def is_at_provider(self, cate_id: int) -> bool:
        """Return whether the category is known to exist at the provider."""
        with self._engine.reading() as db:
            return _is_at_provider(db, cate_id)

    def check_new(self, name: str, parent_id: int) -> None:
        """Raise the NotFound or Conflict that `add` would raise."""
        with self._engine.reading() as db:
            _check_new(_read(db), name, parent_id)

    def check_name(self, cate_id: int, name: str) -> None:
        """Raise the NotFound or Conflict that `rename` would raise."""
        with self._engine.reading() as db:
            _check_name(_read(db), cate_id, name)

    def add(self, name: str, parent_id: int, actor: Actor, cate_id: int | None = None) -> Category:
        """Add a category.

        `cate_id` is the id assigned by the provider; if given, the name is not checked. Raises NotFound and Conflict.
        """
        with self._engine.writing() as db:
            if cate_id is None:
                _check_new(_read(db), name, parent_id)
            row = Category(cate_id or new_id(db), name, parent_id)
            _write(db, row, at_provider=cate_id is not None)
            self._note(db, actor, "addCategory", row.cate_id, {}, {"cate_name": name, "parentId": parent_id})
        return self.get(row.cate_id)

    def rename(self, cate_id: int, name: str, actor: Actor) -> bool:
        """Rename a category and update its videos. False if the name is unchanged. Raises NotFound and Conflict."""
        with self._engine.writing(bulk=True) as db:
            known = _read(db)
            _check_name(known, cate_id, name)
            before = known[cate_id]
            if before.cate_name == name:
                return False
            _write(db, replace(before, cate_name=name), at_provider=_is_at_provider(db, cate_id))
            _rename_videos(db, cate_id, name)
            self._note(db, actor, "renameCategory", cate_id, {"cate_name": before.cate_name}, {"cate_name": name})
            return True

    def delete(self, cate_id: int, actor: Actor) -> int:
        """Delete a category and its descendants, clear the category of their videos, and return how many videos that
        are. Raises NotFound.
        """
        with self._engine.writing(bulk=True) as db:
            known = _read(db)
            if cate_id not in known:
                raise NotFound(NO_CATEGORY, cate_id=cate_id)
            gone = [one for one in known.values() if cate_id in _line(known, one.cate_id)]
            videos = sum(one.total for one in gone)
            _forget(db, [one.cate_id for one in gone])
            names = " / ".join(known[cate_id].names)
            self._note(db, actor, "deleteCategory", cate_id, {"cate_name": names, "videos": videos}, {})
            return videos

    def apply_provider_tree(self, found: Iterable[Category], actor: Actor) -> int:
        """Apply the provider's category tree and return the number of changed categories.

        Categories that exist only here are kept. Those removed at the provider are removed from their videos too, as
        the provider does.
        """
        wanted = {one.cate_id: one for one in found}
        changed = 0
        with self._engine.writing(bulk=True) as db:
            sql = "select cate_id, cate_name, parent_id from categories where at_provider = 1"
            known = {row[0]: Category(*row) for row in db.execute(sql).fetchall()}
            for one in wanted.values():
                before = known.get(one.cate_id)
                if before == one:
                    continue
                changed += 1
                _write(db, one, at_provider=True)
                _rename_videos(db, one.cate_id, one.cate_name)
                old = {"cate_name": before.cate_name, "parentId": before.parent_id} if before else {}
                new = {"cate_name": one.cate_name, "parentId": one.parent_id}
                action = "renameCategory" if before else "addCategory"
                self._note(db, actor, action, one.cate_id, old, new)
            for cate_id in known.keys() - wanted.keys():
                changed += 1
                _forget(db, [cate_id])
                self._note(db, actor, "deleteCategory", cate_id, {"cate_name": known[cate_id].cate_name}, {})
        return changed

    def _note(
        self, db: Database, actor: Actor, action: str, cate_id: int, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        at = int(self._clock())
        history.append(db, at=at, actor=actor, action=action, target=str(cate_id), before=before, after=after)


def _read(db: Database) -> dict[int, Category]:
    """Return all categories by id, with the path of names from the root and the number of videos."""
    parents: dict[int, int] = dict(db.execute("select cate_id, parent_id from categories").fetchall())
    counts: dict[int, int] = dict(db.execute(COUNTS).fetchall())
    names = names_of(db)
    known = {
        cate_id: Category(cate_id, name, parents.get(cate_id, 0), (), counts.get(cate_id, 0))
        for cate_id, name in names.items()
    }
    return {
        cate_id: replace(one, names=tuple(known[above].cate_name for above in _line(known, cate_id)))
        for cate_id, one in known.items()
    }


def _line(known: dict[int, Category], cate_id: int) -> list[int]:
    """Return the ids on the path from the root to a category. A missing parent counts as the root."""
    line: list[int] = []
    while cate_id in known and cate_id not in line:
        line.insert(0, cate_id)
        cate_id = known[cate_id].parent_id
    return line


def _walk(known: dict[int, Category]) -> Iterator[Category]:
    yield from sorted(known.values(), key=lambda one: ([fold(name) for name in one.names], one.cate_id))


def _check_new(known: dict[int, Category], name: str, parent_id: int) -> None:
    if parent_id and parent_id not in known:
        raise NotFound(NO_CATEGORY, cate_id=parent_id)
    if len(_line(known, parent_id)) >= MAX_LEVELS:
        raise Conflict("Categories have at most {most} levels.", most=MAX_LEVELS)
    siblings = [one for one in known.values() if one.parent_id == parent_id]
    if len(siblings) >= MAX_CHILDREN and parent_id:
        raise Conflict("A category has at most {most} below it.", most=MAX_CHILDREN)
    _check_siblings(siblings, name)


def _check_name(known: dict[int, Category], cate_id: int, name: str) -> None:
    if cate_id not in known:
        raise NotFound(NO_CATEGORY, cate_id=cate_id)
    parent_id = known[cate_id].parent_id
    _check_siblings([one for one in known.values() if one.parent_id == parent_id and one.cate_id != cate_id], name)


def _check_siblings(siblings: Iterable[Category], name: str) -> None:
    if any(fold(one.cate_name) == fold(name) for one in siblings):
        raise Conflict("There is a category {name} already at this place.", name=name)


def _is_at_provider(db: Database, cate_id: int) -> bool:
    sql = "select 1 from categories where cate_id = ? and at_provider = 1"
    return db.execute(sql, [cate_id]).fetchone() is not None


def _write(db: Database, one: Category, *, at_provider: bool) -> None:
    db.execute(
        "insert into categories (cate_id, cate_name, parent_id, at_provider) values (?, ?, ?, ?) "
        "on conflict (cate_id) do update set cate_name = excluded.cate_name, parent_id = excluded.parent_id, "
        "at_provider = excluded.at_provider",
        [one.cate_id, one.cate_name, one.parent_id, int(at_provider)],
    )


def _rename_videos(db: Database, cate_id: int, name: str) -> None:
    """Update the category name of videos, including their feed and trash entries."""
    for table in ("videos", "recommendations"):
        sql = f"update {table} set cate_name = ? where cate_id = ? and (cate_name <> ? or cate_name is null)"
        db.execute(sql, [name, cate_id, name])
    _change_trash(db, cate_id, {"cate_name": name})


def _forget(db: Database, cate_ids: list[int]) -> None:
    """Delete categories and clear them from videos, including their feed and trash entries."""
    for cate_id in cate_ids:
        for table in ("videos", "recommendations"):
            db.execute(f"update {table} set cate_id = ?, cate_name = ? where cate_id = ?", [*NONE, cate_id])
        _change_trash(db, cate_id, dict(zip(("cate_id", "cate_name"), NONE, strict=True)))
        db.execute("delete from categories where cate_id = ?", [cate_id])


def _change_trash(db: Database, cate_id: int, new: Mapping[str, Any]) -> None:
    """Change columns of the videos of a category that are in the trash."""
    sql = "select video_id, video from trash where cast(json_extract(video, '$[0].cate_id') as bigint) = ?"
    for video_id, text in db.execute(sql, [cate_id]).fetchall():
        changed = [{**video, **new} for video in json.loads(text)]
        values = [json.dumps(changed, ensure_ascii=False), video_id]
        db.execute("update trash set video = ? where video_id = ?", values)
