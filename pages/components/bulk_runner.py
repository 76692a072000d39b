"""Bulk actions: runs an operation for many videos in a background thread, with progress shown on the pages.

It continues while the user visits other pages, and ends with a list of failures.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.components import layout, session
from pages.components.i18n import t

AT_ONCE = 50  # number of videos processed while the user waits
BATCH = "batch"

Asked = list[tuple[dict[str, Any], dict[str, Any]]]  # videos with their parameters
Done = list[tuple[dict[str, Any], str]]  # videos with their request ids


# Operations that have a bulk variant.
TOGETHER = {"createAudit": ("createAudits", "mediaId", "mediaIds", "auditList")}


class BulkCaller:
    """Runs an operation for videos: individually, or in batches if there is a bulk operation."""

    def __init__(self, operation: str) -> None:
        self._alone = session.operation_caller(operation)
        self._together = TOGETHER.get(operation)
        self._size = min(AT_ONCE, session.limit("reviewedVideos")) if self._together else 1
        self._many = session.operation_caller(self._together[0]) if self._together else self._alone

    def groups(self, asked: Asked) -> Iterator[Asked]:
        """Yield the batches."""
        yield from (asked[start : start + self._size] for start in range(0, len(asked), self._size))

    def ask(self, group: Asked) -> list[dict[str, Any]]:
        """Return an envelope for each video of a batch."""
        if not self._together or len(group) < 2 or any("," in video["videoId"] for video, _ in group):
            return [self._alone(**parameters) for _, parameters in group]
        _, one, many, rows = self._together
        given = {name: value for name, value in group[0][1].items() if name != one}
        envelope = self._many(**given, **{many: ",".join(parameters[one] for _, parameters in group)})
        if envelope["result"] != "true":
            return [envelope] * len(group)
        found = {row[one]: row for row in envelope["data"][rows]}
        return [
            {**envelope, **found[parameters[one]], "result": str(found[parameters[one]]["code"] == "200").lower()}
            for _, parameters in group
        ]


@dataclass
class Batch:
    """A bulk action and its results so far."""

    asked: Asked
    said: str
    caller: BulkCaller
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
        for group in self.caller.groups(self.asked):
            for (video, _), envelope in zip(group, self._ask(group), strict=True):
                if envelope["result"] == "true":
                    self.done.append((video, envelope["requestId"]))
                else:
                    self.refused.append(
                        t("desk.titled", title=video["title"] or video["videoId"], message=envelope["message"])
                    )

    def _ask(self, group: Asked) -> list[dict[str, Any]]:
        if self.stopped:
            return [{"result": "false", "message": self.not_begun}] * len(group)
        try:
            return self.caller.ask(group)
        except Exception as error:  # unexpected errors are reported, and the others continue
            return [{"result": "false", "message": str(error)}] * len(group)

    def stop(self) -> None:
        self.stopped = True


def start(operation: str, asked: Asked, said: str, offer_undo: Callable[[Done], None]) -> None:
    """Start a bulk action; only one runs at a time."""
    st.session_state[BATCH] = batch = Batch(asked, said, BulkCaller(operation), offer_undo, t("batch.not_begun"))
    threading.Thread(target=batch.run, name="batch", daemon=True).start()


def is_running() -> bool:
    return BATCH in st.session_state


def show() -> None:
    """Draw the progress of a running bulk action."""
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
        st.progress(batch.count / of, text=t("batch.progress", count=batch.count, of=f"{of:,}"))
        st.button(t("batch.stop"), key="batch_stop", icon=":material/stop:", on_click=batch.stop)
