"""Moving the data to another database: copied, compared, and the old one marked so that it is not used by mistake."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from backend.maintenance.comparison import compare_stores
from backend.maintenance.data_lock import MaintenanceError, hold_alone, require_data
from backend.settings import Settings
from backend.store import StoreError, open_store, open_tables
from backend.store.moving import TABLES, Mark, RowSum, Tables, copy_rows, sum_rows

TELL_SECONDS = 5.0
SAME = "The data are in {name} already. Name another place with --to."
IN_USE_BEFORE = "{name} has a console's data already. Name an empty database or a new folder with --to."
OTHER_COPY = (
    "{name} is an unfinished copy of {other} that does not belong to this move. Delete it, or empty it first with "
    "--afresh."
)
MOVING_ELSEWHERE = (
    "{name} is being moved to {other}, and that is not finished. Go on with that, or give it up first: "
    "python -m backend migrate --cancel"
)
UNSOUND = (
    "{place} is not sound: {wrong}. Nothing was changed. Mend it first: python -m backend doctor --rebuild makes "
    "indexes and counts anew"
)
STRANGE = (
    "These texts in {name} are not valid, or have the character NUL, which PostgreSQL does not take: {where}. Correct "
    "them in the console, and begin again. Nothing was changed."
)
COLUMNS_DIFFER = "The table {table} has other columns in {there} than in {here}. Move with the version that made both."
ROWS_DIFFER = (
    "{number} rows of {table} in {here}, {other} in {there}{hint}: somebody changed one of them, or the disk did."
)
TO_GO_ON = (
    "{error} {name} is not used meanwhile. Run the same command again to go on, or with --afresh to copy all of it "
    "anew; or use it as before after: python -m backend migrate --cancel"
)
NOT_MARKED = "{name} is not marked as moved, so there is nothing to cancel."
NOT_A_SOURCE = "{name} is an unfinished copy; only the database that it is made from can be used again."

Tell = Callable[[str], None]


def migrate(source: Settings, target: Settings, tell: Tell, *, afresh: bool = False) -> None:
    """Move all data to another database; an interrupted move goes on.

    The source is held alone. It is marked when copying begins, so that nobody changes it, and stays marked in the end.
    With `afresh`, an unfinished copy in the target is emptied first. Raises MaintenanceError and StoreError.
    """
    if (source.database, source.database or source.data) == (target.database, target.database or target.data):
        raise MaintenanceError(SAME.format(name=(source.database and "that database") or source.data))
    require_data(source)
    with hold_alone(source), closing(open_tables(source.data, source.database)) as old:
        refuse_problem(old)
        with hold_alone(target), _opened(target) as new:
            if _is_moved(old, new):
                new.write_mark(None)
                return tell(f"{old.name} was moved to {new.name} already.")
            _check_marks(old, new, afresh=afresh)
            columns = _compare_columns(old, new)
            with old.snapshot():
                sums = _survey(old, columns, tell)
            if old.read_mark() is None:
                tell("examining what is to be moved")
                _examine(source)
            mark = _begin(old, new, afresh=afresh)
            try:
                _copy(old, new, columns, sums, tell)
                _compare(old, new, columns, sums, tell)
                _compare_answers(source, target, tell)
            except (StoreError, MaintenanceError) as error:
                raise MaintenanceError(TO_GO_ON.format(error=error, name=old.name)) from error
            old.write_mark(replace(mark, ended=time.time()))
            new.write_mark(None)
    return None


def cancel(source: Settings) -> str:
    """Remove the mark of a move, so that the source is used again; return its name. Raises MaintenanceError."""
    require_data(source)
    with hold_alone(source), closing(open_tables(source.data, source.database)) as old:
        mark = old.read_mark()
        if mark is None:
            raise MaintenanceError(NOT_MARKED.format(name=old.name))
        if not mark.is_source:
            raise MaintenanceError(NOT_A_SOURCE.format(name=old.name))
        old.write_mark(None)
        return old.name


def fill(old: Tables, new: Tables, tell: Tell) -> None:
    """Copy all rows to a database in which nothing is yet, and compare them. Raises MaintenanceError and StoreError.

    Without marks in the end: for a backup, or from one.
    """
    if not new.is_new():
        raise MaintenanceError(IN_USE_BEFORE.format(name=new.name))
    columns = _compare_columns(old, new)
    new.begin_filling(Mark("", False, old.name, time.time()))
    sums: dict[str, RowSum] = {}
    with old.snapshot():
        numbers = old.last_numbers()
        for table, names in columns.items():
            sums[table] = copy_rows(old, new, table, names, _Rate(table, 0, tell))
    new.finish_filling(numbers, lambda _done, _total: None)
    _compare(old, new, columns, sums, tell)
    new.write_mark(None)


def refuse_problem(tables: Tables) -> None:
    """Raise MaintenanceError if a database cannot be moved from or to."""
    if problem := tables.problem():
        raise MaintenanceError(problem)


@contextmanager
def _opened(target: Settings) -> Iterator[Tables]:
    """Open the target, making its schema if there is none."""
    open_store(target.data, database=target.database, held=True).close()
    with closing(open_tables(target.data, target.database)) as new:
        refuse_problem(new)
        yield new


def _is_moved(old: Tables, new: Tables) -> bool:
    """Return whether this very move was finished before, but perhaps for removing the mark of the target."""
    here, there = old.read_mark(), new.read_mark()
    if here is None or not here.is_source or not here.ended:
        return False
    is_there = not new.is_new() and here.other == new.name if there is None else there.token == here.token
    if not is_there:
        raise MaintenanceError(here.refusal(old.name))
    return True


def _check_marks(old: Tables, new: Tables, *, afresh: bool) -> None:
    """Raise MaintenanceError unless both belong to one move, or to none and the target is empty."""
    here, there = old.read_mark(), new.read_mark()
    if here is not None and not here.is_source:
        raise MaintenanceError(here.refusal(old.name))
    if here is not None and here.other != new.name:
        raise MaintenanceError(MOVING_ELSEWHERE.format(name=old.name, other=here.other))
    if there is None:
        if not new.is_new():
            raise MaintenanceError(IN_USE_BEFORE.format(name=new.name))
    elif there.is_source:
        raise MaintenanceError(IN_USE_BEFORE.format(name=new.name))
    elif not afresh and (here is None or here.token != there.token):
        raise MaintenanceError(OTHER_COPY.format(name=new.name, other=there.other))


def _examine(source: Settings) -> None:
    """Raise MaintenanceError if the source is not sound: its copy would not be either."""
    store = open_store(source.data, database=source.database, held=True)
    try:
        if wrong := [*store.history.verify().errors, *store.check(), *store.recount()]:
            raise MaintenanceError(UNSOUND.format(place=store.place, wrong="; ".join(wrong[:5])))
    finally:
        store.close()


def _begin(old: Tables, new: Tables, *, afresh: bool) -> Mark:
    """Mark both, and return the mark of the source."""
    mark = old.read_mark() or Mark(secrets.token_hex(16), True, new.name, time.time())
    old.write_mark(mark)
    there = new.read_mark()
    if afresh or there is None or there.token != mark.token:
        new.begin_filling(Mark(mark.token, False, old.name, mark.begun))
    return mark


def _compare_columns(old: Tables, new: Tables) -> dict[str, list[str]]:
    """Return the columns of each table, which both have."""
    columns = {table: old.columns(table) for table in TABLES}
    for table, names in columns.items():
        if new.columns(table) != names:
            raise MaintenanceError(COLUMNS_DIFFER.format(table=table, here=old.name, there=new.name))
    return columns


def _survey(old: Tables, columns: dict[str, list[str]], tell: Tell) -> dict[str, RowSum]:
    """Read all rows once, to know what must arrive, and that all of it is text that every database takes."""
    sums = {}
    for table, names in columns.items():
        try:
            sums[table] = sum_rows(old, table, names, _Rate(f"reading {table}", 0, tell))
            strange = old.find_strange_text(table, names) if sums[table].may_have_nul else []
        except StoreError:
            if not (strange := old.find_strange_text(table, names)):
                raise
        if strange:
            raise MaintenanceError(STRANGE.format(name=old.name, where="; ".join(strange)))
    tell(f"{sum(one.count for one in sums.values()):,} rows to move")
    return sums


def _copy(old: Tables, new: Tables, columns: dict[str, list[str]], sums: dict[str, RowSum], tell: Tell) -> None:
    mark = new.read_mark()
    begun, copied = time.monotonic(), 0
    with old.snapshot():
        numbers = old.last_numbers()
        for table, names in columns.items():
            copied += copy_rows(old, new, table, names, _Rate(f"copying {table}", sums[table].count, tell)).count
    seconds = time.monotonic() - begun
    tell(f"{copied:,} rows copied in {seconds:,.0f} s, {copied / max(seconds, 0.001):,.0f} rows/s")
    if mark is not None and (copied or mark.later):
        tell("making indexes and what is derived from the rows")
        new.finish_filling(numbers, lambda _done, _total: None)


def _compare(old: Tables, new: Tables, columns: dict[str, list[str]], sums: dict[str, RowSum], tell: Tell) -> None:
    """Raise MaintenanceError unless the target has the same rows."""
    with new.snapshot():
        for table, names in columns.items():
            there, here = sum_rows(new, table, names, _Rate(f"comparing {table}", 0, tell)), sums[table]
            if (here.count, here.total) != (there.count, there.total):
                hint = ", which differ" if here.count == there.count else ""
                raise MaintenanceError(ROWS_DIFFER.format(
                    number=here.count, table=table, here=old.name, other=there.count, there=new.name, hint=hint
                ))  # fmt: skip
    tell("all rows are the same in both")


def _compare_answers(source: Settings, target: Settings, tell: Tell) -> None:
    here = open_store(source.data, database=source.database, held=True)
    try:
        there = open_store(target.data, database=target.database, held=True)
        try:
            for line in compare_stores(here, there):
                tell(line)
        finally:
            there.close()
    finally:
        here.close()


class _Rate:
    """Tells how a table goes on, every few seconds."""

    def __init__(self, what: str, total: int, tell: Tell) -> None:
        self._what, self._total, self._tell = what, total, tell
        self._begun = self._told = time.monotonic()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            of = f" of {self._total:,}" if self._total else ""
            self._tell(f"{self._what}: {done:,}{of} rows, {done / (now - self._begun):,.0f} rows/s")
