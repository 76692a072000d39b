"""The command line: python -m backend COMMAND."""

from __future__ import annotations

import io
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import click

import backend
from backend.api.parameters import Upload
from backend.api.registry import OPERATIONS
from backend.auth.passwords import hash_password
from backend.auth.permissions import Role
from backend.commands import ErrorReporter, explain, open_cloud, opened, shown
from backend.commands.maintenance import backup, doctor, migrate, restore, upgrade
from backend.errors import BadRequest, ConsoleError
from backend.exports.download import Download, Progress
from backend.lifecycle.catalogue_import import OTHER_WORKBOOKS, SUFFIXES, load_catalogue
from backend.lifecycle.ingest import VideoMetadata, import_file
from backend.model import Actor, User
from backend.observability.logging_setup import start_log
from backend.operations.fields import NewVideo

ACTOR = Actor("command line", "command line")
PORT = click.IntRange(1, 65_535)


@click.group(cls=ErrorReporter, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def main(debug: bool) -> None:
    """Operate Qu Console. Settings are read from the environment and from .env (see docs/settings.md)."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8502, show_default=True, type=PORT, help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Serve REST and media only, without the dashboard."""
    import uvicorn

    # uvicorn re-raises the signal after its shutdown; by default that would end the process before our cleanup.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt), backend.running(f"http://{host}:{port}"):
        # forwarded headers are trusted only as configured by QU_PROXIES
        off: dict[str, Any] = {"log_config": None, "access_log": False, "proxy_headers": False, "server_header": False}
        uvicorn.run(backend.rest(), host=host, port=port, **off)


@main.command()
def work() -> None:
    """Run a worker in its own process until it is stopped."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    console = opened(upgrade=backend.upgrades_at_start(backend.read_settings()))
    start_log(console.settings.log, console.settings.log_format)
    backend.check_files(console)
    worker = backend.make_worker(console)
    worker.start()
    click.echo("worker started; stop with Ctrl-C")
    stopped.wait()
    worker.stop()


@main.command()
@click.option(
    "--afresh", is_flag=True, help="Start again from the first video, even if an earlier run was interrupted."
)
@click.option(
    "--accept-playable",
    is_flag=True,
    help="Treat new videos that VOD can play as approved; otherwise those without a review in VOD wait for one.",
)
def sync(afresh: bool, accept_playable: bool) -> None:
    """Import VOD's catalogue (cloud mode). An interrupted run is resumed."""
    cloud = open_cloud()

    def report(progress: Any) -> None:
        click.echo(f"\r{progress.seen:,} of {progress.total:,} ({progress.new:,} new)", nl=progress.done)

    found = cloud.sync.run(report, afresh=afresh, accept_playable=accept_playable)
    click.echo(f"{found.changed:,} updated, {found.differing:,} texts differ, {found.missing:,} are missing in VOD")
    if found.differing or found.missing:
        click.echo("`python -m backend drift` lists the differences.")


@main.command()
@click.option(
    "--mend", type=click.Choice(["here", "there"]), help="Resolve the listed differences in favour of this side."
)
@click.option("--what", default="", help="Only this kind: missing, title, description, tags or cateName.")
@click.option("--video", default="", help="Only the differences of this video.")
def drift(mend: str | None, what: str, video: str) -> None:
    """List the differences between the catalogue and VOD, and resolve them with --mend (cloud mode)."""
    store = opened(existing=True).store
    cloud, catalogue = open_cloud(), store.cloud_catalogue
    found = [one for one in catalogue.iterate_drift(what) if video in ("", one.video_id)]
    for one in found:
        click.echo(f"{one.video_id}\t{one.what}\t{one.here!r}\t{one.there!r}\t{one.title}")
        if mend:
            cloud.mend(one.video_id, one.what, mend, ACTOR)
    click.echo(f"{len(found)} {'resolved' if mend else 'different'}", err=True)


@main.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--user", default="import", show_default=True, help="Owner of the videos (user ID and name).")
@click.option("--title", default="", help="Title; the file's name by default.")
@click.option("--tags", default="", help="Tags, separated by commas.")
def import_files(files: tuple[Path, ...], user: str, title: str, tags: str) -> None:
    """Add video files, or import catalogues (.csv or .xlsx as written by `export`, or .jsonl).

    Files are copied. The options apply to video files. A catalogue has these values in its columns; existing videos are
    not modified, and rejected rows are written beside the file.
    """
    catalogues = [path for path in files if path.suffix.lower() in SUFFIXES]
    clips = [path for path in files if path not in catalogues]
    given = {"file": Upload(Path(), "", 0), "title": title, "tags": tags, "userId": user or "import"}
    about: NewVideo = OPERATIONS["uploadVideo"].bind(given, opened().settings.time_zone)["about"]
    said = VideoMetadata("", User(about.user_id, about.user_id), about.title, tags=about.tags)
    whole = [import_catalogue(path) for path in catalogues]
    taken = [import_clip(path, said) for path in clips]
    if clips:
        then = "covers and renditions are made by the server or by `work`"
        click.echo(f"Video files: {sum(taken)} of {len(clips)} imported; {then}.")
    sys.exit(0 if all(whole + taken) else 1)


def import_clip(path: Path, said: VideoMetadata) -> bool:
    """Add one video file, report the result, and return whether it was added."""
    console = opened()
    try:
        if path.is_dir():
            raise BadRequest("{file} is a folder; name the files in it.", file=shown(path))
        if path.suffix.lower() in OTHER_WORKBOOKS:
            raise BadRequest("This kind of workbook cannot be imported; save it as .xlsx or CSV UTF-8.")
        video, same = import_file(console, path, replace(said, file_name=shown(Path(path.name))), ACTOR)
    except (ConsoleError, backend.StoreError, OSError, UnicodeError) as error:
        click.echo(f"{shown(path)}: rejected. {getattr(error, 'strerror', None) or explain(error)}", err=True)
        return False
    also = f" (the very same file as {', '.join(one.video_id for one in same)})" if same else ""
    click.echo(f"{shown(path)}: {video.video_id}{also}")
    return True


def import_catalogue(path: Path) -> bool:
    """Import one catalogue, report the result, and return whether all rows were accepted."""
    try:
        with click.progressbar(length=path.stat().st_size, file=sys.stderr, label=shown(Path(path.name))) as bar:
            tally = load_catalogue(opened(), path, ACTOR, lambda read: bar.update(read - bar.pos))
    except (ConsoleError, backend.StoreError, OSError) as error:
        click.echo(f"{shown(path)}: rejected. {explain(error)}", err=True)
        return False
    refused = (
        f"{tally.refused} rejected: see {shown(Path(path.name))}.refused.csv" if tally.refused else "none rejected"
    )
    click.echo(f"{shown(path)}: {tally.taken} videos imported, {tally.known} already known, {refused}.")
    return not tally.refused


@contextmanager
def written(path: Path | None) -> Iterator[IO[bytes]]:
    """Open the output file, or standard output. The file gets its name only once complete."""
    if path is None:
        with click.open_file("-", "wb") as file:
            yield file
        return
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as opened:
            yield opened
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def progress_bar(progress: Progress, hidden: bool) -> Iterator[Callable[[], None]]:
    """Show a progress bar on the terminal, if any, and yield its update function."""
    with click.progressbar(length=progress.total, file=sys.stderr, show_pos=True, hidden=hidden) as bar:
        yield lambda: bar.update(progress.done - bar.pos)


def as_options(command: Any) -> Any:
    """Add every parameter of an export as an option: format, columns and filters."""
    for parameter in reversed(OPERATIONS["exportVideos"].parameters):
        schema = parameter.kind.schema()
        names = [f"--{parameter.name.replace('_', '-')}", *(["--status"] if parameter.name == "censor_status" else [])]
        shown = "|".join(schema.get("enum", ())) or schema.get("examples", ["TEXT"])[0]
        command = click.option(*names, parameter.name, default="", metavar=shown)(command)
    return command


@main.command()
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write; standard output otherwise."
)
@click.option("--recommended", is_flag=True, help="Export the recommended feed instead of the catalogue.")
@as_options
def export(output: Path | None, recommended: bool, **given: str) -> None:
    """Export the matching videos as CSV, Excel or JSON Lines, newest first."""
    operation = OPERATIONS["exportRecommendVideos" if recommended else "exportVideos"]
    parameters = {one.wire_name: given[one.name] for one in operation.parameters}
    download: Download = opened(existing=True).run_as_operator(operation.name, parameters, ACTOR)
    with (
        closing(download.chunks),
        written(output) as file,
        progress_bar(download.progress, hidden=output is None) as show,
    ):
        for chunk in download.chunks:
            file.write(chunk)
            show()


