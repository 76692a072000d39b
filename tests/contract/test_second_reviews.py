"""Second reviews through all doors: blind, and without a trace on the video."""

from __future__ import annotations

import json

import pytest

from backend.auth.permissions import Role
from backend.model import Actor, FileKind, JobKind, MediaFile, User, Verdict, VideoFilter
from backend.model.review import Desk, Ruling
from tests.conftest import TESTS

FILES = (MediaFile(FileKind.SOURCE, "source.mp4", 56, 1080, 1920, 12.5, 800_000, "avc1"),
         MediaFile(FileKind.COVER, "cover.jpg"), MediaFile(FileKind.SNAPSHOT, "s0.jpg"))  # fmt: skip
COMMON = MediaFile(FileKind.COMMON, "common.mp4", 30, 720, 1280, 12.5, 400_000, "avc1")
ALL = {"secondReviews": True, "newcomerDecisions": 1000, "maximum": 100}


@pytest.fixture
def people(make_account, sign_in):
    """The tokens of reviewers, a manager and an administrator."""
    roles = {"ben": Role.REVIEWER, "cleo": Role.REVIEWER, "mary": Role.MANAGER}
    return {name: sign_in(make_account(name, role)) for name, role in roles.items()}


@pytest.fixture
def take(door):
    def ask(token=None, count=1):
        return door.data("takeReview", token=token, count=count)

    return ask


def decide(door, lease, token=None, status="Normal", **given):
    reason = {"reasonCode": "spam"} if status == "Blocked" else {}
    return door("decideReview", token=token, leaseKey=lease["leaseKey"], status=status, seconds=2, **reason, **given)


def shown(lease, media_key):
    """A lease as it reads for the person, without what is random in it."""
    text = json.dumps({**lease, "leaseKey": lease["leaseKey"].partition(".")[2]})
    return json.loads(text.replace(media_key, "KEY"))


@pytest.mark.parametrize("status", ["Normal", "Blocked"])
def test_a_second_review_reads_like_a_first_one_field_by_field(door, console, people, take, make_video, clock, status):
    uploader = User("7", "Uploader")
    make_video(video_id="old", user=uploader)
    door.data("createAudit", mediaId="old", status="Blocked", reasonCode="spam")
    make_video(video_id="v0", user=uploader, files=FILES, created=int(clock()) - 100)
    make_video(video_id="v1", user=uploader, created=int(clock()) - 50)
    door.data("setReviewSampling", **ALL)
    clock.move(90)
    first = take(people["ben"])
    door.data("releaseReview", token=people["ben"])
    key = console.store.catalogue.get_video("v0").media_key

    decide(door, take()["leaseList"][0], status=status)
    if status == "Normal":
        job = console.store.jobs.claim_job([JobKind.TRANSCODE], "worker")
        console.store.jobs.settle_done(job, "worker", (COMMON,), {})
        door.data("recommendVideo", videoId="v0")
        door.data("deleteRecommendById", videoId="v0")
    again = take(people["ben"], 2)
    second = next(lease for lease in again["leaseList"] if lease["video"]["videoId"] == "v0")

    assert shown(second, console.store.catalogue.get_video("v0").media_key) == shown(first["leaseList"][0], key)
    counted = ("waiting", "withOthers", "skippedByYou", "askedByYou", "oldestSeconds", "oldestTime", "doneToday")
    assert {name: again["queue"][name] for name in counted} == {name: first["queue"][name] for name in counted}
    other = next(lease for lease in again["leaseList"] if lease["video"]["videoId"] == "v1")
    answers = [decide(door, lease, people["ben"]) for lease in (second, other)]
    assert [(one["code"], one["message"], list(one["data"])) for one in answers[:1]] == [
        (one["code"], one["message"], list(one["data"])) for one in answers[1:]
    ]
    assert answers[0]["data"]["known"] is None
    assert answers[1]["data"]["queue"]["doneToday"] == 2


