"""Addresses that play: fresh ones of VOD, those that it gave before while it is slow or fails, and never dead ones."""

from __future__ import annotations

from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from backend.aliyun import play_urls
from backend.model import CensorStatus


@pytest.fixture
def addresses(console, clock):
    """Those of a console that waits for VOD as long as this machine needs."""
    console.media.addresses.clock, console.media.addresses.wait_seconds = clock, 60.0
    return console.media.addresses


@pytest.fixture
def slow(alibaba, addresses):
    """Has VOD answer an operation later than anybody waits."""

    @contextmanager
    def hold(action="GetPlayInfo"):
        addresses.wait_seconds = 0.05
        with alibaba.hold(action):
            yield
        addresses.wait_seconds = 60.0

    return hold


@pytest.fixture
def film(console, alibaba, new_video, addresses, work, do):
    """A video with renditions that the catalogue knows."""

    def make():
        video = new_video(Status="Normal", censor=CensorStatus.SUCCESS)
        do("submitTranscode", mediaId=video.video_id)
        work()
        assert console.store.catalogue.get_video(video.video_id).renditions
        addresses.forget(video.video_id)
        return video.video_id

    return make


def signed(play):
    return ["auth_key=" in info["playURL"] for info in play["playInfoList"]]


def has_nothing_that_plays(play):
    """Neither a dead address nor a word that there is nothing: what is there is awaited."""
    return play["playInfoList"] == [] and play["videoBase"]["fileUrlList"] == [] and len(play["awaitedInfoList"]) > 0


def test_while_vod_is_slow_an_address_that_may_be_dead_is_not_shown(do, film, eventually, slow):
    video_id = film()
    with slow():
        play = do("getPlayInfo", videoId=video_id)
        assert has_nothing_that_plays(play)
        assert [info["width"] for info in play["awaitedInfoList"]] == [848, 1280]
        assert do("getVideoById", videoId=video_id)["fileUrlList"] == []

    eventually(lambda: signed(do("getPlayInfo", videoId=video_id)) == [True, True])


def test_while_vod_is_slow_a_source_is_awaited_too(do, new_video, addresses, eventually, slow):
    video_id = new_video().video_id
    with slow("GetMezzanineInfo"):
        (info,) = do("getPlayInfo", videoId=video_id)["awaitedInfoList"]
        assert info["kind"] == "source"

    eventually(lambda: signed(do("getPlayInfo", videoId=video_id)) == [True])


def test_while_vod_is_slow_what_it_gave_before_is_shown_as_long_as_it_lives(do, film, clock, eventually, slow):
    video_id = film()
    first = do("getPlayInfo", videoId=video_id)["playInfoList"]
    with slow():
        clock.move(play_urls.KEPT_SECONDS + 1)
        assert do("getPlayInfo", videoId=video_id)["playInfoList"] == first
        clock.move(play_urls.SHOWN_SECONDS)
        assert has_nothing_that_plays(do("getPlayInfo", videoId=video_id))

    eventually(lambda: do("getPlayInfo", videoId=video_id)["playInfoList"] not in ([], first))


def test_where_vod_fails_and_the_account_signs_no_dead_address_is_shown(alibaba, do, film):
    seen, other = film(), film()
    do("getPlayInfo", videoId=seen)
    alibaba.denied.add("GetPlayInfo")

    assert has_nothing_that_plays(do("getPlayInfo", videoId=other))


def test_where_vod_fails_and_nobody_knows_whether_it_signs_known_addresses_are_tried(alibaba, do, film):
    video_id = film()
    alibaba.denied.add("GetPlayInfo")

    play = do("getPlayInfo", videoId=video_id)

    assert (signed(play), play["awaitedInfoList"]) == ([False, False], [])


def test_where_the_account_signs_nothing_known_addresses_play_while_vod_is_slow(alibaba, do, film, slow):
    alibaba.vod.signs = False
    seen, other = film(), film()
    do("getPlayInfo", videoId=seen)

    with slow():
        play = do("getPlayInfo", videoId=other)

    assert (signed(play), play["awaitedInfoList"]) == ([False, False], [])


@pytest.mark.settings(url_auth_key="Abcdefgh1234")
def test_where_the_console_signs_known_addresses_they_play_while_vod_is_slow(do, film, slow):
    video_id = film()

    with slow():
        play = do("getPlayInfo", videoId=video_id)

    assert (signed(play), play["awaitedInfoList"]) == ([True, True], [])


def test_a_player_whose_addresses_died_gets_new_ones_but_not_without_end(alibaba, do, film, clock):
    video_id = film()
    first = do("getPlayInfo", videoId=video_id)["playInfoList"]
    asked = alibaba.count("GetPlayInfo")

    assert do("getPlayInfo", videoId=video_id, renew=True)["playInfoList"] == first  # VOD has only just given them
    clock.move(play_urls.RENEW_SECONDS + 1)
    assert do("getPlayInfo", videoId=video_id)["playInfoList"] == first
    renewed = do("getPlayInfo", videoId=video_id, renew=True)["playInfoList"]
    again = do("getPlayInfo", videoId=video_id, renew=True)["playInfoList"]

    assert [urlsplit(info["playURL"]).path for info in renewed] == [urlsplit(info["playURL"]).path for info in first]
    assert renewed != first
    assert again == renewed
    assert alibaba.count("GetPlayInfo") == asked + 1


def test_addresses_that_come_later_than_a_player_asks_again_are_given_to_it(alibaba, addresses, do, film, clock, slow):
    video_id = film()
    with slow():
        assert has_nothing_that_plays(do("getPlayInfo", videoId=video_id, renew=True))
    addresses._kept[video_id].answer.result(60)
    asked = alibaba.count("GetPlayInfo")
    clock.move(play_urls.RENEW_SECONDS + 1)

    play = do("getPlayInfo", videoId=video_id, renew=True)

    assert signed(play) == [True, True]
    assert alibaba.count("GetPlayInfo") == asked


def test_what_did_not_play_is_not_shown_again_while_vod_is_slow(do, film, clock, slow):
    video_id = film()
    do("getPlayInfo", videoId=video_id)
    clock.move(play_urls.RENEW_SECONDS + 1)

    with slow():
        assert has_nothing_that_plays(do("getPlayInfo", videoId=video_id, renew=True))


def test_a_transcoded_video_that_is_blocked_shows_its_source_and_no_dead_rendition(do, film):
    video_id = film()
    do("createAudit", mediaId=video_id, status="Blocked", reason="违规")

    play = do("getPlayInfo", videoId=video_id)

    assert ([info["kind"] for info in play["playInfoList"]], signed(play)) == (["source"], [True])
