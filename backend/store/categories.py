"""Which categories there are, and which one is meant: an id and its name go together."""

from __future__ import annotations

from sqlite_utils import Database

from backend.errors import BadRequest
from backend.store.folding import fold

NONE = (0, "")
# The newest video of a category says what it is called; what lies in the trash comes back with its own.
KNOWN = """
    select cate_id, (select cate_name from videos v where v.cate_id = c.cate_id order by seq desc limit 1), sum(number)
    from videos_per_category c group by cate_id having sum(number) > 0 order by sum(number) desc, cate_id
"""
TRASHED = "select json_extract(video, '$[0].cate_id'), json_extract(video, '$[0].cate_name') from trash order by id"
LARGEST = "select coalesce(max(cate_id), 0) from videos_per_category"


def settle(db: Database, cate_id: int | None, cate_name: str | None) -> tuple[int, str]:
    """Return the category that is meant, inside the caller's transaction: one that is there, or a new one.

    An id without a name is one that is there; a name without an id is the category of that name, or a new one with a
    new id; neither, or both empty, is no category. Raises BadRequest where the two are not of one category.
    """
    name = (cate_name or "").strip()
    if not cate_id and not name:
        return NONE
    known = _known(db)
    by_name = {fold(one): number for number, one in reversed(known.items()) if one}
    if not cate_id:
        number = by_name.get(fold(name))
        return (number, known[number]) if number else (max([_largest(db), *known]) + 1, name)
    if not name and cate_id not in known:
        raise BadRequest("There is no category {cate_id}; send its cateName too.", cate_id=cate_id)
    if cate_name is None:
        return cate_id, known[cate_id]
    if (called := known.get(cate_id)) and called != name:
        raise BadRequest(
            "Category {cate_id} is called {called}, not {name}; send one of the two alone.",
            cate_id=cate_id, called=called, name=name,
        )  # fmt: skip
    if (number := by_name.get(fold(name), cate_id)) != cate_id:
        raise BadRequest(
            "Category {name} has the id {number}, not {cate_id}; send one of the two alone.",
            name=name, number=number, cate_id=cate_id,
        )  # fmt: skip
    return cate_id, name


def _known(db: Database) -> dict[int, str]:
    """Return the names of all categories by their ids, those with the most videos first."""
    found = {cate_id: name or "" for cate_id, name, _ in db.execute(KNOWN).fetchall() if cate_id}
    for cate_id, name in db.execute(TRASHED).fetchall():
        if cate_id:
            found.setdefault(cate_id, name or "")
    return found


def _largest(db: Database) -> int:
    return int(db.execute(LARGEST).fetchone()[0])
