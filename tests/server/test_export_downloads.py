"""Exports over REST: as a file, by a link, and in the history."""

from __future__ import annotations

import threading
from urllib.parse import unquote

import pytest


def exporting_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("export")]


class TestExport:
    def test_a_csv_comes_as_a_file(self, server, http, token, make_video):
        for title in ("海边", "=1+1"):
            make_video(title=title)

        answer = http.get(f"{server}/console/vod/exportVideos", headers={"Authorization": f"Bearer {token}"})

        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == (
            'attachment; filename="videos-20190109-221129_Asia-Shanghai_2-rows.csv"; '
            "filename*=UTF-8''videos-20190109-221129_Asia-Shanghai_2-rows.csv"
        )
        assert answer.headers["Cache-Control"] == "no-store"
        lines = answer.content.decode("utf-8-sig").split("\r\n")
        assert lines[0].startswith("id,videoId,title")
        assert "'=1+1" in lines[1]
        assert "海边" in lines[2]

    @pytest.mark.parametrize(
        ("path", "ask", "name", "media_type"),
        [
            ("exportVideos", {"format": "jsonl", "title": "海"}, "videos-…_1-rows_title=海.jsonl", "application/jsonl"),
            ("exportRecommendVideos", {}, "recommended-…_0-rows.csv", "text/csv; charset=utf-8"),
            (
                "exportVideos",
                {"format": "xlsx"},
                "videos-…_2-rows.xlsx",
                "application/vnd.openxmlformats-officedocument",
            ),
        ],
    )
    def test_format_and_list_are_chosen(self, server, http, token, make_video, path, ask, name, media_type):
        for title in ("海边", "other"):
            make_video(title=title)

        answer = http.post(f"{server}/console/vod/{path}", data={"consoletoken": token, **ask})

        named = unquote(answer.headers["Content-Disposition"].partition("UTF-8''")[2])
        assert named.replace("20190109-221129_Asia-Shanghai", "…") == name
        assert answer.headers["Content-Type"].startswith(media_type)
        assert answer.content

    def test_columns_are_chosen_and_a_wrong_one_is_named(self, server, http, token, make_video):
        make_video(title="海边")
        ask = {"consoletoken": token, "columns": "userName, title"}

        assert (
            http.post(f"{server}/console/vod/exportVideos", data=ask).text
            == '\ufeffuserName,title\r\n"Anne","海边"\r\n'
        )
        for path in ("exportVideos", "exportRecommendVideos", "createExportLink"):
            refused = http.post(f"{server}/console/vod/{path}", data={**ask, "columns": "titel"}).json()
            assert (refused["code"], refused["message"][:62]) == (
                "400",
                "columns contains 'titel', which does not exist. Available: id,",
            )

    def test_every_export_stands_in_the_history(self, server, http, token, make_video, console):
        make_video(title="海边")
        ask = {"consoletoken": token, "title": "海", "startTime": "2019-01-01", "columns": "title"}
        http.post(f"{server}/console/vod/exportVideos", data=ask)

        line = console.store.history.find_history()[0]

        assert (line.action, line.actor.name) == ("exportVideos", "anne")
        assert line.after == {
            "format": "csv",
            "columns": "title",
            "filter": {"title": "海", "startTime": "2019-01-01 00:00:00"},
            "count": 1,
        }

    def test_a_client_that_goes_away_ends_what_was_read_for_it(self, server, raw, token, make_video, eventually):
        for _ in range(300):
            make_video(description="x" * 60_000)
        asked = f"GET /console/vod/exportVideos HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"

        connection = raw(asked.encode())
        eventually(exporting_threads)
        connection.close()

        eventually(lambda: not exporting_threads())

    def test_a_wrong_filter_is_told_in_an_envelope(self, server, http, token):
        answer = http.get(f"{server}/console/vod/exportVideos", params={"consoletoken": token, "startTime": "x"})

        assert answer.json()["code"] == "400"

    def test_a_link_works_once_without_a_token_and_for_what_it_was_made(self, server, http, token, make_video, clock):
        make_video(title="wanted")
        make_video(title="other")
        ask = {"consoletoken": token, "title": "wanted"}
        link = http.post(f"{server}/console/vod/createExportLink", data=ask).json()["data"]["url"]
        assert token not in link

        first = http.get(link, params={"title": "other"})
        second = http.get(link)

        assert "wanted" in first.text
        assert "other" not in first.text
        assert second.json()["code"] == "403"

    def test_a_link_grows_old(self, server, http, token, clock):
        link = http.post(f"{server}/console/vod/createExportLink", data={"consoletoken": token}).json()["data"]["url"]
        clock.move(61)

        assert http.get(link).json()["code"] == "403"
