"""Sheets page: a table that was exported, edited in a spreadsheet and uploaded, with what it would change."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import data_table, formatting, layout, paging, session, sheet_choice, sheet_upload, url_state
from pages.components.data_table import Column, Row
from pages.components.i18n import named, t
from pages.components.video_grid import ROW_HEIGHT

layout.guard("manage")
KINDS = ("changed", "conflict", "invalid", "doubled", "unknown", "applied")
CHANGING = ("changed", "conflict", "doubled", "applied")
# columns that would be empty
WITHOUT = {**dict.fromkeys(KINDS, ("why",)), "conflict": (), "invalid": ("change",), "unknown": ("change", "why")}
PAGE = "s_page"
TIMES = ("startTime", "endTime")


def kind_choice(counts: dict[str, int]) -> str:
    """Draw the choice of a kind of rows that the sheet has, and return it; empty if it has none."""
    kinds = [kind for kind in KINDS if counts[kind]]
    if not kinds:
        return ""
    chosen = st.segmented_control(
        t("sheets.kind"), kinds, format_func=lambda kind: f"{named('sheet_kind', kind)} {counts[kind]:,}",
        label_visibility="collapsed", required=True, **url_state.from_address("s_kind", kinds, kinds[0], then=PAGE),
    )  # fmt: skip
    return str(chosen or kinds[0])


def changes(row: dict[str, Any]) -> str:
    """Return the changed values of a row in words; a category is told by its name, unless only its id differs."""
    of = {one["field"]: one for one in row["changeList"]}
    is_new = "cateId" not in of
    if "cateName" in of and of["cateName"]["before"] != of["cateName"]["after"]:
        of.pop("cateId", None)
    said = []
    for field, one in of.items():
        before, after = (_value(field, one[name]) for name in ("before", "after"))
        if field == "cateName" and is_new:
            after = t("sheets.new_category", name=after)
        label = t(f"sheets.{field}") if field in TIMES else named("field", field)
        said.append(t("history.from_to", field=label, before=before, after=after))
    return t("history.and").join(said)


def _value(field: str, text: str) -> str:
    return (formatting.moment(text) if field in TIMES else text) or t("sheets.empty")


def listed(sheet: dict[str, Any], kind: str, found: list[dict[str, Any]]) -> None:
    """Draw a page of rows; changed ones are ticked unless they were left out."""
    excluded = sheet_choice.left_out(sheet["sheetId"])

    def tick(shown: list[str], ticked: list[str]) -> None:
        sheet_choice.take(sheet["sheetId"], map(int, shown), map(int, ticked))

    columns = [
        Column("line", t("sheets.line"), "number", 64),
        Column("title", t("column.title"), "link", 260 * (kind != "unknown"), priority=int(kind in CHANGING)),
        Column("change", t("history.change"), "words"),
        Column("why", t("sheets.why"), "words", 300 * (kind == "conflict"), priority=int(kind == "conflict")),
    ]
    columns = [column for column in columns if column.key not in WITHOUT[kind]]
    rows = [
        Row(
            str(row["place"]), row["title"] or row["videoId"],
            {
                "line": str(row["line"]), "title": row["title"] or row["videoId"],
                "change": changes(row), "why": row["why"],
            },
            f"/video?videoId={row['videoId']}",
        )
        for row in found
    ]  # fmt: skip
    ticked = [row.id for row in rows if int(row.id) not in excluded] if kind == "changed" else None
    with data_table.rows():
        data_table.show(f"s_table_{kind}", t("sheets.title"), columns, rows, row_height=ROW_HEIGHT, ticked=ticked,
                        on_ticks=tick)  # fmt: skip


def apply(sheet: dict[str, Any]) -> None:
    """Apply the chosen rows, as many at once as the console takes."""
    sheet_id, size = sheet["sheetId"], session.limit("pageSize")
    most = session.limit("sheetRows" if sheet["listing"] == "videos" else "entrySheetRows")
    excluded, count = sheet_choice.left_out(sheet_id), sheet["counts"]["changed"]
    places = []
    for page in range(1, -(-count // size) + 1):
        found = session.attempt("getSheet", sheetId=sheet_id, kind="changed", pageIndex=page, pageSize=size)
        if found["result"] != "true":
            session.report([], [found["message"]], "done.sheet")
            return
        places += [row["place"] for row in found["data"]["rowList"] if row["place"] not in excluded]
    parts = (",".join(map(str, places[start : start + most])) for start in range(0, len(places), most))
    sheet_upload.note(
        [session.attempt("applySheet", sheetId=sheet_id, rows=rows) for rows in parts], "done.sheet"
    )  # fmt: skip
    url_state.first_page(PAGE)


def close() -> None:
    for name in ("sheet", "s_kind", sheet_choice.LEFT_OUT, PAGE):
        st.query_params.pop(name, None)


def compared(sheet_id: str) -> None:
    """Draw what a sheet would change."""
    envelope = session.attempt("getSheet", sheetId=sheet_id)
    if envelope["result"] != "true":
        st.error(formatting.plain(envelope["message"]), icon=":material/error:")
        st.button(t("sheets.another"), key="sheet_close", icon=":material/upload_file:", on_click=close)
        return
    sheet = envelope["data"]
    counts = sheet["counts"]
    left = t("sheets.until", until=formatting.moment(sheet["until"]))
    of = t(f"sheets.of_{sheet['listing']}")
    told = [formatting.plain(sheet["fileName"]), of, t("sheets.unchanged", count=counts["unchanged"]), left]
    st.caption(" · ".join(told) + "  \n" + t("sheets.compared", columns=", ".join(sheet["columnList"])))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        kind = kind_choice(counts)
    buttons = st.container(horizontal=True, vertical_alignment="center", gap="small", key="toolbar")
    if counts["changed"] and sheet_choice.is_lost(sheet_id):
        st.warning(t("sheets.choice_lost"), icon=":material/warning:")
    if kind:
        st.caption(t(f"sheets.about_{kind}"))
        size = paging.page_size(PAGE)
        page = min(paging.page_number(PAGE), -(-counts[kind] // size))
        st.session_state[PAGE] = page
        found = session.ask("getSheet", sheetId=sheet_id, kind=kind, pageIndex=page, pageSize=size)
        listed(sheet, kind, found["rowList"])
        paging.draw(PAGE, counts[kind], size)
    else:
        st.info(t("sheets.nothing"), icon=":material/check_circle:")
    with buttons:
        if counts["changed"]:
            chosen = max(0, counts["changed"] - len(sheet_choice.left_out(sheet_id)))
            st.button(t("sheets.apply", count=chosen), key="sheet_apply", type="primary", icon=":material/done_all:",
                      disabled=not chosen, on_click=apply, args=(sheet,))  # fmt: skip
        if counts["applied"]:
            sheet_upload.undo_button({**sheet, "done": counts["applied"]}, "sheet_undo")
        st.button(t("sheets.another"), key="sheet_close", icon=":material/upload_file:", on_click=close)
    if sheet["ignoredList"]:
        st.caption(t("sheets.ignored", columns=formatting.plain(", ".join(sheet["ignoredList"]))))
    sheet_upload.link_to(sheet["listing"])


layout.header(t("sheets.title"), t("sheets.about"))
layout.say_results()
if sheet_id := st.query_params.get("sheet", ""):
    compared(sheet_id)
else:
    sheet_upload.show()
    with st.container(horizontal=True):
        for listing in sheet_upload.COLUMNS:
            sheet_upload.link_to(listing)
sheet_upload.requested()
