"""Webhooks, for administrators: who is told of events, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import ClearableLine, Line, PageIndex, PageSize, Whole, Words
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.lifecycle.webhooks import attempt, check_address
from backend.model.webhooks import (
    MAX_DESCRIPTION,
    MAX_URL,
    MAX_WEBHOOKS,
    TEST,
    Attempt,
    Delivery,
    DeliveryState,
    EventType,
    Webhook,
    new_event_id,
)

if TYPE_CHECKING:
    from backend.console import Call

ALL = "all"
Address = Annotated[str | None, Line(MAX_URL)]
Description = Annotated[str | None, ClearableLine(MAX_DESCRIPTION)]
Types = Annotated[tuple[str, ...] | None, Words((ALL, *EventType))]
WebhookNumber = Annotated[int, Whole(1)]


class WebhookData(msgspec.Struct, rename="camel"):
    """A webhook; an empty `typeList` is all events.

    `offReason` is empty while it is on, or else person, gone (its server answered 410) or failing (every attempt failed
    for five days); `offTime` and `failingTime` (of the first failure since the last success) may be empty. Until
    `oldSecretTime` the secret before the present one signs too.
    """

    webhook_id: int
    url: str
    description: str
    type_list: list[str]
    active: bool
    off_reason: str
    off_time: str
    failing_time: str
    creation_time: str
    created_by: str
    old_secret_time: str
    waiting: int
    delivered: int
    failed: int


class WebhookList(msgspec.Struct, rename="camel"):
    """Webhooks, oldest first. `typeList` has all events, `maxWebhooks` how many webhooks there may be."""

    webhook_list: list[WebhookData]
    type_list: list[str]
    max_webhooks: int


class WebhookSecret(msgspec.Struct, rename="camel"):
    """`secret` is returned only once, when it is made; empty otherwise."""

    webhook_id: int
    secret: str


class AttemptData(msgspec.Struct, rename="camel"):
    """An attempt: `status` is 0 without an answer, `answer` the beginning of one, `problem` what was wrong."""

    time: str
    status: int
    milliseconds: int
    answer: str
    problem: str
    by_hand: bool


class DeliveryData(msgspec.Struct, rename="camel"):
    """An event for a webhook: `state` is waiting, delivered or failed, `nextTime` of the next attempt or
    empty.

    `body` is what is sent.
    """

    delivery_id: int
    event_id: str
    type: str
    creation_time: str
    state: str
    next_time: str
    finish_time: str
    body: str
    attempt_list: list[AttemptData]


class DeliveryList(msgspec.Struct, rename="camel"):
    total: int
    delivery_list: list[DeliveryData]


@operation("GET", "/vod/getWebhooks", right=Right.ADMIN)
def get_webhooks(call: Call) -> WebhookList:
    """List the webhooks, without their secrets."""
    counts = call.store.webhook_deliveries.count()
    found = [_webhook(call, one, counts) for one in call.store.webhooks.find()]
    return WebhookList(found, [one.value for one in EventType], MAX_WEBHOOKS)


@operation("POST", "/vod/saveWebhook", message="Webhook 已保存", right=Right.ADMIN)
def save_webhook(
    call: Call, *, webhook_id: WebhookNumber | None = None, url: Address = None, description: Description = None,
    types: Types = None, active: bool | None = None,
) -> WebhookSecret:  # fmt: skip
    """Add a webhook, or change the one with this id; what is not given stays as it is.

    `types` are the events it is told of, separated by commas, or `all`. A new one needs `url`, and its secret is
    returned only now. With `active` it is switched on or off.
    """
    if url is not None:
        url, _ = check_address(call.settings, url)
    chosen = None if types is None else () if ALL in types else types
    if webhook_id is None:
        if url is None:
            raise BadRequest("{name} is required.", name="url")
        made = call.store.webhooks.add(url, description or "", chosen or (), call.actor, on=active is not False)
        return WebhookSecret(made.webhook_id, made.secret)
    wanted = {"url": url, "description": description, "types": chosen}
    given = {name: value for name, value in wanted.items() if value is not None}
    call.store.webhooks.change(webhook_id, call.actor, on=active, **given)
    return WebhookSecret(webhook_id, "")


@operation("POST", "/vod/rollWebhookSecret", message="密钥已更换", right=Right.ADMIN)
def roll_webhook_secret(call: Call, *, webhook_id: WebhookNumber) -> WebhookSecret:
    """Give a webhook a new secret, returned only now. For 24 hours the one before signs too."""
    made = call.store.webhooks.roll(webhook_id, call.actor)
    return WebhookSecret(made.webhook_id, made.secret)


@operation("POST", "/vod/deleteWebhook", message="Webhook 已删除", right=Right.ADMIN)
def delete_webhook(call: Call, *, webhook_id: WebhookNumber) -> None:
    """Delete a webhook, with what is still to be delivered to it and its log."""
    call.store.webhooks.delete(webhook_id, call.actor)


@operation("POST", "/vod/testWebhook", message="测试事件已发送", right=Right.ADMIN, remote=True)
def test_webhook(call: Call, *, webhook_id: WebhookNumber) -> AttemptData:
    """Send a test event (`webhook.test`) at once, once, also to one that is off, and return how that ended."""
    webhook = call.store.webhooks.get(webhook_id)
    data = msgspec.json.encode({"webhookId": webhook_id}).decode()
    delivery = Delivery(0, webhook_id, new_event_id(), TEST, call.now(), data)
    made = attempt(call.console, webhook, delivery, by_hand=True)
    call.store.webhook_deliveries.note_test(delivery, made, call.actor)
    return _attempt(call, made)


@operation("GET", "/vod/getDeliveries", right=Right.ADMIN)
def get_deliveries(
    call: Call, *, webhook_id: WebhookNumber, state: DeliveryState | None = None, page_index: PageIndex = 1,
    page_size: PageSize = 20,
) -> DeliveryList:  # fmt: skip
    """List what is to be or was delivered to a webhook in the last 30 days, newest first, with every attempt."""
    webhook = call.store.webhooks.get(webhook_id)
    page = call.store.webhook_deliveries.find(webhook_id, state, page_index, page_size)
    return DeliveryList(page.total, [_delivery(call, webhook, one, attempts) for one, attempts in page.items])


@operation("POST", "/vod/resendDelivery", message="已重新发送", right=Right.ADMIN, remote=True)
def resend_delivery(call: Call, *, delivery_id: WebhookNumber) -> AttemptData:
    """Send a delivery once more at once, with its id and the present secret, also to a webhook that is off."""
    delivery = call.store.webhook_deliveries.get(delivery_id)
    webhook = call.store.webhooks.get(delivery.webhook_id)
    made = attempt(call.console, webhook, delivery, by_hand=True)
    call.store.webhook_deliveries.note_resent(delivery, made, call.actor)
    return _attempt(call, made)


def _webhook(call: Call, one: Webhook, counts: dict[tuple[int, DeliveryState], int]) -> WebhookData:
    numbers = {state.value: counts.get((one.webhook_id, state), 0) for state in DeliveryState}
    return WebhookData(
        one.webhook_id, one.url, one.description, list(one.types), not one.off_since, one.off_reason.value,
        _time(call, one.off_since), _time(call, one.failing_since), call.write.time(one.created), one.created_by,
        _time(call, one.old_until if one.old_until > call.now() else 0), **numbers,
    )  # fmt: skip


def _delivery(call: Call, webhook: Webhook, one: Delivery, attempts: list[Attempt]) -> DeliveryData:
    is_planned = one.state is DeliveryState.WAITING and not one.owner and not webhook.off_since
    due = int(one.due) if is_planned else 0
    return DeliveryData(
        one.delivery_id, one.event_id, one.type, call.write.time(one.at), one.state.value, _time(call, due),
        _time(call, one.finished), one.body().decode(), [_attempt(call, each) for each in attempts],
    )  # fmt: skip


def _attempt(call: Call, one: Attempt) -> AttemptData:
    problem = call.say(one.problem) if one.problem else ""
    return AttemptData(
        call.write.time(int(one.at)), one.status, one.milliseconds, one.answer, problem, one.by_hand
    )  # fmt: skip


def _time(call: Call, second: int) -> str:
    return call.write.time(second) if second else ""
