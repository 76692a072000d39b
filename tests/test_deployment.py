"""What docs/deployment.md is about: the files exist in each other's view, name known settings, and stay restricted."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import fields

import pytest
import yaml

from backend.settings import Settings
from tests.paths import ROOT

CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
UNITS = sorted((ROOT / "docs/deploy").glob("*.service"))
OF_COMPOSE = {"QU_HOST", "QU_CONSOLE"}  # of Caddy


def test_they_name_settings_that_there_are():
    known = {f"QU_{item.name.upper()}" for item in fields(Settings)} | OF_COMPOSE
    for file in (ROOT / "Containerfile", ROOT / "compose.yaml", ROOT / "docs/deploy/Caddyfile", *UNITS):
        assert set(re.findall(r"\bQU_[A-Z_]+", file.read_text(encoding="utf-8"))) <= known, file


def test_the_image_gets_all_that_runs_and_the_builder_sends_no_more():
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]

    assert sorted(copied) == sorted(sent)
    assert {"dashboard.py", "backend", "pages", ".streamlit"} < set(copied)
    assert [source for source in copied if not list(ROOT.glob(source))] == []


def test_the_image_runs_as_nobody_in_particular():
    assert "USER 10001:10001" in CONTAINERFILE
    assert CONTAINERFILE.rindex("USER ") > CONTAINERFILE.rindex("RUN ")
    assert "HEALTHCHECK" in CONTAINERFILE


@pytest.mark.parametrize("service", ["console", "proxy"])
def test_services_are_restricted(service):
    found = COMPOSE["services"][service]

    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["mem_limit"]


def test_only_the_proxy_is_published_and_the_console_trusts_its_network():
    console, (network,) = COMPOSE["services"]["console"], COMPOSE["networks"]["inside"]["ipam"]["config"]

    assert "ports" not in console
    assert console["environment"]["QU_PROXIES"] == network["subnet"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_takes_the_units_and_finds_them_restricted(unit):
    """`--threshold` is ten times the exposure, from 0 to 10, at which it fails."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is missing")
    checked = subprocess.run([program, "verify", str(unit)], capture_output=True, text=True)
    rated = subprocess.run(
        [program, "security", "--offline=true", "--threshold=15", str(unit)], capture_output=True, text=True
    )

    assert [line for line in checked.stderr.splitlines() if "is not executable" not in line] == []
    assert rated.returncode == 0, rated.stdout[-500:]