@main.group()
def account() -> None:
    """Manage the console's accounts."""


@account.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.MANAGER.value, show_default=True)
@click.password_option(help="Prompted for if omitted.")
def add_account(name: str, role: str, password: str) -> None:
    """Add an account."""
    made = opened().store.accounts.add_account(name, hash_password(password), Role(role), ACTOR)
    click.echo(f"{made.user_name} can now sign in as {made.role}.")


@account.command()
@click.argument("name")
@click.option("--password", help="Prompted for if omitted.")
def passwd(name: str, password: str | None) -> None:
    """Change the password of an account, end all its sessions and revoke its API tokens."""
    accounts = opened(existing=True).store.accounts
    accounts.get_account(name)
    if password is None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    accounts.set_password(name, hash_password(password), ACTOR)
    click.echo(f"The password of {name} was changed; its sessions have ended and its API tokens are revoked.")


@account.command("edit")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="The new role.")
@click.option("--disable", is_flag=True, help="Block sign-ins and end all sessions at once.")
@click.option("--enable", is_flag=True, help="Let a disabled account sign in again.")
def edit_account(name: str, role: str | None, disable: bool, enable: bool) -> None:
    """Change the role of an account, or disable or enable it."""
    if disable and enable:
        raise click.UsageError("--disable and --enable are mutually exclusive.")
    if not (role or disable or enable):
        raise click.UsageError("Specify a change: --role, --disable or --enable.")
    wanted, disabled = Role(role) if role else None, disable if disable or enable else None
    opened(existing=True).store.accounts.edit_account(name, ACTOR, role=wanted, disabled=disabled)
    click.echo(f"{name} was changed.")


@account.command("list")
def list_accounts() -> None:
    """List the accounts."""
    for found in opened(existing=True).store.accounts.find_accounts():
        click.echo(f"{found.user_name}\t{found.role}{chr(9) + 'disabled' if found.disabled else ''}")


for command in (upgrade, backup, restore, migrate, doctor):
    main.add_command(command)


if __name__ == "__main__":
    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # do not fail on names the terminal cannot show
    main(prog_name="python -m backend")
