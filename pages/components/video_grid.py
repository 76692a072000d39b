"""The video list of the catalogue and the feed: paged table with row and bulk actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.components import (
    bulk_actions,
    bulk_runner,
    data_table,
    formatting,
    layout,
    paging,
    review_queue,
    saved_views,
    session,
    upload_dialog,
    url_state,
    video_actions,
)
from pages.components.data_table import Column, Row
from pages.components.i18n import named, t
from pages.components.list_filters import ListFilters

SORTS = ["-creationTime", "creationTime", "-duration", "duration", "-size", "size", "title", "-title"]
MORE_COLUMNS = ("category", "tags", "resolution", "id")  # shown if they are chosen
ROW_HEIGHT = 40
MAX_PICKED = 5_000
# Statuses that change without user interaction.
BUSY = {"onTranscode", "onSnapshot", "onCensor", "Uploading", "Transcoding"}
BUSY_FIELDS = ("transcodeStatus", "narrowTranscodeStatus", "snapshotStatus", "censorStatus", "status")


@dataclass(frozen=True)
class VideoList:
    """A list: its URL prefix, operation, columns and actions."""

    prefix: str
    operation: str
    columns: tuple[str, ...]
    row_actions: tuple[str, ...]
    bulk_actions: tuple[str, ...]

    @property
    def listing(self) -> saved_views.Listing:
        """The columns, and the views that show them."""
        page = "videos" if self.prefix == "v" else "recommendations"
        columns = [column for column in _columns(self.prefix) if column.key in (*self.columns, *MORE_COLUMNS)]
        return saved_views.Listing(page, self.prefix, columns, self.columns)

    @property
    def filters(self) -> ListFilters:
        return ListFilters(self.prefix)

    @property
    def page_key(self) -> str:
        return self.filters.page_key

    @property
    def sort_key(self) -> str:
        return f"{self.prefix}_sort"

    def order(self) -> str:
        """Draw the choice of a sort order and return it."""
        chosen: str = st.selectbox(
            t("sort.label"), SORTS, width=150, label_visibility="collapsed",
            format_func=lambda sort: t(f"sort.{sort}"), filter_mode=None,
            **url_state.from_address(self.sort_key, SORTS, SORTS[0], then=self.page_key),
        )  # fmt: skip
        return chosen

    def show(self, wanted: dict[str, str], sort: str, nothing: str) -> None:
        """Draw the matching rows and their actions; show `nothing` if the list is empty.

        Rows refresh in a fragment, so that dialogs and input are kept.
        """
        bulk_runner.show()
        if self.prefix == "v":
            bulk_actions.show()
        shown = self._shown().values()
        busy = any(_is_busy(video) for video in shown)
        st.fragment(self._rows, run_every="2s" if busy or not shown or upload_dialog.is_open() else "15s")(
            wanted, sort, nothing
        )

    def _rows(self, wanted: dict[str, str], sort: str, nothing: str) -> None:
        asked = {"wanted_rerun", "wanted_action", bulk_actions.WANTED} & set(st.session_state)
        if asked and not layout.is_whole_run():
            # The rest of the page must rerun too, and a dialog opened from the fragment would close at the next
            # refresh.
            st.session_state.pop("wanted_rerun", None)
            st.rerun(scope="app")
        # for the way back from a video's page, which has its own URL
        st.session_state[f"{self.prefix}_query"] = {
            key: value
            for key, value in st.query_params.items()
            if key.startswith(f"{self.prefix}_") or key == saved_views.VIEW
        }
        toolbar = st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="toolbar")
        total, videos, size = self._fetch({**wanted, "sort": sort})
        shown = {video["videoId"]: video for video in videos}
        st.session_state[f"{self.prefix}_shown"] = shown
        picked = self._picked()
        for video_id in st.session_state.pop("acted", ()):
            picked.pop(video_id, None)
        picked.update({video_id: shown[video_id] for video_id in picked.keys() & shown})  # with their current values
        with toolbar:
            self._toolbar(wanted, sort, total)
        if not videos:
            text, icon = (t("filter.none"), "search_off") if any(wanted.values()) else (nothing, "upload")
            hint = t("filter.none_in_titles") if wanted.get("title") else ""
            st.info(f"{text} {hint}", icon=f":material/{icon}:")
            return
        with data_table.rows():
            self._table(videos, sort)
        paging.draw(self.page_key, total, size)

    def _fetch(self, wanted: dict[str, str]) -> tuple[int, list[dict[str, Any]], int]:
        """Return the total, the rows of the requested page, and its size; beyond the end, the last page."""
        size, page = paging.page_size(self.page_key), paging.page_number(self.page_key)
        data = session.ask(self.operation, **wanted, pageIndex=page, pageSize=size)
        if not data["videoList"] and data["total"]:
            page = -(-data["total"] // size)
            data = session.ask(self.operation, **wanted, pageIndex=page, pageSize=size)
        if st.session_state.get(self.page_key) != page:
            st.session_state[self.page_key] = page
        session.mark_seen(data["videoList"])
        if self.prefix == "v":
            review_queue.mark_places(data["videoList"])
        return data["total"], data["videoList"], size

    # Selection: by id, across pages, with the values last seen

    def _picked(self) -> dict[str, dict[str, Any]]:
        picked: dict[str, dict[str, Any]] = st.session_state.setdefault(f"{self.prefix}_picked", {})
        return picked

    def _shown(self) -> dict[str, dict[str, Any]]:
        shown: dict[str, dict[str, Any]] = st.session_state.get(f"{self.prefix}_shown", {})
        return shown

    def _pick(self, shown: list[str], ticked: list[str]) -> None:
        picked = self._picked()
        for video_id in shown:
            picked.pop(video_id, None)
        picked.update({video_id: self._shown()[video_id] for video_id in ticked if video_id in self._shown()})

    def _pick_all(self, wanted: dict[str, str], sort: str) -> None:
        """Select all matching videos, up to the limit."""
        picked, size = self._picked(), session.limit("pageSize")
        for page in range(1, MAX_PICKED // size + 1):
            asked = {**wanted, "sort": sort, "pageIndex": page, "pageSize": size}
            envelope = session.attempt(self.operation, **asked)
            videos = envelope["data"]["videoList"] if envelope["result"] == "true" else []
            picked.update({video["videoId"]: video for video in session.mark_seen(videos)})
            if len(videos) < size:
                return

    def _toolbar(self, wanted: dict[str, str], sort: str, total: int) -> None:
        if not video_actions.allowed(*self.bulk_actions):
            return
        picked = self._picked()
        elsewhere = len(picked.keys() - self._shown())
        count = t("videos.ticked", count=len(picked))
        st.caption(f"{count} {t('videos.elsewhere', count=elsewhere)}" if elsewhere else count, width="content")
        if picked:
            st.button(
                t("videos.untick"), key=f"{self.prefix}_untick", type="tertiary", icon=":material/close:",
                on_click=picked.clear,
            )  # fmt: skip
            if len(picked) < min(total, MAX_PICKED):
                text = t("videos.tick_all" if total <= MAX_PICKED else "videos.tick_first",
                         count=min(total, MAX_PICKED))  # fmt: skip
                st.button(
                    text, key=f"{self.prefix}_tick_all", type="tertiary", icon=":material/select_all:",
                    on_click=self._pick_all, args=(wanted, sort),
                )  # fmt: skip
        if self.prefix == "v":
            bulk_actions.menu(wanted, total)
        fits_none = [
            key for key in video_actions.ONLY_WHERE_IT_FITS
            if not any(video_actions.fits(key, video) for video in picked.values())
        ]  # fmt: skip
        video_actions.buttons(
            [key for key in self.bulk_actions if key not in fits_none],
            [] if bulk_runner.is_running() else list(picked.values()),
        )

    # Drawing

    def _table(self, videos: list[dict[str, Any]], sort: str) -> None:
        menu = video_actions.allowed(*self.row_actions)
        picked = self._picked()
        data_table.show(
            f"{self.prefix}_table", t("videos.title" if self.prefix == "v" else "recommendations.title"),
            self.listing.chosen(),
            [_row(video, menu) for video in videos],
            row_height=ROW_HEIGHT, sort=sort,
            ticked=[video["videoId"] for video in videos if video["videoId"] in picked]
            if video_actions.allowed(*self.bulk_actions) else None,
            menus={action.key: (action.icon, t(f"action.{action.key}")) for action in menu},
            on_ticks=self._pick, on_event=self._event, resizable=True,
        )  # fmt: skip

    def _event(self, event: dict[str, Any]) -> None:
        if event["kind"] == "width":
            self.listing.resized(event)
        elif event["kind"] == "sort" and event["sort"] in SORTS:
            url_state.write_address(self.sort_key, event["sort"], SORTS[0])
            url_state.first_page(self.page_key)
            st.session_state["wanted_rerun"] = True
        elif event["kind"] == "menu" and (video := self._shown().get(event["id"])):
            video_actions.request(event["action"], [video])


def _columns(prefix: str) -> list[Column]:
    return [
        Column("cover", t("column.cover"), "picture", 78),
        Column("title", t("column.title"), "link", sort=("title", "-title")),
        Column("user", t("column.user"), width=112, priority=2),
        Column("censor", t("column.censor"), "chips", 106),
        Column("recommended", t("column.recommended"), "chips", 106, priority=1),
        Column("transcode", t("column.transcode"), "chips", 116, priority=1),
        Column("narrow", t("column.narrow"), "chips", 108, priority=3),
        Column("duration", t("column.duration"), "number", 92, ("-duration", "duration"), priority=2),
        Column("size", t("column.size"), "number", 88, ("-size", "size"), priority=3),
        Column("created", t(f"column.created_{prefix}"), "", 158, ("-creationTime", "creationTime"), priority=3),
        Column("category", t("video.category"), width=120, priority=2),
        Column("tags", t("video.tags"), width=140, priority=2),
        Column("resolution", t("column.resolution"), width=104, priority=3),
        Column("id", t("column.id"), width=160, priority=3),
    ]


def _is_busy(video: dict[str, Any]) -> bool:
    return video["status"] != "UploadFail" and any(video[field] in BUSY for field in BUSY_FIELDS)


def _unfinished(video: dict[str, Any]) -> str:
    """Return the status of an unfinished upload, shown instead of the transcode status; its review has not begun."""
    return video["status"] if video["status"] in ("Uploading", "UploadFail") else ""


def _censor(video: dict[str, Any]) -> tuple[str, str]:
    """Return the review state, or that the video is reviewed first."""
    status = video["censorStatus"]
    return status, t("review_place.first") if review_queue.is_first(video) else named("censor", status)


def _row(video: dict[str, Any], menu: list[video_actions.Action]) -> Row:
    title = video["title"] or video["videoId"]
    chips = {
        "censor": [] if _unfinished(video) else [_censor(video)],
        "recommended": [("isRecommend", t("status.isRecommend"))] if video["isRecommend"] == "true" else [],
        "transcode": [
            (word, named("status", word)) for word in (video["transcodeStatus"] or _unfinished(video),) if word
        ],
        "narrow": [(word, named("status", word)) for word in (video["narrowTranscodeStatus"],) if word],
    }
    cells = {
        "cover": video["coverUrl"],
        "title": title,
        "user": video["user"]["userName"] or video["user"]["userId"],
        "duration": formatting.clock(video["duration"]),
        "size": formatting.megabytes(video["size"]),
        "created": formatting.moment(video["creationTime"]),
        "category": video["cateName"],
        "tags": video["tags"],
        "resolution": f"{video['width']} × {video['height']}" if video.get("width") else "",
        "id": video["videoId"],
        **{name: data_table.chips(words) for name, words in chips.items()},
    }
    offered = [action.key for action in menu if video_actions.fits(action.key, video)]
    return Row(video["videoId"], title, cells, f"/video?videoId={video['videoId']}", offered)
