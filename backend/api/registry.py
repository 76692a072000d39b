"""Operations: declared once as functions, from whose signatures everything else follows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, TypeVar, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import fields

from backend.api.parameters import Clearable, Id, Kind, Text, Upload, UploadedFile, kind_of
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.model.texts import is_blank

F = TypeVar("F", bound=Callable[..., Any])

Cheap: TypeAlias = Callable[[Mapping[str, Any]], bool]

OPERATIONS: dict[str, Operation] = {}


class Parameter(msgspec.Struct, frozen=True):
    """One parameter: its name on the wire and in Python, how it is read, and what it is when it is absent."""

    wire_name: str
    name: str
    kind: Kind
    required: bool
    default: Any = None
    group: str = ""  # the name of the argument that it is a field of

    @property
    def is_file(self) -> bool:
        return isinstance(self.kind, UploadedFile)


@dataclass(frozen=True)
class Operation:
    """A thing that the console does, as every way in sees it. `right` is None where nobody need be signed in.

    `place` is that of a documented operation in the seed document; extensions have none, which is 0.

    The answer of a `pure` one follows from its parameters, the address that it was asked under, what the role may see,
    and the database; the addresses in it that do not last, as in cloud mode, live far longer than it is kept.
    `is_cheap` says of parameters as they were sent whether answering takes a fraction of a millisecond. In cloud mode a
    `remote` one asks Alibaba, and so waits apart from the others.
    """

    name: str
    method: str
    path: str
    message: str
    right: Right | None
    extension: bool
    place: int
    pure: bool
    is_cheap: Cheap
    remote: bool
    function: Callable[..., Any]
    needs_body: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """Existing clients POST what the seed documents as GET, so that answers both."""
        return ("GET", "POST") if self.method == "GET" else ("POST",)

    @property
    def takes_password(self) -> bool:
        """Hashing one takes 64 MiB and some processor time, and none may stand in a URL."""
        return any(is_secret(parameter.wire_name) for parameter in self.parameters)

    @property
    def summary(self) -> str:
        return inspect.getdoc(self.function) or ""

    @cached_property
    def answer(self) -> Any:
        """The type of `data` in the envelope."""
        return self._hints.get("return")

    @cached_property
    def file_parameter(self) -> str | None:
        """The name of the parameter that is a file, on the wire."""
        return next((parameter.wire_name for parameter in self.parameters if parameter.is_file), None)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every parameter, in order; a struct in the signature stands for its fields."""
        found: list[Parameter] = []
        for name, item in inspect.signature(self.function).parameters.items():
            if item.kind is not inspect.Parameter.KEYWORD_ONLY:
                continue
            if isinstance(group := self._hints[name], type) and issubclass(group, msgspec.Struct):
                found += parameters_of(group, name)
            else:
                found.append(_parameter(name, self._hints[name], item.default))
        return tuple(found)

    @cached_property
    def _groups(self) -> dict[str, Any]:
        return {one.group: self._hints[one.group] for one in self.parameters if one.group}

    @cached_property
    def _hints(self) -> dict[str, Any]:
        # Operations import `Call` for type checkers only: the console imports them, not they the console.
        return get_type_hints(self.function, localns={"Call": Any}, include_extras=True)

    def bind(self, raw: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
        """Return the arguments for `function` from what a client sent. Raises BadRequest, naming what is wrong.

        Empty text means absent but for what can be cleared, numbers may come as text, and unknown names are ignored.
        """
        bound: dict[str, Any] = {}
        groups: dict[str, dict[str, Any]] = {name: {} for name in self._groups}
        for parameter in self.parameters:
            value = raw.get(parameter.wire_name)
            if value is None or (value == "" and not isinstance(parameter.kind, Clearable)):
                if parameter.required:
                    raise BadRequest("{name} is required.", name=parameter.wire_name)
                continue
            if isinstance(parameter.kind, Id) and not parameter.required and isinstance(value, str) and is_blank(value):
                continue
            if not (parameter.is_file and isinstance(value, Upload)):
                value = parameter.kind.read(parameter.wire_name, as_text(parameter.wire_name, value), zone)
            (groups[parameter.group] if parameter.group else bound)[parameter.name] = value
        return bound | {name: self._groups[name](**values) for name, values in groups.items()}


def parameters_of(group: type[msgspec.Struct], name: str = "") -> tuple[Parameter, ...]:
    """Return the fields of a struct as parameters; `name` is that of the argument that the struct is."""
    hints = get_type_hints(group, include_extras=True)
    return tuple(_parameter(part.name, hints[part.name], part.default, name) for part in fields(group))


def _parameter(name: str, annotation: Any, default: Any, group: str = "") -> Parameter:
    required = default in (inspect.Parameter.empty, msgspec.NODEFAULT)
    kind = kind_of(annotation)
    if name.endswith("_id") and isinstance(kind, Text):
        kind = Id(kind.most)
    return Parameter(camel(name), name, kind, required, None if required else default, group)


def never(_: Mapping[str, Any]) -> bool:
    return False


def always(_: Mapping[str, Any]) -> bool:
    return True


def operation(
    method: str,
    path: str,
    *,
    message: str = "",
    right: Right | None = Right.READ,
    extension: bool = False,
    place: int = 0,
    pure: bool = False,
    cheap: Cheap = never,
    remote: bool = False,
    needs_body: bool = False,
) -> Callable[[F], F]:
    """Declare a function as an operation.

    Its first parameter is the `Call`; those behind the star are the parameters of the wire, in snake_case. `message`
    goes into the envelope of a success. It `needs_body` where no parameter alone must be there, but one of several.
    Paths stand below /console, except those of the app's own below /vodVideo.
    """

    def declare(function: F) -> F:
        name = camel(function.__name__)
        full = path if path.startswith("/vodVideo/") else f"/console{path}"
        OPERATIONS[name] = Operation(
            name, method, full, message, right, extension, place, pure, cheap, remote, function, needs_body
        )
        return function

    return declare


def in_order() -> list[Operation]:
    """Return every operation: the documented ones as the seed document has them, then the extensions."""
    return sorted(OPERATIONS.values(), key=lambda one: (one.extension, one.place))


def camel(name: str) -> str:
    """Return `media_id` as the wire spells it: `mediaId`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def is_secret(name: str) -> bool:
    """Say whether a parameter of this name is a password."""
    return name.lower().endswith("password")


def is_token(name: str) -> bool:
    """Say whether a parameter of this name is the console token: its letter case is free."""
    return name.lower() == "consoletoken"


def as_text(name: str, value: Any) -> str:
    """Return a parameter as text, whether it came from a form or from JSON. Raises BadRequest for lists and objects."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int) and value.bit_length() > 1000:
        raise BadRequest("{name} is out of range.", name=name)  # str() refuses ints beyond some 4300 digits
    if isinstance(value, str | int | float):
        return str(value)
    raise BadRequest("{name} must be a single value.", name=name)
