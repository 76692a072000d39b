"""How VOD delivers events (URL or MNS queue): the configuration there, and the one this console needs."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from backend.aliyun.client import Client
from backend.errors import BadRequest
from backend.settings import Settings

NEEDED = (
    "FileUploadComplete", "StreamTranscodeComplete", "TranscodeComplete", "SnapshotComplete", "CreateAuditComplete",
    "DeleteMediaComplete", "UploadByURLComplete",
)  # fmt: skip
AI = "AIComplete"  # enables all machine review events
ALL = "ALL"
COMMAND = "`python -m backend doctor --set-callback {way}` sets that"
NOT_SET = "Set QU_CALLBACK_URL and QU_CALLBACK_KEY first."
NO_QUEUE = "Set QU_MNS_ENDPOINT and QU_MNS_QUEUE first."


class Way(StrEnum):
    """How VOD delivers events."""

    HTTP = "http"
    MNS = "mns"


def ways(settings: Settings) -> list[Way]:
    """Return the delivery methods that this console is configured for."""
    wanted = {Way.HTTP: settings.callback_url, Way.MNS: settings.mns_queue}
    return [way for way, value in wanted.items() if value]


def find_problem(client: Client, settings: Settings) -> str:
    """Return what is wrong with VOD's configuration and the command that fixes it; empty if correct.

    Raises CloudError if VOD does not return its configuration.
    """
    possible = ways(settings)
    if not possible:
        return (
            "none; set QU_CALLBACK_URL and QU_CALLBACK_KEY (or QU_MNS_ENDPOINT and QU_MNS_QUEUE), then "
            "`python -m backend doctor --set-callback http` (or mns) tells VOD"
        )
    there = read(client)
    if not any(_is_to_us(there, settings, way) for way in possible):
        return f"VOD sends them to {described(there)}; {COMMAND.format(way=possible[-1])}"
    way = Way.MNS if there.get("CallbackType") == "MNS" else Way.HTTP
    keys = (settings.callback_key, settings.callback_old_key)
    if way is Way.HTTP and (there.get("AuthSwitch") != "on" or there.get("AuthKey") not in keys):
        return f"VOD signs with another key, or not at all; {COMMAND.format(way=way)}"
    if missing := [event for event in NEEDED if event not in _events(there)]:
        return f"VOD does not tell of {', '.join(missing)}; {COMMAND.format(way=way)}"
    return ""


def set_callback(client: Client, settings: Settings, way: Way) -> str:
    """Configure how VOD delivers events, and return the previous destination.

    Events already enabled stay enabled. Raises BadRequest if settings are missing, and CloudError.
    """
    if way not in ways(settings):
        raise BadRequest(NOT_SET if way is Way.HTTP else NO_QUEUE)
    there = read(client)
    known = _events(there)
    events = ALL if ALL in str(there.get("EventTypeList")) else ",".join(dict.fromkeys([*known, *NEEDED, AI]))
    wanted: dict[str, Any] = {"EventTypeList": events}
    if way is Way.HTTP:
        wanted |= {
            "CallbackType": "HTTP", "CallbackURL": settings.callback_url, "AuthSwitch": "on",
            "AuthKey": settings.callback_key,
        }  # fmt: skip
    else:
        wanted |= {
            "CallbackType": "MNS", "MnsEndpoint": settings.mns_endpoint, "MnsQueueName": settings.mns_queue,
        }  # fmt: skip
    client.call("SetMessageCallback", wanted)
    return described(there)


def read(client: Client) -> dict[str, Any]:
    """Return VOD's configuration. Raises CloudError."""
    found: dict[str, Any] = client.call("GetMessageCallback", expect="MessageCallback")["MessageCallback"]
    return found


def described(there: dict[str, Any]) -> str:
    if there.get("CallbackType") == "MNS":
        return f"the queue {there.get('MnsQueueName')} at {there.get('MnsEndpoint')}"
    return str(there.get("CallbackURL") or "nobody")


def _is_to_us(there: dict[str, Any], settings: Settings, way: Way) -> bool:
    if way is Way.MNS:
        here = (settings.mns_endpoint, settings.mns_queue)
        endpoint = str(there.get("MnsEndpoint") or "").rstrip("/")
        return there.get("CallbackType") == "MNS" and (endpoint, there.get("MnsQueueName")) == here
    return there.get("CallbackType") == "HTTP" and there.get("CallbackURL") == settings.callback_url


def _events(there: dict[str, Any]) -> list[str]:
    """Return the enabled events; an empty list at VOD means none."""
    listed = [part for part in str(there.get("EventTypeList") or "").split(",") if part]
    return list(NEEDED) if ALL in listed else listed
