"""The alert rules and the dashboard of docs/deploy name what a console tells at /metrics, and do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from types import SimpleNamespace

import pytest
import requests
import yaml

from backend.aliyun.prefetch import Quota
from backend.api.registry import OPERATIONS
from backend.auth.permissions import Role
from tests.acceptance.server_process import ServerProcess
from tests.paths import ROOT
from tests.ports import free_port
from tests.waiting import until

RULES = ROOT / "docs/deploy/prometheus-rules.yml"
DASHBOARD = ROOT / "docs/deploy/grafana-dashboard.json"
CASES = ROOT / "tests/observability/alerts_test.yml"
SERIES = re.compile(r"\b((?:qu|process)_\w+|up)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|!=|=)"([^"]*)"')
OF_PROMETHEUS = {"job", "instance"}  # labels that Prometheus adds
TOKEN = "a-token-of-Prometheus"


def rules():
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return group["rules"]


def panel_queries():
    """What the panels of the dashboard ask, by their title."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]


def program(name):
    found = shutil.which(name)
    if found is None:
        say = pytest.fail if os.environ.get("TEST_PROMETHEUS") == "required" else pytest.skip
        say(f"{name} is missing: it is in Debian's package prometheus")
    return found


@pytest.fixture
def told(console, server, http, sign_in, make_account):
    """The labels and their values of every metric, of a console that has seen a few calls, in cloud mode."""
    cache = SimpleNamespace(kept_quota=lambda: (Quota(1000, 10, 0), 0.0))
    console.cloud = SimpleNamespace(cache=cache, close=lambda: None)
    http.post(f"{server}/console/user/login", data={"userName": "nobody", "password": "x" * 12})
    token = sign_in(make_account("watcher", Role.REVIEWER))
    http.get(f"{server}/console/vod/getVideos", params={"consoletoken": token})
    found: dict[str, dict[str, set[str]]] = {"up": {}}
    for line in http.get(f"{server}/metrics").text.splitlines():
        if not line.startswith("#"):
            name, _, labels = line.rpartition(" ")[0].partition("{")
            values = found.setdefault(name, {})
            for label, value in re.findall(r'(\w+)="([^"]*)"', labels):
                values.setdefault(label, set()).add(value)
    return found


def unknown(query, told):
    """What a query names that no console tells."""
    for name, matchers in SERIES.findall(query):
        if name not in told:
            yield name
            continue
        for label, operator, value in MATCHER.findall(matchers):
            if label in OF_PROMETHEUS:
                continue
            if label not in told[name]:
                yield f"{name}{{{label}}}"
            known = set(OPERATIONS) if label == "operation" else told[name].get(label, set())
            words = set() if label == "code" or "$" in value else set(value.split("|" if operator == "=~" else "\0"))
            yield from (f'{name}{{{label}="{word}"}}' for word in words - known)


def test_alerts_ask_for_metrics_that_there_are(told):
    asked = [(rule["alert"], one) for rule in rules() for one in unknown(rule["expr"], told)]

    assert asked == []


def test_panels_ask_for_metrics_that_there_are(told):
    queries = panel_queries()

    assert len(queries) > 20
    assert [(title, one) for title, query in queries for one in unknown(query, told)] == []


def test_every_metric_of_ours_has_a_panel(told):
    shown = {name for _, query in panel_queries() for name, _ in SERIES.findall(query)}
    ours = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in told if "qu_" in name}

    assert [name for name in sorted(ours) if not any(one.startswith(name) for one in shown)] == ["qu_disk_size_bytes"]


def test_every_alert_has_a_case_says_what_to_do_and_whom_it_wakes():
    tried = CASES.read_text(encoding="utf-8")

    for rule in rules():
        assert rule["alert"] in tried
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.slow
def test_alerts_fire_when_they_should_and_only_then():
    """promtool's unit tests; it also finds mistakes in the rules."""
    for arguments in (("check", "rules", RULES), ("test", "rules", CASES)):
        ran = subprocess.run([program("promtool"), *map(str, arguments)], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def prometheus(tmp_path):
    """A real Prometheus that scrapes a real console every second; gives its API and the console."""
    executable = program("prometheus")
    console = ServerProcess(tmp_path, QU_METRICS_TOKEN=TOKEN)
    console.start()
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {
                "job_name": "qu-console",
                "authorization": {"credentials": TOKEN},
                "static_configs": [{"targets": [f"127.0.0.1:{console.port}"]}],
            }
        ],
    }
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    options = ("--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", f"--web.listen-address={address}")
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([executable, *options], cwd=tmp_path, stdout=log, stderr=log)

    def ask(path, **parameters):
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(f"http://{address}/api/v1/{path}", params=parameters, timeout=30).json()
        except (requests.ConnectionError, requests.JSONDecodeError):
            assert process.poll() is None, (tmp_path / "prometheus.log").read_text()
            return None
        return answer["data"] if answer["status"] == "success" else answer

    yield ask, console
    process.terminate()
    process.wait(60)
    if console.process.poll() is None:
        console.kill()


@pytest.mark.slow
def test_a_real_prometheus_scrapes_the_console_evaluates_the_rules_and_answers_the_dashboard(prometheus):
    ask, console = prometheus

    def is_scraped():
        found = ask("query", query='qu_info{job="qu-console"} and on (instance) up == 1')
        return found and found["result"]

    until(is_scraped, "a scrape")

    def evaluated():
        found = ask("rules")["groups"][0]["rules"]
        return len(found) == len(rules()) and all(rule["health"] == "ok" for rule in found) and found

    assert {rule["state"] for rule in until(evaluated, "an evaluation of every rule")} <= {"inactive", "pending"}
    for title, query in panel_queries():
        given = query.replace("$__rate_interval", "1m").replace("$instance", ".*")
        assert ask("query", query=given)["resultType"] == "vector", title

    console.kill()

    def pending():
        return "QuConsoleDown" in {alert["labels"]["alertname"] for alert in ask("alerts")["alerts"]}

    until(pending, "the alert that the console is down")
