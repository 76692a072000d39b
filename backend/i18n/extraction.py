"""Extraction methods for `pybabel extract`, configured in `pyproject.toml`.

Errors name their template in a call, operations are found by their decorator, and pages use keys. A composed key stands
for all matching keys of the English catalogue.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from backend import errors
from backend.i18n import catalogue_of

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

Found = tuple[int, str, Any, list[str]]  # line, gettext function, its arguments, comments

ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
MARKS = {"N_", "both", "_heading"}
KEY = re.compile(r"[a-z_]+\.[\w. -]+")
BEGUN = re.compile(r"[a-z_]+\\\.")  # a pattern of keys in a known group
GROUP_AT = {"named": 0, "chip": 1, "chip_column": 2}  # functions of pages with a key group parameter, and its position


def backend_texts(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Found]:
    """Yield error templates, operation names and marked texts."""
    tree = ast.parse(file.read())
    constants = _constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(_called(one) == "operation" for one in node.decorator_list):
            first, *others = node.name.split("_")
            yield node.lineno, "pgettext", ("operation", first + "".join(map(str.title, others))), []
        if not isinstance(node, ast.Call) or not node.args or isinstance(node.args[0], ast.Starred):
            continue
        if _called(node) in MARKS and isinstance(node.args[0], ast.Constant):
            yield node.lineno, "gettext", node.args[0].value, []
        if _called(node) in ERRORS:
            for text in _branches(node.args[_called(node) == "Refused"]):
                named = constants.get(getattr(text, "id", ""))
                template = str(text.value) if isinstance(text, ast.Constant) else named
                if template:
                    yield node.lineno, "gettext", template, []
                    if _english().get(template, "page"):
                        yield node.lineno, "pgettext", ("page", template), []
                elif getattr(text, "id", "") != "template":  # `unpack` passes its argument through
                    raise ValueError(f"{file.name}:{node.lineno}: a template must be a text, or the name of one")


def page_keys(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Found]:
    """Yield the keys used by pages, and all texts of contexts they load."""
    tree = ast.parse(file.read())
    known = _keys()
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if any(_called(node) in GROUP_AT and _group(node) is None for node in calls):  # any group that is named here
        groups = {key.partition(".")[0] for key in known}
        texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        for key in (key for group in groups & texts for key in _matching(f"{group}\\..+", known)):
            yield 1, *_entry(key, known[key])
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Call) and _called(node) == "texts_in" and isinstance(node.args[0], ast.Constant):
            context = node.args[0].value
            yield from ((line, "pgettext", (context, one.id), []) for one in _english() if one.context == context)
        for key in _asked_for(node, known):
            yield line, *_entry(key, known.get(key, _counts(node)))


def _asked_for(node: ast.AST, known: dict[str, bool]) -> set[str]:
    """Return the keys that a node refers to. Only arguments of `t` may be unknown."""
    if isinstance(node, ast.Call) and _called(node) == "t":
        return {str(one.value) for one in _branches(node.args[0]) if isinstance(one, ast.Constant)}
    if isinstance(node, ast.Call) and _called(node) in GROUP_AT:
        return _matching(f"{_group(node)}\\..+", known)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value} & known.keys()
    if isinstance(node, ast.JoinedStr):
        parts = [re.escape(str(one.value)) if isinstance(one, ast.Constant) else ".+" for one in node.values]
        return _matching("".join(parts), known) if BEGUN.match(parts[0]) else set()
    return set()


def _counts(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and any(one.arg == "count" for one in node.keywords)


def _entry(key: str, has_forms: bool) -> tuple[str, Any, list[str]]:
    return ("ngettext", (key, key), []) if has_forms else ("gettext", key, [])


@cache
def _english() -> Catalog:
    return catalog("en")


def catalog(language: str) -> Catalog:
    """Parse the catalogue of a language."""
    from babel.messages.pofile import read_po

    with catalogue_of(language).open("rb") as file:
        return read_po(file, locale=language)


def _keys() -> dict[str, bool]:
    """Return all keys of the English catalogue, and whether they have plural forms."""
    ids = [(str(one.id[0] if one.pluralizable else one.id), one.pluralizable) for one in _english()]
    return {key: has_forms for key, has_forms in ids if KEY.fullmatch(key)}


def _matching(pattern: str, known: dict[str, bool]) -> set[str]:
    return {key for key in known if re.fullmatch(pattern, key)}


def _called(node: ast.AST) -> str:
    function = getattr(node, "func", None)
    return str(getattr(function, "id", getattr(function, "attr", "")))


def _group(node: ast.Call) -> str | None:
    """Return the key group of a call, or None if it is not a literal."""
    place = GROUP_AT[_called(node)]
    given = [*node.args[place : place + 1], *(one.value for one in node.keywords if one.arg == "group")]
    if not given:
        return "status"  # the default
    return str(given[0].value) if isinstance(given[0], ast.Constant) else None


def _branches(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the branches of a conditional expression."""
    if isinstance(node, ast.IfExp):
        yield from _branches(node.body)
        yield from _branches(node.orelse)
    else:
        yield node


def _constants(tree: ast.Module) -> dict[str, str]:
    """Return the string constants that a module defines or imports."""
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found |= {target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("backend"):
            module = importlib.import_module(node.module or "")
            found |= {one.asname or one.name: getattr(module, one.name, None) for one in node.names}
    return {name: text for name, text in found.items() if isinstance(text, str)}
