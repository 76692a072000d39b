"""README, CONTRIBUTING and docs/ name files that are there, and commands that can be run."""

from __future__ import annotations

import re
from dataclasses import fields

from backend.settings import VARIABLES, Settings
from tests.paths import ROOT

PAGES = [
    *(page for page in sorted(ROOT.glob("*.md")) if page.name != "CHANGELOG.md"),
    *sorted((ROOT / "docs").glob("*.md")),
]
PATH = re.compile(r"(?<![\w./-])((?:backend|pages|tests|benchmarks|docs)/[\w./-]*\w/?|[\w-]+\.(?:md|py|toml)\b)(?!\w)")
ADDRESS = re.compile(r"https?://\S+")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
MODULE = re.compile(r"python -m ((?:backend|tests|benchmarks)[\w.]*)")


def is_there(path):
    return (ROOT / path).exists()


def test_every_path_they_name_is_there():
    missing = []
    for page in PAGES:
        text = ADDRESS.sub("", page.read_text(encoding="utf-8"))
        named = {*PATH.findall(text), *(str((page.parent / link).relative_to(ROOT)) for link in LINK.findall(text))}
        missing += [f"{page.name}: {path}" for path in named if not is_there(path) and not is_there(page.parent / path)]
    assert sorted(missing) == []


def test_every_module_they_run_is_there():
    modules = {name for page in PAGES for name in MODULE.findall(page.read_text(encoding="utf-8"))}
    paths = [name.replace(".", "/") for name in modules]
    assert [path for path in paths if not is_there(f"{path}.py") and not is_there(f"{path}/__main__.py")] == []


def test_every_setting_is_explained():
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    variables = {VARIABLES.get(field.name, f"QU_{field.name.upper()}") for field in fields(Settings)}
    assert variables <= set(re.findall(r"`(\w+)`", text))
