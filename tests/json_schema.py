"""Schemas of OpenAPI 3.0, as validators of JSON Schema read them."""

from __future__ import annotations


def in_json_schema(node):
    """Return a schema of OpenAPI 3.0 as one of JSON Schema, which has another way to say that something may be null."""
    if isinstance(node, list):
        return [in_json_schema(part) for part in node]
    if not isinstance(node, dict):
        return node
    made = {key: in_json_schema(part) for key, part in node.items() if key != "nullable"}
    return {"anyOf": [made, {"type": "null"}]} if node.get("nullable") is True else made
