"""Every error can be told in Chinese: each template that is raised anywhere has a translation with the same names."""

from __future__ import annotations

import ast
import json
import string

import pytest

from backend import errors
from backend.auth.permissions import Right, Role
from backend.errors import BadRequest, Conflict, ConsoleError, Forbidden
from backend.i18n.messages import CHINESE, say
from backend.i18n.wording import FORMER, NAMES, PLAINLY
from backend.model import JobState
from tests.paths import ROOT

BACKEND = ROOT / "backend"
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, ConsoleError)}


def constants(trees):
    """Return the texts that modules keep under a name."""
    return {
        target.id: node.value.value
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def raised():
    """Yield every template that an error is made of, and where."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(BACKEND.rglob("*.py"))}
    named = constants(trees.values())
    for path, tree in trees.items():
        known = {**named, **constants([tree])}
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and called(node) in KINDS):
                continue
            where = f"{path.relative_to(BACKEND.parent)}:{node.lineno}"
            for template in (part for argument in first(node) for part in branches(argument)):
                if isinstance(template, ast.Constant):
                    yield where, template.value
                elif isinstance(template, ast.Name) and template.id in known:
                    yield where, known[template.id]
                elif not (isinstance(template, ast.Name) and template.id == "template"):  # errors.unpack passes one on
                    raise AssertionError(f"{where}: a template must be a text, or the name of one")


def called(node):
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def branches(node):
    """Yield what a conditional expression can be."""
    if isinstance(node, ast.IfExp):
        yield from branches(node.body)
        yield from branches(node.orelse)
    else:
        yield node


def first(node):
    """Return the template of an error; Refused has its status before it."""
    arguments = node.args[1:2] if called(node) == "Refused" else node.args[:1]
    return [argument for argument in arguments if not isinstance(argument, ast.Starred)]


def names(template):
    return {field.split("!")[0] for _, field, _, _ in string.Formatter().parse(template) if field}


TEMPLATES = {template: where for where, template in raised()}


def test_templates_are_found():
    assert len(TEMPLATES) > 20
    assert errors.SIGN_IN_FIRST in TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template[:60])
def test_every_error_is_told_in_chinese(template):
    assert template in CHINESE, TEMPLATES[template]
    assert names(CHINESE[template]) == names(template)


def test_no_translation_is_left_over():
    assert set(CHINESE) <= set(TEMPLATES)


def test_a_job_that_failed_before_its_message_was_reworded_tells_the_new_one():
    old = "The disk refused: {why}."

    assert say(ConsoleError(old, why="EIO"), "zh") == "磁盘写入失败：EIO。"
    assert say(ConsoleError(old, why="EIO"), "en") == "The disk could not be written: EIO."
    assert set(FORMER.values()) <= set(TEMPLATES)
    assert not set(FORMER) & set(TEMPLATES)


def test_somebody_at_a_page_reads_no_ids_and_no_words_of_the_api():
    error = Conflict(
        "Video {video_id} has not passed review (censorStatus is {status}). Approve it first.",
        video_id="23rfewc23",
        status="check",
    )

    assert say(error, "zh", plainly=True) == "该视频尚未通过审核，请先通过审核。"
    assert say(error, "en", plainly=True) == "This video has not passed review yet. Approve it first."
    assert "23rfewc23" in say(error, "zh")
    for template, (english, chinese) in PLAINLY.items():
        assert template in TEMPLATES
        assert names(english) == names(chinese) <= names(template) - {"video_id", "job_id", "status"}


def test_a_refusal_names_roles_rights_and_states_in_words_of_the_reader():
    named = json.loads((BACKEND.parent / "pages/locales/zh.json").read_text("utf-8"))
    refused = Forbidden("Your role ({role}) does not have the {right} permission.", role="analyst", right="manage")

    assert say(refused, "zh") == "你的角色（分析员）没有“管理”权限。"
    assert say(refused, "en") == "Your role (analyst) does not have the manage permission."
    for group, kind in (("role", Role), ("right", Right), ("state", JobState)):
        assert set(NAMES[group]) == set(kind)
    for word, name in NAMES["role"].items():
        assert named[f"role.{word}"] == name
    for word, name in NAMES["state"].items():
        assert named[f"status.{word}"] == name


def test_an_error_is_told_in_the_language_of_the_caller(monkeypatch):
    monkeypatch.setitem(CHINESE, "{name} is required.", "缺少参数 {name}。")
    error = BadRequest("{name} is required.", name="videoId")

    assert say(error, "zh") == "缺少参数 videoId。"
    assert say(error, "en") == say(error, "fr") == "videoId is required."
