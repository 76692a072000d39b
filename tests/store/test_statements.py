"""Every statement that the store can send is one that both databases understand."""

from __future__ import annotations

import re
import sqlite3

import psycopg
import pytest

from backend.model.feed_statistics import FigureGroup
from backend.model.review_queues import Arrival, QueueOrder, QueueRule, ReviewQueue
from backend.store import feed_figures, figures, history, job_rows, lease_claims, open_store, review_sorting
from backend.store.postgres.database import translate
from tests.store.statements import find_statements, modules

EVERY_RULE = QueueRule(
    cate_id=1, user_ids=("1",), suggestions=("block",), labels=("porn",), words=("a",), hints=("black", "similar"),
    reported=1, min_seconds=1, max_seconds=2, passed_below=3, arrival=Arrival.IMPORT,
)  # fmt: skip
QUEUES = [
    *(ReviewQueue(f"q{number}", "", "", number, EVERY_RULE, sort) for number, sort in enumerate(QueueOrder)),
    ReviewQueue("default", "", "", 9),
]
STATES = tuple(dict.fromkeys(column for column, *_ in job_rows.STATUS.values()))
LINES = f"where {' and '.join(history.CONDITIONS.values())}"
# What depends on values of the program: function and source text -> what it can be.
EXAMPLES = {
    "placeholders(actions)": ("?, ?",),
    "_follow:', '.join((f'{name} = :{name}' for name in changed))": (
        "status = :status, user_id = :user_id, duration = :duration, size = :size",
    ),
    "set_columns:', '.join((f'{name} = :{name}' for name in values))": (
        "title = :title, title_folded = :title_folded, ends = :ends, told = :told",
    ),
    "find:COLUMNS.get(by, by.value)": tuple(feed_figures.COLUMNS.get(one, one.value) for one in FigureGroup),
    "find:', '.join((COLUMNS[one] for one in columns))": (", ".join(figures.COLUMNS.values()),),
    "find_ages:sums": ("coalesce(sum(case when since >= :t0 then 1 else 0 end), 0)",),
    "_count:where": ("", LINES), "find_page:where": ("", LINES), "iterate:where": (f"{LINES} and id < :below",),
    "find_page:_order(wanted)": ("order by at desc, id desc", "order by id desc"),
    "set_status:column": STATES,
    "find_jobs:' and '.join(terms)": ("video_id = :video_id and kind = :kind and state = :state",),
    "_waiting(len(queues))": (lease_claims._waiting(2),),
    "_insert_special:', '.join(columns)": ("name, starts, ends, priority, note, starts_typed, ends_typed, zone",),
    "sorted_in": tuple(review_sorting._sorted(QUEUES, which)[0] for which in ("", review_sorting.UNSORTED)),
    "_chosen:f'{sql} order by place'": (
        "select place from sheet_rows where sheet_id = ? and kind = ? and place in (select cast(value as bigint) "
        "from json_each(?)) order by place",
    ),
    "edit_video:assignments": ("title = :title, tags = :tags, title_folded = :title_folded, cate_id = :cate_id",),
    "_write:assigned": ("url = :url, secret = :secret",),
    "add:f\"insert into webhooks ({names}) values ({', '.join('?' * len(row))}) returning webhook_id\"": (
        "insert into webhooks (url, secret) values (?, ?) returning webhook_id",
    ),
}  # fmt: skip
INSERT = "insert:f\"insert into {table} ({', '.join(row)}) values ({', '.join((f':{name}' for name in row))})\""


@pytest.fixture
def in_sqlite(tmp_path):
    store = open_store(tmp_path)
    with store.engine.volatile() as volatile, store.engine.feed_writing() as feed, store.engine.writing() as db:
        yield db.conn, volatile.conn, feed.conn
    store.close()


@pytest.fixture
def statements(in_sqlite):
    tables = [
        name
        for (name,) in in_sqlite[0].execute(
            "select name from sqlite_master where type = 'table' and sql like '%strict%'"
        )
    ]
    inserts = []
    for table in tables:
        names = [row[1] for row in in_sqlite[0].execute(f"pragma table_info({table})")]
        inserts.append(f"insert into {table} ({', '.join(names)}) values ({', '.join(f':{name}' for name in names)})")
    examples = {**EXAMPLES, INSERT: tuple(one for one in inserts if "_reworded" not in one)}
    return [one for module in modules() for one in find_statements(module, examples)]


def test_postgresql_understands_every_statement_of_the_store(statements, in_sqlite, postgres):
    refused, known = [], {where: False for where, _ in statements}
    with psycopg.connect(postgres, autocommit=True) as db:
        for where, sql in statements:
            if _refused_by_sqlite(in_sqlite, sql):  # parts that never come together
                continue
            known[where] = True
            if error := _refused_by_postgres(db, sql):
                refused.append((where, error, sql))

    assert refused == []
    assert [where for where, is_known in known.items() if not is_known] == []
    assert len(statements) > 500


def _refused_by_sqlite(connections, sql):
    """Return why no file of the store knows the statement."""
    values = [None] * sql.count("?") or dict.fromkeys(re.findall(r":([a-z_]\w*)", sql))
    errors = []
    for connection in connections:
        try:
            connection.execute(f"explain {sql}", values)
        except sqlite3.Error as error:
            errors.append(str(error))
        else:
            return ""
    return errors[0]


def _refused_by_postgres(db, sql):
    try:
        db.execute(f"prepare checked as {translate(sql).sql}".encode())
        db.execute("deallocate checked")
    except psycopg.Error as error:
        return str(error).splitlines()[0]
    return ""
