"""JSON Schemas as generators of clients take them: in the words of OpenAPI 3.0, with one type each."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

Schema: TypeAlias = dict[str, Any]

REF = "#/components/schemas/{name}"
MAX_INT32 = 2**31 - 1
# Names that existing clients read besides those of the document, and that differ from them by letter case alone: no
# generator can make a field of each. They are sent, and not described.
OTHER_SPELLINGS = {"snapshotList": "SnapshotList"}


def ref(name: str) -> Schema:
    return {"$ref": REF.format(name=name)}


def schemas_of(types: list[Any]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Return the schema of each of these types, by its text, and the named ones that those refer to."""
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    found = {str(one): plain(schema) for one, schema in zip(types, schemas, strict=True)}
    return found, {name: plain(schema) for name, schema in components.items()}


def plain(schema: Schema) -> Schema:
    """Return a schema in the words of OpenAPI 3.0. What may be null says so by `nullable`."""
    if "anyOf" in schema:
        (one,) = (part for part in schema["anyOf"] if part != {"type": "null"})
        return nullable(plain(one))
    made = {key: value for key, value in schema.items() if key not in ("title", "examples", "default")}
    if "examples" in schema:
        made["example"] = schema["examples"][0]
    if schema.get("type") == "integer" and schema.get("maximum", MAX_INT32 + 1) > MAX_INT32:
        made["format"] = "int64"
    if schema.get("type") == "number":
        made["format"] = "double"
    if "properties" in schema:
        kept = {name: part for name, part in schema["properties"].items() if name not in OTHER_SPELLINGS}
        made["properties"] = {name: plain(part) for name, part in kept.items()}
        made["required"] = [name for name in schema.get("required", []) if name in kept]
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            made[key] = plain(schema[key])
    return made


def nullable(schema: Schema) -> Schema:
    """Return a schema that takes null as well."""
    return {"allOf": [schema], "nullable": True} if "$ref" in schema else {**schema, "nullable": True}
