"""Commands that look after an installation: upgrade, backup, restore, migrate, doctor.

Each imports what it does when it is run: a server, which is started by a command too, needs none of it.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import backend
from backend.commands import open_cloud, opened, shown
from backend.maintenance.data_lock import hold_data_dir, require_data
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.maintenance.media_copy import Progress


@click.command()
def upgrade() -> None:
    """Upgrade the data of an older version. Make a backup first.

    SQLite's data are upgraded by the server and `work` at their start as well, and nothing else may use them meanwhile.
    PostgreSQL's are upgraded by this command alone, while servers of the version before go on running.
    """
    console = opened(existing=True, upgrade=True, alone=True)
    click.echo(f"{shown(Path(console.store.place))} is up to date.")


@click.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--no-media", is_flag=True, help="Only the database.")
def backup(target: Path, no_media: bool) -> None:
    """Write the database and the media to one tar file; the server can keep running.

    Media in a bucket are not part of it. A PostgreSQL database is written as SQLite's files, and either is restored
    from them.
    """
    from backend.maintenance.backup import back_up

    settings = backend.read_settings()
    media = None if no_media or settings.media else backend.open_files(settings)
    size = back_up(settings, target.absolute(), media, partial(click.echo, err=True))
    click.echo(f"{shown(target)}: {size / 1e6:.1f} MB")
    if settings.media and not no_media:
        click.echo(f"The media in {settings.media} are not part of it: let the bucket keep versions, or copy it.")


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(source: Path) -> None:
    """Replace the data with a backup; the current data is kept beside it. The server must be stopped."""
    from backend.maintenance.backup import restore as restore_backup

    settings = backend.read_settings()
    kept = restore_backup(settings, source, click.echo)
    click.echo("restored" + (f"; the previous data are in {kept}" if kept else ""))
    if settings.media:
        click.echo(f"The media in {settings.media} are as they were; `doctor` names files that are missing there.")
        if settings.media_folder.exists():
            told = "without QU_MEDIA, `migrate --media` copies them to the bucket."
            click.echo(f"There are media in {shown(settings.media_folder)} too: {told}")


@click.command()
@click.option("--to", "address", metavar="postgresql://…|FOLDER", help="Where to move the data to.")
@click.option("--media", metavar="s3://BUCKET/PREFIX|folder", help="Where to copy the media to.")
@click.option("--afresh", is_flag=True, help="Empty an unfinished copy in the target first.")
@click.option("--cancel", is_flag=True, help="Use the data here again: remove the mark of an earlier move.")
def migrate(address: str | None, media: str | None, afresh: bool, cancel: bool) -> None:
    """Move the data to PostgreSQL or to a folder, or copy the media to a bucket, to QU_DATA, or to the folder of --to.

    Data are moved while nothing uses them, compared, and not used here afterwards. Media can be copied beside the
    server, and nothing is deleted. The command can be interrupted and repeated.
    """
    from backend.maintenance.migrate import cancel as cancel_move
    from backend.maintenance.migrate import migrate as move_data

    settings = backend.read_settings()
    if cancel == bool(address or media):
        raise click.UsageError("Name the target with --to, --media or both; or give an earlier move up with --cancel.")
    if cancel:
        click.echo(f"{cancel_move(settings)} is used again.")
        return
    target = replace(settings, **_place(address)) if address else settings
    if media:
        _copy_media(settings, media, target.data)
    if address:
        move_data(settings, target, click.echo, afresh=afresh)
        setting = "QU_DATABASE to that address" if target.database else f"QU_DATA={target.data} and no QU_DATABASE"
        click.echo(f"Moved. Set {setting}, and start the server.")
        if target.data != settings.data and not settings.media and not media:
            click.echo(f"Move the media as well: {settings.media_folder} belongs into {target.data}.")


def _place(address: str) -> dict[str, Any]:
    """Return the settings of a database. Raises UsageError."""
    if not re.match(r"[a-z+]{2,}:", address, re.IGNORECASE):  # C: is a drive
        return {"database": "", "data": Path(address).expanduser().absolute()}
    if not address.startswith(("postgresql://", "postgres://")):
        raise click.UsageError(
            "--to takes an address like postgresql://user:password@host/database, or a folder (./NAME, if its name "
            "has a colon)."
        )
    return {"database": address}


def _copy_media(settings: Settings, target: str, data: Path) -> None:
    """Copy the media to a bucket, or to their place in the folder `data`."""
    from backend.maintenance.media_copy import copy_media

    url = "" if target == "folder" else backend.read_settings(QU_MEDIA=target).media
    if url == settings.media and (url or data == settings.data):
        raise click.UsageError("The media are there already: that is the present QU_MEDIA.")
    require_data(settings)
    here = backend.open_files(settings)
    there = backend.open_files(replace(settings, media=url, data=settings.data if url else data))
    there.describe()
    shown = (
        (lambda done: click.echo(f"\r{_summary(done)}", nl=False, err=True))
        if sys.stderr.isatty()
        else (lambda _: None)
    )
    with hold_data_dir(settings):
        done = copy_media(here, there, settings.data / "media-copy.journal", shown)
    click.echo(f"{_summary(done)}. All files of {here.place} are in {there.place} now, with equal checksums.")
    click.echo(f"Stop the server, run this again for what came in meanwhile, set QU_MEDIA={url}, and start it.")


def _summary(done: Progress) -> str:
    return f"{done.copied:,} files copied ({done.size / 1e6:,.1f} MB), {done.known:,} were there"


@click.command()
@click.option("--rebuild", is_flag=True, help="Rebuild the search index and the counts first.")
@click.option(
    "--head",
    metavar="LINE:HASH",
    help="A head of the history noted earlier, to verify that it is still part of the chain.",
)
@click.option(
    "--set-callback",
    "way",
    type=click.Choice(["http", "mns"]),
    help="First subscribe QU_CALLBACK_URL or the queue QU_MNS_QUEUE to VOD's events (cloud mode).",
)
def doctor(rebuild: bool, head: str | None, way: str | None) -> None:
    """Check the installation, and say how to fix what is wrong."""
    from backend.maintenance.doctor import examine

    # In cloud mode, credentials and permissions are checked before any data exist.
    console = opened(existing=rebuild or backend.read_settings().mode != "cloud", doubtful=True)
    if rebuild:
        console.store.rebuild(backend.show_progress)
    if way:
        before = open_cloud().set_callback(way)
        click.echo(f"VOD now sends its events by {way}. Before: {before}.")
    findings = examine(console, head)
    for finding in findings:
        click.echo(f"{'ok ' if finding.good else 'BAD'}  {finding.text}")
    sys.exit(0 if all(finding.good for finding in findings) else 1)
