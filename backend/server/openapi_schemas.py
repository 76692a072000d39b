"""Converts JSON Schemas to OpenAPI 3.0, with one type each, as client generators require."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

Schema: TypeAlias = dict[str, Any]

REF = "#/components/schemas/{name}"
MAX_INT32 = 2**31 - 1
# Duplicates of documented names that differ only in case, for which generators cannot create separate fields. They are
# sent but not described.
OTHER_SPELLINGS = {"snapshotList": "SnapshotList"}


def ref(name: str) -> Schema:
    return {"$ref": REF.format(name=name)}


def schemas_of(types: list[Any]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Return the schemas of these types by their text, and the named components they refer to."""
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    found = {str(one): plain(schema) for one, schema in zip(types, schemas, strict=True)}
    return found, {name: plain(schema) for name, schema in components.items()}


def plain(schema: Schema) -> Schema:
    """Convert a schema to OpenAPI 3.0; null becomes `nullable`."""
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
    """Return a schema that also accepts null."""
    return {"allOf": [schema], "nullable": True} if "$ref" in schema else {**schema, "nullable": True}
