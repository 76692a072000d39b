"""Cloud mode over REST and on the command line: nobody waits for another's slow call, and commands do their work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import fields

import jsonschema
import pytest
from msgspec import structs

from backend.aliyun.mapping import video_of
from backend.api.registry import OPERATIONS
from backend.server.app import MAX_THREADS, RestApp
from backend.server.openapi import describe
from backend.settings import VARIABLES, Settings
from backend.store import open_store
from tests.json_schema import in_json_schema
from tests.paths import ROOT

PATH, KEY = "/vodcallback/callback", "Abcdefgh12345678"


@pytest.fixture
def server(serve, console):
    return serve(RestApp(console))


@pytest.mark.parametrize(("name", "action"), [("createAudit", "CreateAudit"), ("getVideoById", "GetPlayInfo")])
def test_slow_calls_of_many_do_not_keep_a_list_waiting(
    alibaba, server, http, token, new_video, eventually, name, action
):
    video = new_video()
    path = server + OPERATIONS[name].path
    given = {"mediaId": video.video_id, "videoId": video.video_id, "status": "Normal", "consoleToken": token}
    waiting = [threading.Thread(target=lambda: http.get(path, params=given)) for _ in range(20)]
    with alibaba.hold(action):
        for thread in waiting:
            thread.start()
        eventually(lambda: alibaba.hanging[action])

        answer = http.get(f"{server}/console/vod/getVideos", params={"consoleToken": token}).json()

        assert answer["code"] == "200"
        assert alibaba.hanging[action]
    for thread in waiting:
        thread.join(60)


@pytest.mark.parametrize("name", ["getVideoById", "getVideos", "getRecommendVideos", "getHistory"])
def test_what_is_ours_is_read_while_20_verdicts_hang(
    console, alibaba, server, http, token, new_video, eventually, name
):
    blocked = [new_video().video_id for _ in range(20)]
    read = new_video(Status="Normal").video_id
    given = {"status": "Blocked", "reason": "违规", "consoleToken": token}
    audit, path = (server + OPERATIONS[one].path for one in ("createAudit", name))

    def judge(video_id):
        http.get(audit, params={**given, "mediaId": video_id})

    waiting = [threading.Thread(target=judge, args=(video_id,)) for video_id in blocked]
    with alibaba.hold("CreateAudit"):
        for thread in waiting:
            thread.start()
        eventually(lambda: console.store.cloud.count_intents() == MAX_THREADS)

        answer = http.get(path, params={"videoId": read, "consoleToken": token}).json()

        assert answer["code"] == "200"
        assert all(thread.is_alive() for thread in waiting)
    for thread in waiting:
        thread.join(60)


@pytest.mark.parametrize("name", ["getDrift", "getPrewarmQuota", "getRefreshQuota", "getCacheRefreshes", "getUsage"])
def test_what_cloud_mode_adds_is_as_it_is_described(console, server, http, token, name):
    described = describe(console.settings)
    answer = http.get(server + OPERATIONS[name].path, params={"consoletoken": token}).json()
    content = described["paths"][OPERATIONS[name].path]["get"]["responses"]["200"]["content"]["application/json"]

    assert answer["code"] == "200", answer
    jsonschema.validate(answer, in_json_schema({**content["schema"], "components": described["components"]}))


@pytest.mark.parametrize("read_seconds", [1.0])
def test_a_quota_that_alibaba_does_not_tell_is_asked_for_once(alibaba, ask):
    alibaba.fail("DescribeVodRefreshQuota", "slow", times=99)

    answer = ask("getPrewarmQuota")

    assert answer["code"] == "502"
    assert alibaba.failed == 1


@pytest.fixture
def command(cloud_settings, tmp_path):
    """Runs python -m backend with the account's key in its environment."""
    names = ("mode", "aliyun_protocol", "vod_endpoint", "cdn_endpoint", "template_group", "narrow_template_group")
    unset = {VARIABLES.get(one.name, f"QU_{one.name.upper()}"): "" for one in fields(Settings) if one.name != "port"}
    chosen = {f"QU_{name.upper()}": getattr(cloud_settings, name) for name in names}
    keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "test-key", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "test-secret"}
    environ = {**os.environ, **unset, **chosen, **keys, "QU_DATA": str(tmp_path / "data"), "DEBUG": "sdk"}

    def run(*words, **others):
        whole = [sys.executable, "-m", "backend", *words]
        return subprocess.run(whole, cwd=ROOT, env=environ | others, capture_output=True, text=True, check=False)

    return run


@pytest.mark.slow
def test_the_commands_bring_in_list_and_settle_and_never_print_a_key(alibaba, command, tmp_path):
    video = alibaba.vod.add(Title="after")
    store = open_store(tmp_path / "data")
    store.cloud_catalogue.upsert([structs.replace(video_of(video, 0), title="before")])
    store.close()
    alibaba.vod.add(Title="new")
    assert ("2 of 2 (1 new)" in (synced := command("sync").stdout), "1 texts differ" in synced) == (True, True)
    listed = command("drift", "--mend", "there")
    assert ("'before'\t'after'" in listed.stdout, "1 resolved" in listed.stderr) == (True, True)

    ended = command("doctor")

    assert "credentials accepted" in ended.stdout
    assert "BAD  callbacks: none" in ended.stdout
    assert ended.returncode == 1
    refused = command("doctor", "--set-callback", "http")
    assert (refused.returncode, "Set QU_CALLBACK_URL and QU_CALLBACK_KEY first." in refused.stderr) == (1, True)
    told = command("doctor", "--set-callback", "http", QU_CALLBACK_URL=f"{alibaba.url}{PATH}", QU_CALLBACK_KEY=KEY)
    assert "VOD now sends its events by http." in told.stdout
    assert alibaba.vod.callback["CallbackURL"] == f"{alibaba.url}{PATH}"
    printed = "".join(ran.stdout + ran.stderr for ran in (listed, ended, told))
    assert KEY not in printed
    assert not [word for word in ("test-secret", "Signature", "Authorization", "Traceback") if word in printed]


def test_the_commands_of_cloud_mode_say_where_they_belong(tmp_path):
    open_store(tmp_path).close()
    environ = {**os.environ, "QU_DATA": str(tmp_path), "QU_MODE": "embedded"}
    ran = subprocess.run(
        [sys.executable, "-m", "backend", "drift"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert (ran.returncode, "QU_MODE is embedded" in ran.stderr) == (2, True)
