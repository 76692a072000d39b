"""Acting on very many videos: one thing done to all of them behind the pages, which show how far it is.

It goes on while somebody looks at other pages, and ends with what was not done and why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.components import layout, session
from pages.components.i18n import t

AT_ONCE = 50  # videos for which somebody waits
BATCH = "batch"

Asked = list[tuple[dict[str, Any], dict[str, Any]]]  # each video, and what it is asked for with
Done = list[tuple[dict[str, Any], str]]  # each video, and the id of the request


@dataclass
class Batch:
    """What is asked for, and what came of it so far."""

    asked: Asked
    said: str
    attempt: Callable[..., dict[str, Any]]
    offer_undo: Callable[[Done], None]
    not_begun: str
    done: Done = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    stopped: bool = False

    @property
    def count(self) -> int:
        return len(self.done) + len(self.refused)

    @property
    def is_over(self) -> bool:
        return self.count == len(self.asked)

    def run(self) -> None:
        for video, parameters in self.asked:
            name = video["title"] or video["videoId"]
            if self.stopped:
                self.refused.append(f"{name}: {self.not_begun}")
                continue
            try:
                envelope = self.attempt(**parameters)
            except Exception as error:  # whatever it is: the others have their turn, and this one is named
                envelope = {"result": "false", "message": str(error)}
            if envelope["result"] == "true":
                self.done.append((video, envelope["requestId"]))
            else:
                self.refused.append(f"{name}: {envelope['message']}")

    def stop(self) -> None:
        self.stopped = True


def start(operation: str, asked: Asked, said: str, offer_undo: Callable[[Done], None]) -> None:
    """Begin to do it; one batch at a time."""
    attempt = session.asker(operation)
    st.session_state[BATCH] = batch = Batch(asked, said, attempt, offer_undo, t("batch.not_begun"))
    threading.Thread(target=batch.run, name="batch", daemon=True).start()


def is_running() -> bool:
    return BATCH in st.session_state


def show() -> None:
    """Draw how far a batch is, as long as one is."""
    if is_running():
        st.fragment(_progress, run_every="0.5s")()


def _progress() -> None:
    batch: Batch | None = st.session_state.get(BATCH)
    if batch is None:
        return
    if batch.is_over:
        del st.session_state[BATCH]
        session.report(batch.done, batch.refused, batch.said)
        batch.offer_undo(batch.done)
        layout.redraw()
        return
    with st.container(horizontal=True, vertical_alignment="center", key="batch"):
        of = len(batch.asked)
        st.progress(batch.count / of, text=t("batch.progress", count=f"{batch.count:,}", of=f"{of:,}"))
        st.button(t("batch.stop"), key="batch_stop", icon=":material/stop:", on_click=batch.stop)
