"""Resolves the category given by `cateId`, `cateName` or both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from backend.errors import BadRequest
from backend.model import Video
from backend.store.engine import Database
from backend.store.folding import fold

NONE = (0, "")
# Categories missing from the tree take their name from their newest video; those only in the trash keep their own.
USED = """
    select cate_id, (select cate_name from videos v where v.cate_id = c.cate_id order by seq desc limit 1), sum(number)
    from videos_per_category c group by cate_id having sum(number) > 0 order by sum(number) desc, cate_id
"""
TRASHED = """
    select cast(json_extract(video, '$[0].cate_id') as bigint), json_extract(video, '$[0].cate_name')
    from trash order by id
"""
TREE = "select cate_id, cate_name from categories order by cate_id"
LARGEST = "select coalesce(max(cate_id), 0) from videos_per_category"


def settle(db: Database, cate_id: int | None, cate_name: str | None) -> tuple[int, str]:
    """Return the category (id, name) that a request refers to, creating a new id if needed.

    An id alone must exist. A name alone finds the category with that name, or gets a new id. Neither, or both empty,
    means no category. Raises BadRequest if id and name belong to different categories, or if the name is ambiguous.
    """
    name = (cate_name or "").strip()
    if not cate_id and not name:
        return NONE
    known = names_of(db)
    if not cate_id:
        number = _find(db, known, name)
        return (number, known[number]) if number else (new_id(db), name)
    if not name and cate_id not in known:
        raise BadRequest("There is no category {cate_id}; send its cateName too.", cate_id=cate_id)
    called = known.get(cate_id)
    if cate_name is None or called == name:
        return cate_id, called or name
    if called:
        raise BadRequest(
            "Category {cate_id} is called {called}, not {name}; send one of the two alone.",
            cate_id=cate_id, called=called, name=name,
        )  # fmt: skip
    if (number := _find(db, known, name) or cate_id) != cate_id:
        raise BadRequest(
            "Category {name} has the id {number}, not {cate_id}; send one of the two alone.",
            name=name, number=number, cate_id=cate_id,
        )  # fmt: skip
    return cate_id, name


def complete(db: Database, videos: Iterable[Video], others: Mapping[int, str]) -> list[Video]:
    """Return videos with id and name of their category where one of the two was given; the others stay as they are.

    A name that neither the console nor `others` (names by id) has gets an id that these do not use. An id that has no
    name is left. Raises BadRequest if a name is ambiguous.
    """
    given = list(videos)
    if not any(_is_half(one) for one in given):
        return given
    known = names_of(db)
    known.update({cate_id: name for cate_id, name in others.items() if cate_id not in known})
    free = max([new_id(db), *(cate_id + 1 for cate_id in known)])
    found: dict[str, tuple[int, str]] = {}
    for one in given:
        name = one.cate_name.strip()
        if _is_half(one) and name and name not in found:
            number = _find(db, known, name) or free
            found[name] = number, known.setdefault(number, name)
            free = max(free, number + 1)
    return [_completed(one, known, found) if _is_half(one) else one for one in given]


def _is_half(video: Video) -> bool:
    return bool(video.cate_id) != bool(video.cate_name.strip())


def _completed(video: Video, known: Mapping[int, str], found: Mapping[str, tuple[int, str]]) -> Video:
    if video.cate_id:
        return replace(video, cate_name=known.get(video.cate_id, ""))
    cate_id, name = found[video.cate_name.strip()]
    return replace(video, cate_id=cate_id, cate_name=name)


def names_of(db: Database) -> dict[int, str]:
    """Return category names by id, those with the most videos first."""
    tree: dict[int, str] = dict(db.execute(TREE).fetchall())
    used = {cate_id: tree.get(cate_id, name or "") for cate_id, name, _ in db.execute(USED).fetchall() if cate_id}
    trashed = {cate_id: name or "" for cate_id, name in db.execute(TRASHED).fetchall() if cate_id}
    return {**used, **{cate_id: name for cate_id, name in {**trashed, **tree}.items() if cate_id not in used}}


def new_id(db: Database) -> int:
    """Return an id that no existing category uses, nor any category of an existing or trashed video."""
    return max([int(db.execute(LARGEST).fetchone()[0]), *names_of(db)]) + 1


def _find(db: Database, known: dict[int, str], name: str) -> int:
    """Return the id of the category with this name, preferring the one with the most videos; 0 if there is none."""
    found = [number for number, one in known.items() if one and fold(one) == fold(name)]
    tree = {cate_id for cate_id, _ in db.execute(TREE).fetchall()}
    if len(tree.intersection(found)) > 1:
        ids = ", ".join(str(number) for number in sorted(found))
        raise BadRequest("Several categories are called {name} ({ids}); send the cateId.", name=name, ids=ids)
    return found[0] if found else 0
