"""The doctor: checks everything an installation needs, with instructions for fixing problems."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from backend.errors import ConsoleError, NotFound, StorageError
from backend.maintenance.data_lock import MaintenanceError
from backend.maintenance.wrong_place import find_mistake
from backend.model import JobState, Video, VideoFilter
from backend.settings import Settings
from backend.store import Head, ScratchNames, Store, find_open

if TYPE_CHECKING:
    from backend.console import Console

MIN_FREE_BYTES = 2_000_000_000
LEFT_OVER = (
    "An upload or a deletion was interrupted, or a restored database does not know them; delete what nobody needs"
)
UNKNOWN_PLACE = (
    "This database does not know most videos there. Delete nothing before it is clear why: QU_DATABASE, QU_DATA or "
    "QU_MEDIA may name those of another console, or an older backup was restored"
)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check; the text says how to fix a problem."""

    good: bool
    text: str


def examine(console: Console, noted: str | None = None) -> list[CheckResult]:
    """Check everything an installation needs.

    `noted` is a head of the history written down earlier. Raises MaintenanceError if it is malformed.
    """
    history = _examine_history(console.store, noted)
    found = [*_examine_database(console), history, *_examine_folder(console.settings), *_examine_media(console)]
    if console.cloud is not None:
        found += [CheckResult(check.good, check.text) for check in console.cloud.examine()]
    return found


def _examine_database(console: Console) -> Iterator[CheckResult]:
    problems = console.store.check()
    yield CheckResult(not problems, f"database: {'; '.join(problems[:5]) or 'sound'}")
    if mistake := find_mistake(console.settings, console.store, console.media.files):
        yield CheckResult(False, f"what is in it: {mistake}")
    yield from (CheckResult(good, text) for good, text in console.store.diagnose())
    drift = console.store.recount()
    mended = "; python -m backend doctor --rebuild rebuilds them"
    yield CheckResult(
        not drift, f"search index and counts: {'; '.join(drift[:5]) + mended if drift else 'match the catalogue'}"
    )
    names = [account.user_name for account in console.store.accounts.find_accounts() if not account.disabled]
    yield CheckResult(
        bool(names), f"accounts: {', '.join(names) or 'none; python -m backend account add NAME creates one'}"
    )
    counts = console.store.jobs.count_jobs()
    failed = sum(count for (_, state), count in counts.items() if state is JobState.FAILED)
    waiting = sum(count for (_, state), count in counts.items() if state is JobState.QUEUED)
    yield CheckResult(True, f"jobs: {waiting} waiting, {failed} failed")


def _examine_history(store: Store, noted: str | None) -> CheckResult:
    try:
        verdict = store.history.verify(Head.read(noted) if noted else None)
    except ValueError:
        raise MaintenanceError(f"{noted} is not a head of the history; it looks like {Head(12)}.") from None
    if verdict.errors:
        return CheckResult(
            False,
            f"history: {'; '.join(verdict.errors)}. The database was modified outside the console; "
            "compare with a backup.",
        )
    return CheckResult(
        True,
        f"history: {verdict.lines} entries, chain intact. Changed, inserted, moved or removed entries "
        "would be detected unless all later hashes were recomputed; to detect that too, note this elsewhere: "
        f"doctor --head {verdict.head}",
    )


def _examine_folder(settings: Settings) -> Iterator[CheckResult]:
    writable = os.access(settings.data, os.W_OK)
    others = [path.name for path in find_open(settings.data)]
    yield CheckResult(
        not others,
        f"privacy: other users of this machine can read {_some(others)[0]} in {settings.data}; fix it with "
        "chmod -R go= on the folder" if others else "privacy: no other user of this machine can read the data",
    )  # fmt: skip
    yield CheckResult(writable, f"folder {settings.data}: {'can be written' if writable else 'cannot be written'}")
    free = shutil.disk_usage(settings.data).free
    yield CheckResult(free > MIN_FREE_BYTES, f"disk: {free / 1e9:.1f} GB free")


def _examine_media(console: Console) -> Iterator[CheckResult]:
    try:
        yield CheckResult(True, f"media: {console.media.describe()}")
    except ConsoleError as error:
        yield CheckResult(False, f"media: {error}")
        if isinstance(error, StorageError):
            return
    with console.store.scratch_names() as names:
        yield from _compare_files(console, names)


def _compare_files(console: Console, names: ScratchNames) -> Iterator[CheckResult]:
    store, count, size = console.store, 0, 0
    for one in store.trash.iterate():
        count, size = count + 1, size + one.video.size
        names.expect(_own_files(one.video))
    names.expect(chain.from_iterable(map(_own_files, store.catalogue.iterate_videos(VideoFilter()))))
    names.find(console.media.files.list())
    yield CheckResult(True, f"trash: {count} videos, {size / 1e9:.1f} GB")
    lost, number = _some(f"{video_id}/{name}" for video_id, name in names.missing())
    yield CheckResult(not number, f"files: {lost} missing" if number else "files: complete")
    # what came in since the catalogue was read has rows by now
    strays, number = _some(video_id for video_id in names.unknown_owners() if not _is_known(store, video_id))
    if not number:
        yield CheckResult(True, "files of no video: none")
        return
    advice = UNKNOWN_PLACE if number > names.count_known_owners() else LEFT_OVER
    yield CheckResult(False, f"files of no video in {console.media.files.place}: {strays}. {advice}")


def _own_files(video: Video) -> Iterator[tuple[str, str]]:
    """Yield the video's files that are in our storage, as ScratchNames expects them."""
    yield video.video_id, ""
    yield from ((video.video_id, file.name) for file in video.files if "://" not in file.name)


def _is_known(store: Store, video_id: str) -> bool:
    try:
        store.catalogue.get_video(video_id)
    except NotFound:
        return store.trash.holds(video_id)
    return True


def _some(names: Iterable[str]) -> tuple[str, int]:
    """Return the first three names with the number of all, and that number."""
    first, count = list[str](), 0
    for count, name in enumerate(names, 1):
        if count <= 3:
            first.append(name)
    return f"{', '.join(first)}{' …' if count > 3 else ''} ({count})", count
