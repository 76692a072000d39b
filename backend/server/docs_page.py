"""The page /console/docs: self-contained documentation of all operations, with forms to try them."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from backend.api.registry import Operation, Parameter, in_order
from backend.exports.download import Download
from backend.i18n import N_, both, translations
from backend.server.openapi import CODES, INTRODUCTION, default_of, describe
from backend.settings import Settings

STATIC = Path(__file__).parent / "static"
KINDS = {"string": N_("text"), "integer": N_("integer"), "number": N_("number"), "array": N_("list (JSON)")}
# The API document's example values, by parameter or field name.
EXAMPLES: dict[str, Any] = {
    "id": "25", "videoId": "23rfewc23", "mediaId": "23rfewc23", "title": "test video", "description": "test33",
    "duration": 12, "coverUrl": "/media/23rfewc23/…/cover.jpg", "creationTime": "2019-01-09 22:11:29.0", "size": 56,
    "cateId": 12, "cateName": "12", "tags": "测试", "userId": "2434793223202", "userName": "Anne",
    "censorStatus": "onCensor", "isRecommend": "false", "total": 7, "nowTotal": 7, "status": "Normal",
    "consoleToken": "12351232334123456781548765480698", "objectPath": "example.com/image/1.png",
    "startTime": "2019-01-09 00:00:00", "endTime": "2019-01-09", "fileUrl": "media/23rfewc23/…/common.mp4",
    "password": "…", "jobId": "9f1c…", "file": "clip.mp4",
}  # fmt: skip


def docs_page(settings: Settings) -> tuple[bytes, str]:
    """Return the page and its Content-Security-Policy, which allows only its own script."""
    style, script = ((STATIC / name).read_text(encoding="utf-8") for name in ("docs.css", "docs.js"))
    components = describe(settings)["components"]["schemas"]
    seed = [one for one in in_order() if not one.extension]
    more = [one for one in in_order() if one.extension]
    main = _introduction(settings) + "".join(
        f'<h2 id="{anchor}">{title}</h2>' + "".join(_section(one, components) for one in operations)
        for anchor, title, operations in (
            ("documented", _heading(N_("Documented operations")), seed),
            ("extensions", _heading(N_("Extensions")), more),
        )
    )
    page = f"""<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Qu Console API</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<header><a class="brand" href="#top">趣视频 <span>Qu Console API</span></a>
<label>Token <input id="token" spellcheck="false" autocomplete="off" placeholder="consoletoken"></label>
<a class="raw" href="/console/openapi.json">openapi.json</a></header>
<div class="columns">
<nav><details open><summary>{both("Operations")}</summary>{_links(seed)}<hr>{_links(more)}</details></nav>
<main id="top">{main}</main>
</div>
<script>{script}</script>
</body>
</html>
"""
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page.encode(), policy


def _introduction(settings: Settings) -> str:
    text = f"{_chinese(INTRODUCTION)}\n\n{INTRODUCTION}".format(zone=settings.time_zone.key)
    paragraphs = [f"<p>{_code(paragraph)}</p>" for paragraph in text.split("\n\n")]
    rows = "".join(
        f"<tr><td><code>{code}</code></td><td>{_chinese(said)}<br><small>{said}</small></td></tr>"
        for code, said in CODES.items()
    )
    sample = _json({"result": "true", "requestId": "c3bcb60d-e85f-…", "message": "", "code": "200", "data": {"…": "…"}})
    return f"""<section class="intro"><h1>{_heading(N_("Console API"))}</h1>
{"".join(paragraphs)}<div class="pair"><pre>{sample}</pre>
<details open><summary>{both("Codes")}</summary><table>{rows}</table></details></div></section>"""


def _chinese(text: str) -> str:
    return translations("zh").gettext(text)


def _heading(text: str) -> str:
    return f"{_chinese(text)} <small>{text}</small>"


def _links(operations: list[Operation]) -> str:
    return "".join(f'<a href="#{one.name}">{one.name}</a>' for one in operations)


def _section(operation: Operation, components: dict[str, Any]) -> str:
    chinese = translations("zh").pgettext("operation", operation.name)
    title = f"<strong>{chinese}</strong> <span>{escape(operation.summary)}</span>"
    methods = "".join(f'<b class="{method.lower()}">{method}</b>' for method in operation.methods)
    right = f"{both('right')}: {operation.right.value}" if operation.right else both("no token")
    said = f"<i>message: {escape(operation.message)}</i>" if operation.message else ""
    return f"""<section class="operation" id="{operation.name}">
