"""The pages, drawn in this process over a console that holds something of everything."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import backend
from backend.model import CensorStatus, FileKind, JobKind, MediaFile
from tests.paths import ROOT

PAGES = ROOT / "pages"
PAGING = ("pageIndex", "pageSize")  # a second page of the same is the same question


class Drawings:
    """Draws pages for somebody who is signed in, and notes every operation that they call."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.calls: list[str] = []
        self.call: Callable[..., dict[str, Any]] = lambda *_: {}

    def note(self, name: str, parameters: dict[str, Any], token: str, caller: Any) -> dict[str, Any]:
        asked = {key: value for key, value in parameters.items() if key not in PAGING}
        self.calls.append(f"{name} {json.dumps(asked, ensure_ascii=False, sort_keys=True)}")
        return self.call(name, parameters, token, caller)

    def draw(self, script: Path, **query: str) -> AppTest:
        """Draw a page as the frame does, and keep the calls of that one drawing alone."""
        app = AppTest.from_file(str(PAGES / "app.py"), default_timeout=90)
        app.session_state["token"] = self.token
        app.run()
        app.switch_page(str(script.relative_to(PAGES)))
        for name, value in query.items():
            app.query_params[name] = value
        self.calls.clear()
        app.run()
        assert not app.exception
        return app


@pytest.fixture
def own_process() -> Iterator[None]:
    """Takes back what Streamlit does to a process that is not its own: to its loggers, and to its main module."""
    main = sys.modules["__main__"]
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.access", "uvicorn.asgi", "uvicorn.error")]
    before = [(logger.propagate, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    sys.modules["__main__"] = main
    for logger, (propagate, level, handlers) in zip(loggers, before, strict=True):
        logger.propagate, logger.handlers = propagate, handlers
        logger.setLevel(level)


@pytest.fixture
def drawings(console, token, monkeypatch, own_process) -> Drawings:
    made = Drawings(token)
    made.call = console.call
    monkeypatch.setattr(backend, "call", made.note)
    monkeypatch.setattr(backend, "report_socket_user", lambda *_: None)
    return made


@pytest.fixture
def full(console, make_video, token) -> str:
    """A catalogue with something for every part of every page; returns the id of a video that has it all."""
    kinds = (FileKind.SOURCE, FileKind.COMMON, FileKind.NARROW)
    files = tuple(MediaFile(kind, f"{kind}.mp4", 900_000, 1280, 720) for kind in kinds)
    video = make_video(title="有声音的一天", files=files, censor_status=CensorStatus.CHECK)
    for number in range(3):
        make_video(title=f"山里的猫 {number}", censor_status=CensorStatus.CHECK)
    gone = make_video(title="旧的", censor_status=CensorStatus.SUCCESS)

    def ask(name: str, **parameters: Any) -> None:
        answer = console.call(name, parameters, token)
        assert answer["code"] == "200", answer

    ask("addCategory", cateName="动物")
    ask("deleteVideoById", videoId=gone.video_id, userId=gone.user.user_id)
    ask("submitTranscode", mediaId=video.video_id)
    ask("pushObjectCache", objectPath="example.com/a.png")
    assert console.store.jobs.find_jobs(kind=JobKind.PREWARM).total == 1
    return video.video_id
