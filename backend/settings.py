"""Settings, read once from the environment and from a `.env` file; documented in docs/settings.md."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MODES = ("embedded", "cloud")
REGIONS = ("domestic", "overseas")
SWITCH = ("auto", "on", "off")
REVIEWS = ("person", "off")
NARROW_CODECS = ("auto", "av1", "h264")
MAX_RUNGS = 6
PREWARM_SERVICES = ("vod", "cdn")
PROTOCOLS = ("https", "http")
OIDC_ROLES = ("admin", "manager", "reviewer", "analyst")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("text", "json")
LINKS = ("stream", "redirect")
# Variables with names of their own; those of others are QU_ and the name of the field.
VARIABLES = {
    "port": "PORT",  # as set by hosting platforms
    "aws_access_key_id": "AWS_ACCESS_KEY_ID",
    "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "aws_session_token": "AWS_SESSION_TOKEN",
}


class SettingsError(ValueError):
    """One or more settings are invalid; the message lists all of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. The variable of a field is its upper-case name prefixed with `QU_`, or that of VARIABLES."""

    data: Path = Path("data")
    database: str = field(default="", repr=False)  # empty: SQLite in `data`; may have a password
    mode: Literal["embedded", "cloud"] = "embedded"
    admin_user: str = "admin"
    admin_password: str = field(default="", repr=False)
    demo: bool = False
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    token_days: int = 30
    trash_days: int = 7
    legacy_clients: bool = False
    public_url: str = ""
    prewarm_hosts: tuple[str, ...] = ()
    prewarm_plan: Literal["auto", "on", "off"] = "auto"
    warm_ttl: int = 3600  # seconds that a CDN keeps what nobody asks for
    webhook_hosts: tuple[str, ...] = ()
    oidc_issuer: str = ""  # sign-in with company accounts
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_scope: str = "openid profile email"
    oidc_name_claim: str = "preferred_username"
    oidc_role_claim: str = "groups"
    oidc_roles: tuple[tuple[str, str], ...] = ()  # value of the claim, role; the first that somebody has counts
    oidc_session_hours: int = 12
    max_upload_mb: int = 2048
    max_gigapixels: int = 2000
    ffmpeg: str = ""
    rungs: tuple[int, ...] = (720,)  # short sides in pixels, largest first
    narrow_codec: Literal["auto", "av1", "h264"] = "auto"
    technical_flags: bool = True
    review: Literal["person", "off"] = "person"
    review_lease_seconds: int = 300
    log: str = "INFO"
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    log_format: Literal["", "text", "json"] = ""  # empty: text on a terminal, JSON otherwise
    metrics_token: str = field(default="", repr=False)
    port: int = 8501
    address: str = "127.0.0.1"  # where the dashboard listens
    media: str = ""  # s3://bucket or s3://bucket/prefix; empty: a folder in `data`
    media_links: Literal["stream", "redirect"] = "stream"
    s3_endpoint: str = ""  # including the scheme; empty: that of AWS
    s3_region: str = ""
    aws_access_key_id: str = field(default="", repr=False)
    aws_secret_access_key: str = field(default="", repr=False)
    aws_session_token: str = field(default="", repr=False)
    # Cloud mode. Credentials are found by Alibaba's standard chain.
    aliyun_region: str = "cn-shanghai"
    aliyun_protocol: Literal["https", "http"] = "https"
    vod_endpoint: str = ""
    cdn_endpoint: str = ""
    template_group: str = ""
    narrow_template_group: str = ""
    review_template: str = ""  # an AI template of VOD; empty for the account's default
    prewarm_service: Literal["vod", "cdn"] = "vod"
    prewarm_region: Literal["", "domestic", "overseas"] = ""  # empty: all that a domain serves
    callback_url: str = ""
    callback_key: str = field(default="", repr=False)
    callback_old_key: str = field(default="", repr=False)
    url_auth_key: str = field(default="", repr=False)
    mns_endpoint: str = ""  # including the scheme, as the MNS console shows it
    mns_queue: str = ""

    @property
    def media_folder(self) -> Path:
        """The folder of the media, unless they are in a bucket."""
        return self.data / "media"

    @property
    def scratch(self) -> Path:
        """The folder for unfinished files, where the media are in a bucket."""
        return self.data / "scratch"


def read_settings(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env"), **instead: str
) -> Settings:
    """Return the settings; `instead` overrides the environment, which overrides `.env`, which overrides defaults.

    Raises SettingsError, listing all invalid values and unknown QU_ names.
    """
    given = {**_read_env_file(env_file), **(os.environ if environ is None else environ), **instead}
    names = {VARIABLES.get(item.name, f"QU_{item.name.upper()}"): item.name for item in fields(Settings)}
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for variable, text in given.items():
        if variable not in names:
            if variable.startswith("QU_"):
                wrong.append(f"{variable} is not a setting of this console.")
            continue
        if not text.strip():
            continue
        try:
            values[names[variable]] = READERS.get(names[variable], str)(text.strip())
        except ValueError as error:
            wrong.append(f"{variable}: {error}." if names[variable] in SECRET else f"{variable}={text!r}: {error}.")
    if not any(line.startswith("QU_OIDC_") for line in wrong):  # what is wrong is not missing
        wrong += _half_oidc(values)
    wrong += [*_missing(values), *_contradicting(values)]
    if wrong:
        raise SettingsError("These settings cannot be used:\n" + "\n".join(f"  {line}" for line in sorted(wrong)))
    settings = Settings(**values)
    return replace(settings, data=settings.data.absolute())


def quiet_cloud_sdk(environ: MutableMapping[str, str] | None = None) -> None:
    """Remove the variable that makes Alibaba's SDK log its requests, including signatures and tokens."""
    (os.environ if environ is None else environ).pop("DEBUG", None)