<h3><a href="#{operation.name}">{operation.name}</a></h3>
<p class="path">{methods}<code>{operation.path}</code></p>
<p class="summary">{title}</p><p class="facts"><i>{right}</i>{said}</p>
{_table(operation)}
<div class="pair"><div><h4>{both("Request")}</h4><pre>{escape(_curl(operation))}</pre></div>
<div><h4>{both("data")}</h4><pre>{_answer(operation, components)}</pre></div></div>
{_form(operation)}</section>"""


def _table(operation: Operation) -> str:
    if not operation.parameters:
        return f'<p class="none">{both("No parameters")}</p>'
    required = f" <em>{both('required')}</em>"
    rows = "".join(
        f"<tr><td><code>{one.wire_name}</code>{required if one.required else ''}</td>"
        f"<td>{_kind(operation, one)}</td></tr>"
        for one in operation.parameters
    )
    head = f"<th>{both('Parameter')}</th><th>{both('Description')}</th>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _kind(operation: Operation, parameter: Parameter) -> str:
    schema = parameter.kind.schema()
    if parameter.is_file:
        return f"{both('file')} (multipart/form-data)"
    if words := [word for word in schema.get("enum", ()) if word]:
        said = " · ".join(f"<code>{escape(word)}</code>" for word in words)
    elif "examples" in schema:
        said = f"{both('time')}: " + " · ".join(
            f"<code>{escape(str(example))}</code>" for example in schema["examples"]
        )
    elif "format" in schema:
        said = f"{both('URL')} (http, https, /…)"
    else:
        said = both(KINDS[schema["type"]])
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and low >= 0:
        said += f", {low}–{high}" if high and high < 10**6 else f", ≥ {low}"
    if schema.get("maxLength", 10**9) < 60_000:
        said += f", ≤ {schema['maxLength']}"
    default = default_of(parameter)
    return said if default is None else f"{said}；{both('default')} <code>{escape(str(default))}</code>"


def _curl(operation: Operation) -> str:
    shown = [one for one in operation.parameters if one.required] or list(operation.parameters[:2])
    lines = ["curl"]
    if operation.name != "login":
        lines.append("-d consoletoken=$TOKEN" if not any(one.is_file for one in shown) else "-F consoletoken=$TOKEN")
    for one in shown:
        value = EXAMPLES.get(one.wire_name, default_of(one) or "…")
        value = one.kind.schema().get("enum", [value])[-1]
        lines.append(f"-F {one.wire_name}=@{value}" if one.is_file else f"--data-urlencode '{one.wire_name}={value}'")
    return " \\\n  ".join([*lines, f"$HOST{operation.path}"])


def _answer(operation: Operation, components: dict[str, Any]) -> str:
    if operation.answer is Download:
        return "CSV, XLSX, JSONL"
    (schema,), _ = msgspec.json.schema_components([operation.answer], ref_template="{name}")
    return _json(_sample(schema, components))


def _sample(schema: dict[str, Any], components: dict[str, Any], name: str = "") -> Any:
    if "$ref" in schema:
        return _sample(components[schema["$ref"].rsplit("/", 1)[-1]], components)
    if "allOf" in schema:
        return _sample(schema["allOf"][0], components, name)
    kind = schema.get("type")
    if kind == "object":
        return {key: _sample(part, components, key) for key, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [_sample(schema.get("items", {}), components, "url" if "Url" in name or "napshot" in name else "")]
    if name in EXAMPLES:
        return EXAMPLES[name]
    return {"string": "https://…" if "rl" in name[-3:].lower() else "", "null": None, "boolean": True}.get(str(kind), 0)


def _form(operation: Operation) -> str:
    fields = "".join(
        f"<label>{one.wire_name}{'<em>*</em>' if one.required else ''}{_input(one)}</label>"
        for one in operation.parameters
    )
    return (
        f'<details class="try"><summary>{both("Try it")}</summary><form data-path="{operation.path}">'
        f"{fields}<button>{both('Send')}</button></form><output></output></details>"
    )


def _input(parameter: Parameter) -> str:
    name, schema = parameter.wire_name, parameter.kind.schema()
    if parameter.is_file:
        return f'<input type="file" name="{name}">'
    if words := [word for word in schema.get("enum", ()) if word]:
        options = "".join(f"<option>{escape(word)}</option>" for word in ["", *words])
        return f'<select name="{name}">{options}</select>'
    if name == "objectPath":
        return f'<textarea name="{name}" rows="3"></textarea>'
    return f'<input name="{name}" type="{"password" if name == "password" else "text"}" autocomplete="off">'


def _json(value: Any) -> str:
    return escape(json.dumps(value, ensure_ascii=False, indent=2), quote=False)


def _code(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if odd % 2 else part for odd, part in enumerate(parts))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