@pytest.mark.every_door
def test_a_second_opinion_leaves_the_video_and_its_history_as_they_are(door, console, people, take, make_video):
    make_video(video_id="v0", files=FILES)
    door.data("setReviewSampling", **ALL)
    decide(door, take()["leaseList"][0], status="Blocked")
    before = door.data("getVideoById", videoId="v0"), door.data("getHistory", videoId="v0")

    (lease,) = take(people["ben"])["leaseList"]
    made = decide(door, lease, people["ben"])
    undone = door.data("undoReview", token=people["ben"], leaseKey=lease["leaseKey"])
    decide(door, undone["lease"], people["ben"], "Blocked")

    assert (made["code"], made["data"]["status"]) == ("200", "Normal")
    assert (door.data("getVideoById", videoId="v0"), door.data("getHistory", videoId="v0")) == before
    assert console.store.catalogue.find_recommendations(VideoFilter()).total == 0


def test_the_addresses_of_a_blocked_clip_play_for_the_second_person_and_old_ones_stay_dead(
    door, console, people, take, make_video, http
):
    make_video(video_id="v0", files=FILES)
    path = console.settings.data / "media" / "v0" / "source.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a clip")
    door.data("setReviewSampling", **ALL)
    (first,) = take()["leaseList"]
    decide(door, first, status="Blocked")
    (second,) = take(people["ben"])["leaseList"]

    answers = [http.get(lease["playInfoList"][0]["playURL"]) for lease in (first, second)]

    assert [(one.status_code, one.content[:6]) for one in answers] == [(404, answers[0].content[:6]), (200, b"a clip")]
    assert answers[1].headers["Cache-Control"].startswith("private")


def test_a_second_reviewer_sees_the_reports_that_the_first_one_saw(door, people, take, make_video):
    make_video(video_id="v0")
    door.data("setReviewSampling", **ALL, reports=0)
    door.data("reportVideo", videoId="v0", reporterId="7", reasonCode="violence", words="at the end")
    (first,) = take()["leaseList"]
    decide(door, first)
    door.data("reportVideo", videoId="v0", reporterId="8", reasonCode="spam")

    (second,) = take(people["ben"])["leaseList"]

    assert second["reports"] == first["reports"] is not None


@pytest.mark.every_door
def test_the_rules_are_kept_and_only_administrators_change_them(door, console, people):
    assert door.data("getReviewSampling") == {
        "secondReviews": False, "approvals": 3, "blocks": 10, "hasty": 20, "newcomerDecisions": 50, "reasonCodes": [],
        "dailyMinimum": 5, "maximum": 15, "knownClips": 0, "reports": 1,
    }  # fmt: skip
    changed = door.data("setReviewSampling", secondReviews=True, approvals=2.5, reasonCodes="minors, sexual")

    assert changed == door.data("getReviewSampling")
    assert (changed["approvals"], changed["reasonCodes"], changed["blocks"]) == (2.5, ["minors", "sexual"], 10)
    assert door.data("setReviewSampling", reasonCodes="")["reasonCodes"] == []
    line = next(one for one in console.store.history.find_history("review") if one.before.get("approvals"))
    assert (line.action, line.before["approvals"], line.after["approvals"]) == ("setReviewSampling", 3, 2.5)
    assert door("getReviewSampling", token=people["mary"])["code"] == "403"
    assert door("setReviewSampling", token=people["mary"], blocks=1)["code"] == "403"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"approvals": 101}, "approvals must be from 0 to 100, got 101."),
        ({"knownClips": 1.5}, "knownClips must be from 0 to 1, got 1.5."),
        ({"blocks": "1e-07"}, "blocks can have at most 2 decimals, got '1e-07'."),
        ({"hasty": 33.333}, "hasty can have at most 2 decimals, got '33.333'."),
        ({"dailyMinimum": 51}, "dailyMinimum must be from 0 to 50, got 51."),
        ({"reasonCodes": "spam,nothing"}, "There is no reason nothing in the list."),
    ],
)
def test_rules_that_are_none_are_named(door, given, said):
    assert door("setReviewSampling", **given)["message"] == said


