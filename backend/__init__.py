"""Public interface of the console, used by the pages and the server."""

import gc

# Importing makes a hundred thousand objects that stay. Looking through them for garbage, again and again as they become
# more, took a seventh of a server's start; none of them is looked at later either.
gc.disable()

from backend.app import (
    call,
    check_files,
    close_current,
    current,
    first_start,
    make_worker,
    open_console,
    open_files,
    page_sockets,
    report_socket_user,
    rest,
    running,
    show_progress,
    upgrades_at_start,
)
from backend.console import Caller, Console
from backend.i18n import LANGUAGES, texts_in, translations
from backend.maintenance.data_lock import MaintenanceError
from backend.server.page_sockets import HEADER as SOCKET_HEADER
from backend.settings import Settings, SettingsError, read_settings
from backend.store import StoreError

gc.freeze()
gc.enable()

__all__ = [
    "LANGUAGES", "SOCKET_HEADER", "Caller", "Console", "MaintenanceError", "Settings", "SettingsError", "StoreError",
    "call", "check_files", "close_current", "current", "first_start", "make_worker", "open_console", "open_files",
    "page_sockets", "read_settings", "report_socket_user", "rest", "running", "show_progress", "texts_in",
    "translations", "upgrades_at_start",
]  # fmt: skip
