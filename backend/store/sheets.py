"""Uploaded sheets: what they would change, kept for an hour; applying them, and undoing that."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from backend.errors import BadRequest, Conflict, ConsoleError, NotFound
from backend.model import Actor, HistoryFilter, HistoryLine
from backend.model.sheets import KEPT_SECONDS, AppliedSheet, EntryValues, Listing, RowKind, Sheet, SheetRow, Texts
from backend.store import categories, history, sheet_entries
from backend.store.engine import Database, Engine
from backend.store.folding import fold, marked_tags
from backend.store.rows import AT, AT_NUMBER, as_json, fields_of, read_object
from backend.store.sheet_entries import EntryChanger

ROWS = "place, line, kind, video_id, edition, title, before, after, why"
ADD = """
    insert into sheets (sheet_id, user_name, file_name, created, unchanged, listing, compared, ignored)
    values (?, ?, ?, ?, ?, ?, ?, ?)
"""
ADD_ROW = f"insert into sheet_rows (sheet_id, {ROWS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
OF_SHEET = ("sheet_id", "user_name", "file_name", "created", "unchanged", "listing")
OF_VIDEO = ", ".join(Texts.__struct_fields__)
CHANGE = """
    update videos set
        title = ?, title_folded = ?, description = ?, tags = ?, tags_folded = ?, cate_id = ?, cate_name = ?
    where video_id = ?
"""
LAST_CHANGE = f"""
    select target, actor from history where id in (
        select max(id) from history where action = 'editVideo' and {AT.format(key="target")} group by target
    )
