"""Keeps the counts of the page of figures: adds up changes, and compares the counts with the rows.

Triggers note every change in `figure_changes`, in the transaction that makes it, so that no path is missed. A slot is a
quarter of an hour in UTC, of which the days of every time zone consist.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backend.store.engine import Database

SLOT_SECONDS = 900
MAX_BYTES = 1 << 53  # of one row in the sums, which a size that is no size would overflow
BOUNDED = f"case when {{0}} > {MAX_BYTES} then {MAX_BYTES} when {{0}} < -{MAX_BYTES} then -{MAX_BYTES} else {{0}} end"
AMOUNT = f"sum({BOUNDED.format('amount')})"

ADD = f"""
    insert into figure_counts (series, span, slot, key, part, number, amount)
    select series, {{span}}, {{slot}} as at, key, part, cast(sum(number) as bigint), cast({AMOUNT} as bigint)
    from figure_changes where {{where}}
    group by series, at, key, part having sum(number) <> 0 or {AMOUNT} <> 0 order by series, at, key, part
    on conflict (series, span, slot, key, part) do update set
        number = figure_counts.number + excluded.number, amount = figure_counts.amount + excluded.amount
"""
NOT_OF_USERS = "series not in ('uploads/user', 'gone/user')"
WITH_QUARTERS = "series not in ('transcode_wait', 'transcode_work', 'vmaf') and series not like 'decision_time%'"
# Series that are named by a reviewer are sparse: they need no hours if they have quarters, and no eight hours.
DENSE = "series not like '%\\_of/%' escape '\\' and series not like 'decision\\_time\\_by/%' escape '\\'"
WITH_HOURS = f"({DENSE} or series like 'decision_time%')"
QUARTER = "coalesce(slot, :slot)"
SPANS = (
    ADD.format(span=0, slot=QUARTER, where=f"{NOT_OF_USERS} and {WITH_QUARTERS}"),
    ADD.format(span=1, slot=f"({QUARTER} + 96000000) / 4 - 24000000", where=f"{NOT_OF_USERS} and {WITH_HOURS}"),
    ADD.format(span=2, slot=f"({QUARTER} + 96000000) / 32 - 3000000", where=f"{NOT_OF_USERS} and {DENSE}"),
    ADD.format(span=3, slot=f"({QUARTER} + 96000000) / 96 - 1000000", where=NOT_OF_USERS),
)
ADD_OF_USERS = f"""
    insert into figure_user_counts (series, slot, key, number, amount)
    select series, coalesce(slot, :slot) as at, key, cast(sum(number) as bigint), cast({AMOUNT} as bigint)
    from figure_changes where series in ('uploads/user', 'gone/user')
    group by series, at, key having sum(number) <> 0 or {AMOUNT} <> 0 order by series, at, key
    on conflict (series, slot, key) do update set
        number = figure_user_counts.number + excluded.number, amount = figure_user_counts.amount + excluded.amount
"""

# What the rows say, and what is counted of them, with the same columns. Deleted uploads still count as uploads.
VIDEO = """
    select created, user_id, cast(cate_id as text) as cate_id, size from videos union all
    select coalesce(cast(json_extract(video, '$[0].created') as bigint), 0),
        coalesce(cast(json_extract(video, '$[0].user_id') as text), ''),
        coalesce(cast(json_extract(video, '$[0].cate_id') as text), '0'),
        coalesce(cast(json_extract(video, '$[0].size') as bigint), 0) from trash
"""
UPLOADS = """
    select '{series}' as series, (created + 9000000000) / 900 - 10000000 as slot, {key} as key, '' as part,
        1 as number, {size} as amount from ({video}) video
    union all select '{series}', slot, key, '', case series when '{series}' then -number else number end,
        case series when '{series}' then -amount else amount end
    from {table} where series in ('{series}', '{gone}') {quarters}
"""
# By category in all: of the time before the counts, the category that a video had at its verdict is not known.
LAST = """
    select id, action, lead(action) over (partition by target order by id) as next
    from history where action in ('createAudit', 'undoAudit')
