"""Statements of the store's modules, as PostgreSQL takes them."""

from __future__ import annotations

import psycopg
import pytest

from backend.store.postgres.database import Database, adapt, translate


@pytest.fixture
def db(postgres):
    with psycopg.connect(postgres, cursor_factory=psycopg.RawCursor) as connection:
        adapt(connection.adapters)
        yield Database(connection, lambda: 1547043089.5)


def test_question_marks_and_names_are_numbered():
    assert translate("select ? + ?").sql == "select $1 + $2"
    named = translate("select :b, :a, :b")
    assert (named.sql, named.names) == ("select $1, $2, $1", ("b", "a"))


def test_texts_casts_and_comments_are_left_alone():
    sql = "select 'is it 12:30?', '''?', a::bigint, ? -- :why?\n from t"

    assert translate(sql).sql == "select 'is it 12:30?', '''?', a::bigint, $1 -- :why?\n from t"


def test_a_statement_has_placeholders_of_one_kind():
    with pytest.raises(ValueError, match="two kinds"):
        translate("select ?, :name")


def test_the_present_second_is_the_stores(db):
    sql = "select ends from (values (1547043089), (1547043090)) t (ends) where ends > present_second() and ends < {}"

    assert db.fetch(sql.format("?"), [1547043091]) == [(1547043090,)]
    assert db.fetch(sql.format(":end"), {"end": 1547043091}) == [(1547043090,)]


def test_values_come_back_as_from_sqlite(db):
    values = [True, 1 << 62, 2.5, "fünf\U0001f600", b"\0\xff", None]
    db.execute("create temporary table t (a bigint, b bigint, c double precision, d text, e bytea, f text)")
    db.execute("insert into t values (?, ?, ?, ?, ?, ?)", values)

    assert list(db.query("select * from t")) == [dict(zip("abcdef", [1, *values[1:]], strict=True))]
    total = db.fetch("select sum(a), sum(b), sum(c), count(*), avg(a) from t")[0]
    assert [(type(one), one) for one in total] == [(int, 1), (int, 1 << 62), (float, 2.5), (int, 1), (float, 1.0)]


def test_values_that_a_statement_does_not_ask_for_are_ignored(db):
    assert db.fetch("select 1", {"more": 2}) == [(1,)]


def test_many_rows_go_in_with_names_or_without(db):
    db.execute("create temporary table t (a bigint, b text)")
    db.executemany("insert into t values (?, ?)", ((n, str(n)) for n in range(3)))
    db.executemany("insert into t values (:a, :b)", [{"a": 3, "b": "3"}])
    db.executemany("insert into t values (?, ?)", [])

    assert db.fetch("select sum(a), count(*) from t") == [(6, 4)]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("json_extract('{\"a\": [{\"b\": 2.5}]}', '$.a[0].b')", "2.5"),
        ("json_extract('{\"a\": 1}', '$.b')", None),
        ("json_extract('[{\"a\": \"x\"}]', '$[0].a')", "x"),
        ("json_array_length('[1, 2]')", 2),
        ("json_array_length('{\"urls\": [1]}', '$.urls')", 1),
        ("(select count(*) from json_each('[]'))", 0),
        ('(select max(value) from json_each(\'["a", "b"]\'))', "b"),
        ("(select max(value) from json_each('{\"a\": [1, 2]}', '$.a'))", "2"),
        ("instr('火锅', '锅')", 2),
        ("instr('a', 'b')", 0),
        ("iif(1 > 2, 'a', 'b')", "b"),
        ("max(1, 2)", 2),
        ("max(1, null)", None),
        ("min(1, 2)", 1),
        ("write_time(1547043089, 'Asia/Shanghai')", "2019-01-09 22:11:29"),
        ("write_time(-99999999999999, 'UTC')", "0001-01-01 00:00:00"),
        ("write_time(99999999999999, 'UTC')", "9999-12-31 23:59:59"),
        ("signs('aba')", [97, 98, 97, 97 << 24 | 98, 98 << 24 | 97]),
        ("signs('')", []),
        ("tag_list(',a,b,')", ["a", "b"]),
    ],
)
def test_functions_that_sqlite_has_are_here_too(db, sql, value):
    assert db.fetch(f"select {sql}") == [(value,)]