"""
BOOKED = "select * from history where target = ? and action in ('applySheet', 'undoSheet') order by id"
CHANGED_MEANWHILE = "{name} has changed the video since the export."
CHANGED_SINCE = "The video was changed after the export."
GONE = "There is no sheet {sheet_id}: a sheet is kept for an hour, for who uploaded it. Upload the file again."
NO_SUCH = "There is no video {video_id}. It may have been deleted."
UNDONE = "There is nothing of sheet {sheet_id} to undo."

Pair = tuple[Any, Any]  # id and name of a category; either may be None
Refused = tuple[SheetRow, ConsoleError]


class Undo(NamedTuple):
    """A change of a sheet that can be undone: what the video is now, and what it will be."""

    video_id: str
    now: Texts
    then: Texts
    before: dict[str, Any]
    after: dict[str, Any]


class Sheets:
    """Uploaded sheets, and what they changed."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    # Checking

    def find_entries(self, video_ids: Iterable[str]) -> dict[str, EntryValues]:
        """Return what a sheet can change of these videos in the recommended list, by id."""
        with self._engine.reading() as db:
            return sheet_entries.find(db, video_ids)

    def find_why_of_entries(self, video_ids: Iterable[str]) -> dict[str, ConsoleError]:
        """Return who changed each of these entries last, as the reason of a conflict."""
        with self._engine.reading() as db:
            return sheet_entries.find_why(db, video_ids)

    def find_texts(self, video_ids: Iterable[str]) -> dict[str, Texts]:
        """Return what a sheet can change of the existing ones of these videos, by id."""
        with self._engine.reading() as db:
            return _texts(db, video_ids)

    def settle_categories(self, wanted: Iterable[Pair]) -> dict[Pair, tuple[int, str] | BadRequest]:
        """Return the category that each pair refers to, with the id 0 if it is new by name, or why there is none."""
        with self._engine.reading() as db:
            settle, known = _Settled(db), {*categories.names_of(db), 0}
            found = {pair: settle[pair] for pair in wanted}
        return {
            pair: (0, one[1]) if not isinstance(one, BadRequest) and not pair[0] and one[0] not in known else one
            for pair, one in found.items()
        }

    def find_why(self, video_ids: Iterable[str]) -> dict[str, ConsoleError]:
        """Return who changed each of these videos last, as the reason of a conflict."""
        with self._engine.reading() as db:
            return _why(db, video_ids)

    def keep(self, sheet: Sheet, rows: Sequence[SheetRow]) -> Sheet:
        """Store a sheet with an id and the time, and delete those that were stored more than an hour ago."""
        sheet = msgspec.structs.replace(sheet, sheet_id=secrets.token_hex(8), created=self._now())
        values = [getattr(sheet, name) for name in OF_SHEET]
        with self._engine.writing(bulk=True) as db:
            db.execute("delete from sheets where created <= ?", [self._now() - KEPT_SECONDS])
            db.execute(ADD, [*values, _text(sheet.compared), _text(sheet.ignored)])
            db.executemany(ADD_ROW, ((sheet.sheet_id, *_written(row)) for row in rows))
        return sheet

    def get(self, sheet_id: str, user_name: str) -> tuple[Sheet, dict[str, int]]:
        """Return a sheet of this user, and its number of rows by kind. Raises NotFound."""
        with self._engine.reading() as db:
            sheet = self._sheet(db, sheet_id, user_name)
            counts = db.fetch("select kind, count(*) from sheet_rows where sheet_id = ? group by kind", [sheet_id])
            return sheet, dict(counts)

    def find_rows(self, sheet_id: str, kind: RowKind | None, index: int, size: int) -> list[SheetRow]:
        """Return page `index` (from 1) of the rows of a sheet, in order; only those of a kind if one is given."""
        where = "sheet_id = ?" + (" and kind = ?" if kind else "")
        sql = f"select {ROWS} from sheet_rows where {where} order by place limit ? offset ?"
        with self._engine.reading() as db:
            return [_row(row) for row in db.fetch(sql, [sheet_id, *([kind] if kind else []), size, (index - 1) * size])]

    def find_chosen(
        self, sheet_id: str, user_name: str, places: Sequence[int] | None
    ) -> tuple[Sheet, list[SheetRow]]:  # fmt: skip
        """Return a sheet and its rows that would be changed: those at these places, or all. Raises NotFound."""
        with self._engine.reading() as db:
            return self._sheet(db, sheet_id, user_name), _chosen(db, sheet_id, places)

    # Applying

    def apply(
        self, sheet_id: str, user_name: str, places: Sequence[int] | None, actor: Actor
    ) -> tuple[int, list[Refused]]:
        """Change the videos of the chosen rows in one transaction; return their number, and what was refused and why.

        Raises NotFound.
        """
        with self._engine.writing(bulk=True) as db:
            sheet = self._sheet(db, sheet_id, user_name)
            rows, now = _chosen(db, sheet_id, places), self._now()
            is_of_videos = sheet.listing is Listing.VIDEOS
            changer = _Changer(db, rows) if is_of_videos else EntryChanger(db, sheet_id, rows, actor, now)
            changes: list[history.Change] = []
            refused: list[Refused] = []
            for row in rows:
                try:
                    changes.append(changer.apply(row))
                    row.kind = RowKind.APPLIED
                except ConsoleError as error:
                    row.kind = RowKind.CONFLICT if isinstance(error, Conflict) else RowKind.INVALID
                    row.why = error
                    refused.append((row, error))
            _rewrite(db, sheet_id, rows)
            if changes:
                told = {"file": sheet.file_name, "count": len(changes)}
                history.append_many(db, at=now, actor=actor, action=changer.action, changes=changes)
                history.append(db, at=now, actor=actor, action="applySheet", target=sheet_id, after=told)
        return len(changes), refused

    # Undoing

    def find_applied(self, most: int) -> list[AppliedSheet]:
        """Return the sheets applied last, latest first."""
        found = history.History(self._engine).find_page(HistoryFilter(action="applySheet"), 1, most).items
        with self._engine.reading() as db:
            ends = {line.target: _lines(db, line.target) for line in found}
        return [
            AppliedSheet(line.target, str(line.after.get("file", "")), line.actor.name, line.at, _count(line),
                         line not in ends[line.target])
            for line in found
        ]  # fmt: skip

    def find_undo(self, sheet_id: str) -> tuple[list[Undo], list[tuple[str, ConsoleError]]]:
        """Return what undoing a sheet would change of videos, and what cannot be undone and why. Raises NotFound."""
        with self._engine.reading() as db:
            _, lines = _applied(db, sheet_id)
            return _find_undo(db, [line for line in lines if line.action != sheet_entries.ACTION])

    def undo(self, sheet_id: str, actor: Actor) -> tuple[int, list[tuple[str, ConsoleError]]]:
        """Undo all changes of a sheet in one transaction, but for videos changed since, which are returned with the
        reason. Raises NotFound.
        """
        with self._engine.writing(bulk=True) as db:
            (file_name, lines), now = _applied(db, sheet_id), self._now()
            if lines and lines[0].action == sheet_entries.ACTION:
                changes, refused = sheet_entries.undo(db, sheet_id, lines, actor, now)
            else:
                undos, refused = _find_undo(db, lines)
                for one in undos:
                    _write(db, one.video_id, one.then)
                changes = [(one.video_id, one.after, one.before) for one in undos]
            if changes:
                history.append_many(db, at=now, actor=actor, action=lines[0].action, changes=changes)
                told = {"file": file_name, "count": len(changes)}
                history.append(db, at=now, actor=actor, action="undoSheet", target=sheet_id, after=told)
            sql = f"update sheet_rows set kind = ? where sheet_id = ? and kind = ? and {AT.format(key='video_id')}"
            db.execute(sql, [RowKind.CHANGED, sheet_id, RowKind.APPLIED, as_json(one for one, _, _ in changes)])
        return len(changes), refused

    def _sheet(self, db: Database, sheet_id: str, user_name: str) -> Sheet:
        sql = "select * from sheets where sheet_id = ? and user_name = ? and created > ?"
        row = next(iter(db.query(sql, [sheet_id, user_name, self._now() - KEPT_SECONDS])), None)
        if row is None:
            raise NotFound(GONE, sheet_id=sheet_id)
        lists = {name: tuple(msgspec.json.decode(row[name])) for name in ("compared", "ignored")}
        return Sheet(**{**fields_of(Sheet, row), **lists, "listing": Listing(row["listing"])})

    def _now(self) -> int:
        return int(self._clock())