def test_a_known_clip_is_told_as_such_right_after_the_verdict(console, door, people, take, make_video):
    make_video(video_id="v0", files=FILES)
    door.data("setReviewSampling", **ALL, knownClips=1)
    decide(door, take()["leaseList"][0], status="Blocked")
    decide(door, take(people["ben"])["leaseList"][0], people["ben"], status="Blocked")
    make_video(video_id="v1")
    console.store.review_sampling.change({"known_clips": 100.0}, TESTS)  # more than anybody may choose

    (lease,) = take(people["cleo"])["leaseList"]
    answer = decide(door, lease, people["cleo"])

    assert lease["video"]["videoId"] == "v0"
    assert lease["video"]["censorStatus"] == "check"
    reason = "The video contains advertising or leads viewers elsewhere"
    assert answer["data"]["known"] == {"reason": reason, "reasonCode": "spam"}
    undone = door("undoReview", token=people["cleo"], leaseKey=lease["leaseKey"])
    assert (undone["code"], undone["message"]) == ("409", "This was a known clip: there is nothing to undo.")
    assert take(people["cleo"])["queue"]["doneToday"] == 0


class TestQueues:
    def test_a_second_review_goes_to_those_who_work_its_queue_and_counts_there(self, door, people, take, make_video):
        door.data("editReviewQueue", code="long", nameZh="长", nameEn="Long", minSeconds=60, userNames="anne,ben")
        door.data("setReviewSampling", **ALL)
        make_video(video_id="v0", duration=90.0)
        decide(door, take()["leaseList"][0])

        assert take(people["cleo"])["leaseList"] == []
        queues = {one["code"]: one for one in door.data("getReviewQueues", token=people["ben"])["queueList"]}
        assert (queues["long"]["waiting"], queues["long"]["free"]) == (1, 1)
        assert take(people["ben"])["queue"]["withYou"] == 1


@pytest.fixture
def differ(door, people, take, make_video):
    """Makes clips on which anne and ben differ."""
    door.data("setReviewSampling", **ALL)

    def make(video_id="v0", first="Normal", second="Blocked"):
        make_video(video_id=video_id, files=FILES)
        decide(door, take()["leaseList"][0], status=first, comment="of the first")
        (lease,) = take(people["ben"])["leaseList"]
        decide(door, lease, people["ben"], status=second, comment="of the second")
        return lease

    return make


class TestDifferences:
    @pytest.fixture
    def find(self, door, people):
        return lambda: door.data("getReviewDifferences", token=people["mary"], count=20)

    @pytest.fixture
    def settle(self, door, people):
        return lambda number, **given: door(
            "settleReviewDifference", token=people["mary"], differenceId=number, **given
        )

    @pytest.mark.every_door
    def test_a_lead_sees_both_verdicts_without_names_and_settles_by_a_verdict(
        self, door, console, differ, find, settle
    ):
        differ()
        (found,) = find()["differenceList"]

        assert found["verdictList"] == [
            {"status": "Normal", "reasonCode": "", "reason": "", "comment": "of the first", "stands": True},
            {"status": "Blocked", "reasonCode": "spam", "comment": "of the second", "stands": False,
             "reason": "The video contains advertising or leads viewers elsewhere"},
        ]  # fmt: skip
        assert found["video"] == door.data("getVideoById", videoId="v0")
        assert found["playInfoList"] == door.data("getPlayInfo", videoId="v0")["playInfoList"]
        told = json.dumps(found["verdictList"])
        assert "anne" not in told
        assert "ben" not in told
        answer = settle(found["differenceId"], status="Blocked", reasonCode="spam", comment="clear")

        assert (answer["code"], answer["data"]) == ("200", {"differenceId": found["differenceId"], "videoId": "v0"})
        line = door.data("getHistory", videoId="v0")[0]
        assert (line["action"], line["userName"], line["after"]["status"]) == ("createAudit", "mary", "Blocked")
        assert door.data("getVideoById", videoId="v0")["censorStatus"] == "fail"
        assert find()["total"] == 0
        again = settle(found["differenceId"], status="Normal")
        assert (again["code"], again["message"]) == (
            "409", "Somebody settled this already, or the video was judged anew.",
        )  # fmt: skip

    @pytest.mark.parametrize("first", ["Normal", "Blocked"])
    def test_leaving_the_video_as_it_is_settles_too(self, door, differ, find, settle, first):
        differ(first=first, second="Blocked" if first == "Normal" else "Normal")
        before = door.data("getVideoById", videoId="v0")

        assert settle(find()["differenceList"][0]["differenceId"])["code"] == "200"

        assert door.data("getVideoById", videoId="v0") == before
        line = door.data("getHistory", videoId="v0")[0]
        assert (line["action"], line["userName"], line["after"]) == (
            "settleReviewDifference", "mary", {"status": first},
        )  # fmt: skip
        assert find()["total"] == 0

    def test_who_gave_one_of_the_verdicts_does_not_settle(self, door, differ):
        differ()
        found = door.data("getReviewDifferences")

        assert (found["total"], found["own"], found["differenceList"]) == (0, 1, [])
        answer = door("settleReviewDifference", differenceId=1, status="Normal")
        assert (answer["code"], answer["message"]) == (
            "409", "One of the two verdicts is yours: somebody else settles this.",
        )  # fmt: skip

    @pytest.mark.parametrize("change", ["verdict", "undo of the first", "undo of the second", "trash"])
    def test_what_changed_meanwhile_needs_no_lead(self, door, people, differ, find, settle, change):
        lease = differ()
        (found,) = find()["differenceList"]
        act = {
            "verdict": lambda: door.data("createAudit", mediaId="v0", status="Blocked", reason="x"),
            "undo of the first": lambda: door.data("undoAudit", videoId="v0"),
            "undo of the second": lambda: door.data("undoReview", token=people["ben"], leaseKey=lease["leaseKey"]),
            "trash": lambda: door.data("deleteVideoById", videoId="v0", userId="2434793223202"),
        }
        act[change]()

        assert find()["total"] == 0
        assert settle(found["differenceId"], status="Normal")["code"] in ("404", "409")

    def test_reviewers_do_not_see_them(self, door, people, differ):
        differ()
        assert door("getReviewDifferences", token=people["cleo"])["code"] == "403"
        assert door("settleReviewDifference", token=people["cleo"], differenceId=1)["code"] == "403"

    def test_nonsense_is_named(self, settle, differ):
        differ()
        assert settle(7)["message"] == "There is no difference 7."
        assert settle(1, status="Blocked")["message"] == "reason is required when status is Blocked."


