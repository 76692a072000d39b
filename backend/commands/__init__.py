"""What the commands of the command line share: opening the console, and reporting errors."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

import backend
from backend.console import Console
from backend.errors import ConsoleError
from backend.maintenance.data_lock import MaintenanceError, hold_data_dir, require_data
from backend.maintenance.wrong_place import refuse_mistake


class ErrorReporter(click.Group):
    """Reports errors as one line, without a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            if ctx.params.get("debug") or getattr(error, "errno", None) == errno.EPIPE:
                raise
            raise click.ClickException(explain(error)) from error
        finally:
            backend.close_current()


def explain(error: Exception) -> str:
    """Return a one-line description of an error."""
    if isinstance(error, ConsoleError | backend.SettingsError | backend.StoreError | MaintenanceError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{shown(Path(os.fsdecode(error.filename)))}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, UnicodeError):
        return "The input contains characters that are not valid text."
    return f"Internal error ({error!r}). Run the command again with --debug before it for details."


def shown(path: Path) -> str:
    """Return a path for display, whatever its encoding: archives from Chinese Windows contain GBK names."""
    raw = os.fsencode(path)
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return raw.decode("utf-8", "replace")


def opened(*, existing: bool = False, upgrade: bool = False, alone: bool = False, doubtful: bool = False) -> Console:
    """Open the console, holding the data lock until the command ends.

    Raises MaintenanceError. With `existing`, a mistyped QU_DATA is an error instead of creating a new console. Data of
    an older version are rejected without `upgrade`, because upgrading would break a running server of that version.
    With `alone`, the command requires exclusive access to a folder. An empty database that was probably named by
    mistake is opened only if `doubtful`.
    """
    settings, context = backend.read_settings(), click.get_current_context().find_root()
    if existing:
        require_data(settings)
    if "held" not in context.meta:
        context.meta["held"] = context.with_resource(hold_data_dir(settings, alone=alone and not settings.database))
    console = backend.current(upgrade=upgrade)
    if not doubtful:
        existing = existing and bool(settings.database) and not upgrade  # a folder was looked into above
        refuse_mistake(settings, console.store, console.media.files, existing=existing)
    return console


def open_cloud() -> Any:
    """Open the console in cloud mode. Raises UsageError in embedded mode."""
    cloud = opened().cloud
    if cloud is None:
        raise click.UsageError("This command needs cloud mode; QU_MODE is embedded.")
    return cloud
