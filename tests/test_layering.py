"""Who may know whom: the imports of every module, held against the house rules."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache

import backend
from tests.paths import ROOT

BACKEND = sorted((ROOT / "backend").rglob("*.py"))
PAGES = sorted((ROOT / "pages").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_LINES = 400

# Foreign modules that are at home in a few rooms only.
HOMES = {
    "starlette": ("backend/server/",),
    "prometheus_client": ("backend/observability/",),
    "python_multipart": ("backend/server/multipart.py",),
    "argon2": ("backend/auth/passwords.py",),
    "requests": ("backend/client.py", "backend/aliyun/mns.py", "backend/aliyun/oss_upload.py"),
    "joserfc": ("backend/auth/oidc.py",),
    "certifi": ("backend/prewarm/fetcher.py",),
    "urllib3": ("backend/prewarm/fetcher.py",),
    "obstore": ("backend/media/bucket.py",),
    "sqlite3": ("backend/store/sqlite/",),
    "sqlite_utils": ("backend/store/sqlite/migrations/",),
    "subprocess": ("backend/media/ffmpeg.py", "backend/lifecycle/workbook_reader.py"),
    "python_calamine": ("backend/lifecycle/workbook_rows.py",),
    "alibabacloud": ("backend/aliyun/client.py", "backend/aliyun/oss_upload.py"),
    "darabonba": ("backend/aliyun/client.py",),
    "Tea": ("backend/aliyun/client.py",),
    "dotenv": ("backend/settings.py",),
    "babel": ("backend/i18n/",),
    "uvicorn": ("backend/__main__.py", "backend/server/forwarded.py", "backend/server/uvicorn_protocols.py"),
    "xlsxwriter": ("backend/exports/xlsx.py",),
    "click": ("backend/__main__.py", "backend/commands/"),
}
NOWHERE = ("streamlit", "pandas", "pyarrow", "numpy", "fastapi", "sqlalchemy")

# What each room may know of the others when it runs, besides itself: a room is a folder of `backend` or a module beside
# them. Rooms stand below those they know, so no two can need each other. The face, the command line, and `app`, which
# puts a console together, are not named and may know anything.
ROOMS = {
    "errors": (),
    "settings": (),
    "version": (),
    "auth": ("errors",),
    "i18n": ("errors",),
    "exports": ("errors", "i18n"),
    "model": ("auth", "errors"),
    "observability": ("model", "version"),
    "api": ("auth", "errors", "model"),
    "store": ("auth", "errors", "exports", "model"),
    "jobs": ("errors", "model", "store"),
    "media": ("errors", "jobs", "model"),
    "prewarm": ("errors", "jobs", "model"),
    "aliyun": ("errors", "jobs", "media", "model", "prewarm", "settings"),
    "maintenance": ("errors", "exports", "media", "model", "settings", "store"),
    "lifecycle": ("api", "auth", "errors", "exports", "jobs", "media", "model", "prewarm", "settings"),
    "demo": ("errors", "jobs", "lifecycle", "media", "model"),
    "operations": (
        "api", "auth", "errors", "exports", "i18n", "jobs", "lifecycle", "media", "model", "prewarm", "store",
    ),
    "console": (
        "api", "auth", "errors", "exports", "i18n", "media", "model", "observability", "prewarm", "settings", "store",
    ),
    "server": (
        "api", "auth", "console", "errors", "exports", "i18n", "lifecycle", "model", "observability", "settings",
        "store", "version",
    ),
    "typed_client": ("api", "client", "console", "exports", "operations"),
}  # fmt: skip
NOT_THE_CONSOLE = ("backend.console", "backend.server", "backend.client", "backend.jobs.worker")


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def is_for_type_checkers(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


@cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path):
    """Return the names of the modules that a file imports when it runs."""
    return list(find_imports(parsed(path)))


def find_imports(tree):
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if is_for_type_checkers(node):
            waiting.extend(node.orelse)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            if node.module in ("backend", "pages"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def below(module, names):
    return any(module == name or module.startswith(f"{name}.") for name in names)


def test_foreign_modules_stay_where_they_are_at_home():
    strangers = []
    for path in BACKEND:
        place = path.relative_to(ROOT).as_posix()
        for module in imported(path):
            top = module.split(".")[0].split("_")[0] if module.startswith("alibabacloud") else module.split(".")[0]
            if top in NOWHERE or not place.startswith(HOMES.get(top, (place,))):
                strangers.append(f"{place} imports {module}")
    assert strangers == []


def room_of(name):
    return f"{name}.".split(".")[1]


def test_rooms_know_what_they_may_and_nothing_else():
    unwanted = []
    for path in BACKEND:
        room = room_of(name_of(path))
        known = {room_of(module) for module in imported(path) if module.startswith("backend.")}
        if room in ROOMS:
            unwanted += [f"{name_of(path)} knows {other}" for other in known - {room, *ROOMS[room]}]
    assert unwanted == []


def test_only_the_face_of_the_store_knows_which_database_it_is():
    """The rooms of the store hold what every database takes; an engine may know them, and they only its interface."""
    engine = ["backend.store.sqlite"]
    knowing = [name_of(path) for path in BACKEND if any(below(module, engine) for module in imported(path))]
    assert [name for name in knowing if name != "backend.store" and not below(name, engine)] == []


def test_rooms_know_those_above_them_alone():
    names = list(ROOMS)
    known = [(room, other) for room in names for other in ROOMS[room] if other in ROOMS]
    assert [(room, other) for room, other in known if names.index(other) > names.index(room)] == []


def test_few_modules_are_loose():
    """A module that is in no room belongs to all of them: the face, the command line, the one door, the settings."""
    loose = [path.name for path in BACKEND if path.parent.name == "backend"]
    assert len(loose) <= 10


def importing(paths, names):
    """Return which of some files import one of these modules, or one below them."""
    return [(name_of(path), module) for path in paths for module in imported(path) if below(module, names)]


def test_operations_are_given_the_console():
    operations = [path for path in BACKEND if path.parent.name == "operations"]
    assert len(operations) > 10
    assert importing(operations, NOT_THE_CONSOLE) == []


def test_the_environment_is_read_in_one_place():
    reading = {
        name_of(path)
        for path in BACKEND
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
    }
    assert reading == {"backend.settings"}


def test_pages_know_the_face_of_the_backend_alone():
    faces = {"backend", *(f"backend.{name}" for name in face())}

    assert [found for found in importing(PAGES, ["backend"]) if found[1] not in faces] == []


TEXTS = {"LANGUAGES", "texts_in", "translations"}
CALLED_BY_PAGES = {"call", "Caller", "SOCKET_HEADER", "report_socket_user", *TEXTS}
INSIDE = {"settings", "store", "cloud", "tickets", "current"}  # of a console, which another machine has


def test_pages_take_from_the_console_what_operations_answer_and_nothing_else():
    """So that they could be served for a console on another machine."""
    nodes = [(name_of(path), node) for path in PAGES for node in ast.walk(parsed(path))]
    used = [(name, node) for name, node in nodes if isinstance(node, ast.Attribute)]
    from_face = [
        (name, node.attr) for name, node in used if isinstance(node.value, ast.Name) and node.value.id == "backend"
    ]
    imported_names = [
        (name, alias.name)
        for name, node in nodes
        if isinstance(node, ast.ImportFrom) and below(node.module, ["backend"])
        for alias in node.names
    ]

    assert from_face
    assert [one for one in from_face + imported_names if one[1] not in CALLED_BY_PAGES] == []
    assert [(name, node.attr) for name, node in used if node.attr in INSIDE] == []


def test_pages_hold_no_sql_and_no_http():
    foreign = ("sqlite3", "sqlite_utils", "requests", "urllib3", "http", "starlette", "subprocess")

    assert importing(PAGES, foreign) == []


def test_no_script_of_a_page_is_imported():
    shared = ["pages.components", "pages.widgets"]
    used = {name_of(path): [one for one in imported(path) if one.startswith("pages.")] for path in PAGES}

    assert [(name, module) for name, modules in used.items() for module in modules if not below(module, shared)] == []


def test_files_stay_small():
    paths = [*BACKEND, *PAGES]
    assert [name_of(path) for path in paths if len(path.read_text("utf-8").splitlines()) > MAX_LINES] == []


def test_decoders_of_types_are_made_when_a_module_is_imported():
    """msgspec takes the process down where two threads make it resolve the same type at the same time."""
    calls = [
        (name_of(path), node.lineno)
        for path in BACKEND
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("decode", "convert") and any(one.arg == "type" for one in node.keywords)
    ]  # fmt: skip

    assert calls == []


def face():
    """What `backend/__init__.py` offers."""
    for node in ast.parse((ROOT / "backend" / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.dump(node.targets[0]).startswith("Name(id='__all__'"):
            return ast.literal_eval(node.value)
    raise AssertionError("backend has no __all__")


NOT_AT_THE_START = (
    "streamlit", "pandas", "numpy", "pyarrow", "alibabacloud_vod20170321", "PIL",  # heavy
    "urllib3", "certifi", "dotenv", "babel", "argon2", "backend.store.postgres", "backend.media.bucket",  # not used yet
    "backend.maintenance.backup", "backend.maintenance.doctor", "backend.maintenance.migrate",  # commands of their own
    "backend.maintenance.media_copy", "backend.media.narrow_band", "backend.server.openapi", "backend.server.docs_page",
)  # fmt: skip


def test_a_server_loads_at_its_start_only_what_it_needs(tmp_path):
    """Only the first start and an upgrade load pandas, with sqlite-utils, where it is installed."""
    backend.open_console(backend.Settings(data=tmp_path), upgrade=True).close()
    served = (
        "import backend.__main__, backend.server.app, pathlib, sys; "
        "backend.server.app.RestApp(backend.open_console(backend.Settings(data=pathlib.Path(sys.argv[1])))); "
        "print(*sys.modules)"
    )
    command = [sys.executable, "-c", served, str(tmp_path)]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert "backend.server.app" in names
    assert sorted(set(names) & set(NOT_AT_THE_START)) == []


def test_tests_need_no_benchmark():
    assert importing(TESTS, ["benchmarks"]) == []