class _Settled(dict[Pair, tuple[int, str] | BadRequest]):
    """The category that each pair refers to, or why there is none.

    A pair is looked up when it is first asked for, so that it finds the new categories of rows written before.
    """

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db

    def __missing__(self, pair: Pair) -> tuple[int, str] | BadRequest:
        try:
            self[pair] = categories.settle(self._db, *pair)
        except BadRequest as error:
            self[pair] = error
        return self[pair]


class _Changer:
    """Changes videos for the rows of one sheet."""

    action = "editVideo"

    def __init__(self, db: Database, rows: Sequence[SheetRow]) -> None:
        self._db = db
        self._texts = _texts(db, [row.video_id for row in rows])
        self._why = _why(db, [row.video_id for row in rows if _is_moved(row, self._texts)])
        self._settle = _Settled(db)

    def apply(self, row: SheetRow) -> history.Change:
        """Change one video and return the line for the history. Raises NotFound, Conflict and BadRequest."""
        now = self._texts.get(row.video_id)
        if now is None:
            raise NotFound(NO_SUCH, video_id=row.video_id)
        if now.edition != row.edition:
            raise self._why[row.video_id]
        wanted = dict(row.after)
        if "cate_id" in wanted or "cate_name" in wanted:
            settled = self._settle[wanted.get("cate_id"), wanted.get("cate_name")]
            if isinstance(settled, BadRequest):
                raise settled
            wanted["cate_id"], wanted["cate_name"] = settled
        then = msgspec.structs.replace(now, **wanted)
        _write(self._db, row.video_id, then)
        return row.video_id, *_differences(now, then)


def _applied(db: Database, sheet_id: str) -> tuple[str, list[HistoryLine]]:
    """Return the name of the file of a sheet, and the lines of its changes that can be undone. Raises NotFound."""
    booked = _lines(db, sheet_id)
    if not booked:
        raise NotFound(UNDONE, sheet_id=sheet_id)
    ids = [id_ for line in booked for id_ in range(line.line - _count(line), line.line)]
    sql = f"select * from history where {AT_NUMBER.format(key='id')} order by id"
    return str(booked[-1].after.get("file", "")), [history.line_of(row) for row in db.query(sql, [as_json(ids)])]


