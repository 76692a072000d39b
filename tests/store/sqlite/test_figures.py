"""Counts of the page of figures: the doctor compares them with the rows and brings them back."""

from __future__ import annotations

import pytest

from backend.model import FileKind, MediaFile, Verdict
from backend.store import reviews
from backend.store.sqlite import migrations
from tests.conftest import TESTS

# Counted since a later version, whose view the upgrade before this one does not have.
LATER = "series like '%\\_of/%' escape '\\' or series like 'decision\\_time\\_by/%' escape '\\'"
SOURCE = MediaFile(FileKind.SOURCE, "source.mp4", 1000)


@pytest.fixture
def counts(console):
    """Reads all counts that are not zero."""

    def read():
        tables = {"figure_counts": "series, span, slot, key, part", "figure_user_counts": "series, slot, key"}
        with console.store.engine.reading() as db:
            return {
                tuple(row)
                for table, columns in tables.items()
                for row in db.execute(f"select {columns}, number, amount from {table} where number <> 0 or amount <> 0")
            }

    return read


@pytest.fixture
def day(console, make_video, clock):
    """A day with uploads, verdicts, an undo, and a video that moved, was deleted and came back."""
    videos = [make_video(cate_id=number, files=(SOURCE,)).video_id for number in range(4)]
    for number, verdict in enumerate((Verdict.NORMAL, Verdict.BLOCKED, Verdict.NORMAL)):
        clock.move(500)
        console.store.catalogue.record_audit(videos[number], verdict, "why", "", TESTS, reason_code="spam")
    console.store.catalogue.undo_audit(videos[2], TESTS)
    user_id = console.store.catalogue.get_video(videos[3]).user.user_id
    console.store.trash.put(videos[3], user_id, 1 << 32, TESTS)
    console.store.trash.restore(videos[3], TESTS)


@pytest.mark.parametrize("table", ["figure_counts", "figure_user_counts"])
def test_lost_counts_are_told_and_brought_back_from_the_rows(console, counts, day, table):
    def of_rows():
        told = ("uploads/user", "uploads/category", "decided", "decided/reviewer", "reasons", "undone/reviewer")
        return {row for row in counts() if row[0] in told}

    before = of_rows()
    with console.store.engine.writing() as db:
        db.execute(f"delete from {table}")
    assert "in the figures, such as" in console.store.recount()[0]

    console.store.rebuild()

    assert console.store.recount() == []
    assert of_rows() == before


def test_an_upgrade_counts_what_is_known_of_the_time_before(console, counts, day):
    """The counts that are kept as things change are those that the migration makes of the rows."""
    exactly = ("uploads/", "decided", "undone", "reasons", "decision_time", "bytes/", "ended/")
    before = {row for row in counts() if row[0].startswith(exactly)}
    scripts = [migrations.scripts()[name] for name in ("0030_figures", "0038_figures_by_two")]
    fills = [script[script.index("-- What is known of the time before.") :] for script in scripts]

    with console.store.engine.writing() as db:
        db.execute("delete from figure_counts")
        db.execute("delete from figure_user_counts")
        migrations.run(fills[0], db)
        db.execute(f"delete from figure_changes where {LATER}")
        migrations.run(fills[1], db)

    assert {row for row in counts() if row[0].startswith(exactly)} == before
    assert console.store.recount() == []


def test_undoing_a_verdict_reads_as_much_however_many_there_are(console, make_video):
    def steps():
        """What the database does for one undo, in hundreds of its instructions."""
        video_id, done = make_video().video_id, []
        console.store.catalogue.record_audit(video_id, Verdict.NORMAL, "", "", TESTS)
        with console.store.engine.writing() as db:
            db.conn.set_progress_handler(lambda: done.append(1), 100)
            reviews.undo(db, 0, video_id, "", TESTS)
            db.conn.set_progress_handler(None, 0)
        return len(done)

    few = steps()
    for _ in range(200):
        console.store.catalogue.record_audit(make_video().video_id, Verdict.NORMAL, "", "", TESTS)

    assert steps() < 2 * few
