"""A list of videos as both browsers show it: fetched by pages, drawn as a grid, acted on by row or by selection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages import actions, parts
from pages.words import t

CENSOR = ["check", "success", "fail", "onCensor"]
TRANSCODE = ["onTranscode", "success", "fail", "Uploading", "UploadFail"]
SORTS = ["-creationTime", "creationTime", "-duration", "duration", "-size", "size", "title", "-title"]
ROW_HEIGHT = 48
MOST_ROWS_SEEN = 12


@dataclass(frozen=True)
class VideoList:
    """One list: the prefix of its keys in the address, its operation, its columns and what its rows offer."""

    prefix: str
    operation: str
    columns: tuple[str, ...]
    row_actions: tuple[str, ...]
    bulk_actions: tuple[str, ...]

    @property
    def page_key(self) -> str:
        return f"{self.prefix}_page"

    def bound(self, name: str) -> dict[str, Any]:
        """Return the options of a filter that is kept in the address; a change of it leads to the first page."""
        return {
            "key": f"{self.prefix}_{name}",
            "bind": "query-params",
            "on_change": parts.first_page,
            "args": (self.page_key,),
        }

    def search(self, name: str, label: str, icon: str, width: int) -> str:
        """Draw a search field that answers while one types."""
        text: str = st.text_input(
            label, type="search", placeholder=label, width=width, live=True, label_visibility="collapsed",
            icon=f":material/{icon}:", autocomplete="off", **self.bound(name),
        )  # fmt: skip
        return text.strip()

    def dates(self) -> dict[str, str]:
        """Draw the two dates of a range."""
        with st.container(horizontal=True):
            start = st.date_input(t("filter.from"), value=None, format="YYYY-MM-DD", **self.bound("from"))
            end = st.date_input(t("filter.to"), value=None, format="YYYY-MM-DD", **self.bound("to"))
        return {"startTime": str(start or ""), "endTime": str(end or "")}

    def order(self) -> str:
        """Draw the choice of an order and return it."""
        chosen: str = st.selectbox(
            t("sort.label"), SORTS, width=150, label_visibility="collapsed",
            format_func=lambda sort: t(f"sort.{sort}"), filter_mode=None,
            **parts.from_address(f"{self.prefix}_sort", SORTS, SORTS[0], then=self.page_key),
        )  # fmt: skip
        return chosen

    def clear_button(self, wanted: dict[str, str]) -> None:
        """Draw the way back to everything, where something is filtered."""
        if any(wanted.values()):
            st.button(
                t("filter.clear"), icon=":material/close:", type="tertiary", on_click=self._clear,
                key=f"{self.prefix}_clear",
            )  # fmt: skip

    def show(self, wanted: dict[str, str], sort: str, nothing: str) -> None:
        """Draw the rows that match and what can be done with them; say `nothing` where there are none at all."""
        if opened := st.session_state.pop(f"{self.prefix}_opened", None):
            parts.visit("video", {"videoId": opened})
        # For the way back from a video; the address of its page is its own.
        st.session_state[f"{self.prefix}_query"] = {
            key: value for key, value in st.query_params.items() if key.startswith(f"{self.prefix}_")
        }
        toolbar = st.container(horizontal=True, vertical_alignment="center", gap="small", key="toolbar")
        total, videos, size = self._fetch({**wanted, "sort": sort})
        if not videos:
            text, icon = (t("filter.none"), "search_off") if any(wanted.values()) else (nothing, "upload")
            st.info(text, icon=f":material/{icon}:")
            return
        ids = [video["videoId"] for video in videos]
        ticked = self._grid(videos, seen=(wanted, sort, size, ids, st.session_state.get("changed")))
        with toolbar:
            st.caption(t("videos.ticked", count=len(ticked)), width="content")
            actions.buttons(self.bulk_actions, ticked)
        parts.paging(self.page_key, total, size)

    def _fetch(self, wanted: dict[str, str]) -> tuple[int, list[dict[str, Any]], int]:
        """Return the total, the rows of the page asked for, and its size; past the end, it is the last page."""
        size, page = parts.page_size(self.page_key), parts.page_number(self.page_key)
        data = parts.ask(self.operation, **wanted, pageIndex=page, pageSize=size)
        if not data["videoList"] and data["total"]:
            page = -(-data["total"] // size)
            st.session_state[self.page_key] = page
            data = parts.ask(self.operation, **wanted, pageIndex=page, pageSize=size)
        return data["total"], data["videoList"], size

    def _grid(self, videos: list[dict[str, Any]], seen: Any) -> list[dict[str, Any]]:
        """Draw the rows and return those that are ticked."""
        shown, table = f"{self.prefix}_shown", f"{self.prefix}_table"
        parts.keep_ticks(table, seen)
        st.session_state[shown] = videos
        menu = actions.allowed(*self.row_actions)
        event = st.dataframe(
            parts.frame([_row(video, menu) for video in videos]),
            key=table, on_select="rerun", selection_mode="multi-row", hide_index=True, row_height=ROW_HEIGHT,
            height=min(MOST_ROWS_SEEN, len(videos)) * ROW_HEIGHT + 40, alt=t("videos.title"),
            placeholder="", column_order=self.columns, column_config=self._column_config(),
        )  # fmt: skip
        return [videos[number] for number in event.selection.rows if number < len(videos)]

    def _column_config(self) -> dict[str, Any]:
        column = st.column_config
        return {
            "cover": column.ImageColumn(t("column.cover"), width=84),
            "title": column.ButtonColumn(
                t("column.title"), width=250, type="tertiary", alignment="left", key=f"{self.prefix}_open",
                on_click=self._title_clicked,
            ),
            "user": column.TextColumn(t("column.user"), width=110),
            "censor": parts.chip_column(t("column.censor"), CENSOR, "censor", width=96),
            "transcode": parts.chip_column(t("column.transcode"), TRANSCODE, width=96),
            "narrow": parts.chip_column(t("column.narrow"), TRANSCODE, width=96),
            "recommended": parts.chip_column(t("column.recommended"), ["isRecommend"], width=84),
            "duration": column.TextColumn(t("column.duration"), width=66, alignment="right"),
            "size": column.TextColumn(t("column.size"), width=84, alignment="right"),
            "created": column.TextColumn(t(f"column.created_{self.prefix}"), width=156),
            "do": column.ButtonColumn(
                t("column.do"), width=64, type="tertiary", key=f"{self.prefix}_do", on_click=self._menu_clicked
            ),
        }  # fmt: skip

    def _title_clicked(self) -> None:
        video = st.session_state[f"{self.prefix}_shown"][st.session_state[f"{self.prefix}_open"].row]
        st.session_state[f"{self.prefix}_opened"] = video["videoId"]

    def _menu_clicked(self) -> None:
        click = st.session_state[f"{self.prefix}_do"]
        key = next(key for key, action in actions.ACTIONS.items() if action.label == click.label)
        actions.request(key, [st.session_state[f"{self.prefix}_shown"][click.row]])

    def _clear(self) -> None:
        for name in ("status", "cate"):  # what is bound leaves the address with its value
            st.query_params.pop(f"{self.prefix}_{name}", None)
        for name in ("title", "user", "uid", "vid", "from", "to"):
            if (key := f"{self.prefix}_{name}") in st.session_state:
                st.session_state[key] = "" if isinstance(st.session_state[key], str) else None
        parts.first_page(self.page_key)


def _unfinished(video: dict[str, Any]) -> str:
    """Return the status of an upload that has not come to its end: it is why nothing was transcoded."""
    return video["status"] if video["status"] in ("Uploading", "UploadFail") else ""


def _row(video: dict[str, Any], menu: list[actions.Action]) -> dict[str, Any]:
    return {
        "cover": video["coverUrl"] or None,
        "title": video["title"] or video["videoId"],
        "user": video["user"]["userName"] or video["user"]["userId"],
        "censor": [video["censorStatus"]],
        "transcode": [word for word in (video["transcodeStatus"] or _unfinished(video),) if word],
        "narrow": [video["narrowTranscodeStatus"]] if video["narrowTranscodeStatus"] else [],
        "recommended": ["isRecommend"] if video["isRecommend"] == "true" else [],
        "duration": parts.clock(video["duration"]),
        "size": parts.megabytes(video["size"]),
        "created": parts.moment(video["creationTime"]),
        "do": [action.label for action in menu if actions.fits(action.key, video)],
    }
