"""A console in cloud mode, over an Alibaba Cloud of this machine."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from alibabacloud_credentials.client import Client as Credentials
from alibabacloud_credentials.models import Config

from backend.aliyun.client import Client
from backend.settings import Settings
from tests.cloud.alibaba.server import Server

KEY = ("test-key", "test-secret")


@pytest.fixture
def alibaba():
    """The account at Alibaba: what it holds, what was asked of it, and how it is to fail."""
    with Server() as server:
        yield server.alibaba


@pytest.fixture
def cloud_settings(alibaba, tmp_path):
    place = urlsplit(alibaba.url).netloc
    return Settings(
        data=tmp_path / "data", mode="cloud", vod_endpoint=place, cdn_endpoint=place, aliyun_protocol="http",
        template_group="plain-group", narrow_template_group="narrow-group", prewarm_hosts=("media.example.com", place),
        max_upload_mb=20, callback_url="https://console.example.com/vodcallback/callback",
        callback_key="Abcdefgh12345678",
    )  # fmt: skip


def fixed_credentials():
    return Credentials(Config(type="access_key", access_key_id=KEY[0], access_key_secret=KEY[1]))


@pytest.fixture
def client(cloud_settings):
    """Calls the account, with a key that does not expire."""
    return Client(cloud_settings, fixed_credentials, wait=lambda _seconds: time.sleep(0.01))
