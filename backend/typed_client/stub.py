"""Writes the types of the typed client, made from the operations: `python -m backend.typed_client.stub`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import backend.operations  # noqa: F401, declares them
from backend.api.parameters import Choice, Flag, JsonList, Kind, Moment, UploadedFile
from backend.api.registry import Operation, Parameter, in_order
from backend.api.wall_clock import ClearableTime, WallClock

STUB = Path(__file__).with_name("__init__.pyi")
HEAD = '''\
"""Made by `make client` from the operations; not to be edited."""
'''
EXPORTED = '__all__ = ["CallFailed", "ConsoleClient"]\n'
OF_SCHEMAS = {"integer": "int", "number": "float", "string": "str"}


class Stub:
    """Collects the names that the stub imports."""

    def __init__(self) -> None:
        self._imports: dict[str, set[str]] = {"backend.typed_client.calls": {"CallFailed", "OperationClient"}}

    def write(self) -> str:
        """Return the stub."""
        methods = "\n".join("".join(self._method(operation)) for operation in in_order())
        imports = "".join(
            f"from {module} import {_names(names)}\n" for module, names in sorted(self._imports.items(), key=_is_ours)
        )
        ours = imports.find("from backend")
        head = f"{HEAD}\n{imports[:ours]}\n{imports[ours:]}\n{EXPORTED}\n"
        return f"{head}class ConsoleClient(OperationClient):\n{methods}"

    def _method(self, operation: Operation) -> Iterator[str]:
        parameters = sorted(operation.parameters, key=lambda one: not one.required)
        yield f"    def {operation.function.__name__}(\n        self,\n"
        if parameters:
            yield "        *,\n"
        yield from (f"        {self._parameter(one)},\n" for one in parameters)
        yield f"    ) -> {self._type(operation.answer)}:\n"
        first, _, _ = operation.summary.partition("\n")
        yield f'        """{first}"""\n'

    def _parameter(self, parameter: Parameter) -> str:
        kind = self._sent(parameter.kind)
        return f"{parameter.name}: {kind}" if parameter.required else f"{parameter.name}: {kind} | None = None"

    def _sent(self, kind: Kind) -> str:
        """Return the type of what a client sends."""
        if isinstance(kind, Choice):
            return self._name(kind.words)
        if isinstance(kind, Flag):
            return "bool"
        if isinstance(kind, Moment | WallClock | ClearableTime):
            self._imports.setdefault("datetime", set()).add("datetime")
            return "datetime | str"
        if isinstance(kind, UploadedFile):
            return self._name(Path)
        if isinstance(kind, JsonList):
            self._imports.setdefault("collections.abc", set()).add("Sequence")
            return f"Sequence[{self._name(kind.item)}]"
        return OF_SCHEMAS[kind.schema()["type"]]

    def _type(self, answer: Any) -> str:
        if answer in (None, NoneType):
            return "None"
        if get_origin(answer) is list:
            return f"list[{self._type(get_args(answer)[0])}]"
        return self._name(answer)

    def _name(self, one: type) -> str:
        module = "pathlib" if one is Path else one.__module__
        self._imports.setdefault(module, set()).add(one.__name__)
        if sum(one.__name__ in names for names in self._imports.values()) > 1:
            raise ValueError(f"two modules have a {one.__name__}")
        return one.__name__


def _is_ours(item: tuple[str, set[str]]) -> tuple[bool, str]:
    return item[0].startswith("backend"), item[0]


def _names(names: set[str]) -> str:
    lines = "".join(f"    {name},\n" for name in sorted(names))
    return lines.strip(" ,\n") if len(names) == 1 else f"(\n{lines})"


if __name__ == "__main__":
    STUB.write_text(Stub().write(), encoding="utf-8")
