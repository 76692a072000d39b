"""The description and the docs page: complete, and true of what is really answered."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import jsonschema
import pytest

from backend.api.registry import OPERATIONS
from backend.exports.download import Download
from backend.model import CensorStatus, FileKind, MediaFile
from backend.model.sheets import Listing, RowKind, Sheet, SheetRow
from backend.server.openapi import describe
from tests.conftest import TESTS
from tests.json_schema import in_json_schema

pytestmark = pytest.mark.in_front

SHEET = Sheet("", "anne", "videos.csv", 0, 1, Listing.VIDEOS, ("title",), ("备注",))
ROW = SheetRow(1, 2, RowKind.CHANGED, "v1", "v0123456789a", "海边", {"title": "海边"}, {"title": "山"})


@pytest.fixture
def described(server, http):
    return http.get(f"{server}/console/openapi.json").json()


@pytest.fixture
def page(server, http):
    return http.get(f"{server}/console/docs")


def test_every_operation_is_described(settings):
    whole = describe(settings)
    for operation in OPERATIONS.values():
        described = whole["paths"][operation.path]
        names = [one.wire_name for one in operation.parameters]

        assert set(described) == {method.lower() for method in operation.methods}
        for method in described.values():
            assert method["summary"]
            assert re.search("[一-鿿]", method["description"]), operation.name
            assert method.get("x-extension", False) == operation.extension
        if "get" in described:
            assert [one["name"] for one in described["get"]["parameters"]] == names
        assert ("requestBody" in described["post"]) == bool(names)
        if names:
            (content,) = described["post"]["requestBody"]["content"].values()
            body = whole["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            assert list(body["properties"]) == names
            assert body.get("required", []) == [one.wire_name for one in operation.parameters if one.required]


def test_a_fetch_cannot_be_asked_for_without_a_body(settings):
    assert describe(settings)["paths"]["/console/vod/pullVideos"]["post"]["requestBody"]["required"]


def every_schema(node):
    """Yield every schema in a description, and what else looks like one."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    for part in node if isinstance(node, list) else ():
        yield from every_schema(part)


def test_generators_find_one_type_for_everything(described):
    for schema in every_schema(described["components"]["schemas"]):
        kind = schema.get("type")
        if isinstance(kind, dict) or "$ref" in schema:  # the properties of something that has a `type`
            continue
        assert kind is None or (isinstance(kind, str) and kind != "null"), schema
        assert "anyOf" not in schema
        assert "oneOf" not in schema
        assert kind != "array" or "items" in schema, schema


def test_no_two_fields_differ_by_letter_case_alone(described):
    for name, schema in described["components"]["schemas"].items():
        fields = [field.lower() for field in schema.get("properties", {})]
        assert len(set(fields)) == len(fields), name


def test_every_body_and_answer_has_a_name_and_no_two_are_told_apart_by_letter_case(described):
    names = [name.lower() for name in described["components"]["schemas"]]

    assert len(set(names)) == len(names)
    for path in described["paths"].values():
        for method in path.values():
            parts = [method.get("requestBody", {}), method["responses"]["200"]]
            schemas = [one["schema"] for part in parts for one in part.get("content", {}).values()]
            assert all("$ref" in schema or schema.get("format") == "binary" for schema in schemas)


def test_what_may_pass_32_bits_says_so(described):
    fields = described["components"]["schemas"]["VideoDetail"]["properties"]

    assert (fields["size"]["format"], fields["duration"]) == ("int64", {"type": "number", "format": "double"})


def test_it_is_served_whole(described, settings):
    assert described["openapi"] == "3.0.3"
    assert described == json.loads(json.dumps(describe(settings)))
    assert set(described["paths"]) == {operation.path for operation in OPERATIONS.values()}
    assert all(server["url"].startswith("/") for server in described["servers"])


def test_names_of_operations_are_unique(described):
    names = [method["operationId"] for path in described["paths"].values() for method in path.values()]

    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere(described):
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(described)):
        found = described
        for step in reference.split("/"):
            found = found[step]


def test_nobody_need_be_signed_in_to_sign_in(described):
    assert described["paths"]["/console/user/login"]["post"]["security"] == []
    assert {} not in described["paths"]["/console/vod/getVideos"]["get"]["security"]


def test_what_is_answered_is_what_is_described(described, console, server, http, token, make_video):
    files = (MediaFile(FileKind.COMMON, "common.mp4"), MediaFile(FileKind.SNAPSHOT, "1.jpg"))
    made = make_video(censor_status=CensorStatus.SUCCESS, files=files, duration=1.25)
    given = dict.fromkeys(("videoId", "videoIds", "mediaId"), made.video_id)
    given |= {"status": "Normal", "objectPath": "example.com/a.png"}
    given |= {"key": console.store.feed_keys.add(TESTS).key}
    given |= {"webhookId": console.store.webhooks.add("https://hooks.example.com/in", "", (), TESTS).webhook_id}
    given |= {"bulkId": console.call("startBulk", {"action": "narrow"}, token)["data"]["bulkId"]}
    given |= {"viewId": console.call("saveView", {"page": "videos", "name": "mine"}, token)["data"]["viewId"]}
    given |= {"sheetId": console.store.sheets.keep(SHEET, [ROW]).sheet_id}
    given |= {"figure": "uploads"}
    given |= {"name": "nightly", "right": "read", "endTime": "2019-02-01 12:00", "role": "app", "revision": "1"}
    first = ["recommendVideo", "submitTranscode", "pushObjectCache", "addAccount", "createToken"]
    names = [
        *first,
        *(name for name in OPERATIONS if name.startswith(("get", "check", "createE", "createUploadL", "find"))),
    ]
    for name in names:
        operation = OPERATIONS[name]
        of_the_cloud = operation.function.__module__.endswith((".drift", ".usage", ".cdn_refreshes"))
        if operation.answer is Download or operation.file_parameter or of_the_cloud:
            continue
        if name == "getJob":
            given["jobId"] = console.store.jobs.find_jobs().items[0].job_id
        wanted = {one.wire_name: given[one.wire_name] for one in operation.parameters if one.wire_name in given}
        wanted.pop("status", None) if name == "getJobs" else None
        wanted |= {"page": "videos"} if name == "getViews" else {}
        wanted |= {"userName": "ben"} if name == "addAccount" else {}
        answer = http.post(server + operation.path, data={**wanted, "consoletoken": token}).json()
        content = described["paths"][operation.path]["post"]["responses"]["200"]["content"]["application/json"]
        assert answer["code"] == "200", answer
        jsonschema.validate(answer, in_json_schema({**content["schema"], "components": described["components"]}))


def test_the_docs_page_shows_every_operation_and_parameter(page, described):
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for operation in OPERATIONS.values():
        assert f'id="{operation.name}"' in page.text
        assert operation.path in page.text
        assert described["paths"][operation.path]["post"]["description"] in page.text
        assert all(f"<code>{one.wire_name}</code>" in page.text for one in operation.parameters)


def test_the_docs_page_needs_nothing_from_elsewhere(page):
    assert not re.search(r'(src|href|action)="(https?:)?//', page.text)
    assert "@import" not in page.text
    assert "url(" not in page.text


def test_the_docs_page_may_run_its_own_script_only(page):
    policy = page.headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert " style=" not in page.text
    assert not re.search(r"\son[a-z]+=", page.text)


def test_the_docs_answer_reading_alone(server, http):
    for path in ("/console/docs", "/console/openapi.json"):
        assert http.head(server + path).status_code == 200
        answer = http.post(server + path)
        assert (answer.status_code, answer.json()["code"]) == (405, "405")
