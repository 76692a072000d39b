"""What the doctor finds at Alibaba, what the settings ask for, and what an embedded console does not pay for."""

from __future__ import annotations

import re
import subprocess
import sys

import alibabacloud_cdn20180510.models as cdn
import alibabacloud_vod20170321.models as vod
import pytest

from backend.maintenance.doctor import examine
from backend.settings import SettingsError, quiet_cloud_sdk, read_settings
from tests.paths import ROOT


@pytest.fixture
def bad(console):
    """The texts of what the doctor finds wrong."""
    console.cloud.sync.run(lambda _progress: None)
    return lambda: [one.text for one in console.cloud.examine() if not one.good]


def test_a_good_account_is_said_to_be_good(console, bad):
    assert bad() == []
    assert any("narrow-group: NarrowBandV2 HD" in finding.text for finding in examine(console))


def test_a_wrong_key_is_the_only_thing_said(alibaba, bad):
    alibaba.gate.secrets.clear()

    (text,) = bad()

    assert "does not accept this console's credentials" in text


def test_a_group_that_is_not_there_and_one_that_is_not_narrow_are_named(make_console):
    console = make_console(template_group="nowhere", narrow_template_group="plain-group")

    found = [one.text for one in console.cloud.examine() if not one.good]

    assert any("QU_TEMPLATE_GROUP=nowhere" in text and "InvalidTemplateGroupId.NotFound" in text for text in found)
    assert any("has no narrow-band template" in text for text in found)


def test_rights_that_are_missing_are_named(alibaba, bad):
    alibaba.denied |= {"GetPlayInfo", "ListTranscodeTask"}

    assert bad() == ["RAM permissions: add vod:GetPlayInfo, vod:ListTranscodeTask to the policy (docs/cloud.md)"]


@pytest.mark.parametrize(
    ("service", "action"), [("vod", "vod:DescribeVodDomainUsageData"), ("cdn", "cdn:DescribeDomainUsageData")]
)
def test_the_rights_to_read_what_is_used_are_tried_too(make_console, alibaba, service, action):
    console = make_console(prewarm_service=service)
    alibaba.denied |= {action.partition(":")[2], "DescribePlayTopVideos"}

    found = " ".join(one.text for one in console.cloud.examine() if not one.good)

    assert f"RAM permissions: add {action}, vod:DescribePlayTopVideos to the policy" in found


def test_a_quota_that_is_used_up_and_callbacks_that_are_missing_are_said(make_console, alibaba):
    console = make_console(callback_url="", callback_key="", prewarm_hosts=())
    alibaba.prefetching.remain = 0

    found = " ".join(one.text for one in console.cloud.examine() if not one.good)

    assert "0 of 1000 left today" in found
    assert "QU_CALLBACK_URL" in found
    assert "QU_PREWARM_HOSTS" in found
    assert "never; python -m backend sync" in found


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"CallbackURL": "https://elsewhere.example/vodcallback/callback"}, "https://elsewhere.example"),
        ({"CallbackURL": "https://console.example.com/vodcallback/callback/"}, "--set-callback http"),
        ({"AuthSwitch": "off"}, "not at all"),
        ({"AuthKey": "Another0Key00000"}, "another key"),
        (
            {"EventTypeList": "FileUploadComplete,TranscodeComplete"},
            "does not tell of StreamTranscodeComplete, SnapshotComplete",
        ),
    ],
)
def test_a_callback_that_is_set_otherwise_at_vod_is_named_but_no_key_is(alibaba, bad, there, said):
    alibaba.vod.callback |= there

    (text,) = bad()

    assert said in text
    assert "Abcdefgh12345678" not in text
    assert "Another0Key00000" not in text


@pytest.mark.parametrize("action", ["CreateUploadVideo", "RefreshUploadVideo", "UploadMediaByURL", "GetURLUploadInfos"])
def test_a_right_that_uploads_need_is_named_and_nothing_is_uploaded_to_find_out(alibaba, bad, action):
    alibaba.denied.add(action)

    (text,) = bad()

    assert f"vod:{action}" in text
    assert alibaba.vod.videos == alibaba.pulls.jobs == {}


def test_every_action_that_is_called_is_in_the_policy():
    said = (ROOT / "docs/cloud.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "backend/aliyun").glob("*.py")]
    words = {word for source in sources for word in re.findall(r'"([A-Z][A-Za-z]+)"', source)}
    used = [
        f"{service}:{word}"
        for service, models in (("vod", vod), ("cdn", cdn))
        for word in words
        if hasattr(models, f"{word}Request")
    ]

    assert len(used) > 20
    assert [action for action in used if action not in said] == []


GOOD = {
    "QU_MODE": "cloud", "QU_TEMPLATE_GROUP": "a", "QU_NARROW_TEMPLATE_GROUP": "b",
    "QU_CALLBACK_URL": "https://c.example/vodcallback/callback", "QU_CALLBACK_KEY": "Abcdefgh12345678",
}  # fmt: skip


def test_cloud_mode_says_all_that_it_lacks():
    with pytest.raises(SettingsError, match="QU_NARROW_TEMPLATE_GROUP is needed in cloud mode") as caught:
        read_settings({"QU_MODE": "cloud", "QU_CALLBACK_KEY": "Abcdefgh12345678"}, None)

    for words in ("QU_TEMPLATE_GROUP is needed", "belong together"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QU_CALLBACK_KEY", "tooshort"), ("QU_CALLBACK_KEY", "nocapitals12345678"), ("QU_VOD_ENDPOINT", "https://a"),
        ("QU_CALLBACK_URL", "console.example"), ("QU_PREWARM_SERVICE", "both"), ("QU_ALIYUN_PROTOCOL", "ftp"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_but_keys_are_not_shown(name, value):
    with pytest.raises(SettingsError, match=name) as caught:
        read_settings({**GOOD, name: value}, None)

    assert (value in str(caught.value)) == (name != "QU_CALLBACK_KEY")
    assert GOOD["QU_CALLBACK_KEY"] not in repr(read_settings(GOOD, None))


def test_the_sdks_own_printing_of_requests_is_switched_off():
    environ = {"DEBUG": "sdk", "HOME": "/root"}

    quiet_cloud_sdk(environ)

    assert environ == {"HOME": "/root"}


def test_an_embedded_console_never_loads_the_sdks(tmp_path):
    code = (
        "import sys, backend, backend.server.app, backend.maintenance.doctor\n"
        f"console = backend.open_console(backend.Settings(data=__import__('pathlib').Path({str(tmp_path)!r})))\n"
        "backend.server.app.RestApp(console); backend.make_worker(console)\n"
        "backend.maintenance.doctor.examine(console)\n"
        "print([name for name in sys.modules if name.startswith(('alibabacloud', 'Tea', 'darabonba', 'aiohttp', "
        "'backend.aliyun.'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
