"""One action on everything that matches the filters: its menu, question, progress and result."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import category_choice, confirm_dialog, formatting, layout, reason_choice, session, video_actions
from pages.components.i18n import t

ACTIONS = ("approve", "block", "recommend", "transcode", "narrow", "prewarm", "delete")
EDITS = {"category": "folder", "addTags": "new_label", "removeTags": "label_off"}  # of many videos only
NOTHING: tuple[dict[str, Any], ...] = ({}, {"changedTags": ""})  # what was chosen of an edit
STOPPING = "stopping"
RUNNING = ("queued", "running", STOPPING)
WANTED, OWN = "wanted_bulk", "bulk_own"
POLLED, ACTED = "bulk_polled", "bulk_acted"
NAMED = 5  # of the videos with the same reason


def menu(wanted: dict[str, str], total: int) -> None:
    """Draw the menu of actions on all videos that match."""
    choices = {action.key: action.label for action in video_actions.allowed(*ACTIONS)}
    if session.may("manage"):
        edits = {key: f":material/{icon}: {t(f'action.{key}')}" for key, icon in EDITS.items()}
        last = {key: choices.pop(key) for key in ("delete",) if key in choices}
        choices = {**choices, **edits, **last}
    if total < 2 or not choices:
        return

    def chosen() -> None:
        key = st.session_state["bulk_menu"]
        st.session_state[WANTED] = (key, wanted, total, st.session_state[session.SEEN], layout.opening())

    st.menu_button(
        t("bulk.all", count=total), list(choices), key="bulk_menu", icon=":material/select_all:", type="tertiary",
        format_func=choices.__getitem__, on_click=chosen,
    )  # fmt: skip


def requested() -> None:
    """Open the requested question; called once per run, from the body of the page."""
    if wanted := st.session_state.pop(WANTED, None):
        key, total = wanted[0], wanted[2]
        icon = EDITS.get(key) or video_actions.ACTIONS[key].icon
        layout.open_dialog(confirm_dialog.asked(key, total), icon)(_question)(*wanted)


def _question(key: str, wanted: dict[str, str], total: int, seen: int, number: int) -> None:
    if key not in EDITS:
        st.caption(confirm_dialog.follows(video_actions.ACTIONS[key]))
    st.caption(t("bulk.follows"))
    form = _form(key, number)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("common.cancel"), key="confirm_no"):
            st.rerun()
        ready = reason_choice.is_ready(form) if key == "block" else key not in EDITS or form not in NOTHING
        if st.button(t(f"action.{key}"), key="confirm_yes", type="primary", disabled=not ready):
            flags = {name: str(value).lower() if isinstance(value, bool) else value for name, value in form.items()}
            given = {**wanted, **flags, "expectedTotal": total, "seenLine": seen}
            envelope = session.attempt("startBulk", action=key, **given)
            if envelope["result"] == "true":
                _own().add(envelope["data"]["bulkId"])
                st.rerun()
            st.error(formatting.plain(envelope["message"]))


def _form(key: str, number: int) -> dict[str, Any]:
    """Draw the fields of an action, and return them as parameters."""
    if key == "block":
        return reason_choice.form(number)
    if key == "recommend":
        return {
            "isNarrow": st.checkbox(t("recommend.narrow"), key=f"bulk_narrow--{number}"),
            "isCache": st.checkbox(t("recommend.cache"), key=f"bulk_cache--{number}", value=True),
        }
    if key == "category":
        chosen = category_choice.choose(category_choice.by_path(), None, f"bulk_category--{number}")
        return {f"new{name[0].upper()}{name[1:]}": value for name, value in chosen.items()}
    if key in EDITS:
        tags = st.text_input(t("video.tags"), key=f"bulk_tags--{number}", placeholder=t("upload.tags_example"))
        return {"changedTags": formatting.comma_separated(tags)}
    return {}


def show() -> None:
    """Draw the actions that run, and the results of one's own."""
    if not session.may("review"):
        return
    found = _shown()
    is_polled = st.session_state[POLLED] = any(one["state"] in RUNNING for one in found)
    if found:
        st.fragment(_draw, run_every="1s" if is_polled else None)()


def _shown() -> list[dict[str, Any]]:
    bulks = session.ask("getBulks")["bulkList"]
    name = st.session_state["account"]["userName"]
    _own().update(one["bulkId"] for one in bulks if one["state"] in RUNNING and one["userName"] == name)
    return [one for one in bulks if one["state"] in RUNNING or one["bulkId"] in _own()]


