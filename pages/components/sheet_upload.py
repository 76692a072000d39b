"""Where a sheet is uploaded, and the sheets that were applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages import widgets
from pages.components import formatting, layout, session, url_state
from pages.components.i18n import language, t

LINK, WANTED, EXPORT = "sheet_link", "sheet_wanted", "sheet_export"
COLUMNS = {
    "videos": "videoId,title,description,tags,cateId,cateName,edition",
    "recommended": "videoId,title,startTime,endTime,pin,rank,edition",
}
WORDS = ("waiting", "checking", "done", "broken", "cancel", "cancelled", "leave_ask", "stay", "leave")


def show() -> None:
    """Draw the drop area, and what was applied."""
    data = {
        **st.session_state.get(LINK, {}),
        "accept": ".csv,.tsv,.txt,.xlsx,.xlsm",
        "multiple": False,
        "fields": {},
        "returns": "sheetId",
        "language": language(),
        "words": {name: t(f"upload.{name}") for name in WORDS} | {"hint": t("sheets.hint"), "same": ""},
    }
    widgets.upload(data, key="sheet_box", on_sent=_sent)
    st.caption(t("sheets.help"))
    for listing in COLUMNS:
        _explain(listing)
    if asked := st.session_state.pop(EXPORT, None):
        url_state.go_to(session.ask("createExportLink", **asked)["url"])
    _applied()


def link_to(listing: str) -> None:
    """Draw a link to the list that sheets are of."""
    label, icon = t(f"sheets.to_{listing}"), ":material/arrow_back:"
    if listing == "videos":
        st.page_link("videos.py", label=label, icon=icon, query_params=st.session_state.get("v_query"))
    else:
        st.page_link("recommendations.py", label=label, icon=icon, query_params={"r_view": "list"})


def _explain(listing: str) -> None:
    """Draw which columns of a list can be changed, and the buttons that export it with these."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"sheet_of_{listing}"):
        st.markdown(f"**{t(f'sheets.of_{listing}')}**  \n{t(f'sheets.columns_{listing}')}", width="stretch")
        if session.may("export"):
            for file_format in ("xlsx", "csv"):
                st.button(t(f"sheets.export_{file_format}"), key=f"sheet_export_{listing}_{file_format}",
                          on_click=_ask_export, args=(listing, file_format), icon=":material/download:")  # fmt: skip


def undo_button(sheet: dict[str, Any], key: str) -> None:
    """Draw the button that undoes a sheet, after a question."""
    st.button(t("sheets.undo"), key=key, icon=":material/undo:", on_click=_want, args=(sheet,))


def requested() -> None:
    """Open the requested question; called once per run, from the body of the page."""
    if sheet := st.session_state.pop(WANTED, None):
        layout.open_dialog(t("sheets.undo_ask", count=sheet["done"]), "undo")(_question)(sheet)


def _applied() -> None:
    applied = session.ask("getAppliedSheets")["sheetList"]
    if not applied:
        return
    st.markdown(f"**{t('sheets.applied')}**")
    for number, sheet in enumerate(applied):
        with st.container(horizontal=True, vertical_alignment="center"):
            name, who = formatting.plain(sheet["fileName"]), formatting.plain(sheet["userName"])
            told = f"{name} · {t('sheets.videos', count=sheet['done'])} · {who} · {formatting.moment(sheet['time'])}"
            st.markdown(told, width="stretch")
            if sheet["isUndone"]:
                st.caption(t("sheets.undone"), width="content")
            else:
                undo_button(sheet, f"sheet_undo_{number}")


def _question(sheet: dict[str, Any]) -> None:
    st.markdown(f"- {formatting.plain(sheet['fileName'])}")
    st.caption(t("sheets.undo_follows"))
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("common.cancel"), key="confirm_no"):
            st.rerun()
        if st.button(t("sheets.undo"), key="confirm_yes", type="primary"):
            envelope = session.attempt("undoSheet", sheetId=sheet["sheetId"])
            note([envelope], "undone.sheet")
            st.rerun()


def note(envelopes: Sequence[dict[str, Any]], said: str) -> None:
    """Store what calls of one request have done, and what they have not, to be shown at the next run."""
    done, problems = 0, list[str]()
    for envelope in envelopes:
        if envelope["result"] != "true":
            problems.append(envelope["message"])
            continue
        done += envelope["data"]["done"]
        problems += (
            t("desk.titled", title=row["title"] or row["videoId"], message=row["why"])
            for row in envelope["data"]["refusedList"]
        )
    session.report([({"videoId": ""}, "")] * done, problems, said)


def _want(sheet: dict[str, Any]) -> None:
    st.session_state[WANTED] = sheet


def _ask_export(listing: str, file_format: str) -> None:
    of = {"recommended": "true", "state": "all"} if listing == "recommended" else {}
    st.session_state[EXPORT] = {**of, "format": file_format, "columns": COLUMNS[listing]}


def _sent() -> None:
    """Provide a link for the file, and go to the sheet once it was checked."""
    sent = st.session_state["sheet_box"]["sent"]
    if sent["wanted"] != st.session_state.get(LINK, {}).get("number"):
        envelope = session.attempt("createSheetLink")
        link = {"url": envelope["data"]["url"]} if envelope["data"] else {"url": "", "problem": envelope["message"]}
        st.session_state[LINK] = {"number": sent["wanted"], **link}
    if sent.get("answer"):
        st.session_state.pop(LINK, None)
        st.query_params["sheet"] = sent["answer"]