def _find_undo(db: Database, lines: Sequence[HistoryLine]) -> tuple[list[Undo], list[tuple[str, ConsoleError]]]:
    texts = _texts(db, [line.target for line in lines])
    why = _why(db, [line.target for line in lines])
    settle = _Settled(db)
    undos, refused = list[Undo](), list[tuple[str, ConsoleError]]()
    for line in lines:
        now = texts.get(line.target)
        if now is None:
            refused.append((line.target, NotFound(NO_SUCH, video_id=line.target)))
        elif any(getattr(now, name) != value for name, value in line.after.items()):
            refused.append((line.target, why[line.target]))
        else:
            then = msgspec.structs.replace(now, **line.before)
            settled = settle[then.cate_id, then.cate_name] if then.cate_id != now.cate_id else None
            if isinstance(settled, BadRequest):
                refused.append((line.target, settled))
            elif now != then:
                undos.append(Undo(line.target, now, then, line.before, line.after))
    return undos, refused


def _lines(db: Database, sheet_id: str) -> list[HistoryLine]:
    """Return the lines of the history that say a sheet was applied, since it was undone last.

    The lines before each of them, as many as it counts, are its changes.
    """
    lines = [history.line_of(row) for row in db.query(BOOKED, [sheet_id])]
    undone = max((line.line for line in lines if line.action == "undoSheet"), default=0)
    return [line for line in lines if line.line > undone]


def _count(line: HistoryLine) -> int:
    return int(line.after.get("count", 0))


def _texts(db: Database, video_ids: Iterable[str]) -> dict[str, Texts]:
    sql = f"select video_id, {OF_VIDEO} from videos where {AT.format(key='video_id')}"
    return {video_id: Texts(*texts) for video_id, *texts in db.fetch(sql, [as_json(video_ids)])}


def _is_moved(row: SheetRow, texts: dict[str, Texts]) -> bool:
    now = texts.get(row.video_id)
    return now is not None and now.edition != row.edition


def _why(db: Database, video_ids: Iterable[str]) -> dict[str, ConsoleError]:
    ids = list(video_ids)
    names = dict(db.fetch(LAST_CHANGE, [as_json(ids)])) if ids else {}
    return {
        id_: Conflict(CHANGED_MEANWHILE, name=names[id_]) if names.get(id_) else Conflict(CHANGED_SINCE) for id_ in ids
    }


def _write(db: Database, video_id: str, then: Texts) -> None:
    folded = fold(then.title), marked_tags(then.tags)
    values = [then.title, folded[0], then.description, then.tags, folded[1], then.cate_id, then.cate_name, video_id]
    db.execute(CHANGE, values)


def _differences(now: Texts, then: Texts) -> tuple[dict[str, Any], dict[str, Any]]:
    names = [name for name in Texts.__struct_fields__ if getattr(now, name) != getattr(then, name)]
    return {name: getattr(now, name) for name in names}, {name: getattr(then, name) for name in names}


def _chosen(db: Database, sheet_id: str, places: Sequence[int] | None) -> list[SheetRow]:
    sql = f"select {ROWS} from sheet_rows where sheet_id = ? and kind = ?"
    values: list[Any] = [sheet_id, RowKind.CHANGED]
    if places is not None:
        sql, values = f"{sql} and {AT_NUMBER.format(key='place')}", [*values, as_json(places)]
    return [_row(row) for row in db.fetch(f"{sql} order by place", values)]


def _rewrite(db: Database, sheet_id: str, rows: Iterable[SheetRow]) -> None:
    sql = "update sheet_rows set kind = ?, why = ? where sheet_id = ? and place = ?"
    db.executemany(sql, ((row.kind, row.why.pack() if row.why else "", sheet_id, row.place) for row in rows))


def _written(row: SheetRow) -> tuple[Any, ...]:
    why = row.why.pack() if row.why else ""
    return (
        row.place, row.line, row.kind, row.video_id, row.edition, row.title, _text(row.before), _text(row.after), why,
    )  # fmt: skip


def _row(row: tuple[Any, ...]) -> SheetRow:
    place, line, kind, video_id, edition, title, before, after, why = row
    error = ConsoleError.unpack(why) if why else None
    return SheetRow(
        place, line, RowKind(kind), video_id, edition, title, read_object(before), read_object(after), error
    )  # fmt: skip


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