def _missing(values: Mapping[str, Any]) -> list[str]:
    """Return the missing settings of cloud mode."""
    if values.get("mode") != "cloud":
        return []
    needed = {
        "template_group": "the id of the transcode template group for plain renditions",
        "narrow_template_group": "the id of the transcode template group for narrow-band HD",
    }
    lines = [
        f"QU_{name.upper()} is needed in cloud mode: {what}." for name, what in needed.items() if name not in values
    ]
    if ("callback_url" in values) != ("callback_key" in values):
        lines.append("QU_CALLBACK_URL and QU_CALLBACK_KEY belong together: set both, or neither.")
    if ("mns_endpoint" in values) != ("mns_queue" in values):
        lines.append("QU_MNS_ENDPOINT and QU_MNS_QUEUE belong together: set both, or neither.")
    return lines


def _contradicting(values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the settings of the media taken together."""
    bucket = ("s3_endpoint", "s3_region", "media_links")
    if values.get("mode") == "cloud":
        given = [name for name in ("media", *bucket) if name in values]
        return [
            f"QU_{name.upper()} is for embedded mode: in cloud mode ApsaraVideo VOD has the media." for name in given
        ]
    if "media" not in values:
        redirects = values.get("media_links") == "redirect"
        return ["QU_MEDIA_LINKS=redirect leads to a bucket: set QU_MEDIA too."] if redirects else []
    keys = [name for name in ("aws_access_key_id", "aws_secret_access_key") if name not in values]
    if len(keys) == 1 or (keys and "s3_endpoint" in values):
        return [f"{VARIABLES[name]} is needed to reach the bucket of QU_MEDIA." for name in keys]
    return []


def _half_oidc(values: Mapping[str, Any]) -> list[str]:
    """Return the missing settings of company sign-in."""
    names = ("oidc_issuer", "oidc_client_id", "oidc_roles")
    given = [name for name in names if name in values]
    if len(given) in (0, len(names)) and (given or not any(name.startswith("oidc_") for name in values)):
        return []
    return ["QU_OIDC_ISSUER, QU_OIDC_CLIENT_ID and QU_OIDC_ROLES belong together: set all, or none."]


def _read_env_file(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    from dotenv import dotenv_values

    return {name: value or "" for name, value in dotenv_values(path, interpolate=False).items()}


def _flag(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("use true or false")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"use a whole number from {low} to {high}")
        return int(text)

    return read


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        for choice in choices:
            if text.lower() == choice.lower():
                return choice
        raise ValueError("use one of " + ", ".join(choices))

    return read


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError("there is no such time zone; use a name like Asia/Shanghai") from None


def _database(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("use an address like postgresql://user:password@host/database, or leave it out for SQLite")
    return text


def _web_address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("use an address that begins with http:// or https://")
    return text.rstrip("/")


def _issuer(text: str) -> str:
    if not re.fullmatch(r"https://[^\s?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?(/[^\s?#]*)?", text):
        raise ValueError("use the address by which the provider calls itself, beginning with https://")
    return text


def _oidc_roles(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [part.strip().rpartition("=") for part in text.split(",") if part.strip()]
    if not pairs or any(not value.strip() or role.strip() not in OIDC_ROLES for value, _, role in pairs):
        raise ValueError(f"use pairs like video-team=manager, separated by commas; roles are {', '.join(OIDC_ROLES)}")
    return tuple((value.strip(), role.strip()) for value, _, role in pairs)


def _callback_url(text: str) -> str:
    if not text.startswith(("http://", "https://")) or len(text) > 256:
        raise ValueError("use the address as it stands in the VOD console, at most 256 characters")
    return text


def _ip_address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("use an IP address of this machine, or 0.0.0.0 or :: for all of them") from None


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if any("/" in host or " " in host for host in hosts):
        raise ValueError("use host names separated by commas, without http:// or a path")
    return hosts


def _bucket(text: str) -> str:
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*/?", text):
        raise ValueError("use s3://BUCKET or s3://BUCKET/PREFIX, or leave it empty for a folder in QU_DATA")
    return text.rstrip("/")


def _rungs(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[0-9]{3,4}", part) and 144 <= int(part) <= 2160 and int(part) % 2 == 0 for part in parts):
        raise ValueError("use even numbers of pixels from 144 to 2160, separated by commas, such as 1080,720,540")
    rungs = sorted({int(part) for part in parts}, reverse=True)
    if len(rungs) > MAX_RUNGS:
        raise ValueError(f"use at most {MAX_RUNGS} sizes")
    return tuple(rungs)


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("use addresses or networks separated by commas, such as 127.0.0.1, 10.0.0.0/8") from None


def _endpoint(text: str) -> str:
    if "/" in text or " " in text:
        raise ValueError("use host or host:port, without https:// or a slash")
    return text


def _callback_key(text: str) -> str:
    wanted = (str.isupper, str.islower, str.isdigit)
    if not 16 <= len(text) <= 32 or not all(any(is_one(char) for char in text) for is_one in wanted):
        raise ValueError("use 16 to 32 characters with capital letters, small letters and digits")
    return text


def _url_auth_key(text: str) -> str:
    if not 6 <= len(text) <= 128 or not text.isascii() or not text.isalnum():
        raise ValueError("use the main key of type A as the domain has it: 6 to 128 letters and digits")
    return text


def _queue(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,254}", text):
        raise ValueError("use the name of a queue of MNS: letters, digits and hyphens, at most 255")
    return text


def _password(text: str) -> str:
    if not 10 <= len(text) <= 1024:
        raise ValueError("use 10 to 1024 characters")
    return text


def _token(text: str) -> str:
    if len(text) < 16 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("use at least 16 letters, digits and signs, without spaces")
    return text


# never shown, even if invalid
SECRET = (
    "database", "admin_password", "metrics_token", "callback_key", "callback_old_key", "url_auth_key",
    "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "oidc_client_secret",
)  # fmt: skip
READERS: dict[str, Callable[[str], Any]] = {
    "data": lambda text: Path(text).expanduser(),
    "database": _database,
    "mode": _one_of(*MODES),
    "admin_password": _password,
    "demo": _flag,
    "time_zone": _zone,
    "token_days": _whole(1, 3650),
    "trash_days": _whole(0, 3650),
    "legacy_clients": _flag,
    "public_url": _web_address,
    "prewarm_hosts": _hosts,
    "webhook_hosts": _hosts,
    "oidc_issuer": _issuer,
    "oidc_roles": _oidc_roles,
    "oidc_session_hours": _whole(1, 720),
    "prewarm_plan": _one_of(*SWITCH),
    "warm_ttl": _whole(60, 31_536_000),
    "prewarm_region": _one_of(*REGIONS),
    "max_upload_mb": _whole(1, 1_000_000),
    "max_gigapixels": _whole(1, 1_000_000),
    "rungs": _rungs,
    "narrow_codec": _one_of(*NARROW_CODECS),
    "technical_flags": _flag,
    "review": _one_of(*REVIEWS),
    "review_lease_seconds": _whole(30, 3600),
    "log": _one_of(*LOG_LEVELS),
    "proxies": _networks,
    "log_format": _one_of(*LOG_FORMATS),
    "metrics_token": _token,
    "port": _whole(0, 65535),
    "address": _ip_address,
    "media": _bucket,
    "media_links": _one_of(*LINKS),
    "s3_endpoint": _web_address,
    "aliyun_protocol": _one_of(*PROTOCOLS),
    "vod_endpoint": _endpoint,
    "cdn_endpoint": _endpoint,
    "prewarm_service": _one_of(*PREWARM_SERVICES),
    "callback_url": _callback_url,
    "callback_key": _callback_key,
    "callback_old_key": _callback_key,
    "url_auth_key": _url_auth_key,
    "mns_endpoint": _web_address,
    "mns_queue": _queue,
}