"""
COUNTED = "(series like 'decided%' or series like 'reasons%' or series like 'undone%')"
SERIES = """
    case when {0}.series like '%\\_of/%' escape '\\' then substr({0}.series, 1, cast(instr({0}.series, '/') as integer))
        else {0}.series end
"""
KEY = "case when {0}.series in ('decided/category', 'reasons/category', 'undone/category') then '' else {0}.key end"
STANDING = f"""
    select {SERIES.format("j")} as series, j.slot, {KEY.format("j")} as key, j.part, n.next
    from ({LAST}) n join figure_judgements j on j.line = n.id where n.action = 'createAudit' and {COUNTED}
"""
VERDICTS = f"""
    select series, slot, key, part, 1 as number, 0 as amount from ({STANDING}) s where coalesce(next, '') <> 'undoAudit'
    union all select 'undone' || substr(series, 8), slot, key, '', 1, 0
    from ({STANDING}) s where next = 'undoAudit' and series like 'decided%'
    union all select {SERIES.format("f")}, f.slot, {KEY.format("f")}, f.part, -f.number, 0
    from figure_counts f where f.span = 0 and {COUNTED}
"""
# A transcode counts once for its category, '' if that is not known.
TRANSCODES = """
    select 'ended/category' as series, slot, '' as key, part, number, 0 as amount
    from figure_counts where series = 'ended/kind' and span = 0 and key in ('transcode', 'narrow')
    union all select series, slot, '', part, -number, 0 from figure_counts where series = 'ended/category' and span = 0
"""
BYTES = f"""
    select 'bytes/kind' as series, cast(null as bigint) as slot, kind as key, '' as part, 1 as number,
        {BOUNDED.format("size")} as amount
    from files where size > 0
    union all select 'bytes/kind', null, 'trash', '', 1, {BOUNDED.format("size")}
    from (select cast(json_extract(one.value, '$.size') as bigint) as size from trash, json_each(trash.files) one) kept
    where size > 0
    union all select series, null, key, '', -number, -amount from figure_counts where series = 'bytes/kind' and span = 3
"""
COMPARED = {
    "uploads by user": UPLOADS.format(
        series="uploads/user", gone="gone/user", key="user_id", video=VIDEO, size=BOUNDED.format("size"),
        table="figure_user_counts", quarters="",
    ),
    "uploads by category": UPLOADS.format(
        series="uploads/category", gone="gone/category", key="cate_id", video=VIDEO, size=BOUNDED.format("size"),
        table="figure_counts", quarters="and span = 0",
    ),
    "verdicts": VERDICTS,
    "bytes by kind of file": BYTES,
    "transcodes by category": TRANSCODES,
}  # fmt: skip
DIFFERENCES = """
    select series, slot, key, part, cast(sum(number) as bigint) as number, cast(sum(amount) as bigint) as amount
    from ({}) compared group by series, slot, key, part having sum(number) <> 0 or sum(amount) <> 0
"""


def settle(db: Database, now: float) -> None:
    """Add the changes of this transaction up, before it is committed; those without a time happen now."""
    if db.execute("select 1 from figure_changes limit 1").fetchone() is None:
        return
    values: dict[str, Any] = {"slot": int(now) // SLOT_SECONDS}
    for sql in SPANS:
        db.execute(sql, values)
    db.execute(ADD_OF_USERS, values)
    db.execute("delete from figure_changes")


def examine(db: Database) -> Iterator[str]:
    """Yield differences between the counts and the rows that they count."""
    for name, sql in COMPARED.items():
        found = db.fetch(f"select * from ({DIFFERENCES.format(sql)}) differing limit 1")
        if found:
            series, slot, key, part, number, amount = found[0]
            where = f"{series} of {key!r} {part} in quarter {slot}"
            yield f"{name} in the figures, such as {where}: {number:+} and {amount:+} bytes are missing"


def rebuild(db: Database, now: float) -> None:
    """Bring the counts in line with the rows, as far as these tell: not for jobs, the queue or the programme."""
    settle(db, now)
    for sql in COMPARED.values():
        db.execute(f"insert into figure_changes (series, slot, key, part, number, amount) {DIFFERENCES.format(sql)}")
    settle(db, now)
