"""What tests of deletion, of verdicts and of imports share."""

from __future__ import annotations

import csv
import json

import pytest

from backend.lifecycle.catalogue_import import load_catalogue
from backend.model import Actor, CensorStatus, VideoFilter
from tests.lifecycle.shown import FILES


@pytest.fixture
def ask(console, token):
    """Runs an operation and returns its code."""
    return lambda name, **parameters: console.call(name, parameters, token)["code"]


@pytest.fixture
def do(console, token):
    """Runs an operation that goes well, and returns its data."""

    def run(name, **parameters):
        answer = console.call(name, parameters, token)
        assert answer["code"] == "200", answer
        return answer["data"]

    return run


@pytest.fixture
def made(console, make_video):
    """A video with files on the disk that passed review."""
    video = make_video(title="海边 the ＳＥＡ", censor_status=CensorStatus.SUCCESS, files=FILES)
    folder = console.settings.media_folder / video.video_id
    folder.mkdir(parents=True)
    for file in FILES:
        (folder / file.name).write_bytes(b"12345")
    return video


@pytest.fixture
def delete(do):
    return lambda video: do("deleteVideoById", videoId=video.video_id, userId=video.user.user_id)


# Catalogues that come in


@pytest.fixture
def load(console, tmp_path):
    """Loads a catalogue from rows (JSON lines) or from bytes, and returns what became of them."""

    def load(content, name="videos.jsonl"):
        path = tmp_path / name
        if isinstance(content, list):
            content = "".join(json.dumps(row) + "\n" for row in content).encode()
        path.write_bytes(content)
        tally = load_catalogue(console, path, Actor("tests", "tests"), lambda read: None)
        return tally.taken, tally.known, tally.refused

    return load


@pytest.fixture
def refused(tmp_path):
    """Reads the lines and reasons of the file beside `videos.jsonl`, or another."""

    def read(name="videos.jsonl"):
        text = (tmp_path / f"{name}.refused.csv").read_text("utf-8-sig")
        return {int(row["line"]): row["reason"] for row in csv.DictReader(text.splitlines())}

    return read


@pytest.fixture
def kept(console):
    return lambda: console.store.catalogue.find_videos(VideoFilter(), 1, 100).items
