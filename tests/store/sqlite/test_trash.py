"""What restoring a video costs in SQLite."""

from __future__ import annotations

from tests.conftest import TESTS


def test_restoring_a_video_leaves_compiled_statements_as_they_are(console, make_video):
    made = make_video()
    console.store.trash.put(made.video_id, made.user.user_id, 2**31, TESTS)
    seen: list[str] = []
    with console.store.engine.writing() as db:
        db.conn.set_trace_callback(lambda sql: seen.append(sql.lower()))

    console.store.trash.restore(made.video_id, TESTS)

    assert any(sql.startswith("insert into videos") for sql in seen)
    # a pragma that sets something has all statements compiled again, 10 ms for each video
    assert [sql for sql in seen if sql.startswith("pragma") and "=" in sql and "cache_size" not in sql] == []