class TestAgreement:
    @pytest.mark.every_door
    def test_with_few_pairs_there_is_a_count_and_no_more(self, door, people, differ):
        differ()
        found = door.data("getReviewAgreement")

        assert (found["fewest"], found["waiting"], found["total"]["pairs"]) == (50, 0, 1)
        assert {name for name, value in found["total"].items() if value is not None} == {"pairs"}
        assert [one["userName"] for one in found["personList"]] == ["anne", "ben"]
        assert [one["userNames"] for one in found["pairList"]] == [["anne", "ben"]]
        assert [(one["code"], one["agreement"]["pairs"]) for one in found["reasonList"]] == [("spam", 1)]
        assert [one["week"] for one in found["weekList"]] == ["2019-01-07"]

    def test_with_fifty_there_are_figures_of_everybody_or_of_oneself(self, door, console, people, fifty):
        found = door.data("getReviewAgreement")
        own = door.data("getReviewAgreement", token=people["ben"])
        none = door.data("getReviewAgreement", token=people["cleo"])

        total = found["total"]
        assert (total["pairs"], total["bothApproved"], total["bothBlocked"], total["differing"]) == (50, 48, 1, 1)
        assert (total["observed"], total["pabak"], total["blocks"]) == (0.98, 0.96, 0.6667)
        assert total["kappaLow"] < total["kappa"] < total["kappaHigh"]
        assert own["total"] == total
        assert ([one["userName"] for one in own["personList"]], own["pairList"]) == (["ben"], [])
        assert (none["total"]["pairs"], none["personList"], none["weekList"]) == (0, [], [])

    @pytest.fixture
    def fifty(self, console, make_video, door):
        """Fifty pairs of anne and ben: of two that anne blocks ben blocks one."""
        door.data("setReviewSampling", **ALL)
        store = console.store
        for number in range(50):
            make_video(video_id=f"v{number}")
            for name, status in (("anne", number < 2), ("ben", number < 1)):
                (lease,) = store.review_leases.take(Desk(name), 1, 300)
                ruling = Ruling(Verdict.BLOCKED if status else Verdict.NORMAL, "why" if status else "", seconds=2)
                store.review_decisions.decide(lease.key, ruling, Actor(name, "tests", request_id=f"{name}{number}"))

    def test_a_range_that_is_too_long_is_named(self, door):
        answer = door("getReviewAgreement", startTime="2018-01-01", endTime="2019-02-01")
        assert answer["message"] == "endTime must be after startTime, by at most 366 days."
