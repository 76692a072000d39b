"""People sign in with their company account, at a real provider: oidc-provider from npm."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.paths import ROOT
from tests.ports import free_port

pytestmark = pytest.mark.slow

MODULES = Path(os.environ.get("TEST_NODE_MODULES", ROOT / ".venv" / "node" / "node_modules"))
BACK = "/console/user/company/callback"


class Provider:
    """The provider as a process; each start has new keys."""

    def __init__(self) -> None:
        self.port, self.redirect_uri = free_port(), ""
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        script = ROOT / "tests" / "browser" / "oidc_provider.mjs"
        self.process = subprocess.Popen(
            ["node", str(script), str(self.port), self.redirect_uri], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "NODE_MODULES": str(MODULES)}, text=True,
        )  # fmt: skip
        while self.process.stdout.readline() not in ("listening\n", ""):
            pass
        assert self.process.poll() is None

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def provider():
    if not shutil.which("node") or not (MODULES / "oidc-provider").is_dir():
        say = pytest.fail if os.environ.get("TEST_OIDC_PROVIDER") == "required" else pytest.skip
        say("There is no node, or oidc-provider is not installed: make installs it.")
    made = Provider()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def company_site(new_server, provider):
    """A server that knows the provider."""
    server = new_server()
    provider.redirect_uri = f"{server.url}{BACK}"
    provider.start()
    server.settings |= {
        "QU_OIDC_ISSUER": provider.url, "QU_OIDC_CLIENT_ID": "qu-console",
        "QU_OIDC_CLIENT_SECRET": "a secret: of/ours", "QU_OIDC_ROLES": "video-admins=admin, video-ops=manager",
    }  # fmt: skip
    with server:
        yield server


@pytest.fixture
def visitor_of(fresh_browser, new_person, provider):
    """Sits somebody down who is signed in nowhere."""

    def sit_down(server, language):
        person = new_person(fresh_browser(language), server.url, language)
        person.expected_hosts.update((f"127.0.0.1:{provider.port}", "fonts.googleapis.com"))  # its page asks for one
        person.page.route("https://fonts.googleapis.com/**", lambda route: route.fulfill(content_type="text/css"))
        return person

    return sit_down


def sign_in(person, name):
    """Go to the provider by the button, sign in there, and agree."""
    person.clicks("sign_in_company")
    person.page.locator("input[name=login]").fill(name)
    person.page.locator("input[name=password]").fill("any")
    person.page.locator("button[type=submit]").click()
    person.page.get_by_role("button", name="Continue").click()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_person_signs_in_at_the_company_and_comes_back_to_the_page(visitor_of, company_site, provider, language):
    person = visitor_of(company_site, language)
    person.goes_to("/videos", v_status="check")
    sign_in(person, "mei")
    person.is_in()
    person.is_at("^/videos\\?v_status=check$")
    expect(person.part("person_menu")).to_contain_text("mei")
    provider.stop()
    provider.start()  # with new keys
    person.leaves()
    person.goes_to("/")
    sign_in(person, "mei")
    person.is_in()


def test_who_has_no_role_is_told_so(visitor_of, company_site):
    person = visitor_of(company_site, "zh")
    person.goes_to("/")
    sign_in(person, "ray")
    expect(person.alert).to_contain_text(person.t("sign_in.refused_role"))


def test_who_turns_back_is_told_so(visitor_of, company_site):
    person = visitor_of(company_site, "en")
    person.goes_to("/")
    person.clicks("sign_in_company")
    person.page.get_by_role("link", name="Cancel").click()
    expect(person.alert).to_contain_text(person.t("sign_in.refused_denied"))