def _draw() -> None:
    found = _shown()
    running = {one["bulkId"] for one in found if one["state"] in RUNNING}
    ended = st.session_state.get("bulk_running", set()) - running
    st.session_state["bulk_running"] = running
    # Only the whole page can begin or end the polling, draws the list anew, and tells of what was refused.
    acted = st.session_state.pop(ACTED, False)
    if not layout.is_whole_run() and (acted or ended or bool(running) != st.session_state[POLLED]):
        layout.redraw()
    for one in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"bulk_{one['bulkId']}"):
            if one["state"] in RUNNING:
                _progress(one)
            else:
                _result(one)


def _progress(one: dict[str, Any]) -> None:
    count = one["done"] + one["refused"]
    told = t("bulk.running", what=_what(one), done=f"{count:,}", of=f"{one['total']:,}")
    st.progress(count / one["total"], text=f"{told} · {formatting.plain(one['userName'])}")
    st.button(t("batch.stop"), key=f"bulk_stop_{one['bulkId']}", icon=":material/stop:", on_click=_do,
              args=("cancelBulk", one["bulkId"]), disabled=one["state"] == STOPPING)  # fmt: skip


def _result(one: dict[str, Any]) -> None:
    _told(one, t("bulk.ended", what=_what(one), count=one["done"]))
    st.button(t("common.understood"), key=f"bulk_seen_{one['bulkId']}", type="tertiary", on_click=_own().discard,
              args=(one["bulkId"],))  # fmt: skip


def recent() -> None:
    """Draw the last actions of everybody that have ended: who closed the page finds there what was not done."""
    found = [one for one in session.ask("getBulks")["bulkList"] if one["state"] not in RUNNING]
    if not found:
        return
    st.markdown(f"**{t('bulk.recent')}**")
    for one in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"bulk_{one['bulkId']}"):
            ended = t("bulk.ended", what=_what(one), count=one["done"])
            _told(one, f"{ended} · {formatting.plain(one['userName'])} · {formatting.moment(one['time'])}")


def _told(one: dict[str, Any], told: str) -> None:
    """Draw what became of an action, the reasons why something was not done, and what takes it back."""
    if left := one["total"] - one["done"] - one["refused"]:
        told = f"{told} · {t('bulk.left', count=left)}"
    st.markdown(told, width="stretch" if not one["refused"] else "content")
    if one["refused"]:
        with st.popover(t("bulk.refused", count=one["refused"]), icon=":material/report:",
                        key=f"bulk_refused_{one['bulkId']}", on_change="rerun") as why:  # fmt: skip
            if why.open:
                _refused(one)
    if one["canUndo"]:
        st.button(t("undo.label"), key=f"bulk_undo_{one['bulkId']}", icon=":material/undo:", on_click=_do,
                  args=("undoBulk", one["bulkId"]))  # fmt: skip


def _refused(one: dict[str, Any]) -> None:
    """Draw the reasons, each with its number and some of the videos."""
    found = session.attempt("getBulk", bulkId=one["bulkId"], pageSize=session.limit("pageSize"))["data"]
    lines = list[str]()
    for reason in found["reasonList"]:
        rows = [row for row in found["refusedList"] if row["why"] == reason["why"]][:NAMED]
        lines.append(f"- **{t('bulk.reason', why=formatting.plain(reason['why']), count=reason['count'])}**")
        lines += [f"  - {formatting.plain(row['title'] or row['videoId'])}" for row in rows]
        if more := reason["count"] - len(rows):
            lines.append(f"  - {t('common.more', count=more)}")
    st.markdown("\n".join(lines))


def _what(one: dict[str, Any]) -> str:
    word = t(f"action.{one['action']}")
    return t("bulk.undoing", what=word) if one["undoes"] else word


def _do(operation: str, bulk_id: str) -> None:
    envelope = session.attempt(operation, bulkId=bulk_id)
    if envelope["result"] != "true":
        st.session_state["problems"] = (t("people.refused"), [envelope["message"]])
    elif operation == "undoBulk":
        _own().discard(bulk_id)
        _own().add(envelope["data"]["bulkId"])
    st.session_state[ACTED] = True


def _own() -> set[str]:
    found: set[str] = st.session_state.setdefault(OWN, set())
    return found
