"""Small statements, for tests of connections and changes."""

from __future__ import annotations

OTHERS = "pid <> pg_backend_pid() and datname = current_database() and application_name = 'qu-console'"


def end_connections(admin):
    return admin.execute(f"select count(pg_terminate_backend(pid)) from pg_stat_activity where {OTHERS}").fetchone()[0]


def words(store):
    with store.engine.reading() as db:
        return db.fetch("select name from cloud_places order by 1")


def write(store, word):
    with store.engine.writing() as db:
        db.execute("insert into cloud_places (name, value) values (?, '')", [word])


def execute(store, *statements):
    with store.engine.writing() as db:
        for sql in statements:
            db.execute(sql)
