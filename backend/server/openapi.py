"""The OpenAPI 3.0 description of the REST API, generated from the operations; 3.0 has the best generator support."""

from __future__ import annotations

from typing import Any

from backend.api.parameters import Choice, Flag, JsonList
from backend.api.registry import Operation, Parameter, in_order
from backend.exports.download import Download
from backend.exports.file import MEDIA_TYPES
from backend.i18n import N_, translations
from backend.server.openapi_schemas import Schema, nullable, plain, ref, schemas_of
from backend.settings import Settings
from backend.version import VERSION

MAX_URL_LENGTH = 2048  # servers and proxies reject much longer URLs
INTRODUCTION = N_("""\
Every operation returns HTTP 200 with an envelope, whose `code` tells success from failure. Other HTTP statuses use \
the same envelope: 404 unknown path, 405 method, 413 body too large, 429 too many requests, 503 starting or stopping.

Send parameters in the query string, as a JSON object or as a form (not described here); the body takes precedence, \
and empty values count as absent. The token is the parameter `consoletoken`, in any letter case, or \
`Authorization: Bearer`. Times are read and written in the time zone {zone}, unless an offset is given. Messages \
follow Accept-Language: Chinese or English. The list `SnapshotList` is also returned as `snapshotList`, for clients \
that read that name.""")
CODES = {
    "200": N_("done"),
    "400": N_("a parameter is missing or wrong; the message names it"),
    "401": N_("wrong user name or password"),
    "403": N_("not signed in, the token expired, or the role may not do this"),
    "404": N_("no such video, recommendation, job or path"),
    "405": N_("this method is not allowed here"),
    "409": N_("not allowed in the video's current state"),
    "408": N_("the request took too long to arrive"),
    "413": N_("the body is too large"),
    "414": N_("the address is too long"),
    "429": N_("too many requests; wait and try again"),
    "500": N_("internal error; quote the requestId"),
    "502": N_("the cloud refused or failed"),
    "503": N_("the server is starting or stopping"),
}


def describe(settings: Settings) -> dict[str, Any]:
    """Return the OpenAPI description of all operations."""
    operations = in_order()
    kinds = [parameter.kind for one in operations for parameter in one.parameters]
    items = [kind.item for kind in kinds if isinstance(kind, JsonList)]
    data, components = schemas_of([*(one.answer for one in operations if _answers_data(one)), *items])
    components["Envelope"] = _envelope({"type": "object", "nullable": True})
    components |= {
        _named(one, "Answer"): _envelope(nullable(data[str(one.answer)])) for one in operations if _answers_data(one)
    }
    components |= {_named(one, "Body"): _request(one) for one in operations if one.parameters}
    components |= {kind.words.__name__: _enumeration(kind) for kind in kinds if isinstance(kind, Choice)}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Qu Console",
            "version": VERSION,
            "description": INTRODUCTION.format(zone=settings.time_zone.key),
        },
        "servers": [{"url": "/"}],
        "paths": {one.path: _path(one) for one in operations},
        "components": {
            "schemas": components,
            "securitySchemes": {
                "consoletoken": {"type": "apiKey", "in": "query", "name": "consoletoken"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
            "responses": {"Refused": {"description": "A transport refusal.", "content": _json("Envelope")}},
        },
    }


def default_of(parameter: Parameter) -> Any:
    """Return the default of an optional parameter, or None."""
    default = parameter.default
    return str(default).lower() if isinstance(default, bool) else default or None


def _answers_data(operation: Operation) -> bool:
    return operation.answer not in (Download, type(None))


def _named(operation: Operation, what: str) -> str:
    return f"{operation.name[0].upper()}{operation.name[1:]}{what}"


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": ref(name)}}


def _path(operation: Operation) -> dict[str, Any]:
    post = _operation(operation, operation.name if operation.method == "POST" else f"{operation.name}ByPost")
    if operation.parameters:
        takes_file = any(one.is_file for one in operation.parameters)
        content = _json(_named(operation, "Body"))
        post["requestBody"] = {
            "required": operation.needs_body or any(one.required for one in operation.parameters),
            "content": {"multipart/form-data": content["application/json"]} if takes_file else content,
        }
    if "GET" not in operation.methods:
        return {"post": post}
    get = _operation(operation, operation.name)
    get["parameters"] = [_query_parameter(parameter) for parameter in operation.parameters]
    return {"get": get, "post": post}


def _operation(operation: Operation, name: str) -> dict[str, Any]:
    first, _, _ = operation.summary.partition("\n")
    described: dict[str, Any] = {
        "operationId": name,
        "summary": first,
        "tags": [operation.path.split("/")[-2]],
        "security": _security(operation),
        "responses": {
            "200": {
                "description": operation.message or "Done, or an error: see `code`.",
                "content": _answer(operation),
            },
            "default": {"$ref": "#/components/responses/Refused"},
        },
    }
    described["description"] = translations("zh").pgettext("operation", operation.name)
    if operation.right is not None:
        described["x-right"] = operation.right.value
    if operation.extension:
        described["x-extension"] = True
    return described


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.name == "login":
        return []
    tokens: list[dict[str, list[str]]] = [{"consoletoken": []}, {"bearer": []}]
    return tokens if operation.right is not None else [{}, *tokens]


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.answer is Download:  # a file; errors are sent as an envelope
        files = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES.values()}
        return {**files, **_json("Envelope")}
    return _json(_named(operation, "Answer") if _answers_data(operation) else "Envelope")


def _envelope(data: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["result", "requestId", "message", "code", "data"],
        "properties": {
            "result": {"type": "string", "pattern": "^(true|false)$", "description": "`true` where it was done."},
            "requestId": {"type": "string", "format": "uuid"},
            "message": {"type": "string"},
            "code": {
                "type": "string",
                "description": "; ".join(f"{code}: {said}" for code, said in CODES.items()),
            },
            "data": data,
        },
    }


def _query_parameter(parameter: Parameter) -> dict[str, Any]:
    schema = _schema(parameter)
    if schema.get("maxLength", 0) > MAX_URL_LENGTH:
        schema["maxLength"] = MAX_URL_LENGTH
    return {"name": parameter.wire_name, "in": "query", "required": parameter.required, "schema": schema}


def _request(operation: Operation) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {one.wire_name: _schema(one) for one in operation.parameters},
    }
    if required := [one.wire_name for one in operation.parameters if one.required]:
        schema["required"] = required
    return schema


def _schema(parameter: Parameter) -> Schema:
    default, kind = default_of(parameter), parameter.kind
    if isinstance(kind, Choice):
        named = ref(kind.words.__name__)
        return named if default is None else {"allOf": [named], "default": default}
    schema = plain(kind.schema())
    if isinstance(kind, Flag):
        schema, default = {"type": "boolean"}, parameter.default
    return schema if default is None else {**schema, "default": default}


def _enumeration(choice: Choice) -> Schema:
    return {"type": "string", "enum": [word.value for word in choice.words if word.value]}  # empty counts as absent
