"""The page of webhooks: one is added, tried and switched off, and its log tells what became of each event."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.receiver import receiving


@pytest.fixture(scope="module")
def receiver():
    with receiving() as one:
        yield one


@pytest.fixture(scope="module")
def site_with_receiver(new_server, receiver):
    """A server that may reach the receiver."""
    server = new_server()
    server.settings["QU_WEBHOOK_HOSTS"] = receiver.place
    with server:
        yield server


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_a_webhook_is_added_tried_and_switched_off(member, site_with_receiver, receiver, language):
    person = member(site_with_receiver)
    t = person.t
    person.goes_to("/webhooks")
    person.clicks("webhook_add")
    person.dialog.get_by_role("textbox", name=t("webhooks.address")).fill("http://example.com/hooks")
    person.dialog.get_by_role("textbox", name=t("webhooks.description")).fill(f"App {language}")
    person.clicks("webhook_do")
    expect(person.dialog.get_by_test_id("stAlert")).to_contain_text("https://")
    person.dialog.get_by_role("textbox", name=t("webhooks.address")).fill(receiver.url)
    person.clicks("webhook_do")
    expect(person.dialog.locator("code")).to_contain_text("whsec_")
    person.clicks("secret_seen")
    expect(person.alert).to_contain_text(t("webhooks.nothing"))

    receiver.answers.append(503)
    table = person.part("webhooks")
    person.clicks_on(table.get_by_role("row").filter(has_text=f"App {language}").locator(".do button"))
    person.picks(t("webhooks.test"))
    expect(person.part("problems")).to_contain_text("503")
    person.clicks("problems_seen")
    log = person.part("deliveries")
    person.clicks_on(log.get_by_role("button", name=t("event.webhook.test"), exact=True))
    expect(person.dialog).to_contain_text('"type": "webhook.test"')
    person.clicks("resend_do")
    person.is_told(t("webhooks.resent", status=200, milliseconds="").partition("200")[0])
    expect(log).to_contain_text(t("webhook.delivered"))

    person.clicks_on(table.get_by_role("row").filter(has_text=f"App {language}").locator(".do button"))
    person.picks(t("webhooks.switch_off"))
    person.clicks("webhook_do")
    expect(table.get_by_role("row").filter(has_text=f"App {language}")).to_contain_text(t("webhook.off"))
