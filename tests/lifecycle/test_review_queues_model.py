"""Any rules and changes, in any order: each video that waits is in one queue, the first whose rule it meets."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.model import Actor, CensorStatus, User, Verdict, Video, VideoFilter
from backend.model.cloud import MachineReview
from backend.model.reports import ReportReason
from backend.model.review import Desk
from backend.model.review_queues import Arrival, QueueOrder, QueueRule
from backend.model.technical_flags import Finding, Measurement, TechnicalFlag

ACTOR = Actor("anne", "tests")
ROUNDS = itertools.count()
WORDS, PEOPLE, SUGGESTIONS, LABELS = ("beach", "cat"), ("u1", "u2"), ("pass", "review", "block"), ("ad", "porn")
SUBTREE = {1: {1, 2}, 2: {2}}  # category 2 lies in 1
FIELDS = {
    "cate_id": st.sampled_from([1, 2]),
    "user_ids": st.sampled_from([("u1",), PEOPLE]),
    "suggestions": st.sampled_from([("block",), ("block", "review")]),
    "labels": st.just(("porn",)),
    "words": st.sampled_from([("beach",), WORDS]),
    "hints": st.sampled_from([("black",), ("black", "silent")]),
    "min_seconds": st.just(10),
    "max_seconds": st.sampled_from([10, 20]),
    "passed_below": st.sampled_from([1, 2]),
    "reported": st.sampled_from([1, 2]),
    "arrival": st.sampled_from([Arrival.UPLOAD, Arrival.IMPORT]),
}
MEETS = {
    "cate_id": lambda clip, wanted: clip["cate_id"] in SUBTREE[wanted],
    "user_ids": lambda clip, wanted: clip["user"] in wanted,
    "suggestions": lambda clip, wanted: clip["said"][0] in wanted,
    "labels": lambda clip, wanted: any(label in wanted for label in clip["said"][1]),
    "words": lambda clip, wanted: any(word in f"{clip['title']} {clip['tags']}".lower() for word in wanted),
    "hints": lambda clip, wanted: any(hint in wanted for hint in clip["flags"]),
    "min_seconds": lambda clip, wanted: clip["duration"] >= wanted,
    "max_seconds": lambda clip, wanted: clip["duration"] <= wanted,
    "passed_below": lambda clip, wanted: clip["passed"] < wanted,
    "reported": lambda clip, wanted: clip["reports"] >= wanted,
    "arrival": lambda clip, wanted: clip["arrival"] is wanted,
}
CONDITIONS = st.one_of(st.tuples(st.just(name), values) for name, values in FIELDS.items())
RULES = st.tuples(
    st.sampled_from(["a", "b", "c"]), st.integers(1, 3), st.sampled_from(QueueOrder),
    st.lists(CONDITIONS, min_size=1, max_size=2).map(dict),
)  # fmt: skip
CLIPS = st.fixed_dictionaries({
    "title": st.sampled_from(["", "BEACH", "a cat"]), "tags": st.sampled_from(["", "Cat,dog"]),
    "user": st.sampled_from(PEOPLE), "duration": st.sampled_from([5, 10, 20, 30]), "cate_id": st.integers(0, 2),
    "arrival": st.sampled_from([Arrival.UPLOAD, Arrival.IMPORT]),
})  # fmt: skip
ACTS = st.one_of(
    st.tuples(st.just("add"), CLIPS),
    st.tuples(st.just("rule"), RULES),
    st.tuples(st.just("edit"), st.sampled_from([{"title": "the beach"}, {"tags": ""}, {"cate_id": 2}])),
    st.tuples(st.just("machine"), st.tuples(st.sampled_from(SUGGESTIONS), st.sampled_from([(), LABELS, ("ad",)]))),
    st.tuples(st.just("flag"), st.sampled_from([(), (TechnicalFlag.LOUD,), (TechnicalFlag.BLACK, TechnicalFlag.LOUD)])),
    st.tuples(st.just("report"), st.sampled_from(["clips", "passed"])),
    st.tuples(st.sampled_from(["judge", "undo", "trash", "restore", "delete queue"]), st.none()),
)


class Desks:
    """The store and a model of it in plain Python."""

    def __init__(self, store, clock):
        self.store, self.clock, self.turn = store, clock, next(ROUNDS)
        self.clips, self.trashed, self.passed, self.rules = {}, {}, {}, {}
        self.numbers = itertools.count()

    def add(self, given):
        name = f"{self.turn}-{next(self.numbers)}"
        passed = sum(one["user"] == given["user"] for one in self.passed.values())
        self.clips[name] = {
            **given,
            "user": given["user"],
            "said": ("", ()),
            "flags": (),
            "passed": passed,
            "reports": 0,
        }
        video = Video(
            name, given["title"], User(f"{self.turn}{given['user']}"), int(self.clock()), duration=given["duration"],
            cate_id=given["cate_id"], cate_name=str(given["cate_id"] or ""), tags=given["tags"],
        )  # fmt: skip
        if given["arrival"] is Arrival.IMPORT:
            self.store.catalogue.load_videos([video], ACTOR)
        else:
            self.store.catalogue.add_video(video, ACTOR)

    def rule(self, given):
        code, position, order, rule = given
        none = {name: getattr(QueueRule(), name) for name in FIELDS}
        asked = {**none, **rule, "user_ids": tuple(f"{self.turn}{one}" for one in rule.get("user_ids", ()))}
        named = {"name_zh": code, "name_en": code, "position": position, "sort": order}
        self.store.review_queues.edit(code, named, asked, ACTOR)
        self.rules[code] = rule

    def delete_queue(self, _):
        if self.rules:
            code = min(self.rules)
            self.store.review_queues.delete(code, ACTOR)
            del self.rules[code]

    def edit(self, changed):
        for name in list(self.clips)[-1:]:
            category = {"cate_name": str(changed["cate_id"])} if "cate_id" in changed else {}
            self.store.catalogue.edit_video(name, {**changed, **category}, ACTOR)
            self.clips[name] |= changed

    def machine(self, said):
        for name in list(self.clips)[:1]:
            self.store.machine_reviews.keep(MachineReview(name, suggestion=said[0], labels=said[1]))
            self.clips[name]["said"] = said

    def flag(self, flags):
        for name in list(self.clips)[:1]:
            self.store.technical_flags.keep(name, Measurement(10.0, tuple(map(Finding, flags))))
            self.clips[name]["flags"] = flags

    def report(self, where):
        for name, clip in list(getattr(self, where).items())[:1]:
            self.store.video_reports.add(name, str(next(self.numbers)), "app", ReportReason.SPAM, "")
            if where == "passed" and not clip["reports"]:  # it begins to wait
                clip["passed"] = sum(one["user"] == clip["user"] for one in self.passed.values())
            clip["reports"] += 1

    def judge(self, _):
        for name in list(self.clips)[:1]:
            self.store.catalogue.record_audit(name, Verdict.NORMAL, "", "", ACTOR)
            clip = self.passed[name] = self.clips.pop(name)
            clip["answered"], clip["reports"] = clip["reports"], 0

    def undo(self, _):
        for name in list(self.passed)[-1:]:
            self.store.catalogue.undo_audit(name, ACTOR)
            clip = self.passed.pop(name)
            clip["reports"] += clip["answered"]
            clip["passed"] = sum(one["user"] == clip["user"] for one in self.passed.values())
            self.clips[name] = clip

    def trash(self, _):
        for name in list(self.clips)[:1]:
            self.store.trash.put(name, f"{self.turn}{self.clips[name]['user']}", int(self.clock()) + 99, ACTOR)
            self.trashed[name] = self.clips.pop(name)

    def restore(self, _):
        for name in list(self.trashed)[:1]:
            self.store.trash.restore(name, ACTOR)
            clip = self.trashed.pop(name)
            clip["passed"] = sum(one["user"] == clip["user"] for one in self.passed.values())
            self.clips[name] = clip

    def waiting(self):
        return self.clips | {name: clip for name, clip in self.passed.items() if clip["reports"]}

    def expected(self):
        order = [queue.code for queue in self.store.review_queues.find()]
        return {
            name: next(
                code for code in order if code == "default" or all(
                    MEETS[field](clip, wanted) for field, wanted in self.rules[code].items()
                )
            )
            for name, clip in self.waiting().items()
        }  # fmt: skip

    def found(self):
        queues = [queue.code for queue in self.store.review_queues.find()]
        found = {}
        for code in queues:
            for lease in self.store.review_leases.take(Desk("anne"), 100, 300, queues=[code]):
                assert lease.video_id not in found
                found[lease.video_id] = code
            self.store.review_leases.release(Desk("anne"))
        return found

    def clear(self):
        for queue in self.store.review_queues.find()[:-1]:
            self.store.review_queues.delete(queue.code, ACTOR)
        for video in self.store.catalogue.find_videos(VideoFilter(), 1, 100).items:
            self.store.catalogue.delete_video(video.video_id, video.user.user_id, ACTOR)


@settings(max_examples=15)
@given(
    first=st.tuples(st.lists(CLIPS, min_size=4, max_size=8), st.lists(RULES, min_size=2, max_size=3)),
    acts=st.lists(ACTS, min_size=5, max_size=20),
)
def test_every_waiting_video_is_in_the_first_queue_whose_rule_it_meets(console, clock, first, acts):
    desks = Desks(console.store, clock)
    if console.store.categories.find() == []:
        parent = console.store.categories.add("parent", 0, ACTOR, cate_id=1)
        console.store.categories.add("child", parent.cate_id, ACTOR, cate_id=2)

    clips, rules = first
    before = [*(("add", clip) for clip in clips), *(("rule", rule) for rule in rules)]
    for act, given_ in (*before, *acts):
        getattr(desks, act.replace(" ", "_"))(given_)
        clock.move(1)

    assert desks.found() == desks.expected()
    counts = console.store.review_queues.count("anne")
    assert Counter({code: one.waiting for code, one in counts.items()}) == Counter(desks.expected().values())
    waiting = console.store.catalogue.find_videos(VideoFilter(censor_status=CensorStatus.CHECK)).total
    assert waiting == len(desks.clips)
    assert console.store.recount() == []
    desks.clear()
