"""Any deletions, restorations, verdicts and recommendations, in any order, held against a model in plain Python."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import Conflict, NotFound
from backend.model import Actor, Verdict, VideoFilter

TESTS = Actor("tests", "tests")
ROUNDS = itertools.count()
CHANGES = ("delete", "restore", "purge", "approve", "block", "undo", "undo", "recommend", "cancel")
CENSOR = {"approve": "success", "block": "fail"}


@dataclass
class Model:
    """One video: where it is, what review says, when and as what it was recommended, and its last verdict."""

    place: str = "here"
    censor: str = "check"
    entry: tuple[int, str] | None = None
    last: tuple[str, tuple[int, str] | None] | None = None  # how it was before the verdict that can be taken back
    said: str = ""

    def apply(self, change: str, now: int) -> type[Exception] | None:
        """Do a change; return what refuses it."""
        if self.place != ("trash" if change in ("restore", "purge") else "here"):
            return NotFound
        if change in ("delete", "restore", "purge"):
            self.place = {"delete": "trash", "restore": "here", "purge": "gone"}[change]
            return None
        return getattr(self, change)(now)

    def approve(self, _now):
        self._judge("approve", self.entry)

    def block(self, _now):
        self._judge("block", None)

    def _judge(self, verdict, entry):
        if self.censor != CENSOR[verdict] or self.said not in ("", verdict):
            self.last, self.said = (self.censor, self.entry), verdict
            self.censor, self.entry = CENSOR[verdict], entry

    def undo(self, _now):
        if self.last is None:
            return Conflict
        before, entry = self.last
        if before != "success":
            self.entry = None
        elif self.censor == "fail":
            self.entry = entry
        self.censor, self.last = before, None
        return None

    def recommend(self, now):
        if self.censor != "success":
            return Conflict
        self.entry = (self.entry[0] if self.entry else now, f"as of {now}")
        return None

    def cancel(self, _now):
        refused = None if self.entry else NotFound
        self.entry = None
        return refused


def apply(store, change, video, now):
    """Do the same change to the console; return what refuses it."""
    catalogue, video_id, owner = store.catalogue, video.video_id, video.user.user_id
    do = {
        "delete": lambda: store.trash.put(video_id, owner, now + 9, TESTS),
        "restore": lambda: store.trash.restore(video_id, TESTS),
        "purge": lambda: store.trash.forget(video_id, TESTS),
        "approve": lambda: catalogue.record_audit(video_id, Verdict.NORMAL, "", "", TESTS),
        "block": lambda: catalogue.record_audit(video_id, Verdict.BLOCKED, "why", "", TESTS),
        "undo": lambda: catalogue.undo_audit(video_id, TESTS),
        "recommend": lambda: catalogue.recommend(video_id, {"title": f"as of {now}"}, TESTS),
        "cancel": lambda: catalogue.cancel_recommendation(video_id, TESTS),
    }
    try:
        do[change]()
    except (NotFound, Conflict) as refusal:
        return type(refusal)
    return None


@settings(max_examples=60)
@given(changes=st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 1)), max_size=14))
def test_everything_is_as_a_simple_model_says(console, clock, make_video, changes):
    store, turn = console.store, next(ROUNDS)
    videos = [make_video(video_id=f"{turn}-{number}", title=f"round {turn}") for number in range(2)]
    models = [Model(), Model()]

    for change, number in changes:
        clock.move(1)
        now = int(clock())
        assert apply(store, change, videos[number], now) is models[number].apply(change, now), (change, models[number])

    found = store.catalogue.find_videos(VideoFilter(title=f"round {turn}")).items
    here = [(video, model) for video, model in zip(videos, models, strict=True) if model.place == "here"]
    assert {one.video_id: (one.censor_status, one.is_recommend) for one in found} == {
        video.video_id: (model.censor, model.entry is not None) for video, model in here
    }
    feed = [entry for entry in store.catalogue.find_recommendations(VideoFilter(), 1, 100).items
            if entry.video.video_id.startswith(f"{turn}-")]  # fmt: skip
    shown = sorted((model.entry for _, model in here if model.entry), reverse=True)
    assert [(entry.recommended, entry.video.title) for entry in feed] == shown
    assert {one.video.video_id for one in store.trash.iterate() if one.video.title == f"round {turn}"} == {
        video.video_id for video, model in zip(videos, models, strict=True) if model.place == "trash"
    }
    assert store.recount() == []
