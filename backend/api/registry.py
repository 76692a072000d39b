"""The operation registry: operations are declared as functions, whose signatures define their parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, TypeVar, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import fields

from backend.api.parameters import Clearable, Id, JsonList, Kind, Text, Upload, UploadedFile, kind_of
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.model.texts import is_blank

F = TypeVar("F", bound=Callable[..., Any])

Cheap: TypeAlias = Callable[[Mapping[str, Any]], bool]

OPERATIONS: dict[str, Operation] = {}


class Parameter(msgspec.Struct, frozen=True):
    """A parameter: its names in the API and in Python, its kind, and its default."""

    wire_name: str
    name: str
    kind: Kind
    required: bool
    default: Any = None
    group: str = ""  # the name of the struct argument it is a field of

    @property
    def is_file(self) -> bool:
        return isinstance(self.kind, UploadedFile)


@dataclass(frozen=True)
class Operation:
    """An operation of the console; `right` is None if it requires no sign-in.

    `place` is its position in the seed's document, from 1; 0 for extensions. The response of a `pure` operation depends
    only on its parameters, the request's base URL, the caller's permissions and the database; signed URLs in it (cloud
    mode) are valid far longer than it is cached. `is_cheap` returns whether a request with these raw parameters takes a
    fraction of a millisecond. A `remote` operation calls Alibaba in cloud mode, so it runs in a separate thread pool.
    """

    name: str
    method: str
    path: str
    message: str
    right: Right | None
    place: int
    pure: bool
    is_cheap: Cheap
    remote: bool
    function: Callable[..., Any]
    needs_body: bool = False
    max_body: int = 0  # bytes; 0 for what all operations allow

    @property
    def extension(self) -> bool:
        """Whether the seed's document lacks it."""
        return self.place == 0

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """Existing clients POST operations documented as GET, so both are accepted."""
        return ("GET", "POST") if self.method == "GET" else ("POST",)

    @property
    def takes_password(self) -> bool:
        """Whether a password is a parameter: hashing takes 64 MiB, and passwords must not be in URLs."""
        # Asked of all operations at the start, when resolving the types of all parameters would take too long
        return any(is_secret(name) for name in self.function.__annotations__)

    @property
    def summary(self) -> str:
        return inspect.getdoc(self.function) or ""

    @cached_property
    def answer(self) -> Any:
        """The type of `data` in the response envelope."""
        return self._hints.get("return")

    @cached_property
    def file_parameter(self) -> str | None:
        """The API name of the file parameter, if any."""
        return next((parameter.wire_name for parameter in self.parameters if parameter.is_file), None)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """All parameters, in order; a struct in the signature contributes its fields."""
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
        # operations import `Call` for type checking only, to avoid an import cycle with the console
        return get_type_hints(self.function, localns={"Call": Any}, include_extras=True)

    def bind(self, raw: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
        """Parse raw parameters into the arguments of `function`.

        Raises BadRequest, naming the invalid one. Empty text counts as absent unless the kind is clearable, numbers may
        be sent as text, and unknown names are ignored.
        """
        bound: dict[str, Any] = {}
        groups: dict[str, dict[str, Any]] = {name: {} for name in self._groups}
        for parameter in self.parameters:
            if not parameter.required and parameter.wire_name not in raw:
                continue
            value = raw.get(parameter.wire_name)
            if value is None or (value == "" and not isinstance(parameter.kind, Clearable)):
                if parameter.required:
                    raise BadRequest("{name} is required.", name=parameter.wire_name)
                continue
            if isinstance(parameter.kind, Id) and not parameter.required and isinstance(value, str) and is_blank(value):
                continue
            if isinstance(parameter.kind, JsonList) and isinstance(value, list):
                value = parameter.kind.check(parameter.wire_name, value)
            elif not (parameter.is_file and isinstance(value, Upload)):
                value = parameter.kind.read(parameter.wire_name, as_text(parameter.wire_name, value), zone)
            (groups[parameter.group] if parameter.group else bound)[parameter.name] = value
        return bound | {name: self._groups[name](**values) for name, values in groups.items()}


def parameters_of(group: type[msgspec.Struct], name: str = "") -> tuple[Parameter, ...]:
    """Return the fields of a struct as parameters; `name` is the struct argument's name."""
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
    place: int = 0,
    pure: bool = False,
    cheap: Cheap = never,
    remote: bool = False,
    needs_body: bool = False,
    max_body: int = 0,
) -> Callable[[F], F]:
    """Register a function as an operation.

    Its first parameter is the `Call`; keyword-only parameters are the API's, in snake_case. `message` is the envelope's
    message on success. `needs_body` marks operations where one of several parameters is required. Paths are relative to
    /console, except the app's own below /vodVideo.
    """

    def declare(function: F) -> F:
        name = camel(function.__name__)
        full = path if path.startswith("/vodVideo/") else f"/console{path}"
        OPERATIONS[name] = Operation(
            name, method, full, message, right, place, pure, cheap, remote, function, needs_body, max_body
        )
        return function

    return declare


def in_order() -> list[Operation]:
    """Return all operations: documented ones in the document's order, then extensions."""
    return sorted(OPERATIONS.values(), key=lambda one: (one.extension, one.place))


def camel(name: str) -> str:
    """Convert `media_id` to its API name `mediaId`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def is_secret(name: str) -> bool:
    """Return whether a parameter with this name is a password."""
    return name.lower().endswith("password")


def is_token(name: str) -> bool:
    """Return whether a parameter with this name is the console token; case is ignored."""
    return name.lower() == "consoletoken"


def as_text(name: str, value: Any) -> str:
    """Return a form or JSON value as text. Raises BadRequest for lists and objects."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int) and value.bit_length() > 1000:
        raise BadRequest("{name} is out of range.", name=name)  # str() refuses ints of more than 4300 digits
    if isinstance(value, str | int | float):
        return str(value)
    raise BadRequest("{name} must be a single value.", name=name)
