"""Any leases, decisions, skips and undoing by two people, in any order, held against a model in plain Python."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import Conflict
from backend.model import Actor, CensorStatus, Verdict, VideoFilter
from backend.model.review import Desk, Ruling
from backend.store.review_decisions import SKIP_SECONDS

SECONDS, CLIPS = 300.0, 3
PEOPLE = ("anne", "ben")
ROUNDS = itertools.count()
ACTS = (
    "take",
    "take",
    "pass",
    "block",
    "pass",
    "again",
    "undo",
    "skip",
    "ask",
    "renew",
    "release",
    "wait",
    "elsewhere",
)
VERDICTS = {"pass": Verdict.NORMAL, "block": Verdict.BLOCKED}


@dataclass
class Clip:
    """One clip: who has it until when, how it was judged, and who does not get it."""

    holder: str = ""
    until: float = 0.0
    judged: str = ""  # by whom
    skipped: dict[str, float] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def is_free(self, who, now):
        return (
            not self.judged and (not self.holder or self.until <= now)
            and self.skipped.get(who, 0) <= now and who not in self.asked
        )  # fmt: skip


class Desks:
    """The console's side and the model's side by side; each act is done on both, and they must agree."""

    def __init__(self, store, clock, names):
        self.store, self.clock, self.names = store, clock, names
        self.clips = {name: Clip() for name in names}
        self.keys = {who: [] for who in PEOPLE}  # every lease of theirs, with its clip, the last one at the end
        self.done = {}  # by key: what was done with it, and whether that stands
        self.requests = itertools.count()

    def act(self, act, who):
        now = self.clock()
        if act == "take":
            return self.take(who, now)
        if act == "wait":
            self.clock.move(SECONDS / 2 + 1)
            return None
        if act == "elsewhere":
            return self.elsewhere()
        if not self.keys[who]:
            return None
        key, name = self.keys[who][-1]
        return getattr(self, {"pass": "decide", "block": "decide"}.get(act, act))(act, who, key, name, now)

    def take(self, who, now):
        expected = next((name for name, clip in self.clips.items() if clip.is_free(who, now)), None)
        mine = {key for key, _ in self.keys[who]}
        leases = self.store.review_leases.take(Desk(who), 1, SECONDS, sorted(mine))
        # What is named is renewed, as far as it is still theirs.
        for _, name in self.keys[who]:
            clip = self.clips[name]
            if clip.holder == who and not clip.judged:
                clip.until = now + SECONDS
                if name == expected:
                    expected = next((one for one, clip in self.clips.items() if clip.is_free(who, now)), None)
        assert [lease.video_id for lease in leases] == ([expected] if expected else [])
        for lease in leases:
            clip = self.clips[lease.video_id]
            clip.holder, clip.until = who, now + SECONDS
            self.keys[who].append((lease.key, lease.video_id))

    def decide(self, act, who, key, name, now):
        ruling = Ruling(VERDICTS[act], "why" if act == "block" else "")
        request = str(next(self.requests))
        clip, done = self.clips[name], self.done.get(key)
        refused = self.refused(lambda: self.store.review_decisions.decide(key, ruling, Actor(who, "t", "", request)))
        if done in ("pass", "block"):
            assert refused is (done != act)
            return
        may = clip.holder == who and not clip.judged
        assert refused is not may
        if may:
            clip.holder, clip.judged, clip.asked = "", who, set()
            self.done[key] = act

    def again(self, _act, who, key, name, now):
        if self.done.get(key) in ("pass", "block"):
            self.decide(self.done[key], who, key, name, now)

    def skip(self, _act, who, key, name, now):
        self.pass_on(who, key, name, "skip", lambda: self.store.review_decisions.skip(key, who))
        if self.done.get(key) == "skip":
            self.clips[name].skipped.setdefault(who, 0)
            if self.clips[name].skipped[who] == 0:
                self.clips[name].skipped[who] = now + SKIP_SECONDS

    def ask(self, _act, who, key, name, _now):
        self.pass_on(who, key, name, "ask", lambda: self.store.review_decisions.ask(key, "?", Actor(who, "t")))
        if self.done.get(key) == "ask" and not self.clips[name].judged:
            self.clips[name].asked.add(who)

    def pass_on(self, who, key, name, act, do):
        clip, done = self.clips[name], self.done.get(key)
        refused = self.refused(do)
        if done is not None:
            return
        may = clip.holder == who and not clip.judged
        assert refused is not may
        if may:
            clip.holder = ""
            self.done[key] = act

    def undo(self, _act, who, key, name, now):
        if self.done.get(key) not in ("pass", "block"):
            return
        clip = self.clips[name]
        stands = clip.judged == who
        leases = []
        refused = self.refused(lambda: leases.append(
            self.store.review_decisions.undo(key, Desk(who), Actor(who, "t", "", "u"), SECONDS)
        ))  # fmt: skip
        if stands:
            assert not refused
            clip.judged, clip.holder, clip.until = "", who, now + SECONDS
            self.keys[who].append((leases[0].key, name))

    def renew(self, _act, who, key, name, now):
        clip = self.clips[name]
        kept = self.store.review_leases.renew(who, [key], SECONDS)
        if kept:
            assert clip.holder == who
            clip.until = now + SECONDS

    def release(self, _act, who, key, name, _now):
        if self.store.review_leases.release(Desk(who), [key]):
            assert self.clips[name].holder == who
            self.clips[name].holder = ""

    def elsewhere(self):
        name = next((name for name, clip in self.clips.items() if not clip.judged), None)
        if name is not None:
            actor = Actor("manager", "t", "", f"m{next(self.requests)}")
            self.store.catalogue.record_audit(name, Verdict.NORMAL, "", "", actor)
            clip = self.clips[name]
            clip.judged, clip.holder, clip.asked = "manager", "", set()

    @staticmethod
    def refused(do):
        try:
            do()
        except Conflict:
            return True
        return False


@settings(max_examples=60)
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(PEOPLE)), max_size=24))
def test_leases_and_decisions_are_as_a_simple_model_says(console, clock, make_video, acts):
    turn, store = next(ROUNDS), console.store
    names = [make_video(video_id=f"{turn}-{n}", created=int(clock()) + n).video_id for n in range(CLIPS)]
    desks = Desks(store, clock, names)

    for act, who in acts:
        desks.act(act, who)
        held = {lease.video_id: lease for lease, _ in store.review_leases.find_all()}
        assert {name: clip.holder for name, clip in desks.clips.items() if clip.holder} == {
            name: lease.holder for name, lease in held.items()
        }
        for name, clip in desks.clips.items():
            waits = store.catalogue.get_video(name).censor_status is CensorStatus.CHECK
            assert waits is (not clip.judged), (act, name)

    for name in names:  # one verdict of the history for each that stands, less those that were taken back
        lines = [line.action for line in store.history.find_history(name)]
        assert lines.count("createAudit") - lines.count("undoAudit") == bool(desks.clips[name].judged)
    for found in store.catalogue.find_videos(VideoFilter(censor_status=CensorStatus.CHECK), 1, 100).items:
        store.catalogue.record_audit(found.video_id, Verdict.NORMAL, "", "", Actor("end", "t"))
    clock.move(SKIP_SECONDS)
