"""Calls on the wire: signed, repeated where that is safe, and told in a sentence where they fail."""

from __future__ import annotations

import logging

import pytest
from alibabacloud_credentials.client import Client as Credentials
from alibabacloud_credentials.models import Config

from backend.aliyun.client import NOISY, Client
from backend.errors import CloudError
from backend.i18n.messages import say

PASSING = ["throttled", "busy", "dropped", "malformed", "html", "cut"]


def test_a_call_is_signed_and_answers_with_the_documented_fields(alibaba, client):
    video = alibaba.vod.add(Title="趣 视频~*'()")

    answer = client.call("GetVideoInfo", {"VideoId": video["VideoId"]}, expect="Video.VideoId")

    assert answer["Video"]["Title"] == "趣 视频~*'()"


def test_a_wrong_secret_is_said_with_code_and_request_id(cloud_settings):
    wrong = Client(
        cloud_settings,
        lambda: Credentials(Config(type="access_key", access_key_id="test-key", access_key_secret="wrong")),
    )

    with pytest.raises(
        CloudError, match=r"does not accept this console's credentials.*SignatureDoesNotMatch, request \w"
    ):
        wrong.call("GetVideoInfo", {"VideoId": "v"})


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_asked_again(alibaba, client, kind):
    video = alibaba.vod.add()
    alibaba.fail("GetVideoInfo", kind, times=2)

    assert client.call("GetVideoInfo", {"VideoId": video["VideoId"]})["Video"]["Size"] == 1000


def test_a_slow_answer_is_not_waited_for_beyond_the_budget(alibaba, client):
    alibaba.fail("GetVideoInfo", "slow", times=9)

    with pytest.raises(CloudError, match="did not answer GetVideoInfo in time") as caught:
        client.call("GetVideoInfo", {"VideoId": "v"}, seconds=1.0)

    assert alibaba.failed == 1
    assert caught.value.unknown


@pytest.mark.parametrize("kind", ["done_dropped", "done_malformed", "done_cut", "busy"])
def test_what_may_have_been_done_is_not_repeated_where_that_would_matter(alibaba, client, kind):
    video = alibaba.vod.add()
    alibaba.fail("SubmitTranscodeJobs", kind)
    wanted = {"VideoId": video["VideoId"], "TemplateGroupId": "plain-group"}

    with pytest.raises(CloudError) as caught:
        client.call("SubmitTranscodeJobs", wanted, repeat=False)

    assert caught.value.unknown
    assert len(alibaba.vod.tasks) == (kind != "busy")


def test_throttling_is_never_done_and_so_always_repeated(alibaba, client):
    video = alibaba.vod.add()
    alibaba.fail("SubmitTranscodeJobs", "throttled")

    client.call("SubmitTranscodeJobs", {"VideoId": video["VideoId"], "TemplateGroupId": "plain-group"}, repeat=False)

    assert len(alibaba.vod.tasks) == 1


def test_a_refusal_is_not_repeated(alibaba, client):
    with pytest.raises(CloudError, match="no such video") as caught:
        client.call("GetVideoInfo", {"VideoId": "unknown"})

    assert alibaba.count("GetVideoInfo") == 1
    assert not caught.value.passing
    assert "InvalidVideo.NotFound" in say(caught.value, "zh")


def test_an_expired_token_is_exchanged_once_and_the_call_goes_on(alibaba, cloud_settings):
    video = alibaba.vod.add()
    uri = f"{alibaba.url}/credentials"
    client = Client(cloud_settings, lambda: Credentials(Config(type="credentials_uri", credentials_uri=uri)))
    client.call("GetVideoInfo", {"VideoId": video["VideoId"]})
    alibaba.gate.expired.add("token-0")

    assert client.call("GetVideoInfo", {"VideoId": video["VideoId"]})["Video"]
    assert alibaba.credentials_given == 2


def test_without_credentials_the_sentence_says_so_at_once(cloud_settings):
    def none():
        from alibabacloud_credentials.exceptions import CredentialException

        class Missing(Credentials):
            def get_credential(self):
                raise CredentialException("no credentials: secret-thing")

        return Missing(Config(type="access_key", access_key_id="x", access_key_secret="y"))

    waits = []
    with pytest.raises(CloudError, match="InvalidCredentials") as caught:
        Client(cloud_settings, none, wait=waits.append).call("GetVideoInfo", {"VideoId": "v"})

    assert waits == []
    assert "secret-thing" not in str(caught.value)


def test_the_sdks_loggers_print_nothing(client):
    for name in NOISY:
        assert logging.getLogger(name).handlers == []
        assert not logging.getLogger(name).isEnabledFor(logging.ERROR)


def test_neither_logs_nor_errors_hold_the_secret(alibaba, client, caplog):
    caplog.set_level(logging.DEBUG)
    for kind in (*PASSING, "expired"):
        alibaba.fail("GetVideoInfo", kind, times=9)
        with pytest.raises(CloudError) as caught:
            client.call("GetVideoInfo", {"VideoId": "v"}, seconds=0.5)
        alibaba.faults.clear()
        assert caught.value.__cause__ is None
    written = caplog.text
    assert not [word for word in ("test-key", "test-secret", "Signature=", "Authorization") if word in written]
