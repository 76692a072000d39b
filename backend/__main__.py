"""The command line: python -m backend COMMAND."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

import backend
from backend import upkeep
from backend.errors import ConsoleError
from backend.intake import Particulars, copied, enter, look
from backend.model import Actor, Role, User
from backend.passwords import hash_password
from backend.registry import OPERATIONS

ACTOR = Actor("command line", "command line")


class Friendly(click.Group):
    """Says what went wrong in a line, without a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ConsoleError, backend.SettingsError, backend.StoreError, upkeep.UpkeepError) as error:
            raise click.ClickException(str(error)) from error
        finally:
            backend.close_current()


@click.group(cls=Friendly, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run and look after Qu Console. Settings are read from the environment and from .env (see README)."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8502, show_default=True, help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Serve REST and media alone, without the dashboard."""
    import uvicorn

    # uvicorn raises the signal again once it has shut down; by default that would end the process before we clean up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt), backend.running(f"http://{host}:{port}"):
        uvicorn.run(
            backend.rest(), host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=10
        )


@main.command()
def work() -> None:
    """Run a worker in a process of its own, until it is told to stop."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    console = backend.current()
    with upkeep.holding(console.settings):
        worker = backend.make_worker(console)
        worker.start()
        click.echo("working; stop with Ctrl-C")
        stopped.wait()
        worker.stop()


@main.command()
@click.option("--afresh", is_flag=True, help="Begin at the first video, though an earlier walk stopped on its way.")
def sync(afresh: bool) -> None:
    """Bring everything that VOD holds into the catalogue. Cloud mode; it may be stopped, and goes on where it was."""
    cloud = _cloud()

    def report(progress: Any) -> None:
        click.echo(f"\r{progress.seen:,} of {progress.total:,} ({progress.new:,} new)", nl=progress.done)

    found = cloud.sync.run(report, afresh=afresh)
    click.echo(
        f"{found.changed:,} brought up to date, {found.differing:,} texts differ, {found.missing:,} are not at VOD"
    )
    if found.differing or found.missing:
        click.echo("`python -m backend drift` lists what differs.")


@main.command()
@click.option("--mend", type=click.Choice(["here", "there"]), help="Settle what is listed: this side is right.")
@click.option("--what", default="", help="Only these: missing, title, description, tags or cateName.")
@click.option("--video", default="", help="Only this video's.")
def drift(mend: str | None, what: str, video: str) -> None:
    """List where the catalogue and VOD differ, and settle it on demand. Cloud mode."""
    cloud, mirror = _cloud(), backend.current().store.mirror
    found = [one for one in mirror.iterate_drift(what) if video in ("", one.video_id)]
    for one in found:
        click.echo(f"{one.video_id}\t{one.what}\t{one.here!r}\t{one.there!r}\t{one.title}")
        if mend:
            cloud.mend(one.video_id, one.what, mend, ACTOR)
    click.echo(f"{len(found)} {'settled' if mend else 'differ'}", err=True)


def _cloud() -> Any:
    cloud = backend.current().cloud
    if cloud is None:
        raise click.UsageError("This is for cloud mode; QU_MODE is embedded.")
    return cloud


@main.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--user", default="import", show_default=True, help="Whose videos they are (user ID and name).")
@click.option("--title", default="", help="Title; the file's name where it is left out.")
@click.option("--tags", default="", help="Tags, separated by commas.")
def import_files(files: tuple[Path, ...], user: str, title: str, tags: str) -> None:
    """Take video files into the catalogue. The files themselves stay where they are."""
    console = backend.current()
    refused = 0
    for path in files:
        try:
            probe = look(console, path)
            with copied(path, console.settings) as copy:
                video = enter(console, copy, probe, Particulars(path.name, User(user, user), title, tags=tags), ACTOR)
            click.echo(f"{path}: {video.video_id}")
        except (ConsoleError, OSError) as error:
            refused += 1
            click.echo(f"{path}: refused. {getattr(error, 'strerror', None) or error}", err=True)
    click.echo(
        f"{len(files) - refused} of {len(files)} taken in; covers and renditions are made by the server or by `work`."
    )
    sys.exit(1 if refused else 0)


@main.command()
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write; standard output otherwise."
)
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="NAME=VALUE",
    help="As in getVideos, such as title=海 or censorStatus=check.",
)
def export(output: Path | None, filters: tuple[str, ...]) -> None:
    """Write every video that matches as CSV, newest first."""
    console = backend.current()
    given = {name: value for name, _, value in (item.partition("=") for item in filters)}
    unknown = set(given) - {parameter.wire_name for parameter in OPERATIONS["exportVideos"].parameters}
    if unknown:
        raise click.UsageError(f"{', '.join(sorted(unknown))}: no such filter.")
    download = console.run_as_operator("exportVideos", given, ACTOR)
    with click.open_file(str(output or "-"), "wb") as file:
        for chunk in download.chunks:
            file.write(chunk)


@main.group()
def account() -> None:
    """Accounts of the console."""


@account.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.MANAGER.value, show_default=True)
@click.password_option(help="Asked for when left out.")
def add_account(name: str, role: str, password: str) -> None:
    """Add an account."""
    made = backend.current().store.accounts.add_account(name, hash_password(password), Role(role), ACTOR)
    click.echo(f"{made.user_name} may sign in now, as {made.role}.")


@account.command()
@click.argument("name")
@click.password_option(help="Asked for when left out.")
def passwd(name: str, password: str) -> None:
    """Change the password of an account, and end all its sessions."""
    backend.current().store.accounts.set_password(name, hash_password(password), ACTOR)
    click.echo(f"The password of {name} is changed; every session of it has ended.")


@account.command("list")
def list_accounts() -> None:
    """List the accounts."""
    for found in backend.current().store.accounts.find_accounts():
        click.echo(f"{found.user_name}\t{found.role}{chr(9) + 'disabled' if found.disabled else ''}")


@main.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--no-media", is_flag=True, help="Only the database.")
def backup(target: Path, no_media: bool) -> None:
    """Write the database and the media to one tar file, while the server goes on working."""
    size = upkeep.back_up(backend.read_settings(), target.absolute(), media=not no_media)
    click.echo(f"{target}: {size / 1e6:.1f} MB")


@main.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(source: Path) -> None:
    """Put a backup in the place of the present data, which is kept aside. The server must be stopped."""
    kept = upkeep.restore(backend.read_settings(), source)
    click.echo("restored" + (f"; what was there is in {kept}" if kept else ""))


@main.command()
def doctor() -> None:
    """Check the installation, and say what to do where something is wrong."""
    findings = upkeep.examine(backend.current())
    for finding in findings:
        click.echo(f"{'ok ' if finding.good else 'BAD'}  {finding.text}")
    sys.exit(0 if all(finding.good for finding in findings) else 1)


if __name__ == "__main__":
    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    main(prog_name="python -m backend")
