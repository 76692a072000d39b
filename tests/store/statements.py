"""The statements that the modules of the store can send, read from their source.

Each call of `execute`, `executemany`, `query` or `fetch` of a `db` is found in the syntax tree, and its statement is
worked out: constants of the module, f-strings, `format`, local names, what callers give, both sides of a condition.
What depends on values of the program gets an example, by its source text. A call that cannot be worked out is an
error, so that none is missed. Alternatives are combined as if they did not depend on each other: some of these
statements are never sent.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import backend.store

SENDING = ("execute", "executemany", "query", "fetch")
MOST = 200  # statements of one call


class Unknown(Exception):
    """A part of a statement that neither the source nor an example tells."""


class Statement(NamedTuple):
    where: str
    sql: str


def modules() -> list[ModuleType]:
    folder = Path(backend.store.__file__).parent
    return [importlib.import_module(f"backend.store.{path.stem}") for path in sorted(folder.glob("[a-z]*.py"))]


@cache
def all_calls() -> dict[str, list[tuple[ModuleType, ast.FunctionDef, ast.Call, str]]]:
    """Return every call in a function of the store, by the name of what is called, with how it is called."""
    found = defaultdict(list)
    for module in modules():
        for function in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call):
                        of = ast.unparse(node.func)
                        found[of.rpartition(".")[2]].append((module, function, node, of))
    return found


def find_statements(module: ModuleType, examples: Mapping[str, tuple[str, ...]]) -> Iterator[Statement]:
    """Yield the statements of a module. Raises Unknown, naming what needs an example."""
    tree = ast.parse(inspect.getsource(module))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            reader = Reader(module, function, examples)
            for call in _calls(function):
                where = f"{module.__name__.rpartition('.')[2]}.py:{call.lineno}"
                try:
                    found = sorted(set(reader.texts(call.args[0])))
                except Unknown as error:
                    raise Unknown(f"{where}: what is {error}?") from None
                if len(found) > MOST:
                    raise Unknown(f"{where}: {len(found)} statements are too many to be meant")
                yield from (Statement(where, sql) for sql in found)


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SENDING:
            of = ast.unparse(node.func.value)
            if of in ("db", "self._db") and node.args:
                yield node


class Reader:
    """Works out the texts that an expression of a function can have."""

    def __init__(self, module: ModuleType, function: ast.FunctionDef, examples: Mapping[str, tuple[str, ...]]) -> None:
        self._module, self._examples, self._own = module, examples, f"{function.name}:"
        self._function = function
        self._assigned: dict[str, list[ast.expr]] = {}
        self._open: set[str] = set()
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                self._assign(node.targets[0], node.value)
            elif isinstance(node, (ast.For, ast.comprehension)):
                for one in self._elements(node.iter):
                    self._assign(node.target, one)

    def _elements(self, source: ast.expr) -> list[ast.expr]:
        """Return what a loop goes through, if the source or the module says it."""
        if isinstance(source, (ast.Tuple, ast.List)):
            return source.elts
        try:
            found = list(eval(ast.unparse(source), vars(self._module)))
            return [ast.parse(repr(one), mode="eval").body for one in found]
        except Exception:  # what depends on the program, or is no plain data
            return []

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._assigned.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, own in zip(target.elts, value.elts, strict=False):
                self._assign(one, own)

    def texts(self, node: ast.expr) -> Iterator[str]:
        """Yield what an expression can be. Raises Unknown."""
        source = ast.unparse(node)
        for name in (self._own + source, source):
            if name in self._examples:
                yield from self._examples[name]
                return
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, int)):
            yield str(node.value)
        elif isinstance(node, ast.JoinedStr):
            yield from map("".join, itertools.product(*(list(self.texts(one)) for one in node.values)))
        elif isinstance(node, ast.FormattedValue):
            yield from self.texts(node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from map("".join, itertools.product(list(self.texts(node.left)), list(self.texts(node.right))))
        elif isinstance(node, ast.IfExp):
            yield from self.texts(node.body)
            yield from self.texts(node.orelse)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            yield from self._formatted(node.func.value, node)
        elif isinstance(node, ast.Name) and node.id in self._assigned and node.id not in self._open:
            self._open.add(node.id)
            yield from [text for value in self._assigned[node.id] for text in self.texts(value)]
            self._open.discard(node.id)
        elif isinstance(node, ast.Name) and node.id in [one.arg for one in self._function.args.args]:
            found = list(self._given(node.id))
            if not found:
                raise Unknown(self._own + source)
            yield from found
        else:
            yield self._constant(node, source)

    def _given(self, parameter: str) -> Iterator[str]:
        """Yield what the callers of this function give for a parameter."""
        names = [one.arg for one in self._function.args.args]
        place = names.index(parameter) - (names[0] == "self")
        short, name = self._module.__name__.rpartition(".")[2], self._function.name
        for module, function, call, of in all_calls()[name]:
            own = module is self._module and of in (name, f"self.{name}")
            if not (
                own
                or of == f"{short}.{name}"
                or (of == name and vars(module).get(name) is vars(self._module).get(name, ...))
            ):
                continue
            value = {one.arg: one.value for one in call.keywords}.get(parameter)
            if value is None and place < len(call.args):
                value = call.args[place]
            if value is not None:
                yield from Reader(module, function, self._examples).texts(value)

    def _formatted(self, template: ast.expr, call: ast.Call) -> Iterator[str]:
        places = [list(self.texts(one)) for one in call.args]
        names = {str(one.arg): list(self.texts(one.value)) for one in call.keywords}
        for text in self.texts(template):
            for given in itertools.product(*places, *names.values()):
                yield text.format(*given[: len(places)], **dict(zip(names, given[len(places) :], strict=True)))

    def _constant(self, node: ast.expr, source: str) -> str:
        try:
            value = eval(source, vars(self._module))
        except Exception:
            raise Unknown(self._own + source) from None
        if isinstance(value, (str, int)):
            return str(value)
        raise Unknown(self._own + source)
