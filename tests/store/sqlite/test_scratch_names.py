"""Sets of names on the disk: what is in them, and that they take no more memory for more names."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.maintenance import doctor
from backend.model import FileKind, MediaFile, User, Video
from backend.store.sqlite.scratch_names import open_scratch
from tests.conftest import TESTS

WORDS = st.sampled_from(["a", "b", "A", "ä", "海", "a\u0000b", "0", " "])
FILES = st.lists(st.tuples(WORDS, WORDS), max_size=12)


@given(st.lists(WORDS))
def test_a_name_is_new_once(names):
    with open_scratch() as scratch:
        told = [scratch.add(name) for name in names]

    assert told == [name not in names[:place] for place, name in enumerate(names)]


@given(FILES, st.lists(WORDS, max_size=3), FILES)
def test_files_and_owners_are_compared_as_sets_are(expected, without_files, found):
    with open_scratch() as scratch:
        scratch.expect([*expected, *((owner, "") for owner in without_files)])
        scratch.find(found)
        missing, unknown, known = (
            list(scratch.missing()), list(scratch.unknown_owners()), scratch.count_known_owners(),
        )  # fmt: skip

    owners, there = {owner for owner, _ in expected} | set(without_files), {owner for owner, _ in found}
    assert (set(missing), len(missing)) == (set(expected) - set(found), len(set(missing)))
    assert (set(unknown), len(unknown)) == (there - owners, len(set(unknown)))
    assert known == len(there & owners)


@pytest.mark.slow
def test_the_doctor_needs_no_more_memory_for_more_videos(console, monkeypatch):
    made = 0

    def memory_with(count):
        nonlocal made
        new = [
            Video(f"v{number}", "", User("u"), number, files=(MediaFile(FileKind.SOURCE, f"source-{number}.mp4"),))
            for number in range(made, count)
        ]
        console.store.catalogue.load_videos(new, TESTS)
        made = count
        del new
        monkeypatch.setattr(
            console.media.files, "list", lambda: ((f"v{number}", f"source-{number}.mp4") for number in range(count))
        )
        tracemalloc.start()
        found = doctor.examine(console)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "files: complete" in [one.text for one in found]
        return peak

    memory_with(100)  # what is made once
    few = memory_with(1_000)
    assert memory_with(8_000) < 2 * few
