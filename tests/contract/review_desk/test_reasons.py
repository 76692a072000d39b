"""What the review desk is set up with: reasons to block, and each person's preferences."""

from __future__ import annotations

import pytest

from tests.contract.review_desk.conftest import verdicts


class TestReasons:
    @pytest.mark.every_door
    def test_there_is_a_list_to_begin_with_in_both_languages(self, door):
        found = door.data("getReviewReasons")["reasonList"]

        assert [one["position"] for one in found] == list(range(1, 10))
        assert all(one[name] for one in found for name in ("code", "nameZh", "nameEn", "uploaderZh", "uploaderEn"))
        assert max(len(one[name].encode()) for one in found for name in ("uploaderZh", "uploaderEn")) <= 128
        assert door.data("openReviewDesk")["reasonList"] == found

    @pytest.mark.parametrize(
        ("language", "words"), [("zh", "视频含有广告或引流信息"), ("en", "The video contains adver")]
    )
    def test_the_uploader_is_told_in_the_language_that_the_desk_speaks(self, door, console, key, language, words):
        door("decideReview", leaseKey=key, status="Blocked", reasonCode="spam", language=language)

        assert verdicts(console)[0].after["reason"].startswith(words)

    def test_blocking_elsewhere_takes_the_same_reasons(self, door, console, clips):
        door.data("createAudit", mediaId="v0", status="Blocked", reasonCode="quality")
        door.data("createAudits", mediaIds="v1,v2", status="Blocked", reasonCode="quality")

        assert {verdicts(console, name)[0].after["reasonCode"] for name in ("v0", "v1", "v2")} == {"quality"}
        assert door("createAudit", mediaId="v3", status="Blocked", reasonCode="x")["code"] == "400"

    @pytest.mark.every_door
    def test_the_administrator_adds_moves_and_retires_one(self, door, console, key):
        texts = {"nameZh": "血腥", "nameEn": "Gore", "uploaderZh": "画面血腥", "uploaderEn": "It is gory"}
        made = door.data("editReviewReason", code="gore", **texts, position=2, sensitive=True)
        assert made == {"code": "gore", **texts, "position": 2, "sensitive": True, "retired": False}

        door.data("editReviewReason", code="gore", position=1)
        retired = door.data("editReviewReason", code="sexual", retired=True)

        found = door.data("getReviewReasons")["reasonList"]
        assert [one["code"] for one in found][:2] == ["gore", "violence"]
        assert found[-1] == retired | {"position": found[-1]["position"]}
        assert retired["nameZh"] == "色情低俗"
        door.data("decideReview", leaseKey=key, status="Blocked", reasonCode="sexual")
        lines = [line for line in console.store.history.find_history("gore") if line.action == "editReviewReason"]
        assert [(line.before, line.after["position"]) for line in reversed(lines)] == [({}, 2), ({"position": 2}, 1)]

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"code": "new"}, "nameZh is required."),
            ({"code": "Bad code"}, "code must be small letters, digits, - and _, got 'Bad code'."),
            ({"code": "spam", "uploaderZh": "字" * 43}, "uploaderZh has 129 bytes; at most 128 are allowed."),
            ({"code": "spam", "position": 0}, "position must be from 1 to 100, got 0."),
            ({"code": "spam", "nameEn": " "}, "nameEn is required."),
            ({"code": "spam", "uploaderZh": ""}, "uploaderZh is required."),
        ],
    )
    def test_nonsense_is_named(self, door, given, said):
        assert door("editReviewReason", **given)["message"] == said

    def test_a_desk_that_is_open_learns_that_the_list_has_changed(self, door, take, clips):
        before = door.data("getReviewReasons")["version"]
        taken = door.data("takeReview")
        door.data("editReviewReason", code="spam", retired=True)

        key = taken["leaseList"][0]["leaseKey"]
        made = door.data("decideReview", leaseKey=key, status="Blocked", reasonCode="spam")

        assert taken["reasonsVersion"] == before != made["reasonsVersion"]
        assert made["reasonsVersion"] == door.data("getReviewReasons")["version"]

    def test_nobody_else_changes_the_list(self, door, ben):
        assert door("editReviewReason", token=ben, code="spam", retired=True)["code"] == "403"


class TestPreferences:
    @pytest.mark.every_door
    def test_each_person_has_their_own_and_they_stay(self, door, ben):
        assert door.data("getReviewPreferences") == {
            "grey": False, "blur": False, "sound": False, "small": False, "autoplay": True, "sensitiveAutoplay": False,
            "keys": True, "breakMinutes": 50, "speed": 1,
        }  # fmt: skip
        door.data("setReviewPreferences", grey=True, speed=1.5, keys=False, breakMinutes=0)

        changed = door.data("setReviewPreferences", blur=True)

        assert changed == door.data("getReviewPreferences") == door.data("openReviewDesk")["preferences"]
        assert [changed[name] for name in ("grey", "blur", "speed", "keys", "breakMinutes", "autoplay")] == [
            True, True, 1.5, False, 0, True,
        ]  # fmt: skip
        assert door.data("getReviewPreferences", token=ben)["grey"] is False

    @pytest.mark.parametrize(
        ("given", "said"),
        [({"speed": 3}, "speed must be 1, 1.5 or 2, got 3.0."), ({"breakMinutes": 241}, "must be from 0 to 240"),
         ({"grey": "perhaps"}, "grey must be true or false")],
    )  # fmt: skip
    def test_nonsense_is_named(self, door, given, said):
        assert said in door("setReviewPreferences", **given)["message"]
