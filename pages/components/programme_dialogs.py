"""Dialogs of the programme: copying a week, specials, the rules of a slot, comparing and restoring revisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import streamlit as st

from pages.components import formatting, history_text, layout, programme_data, schedule_fields, session
from pages.components.i18n import named, t

WANTED = "r_dialog"
SHOWN = "shownSlot"  # of what a dialog is about: the slot that was shown when it was opened
ICONS = {"copy": "content_copy", "special": "celebration", "drop": "delete", "rules": "tune", "compare": "difference",
         "restore": "restore", "slot": "playlist_add", "drop_slot": "playlist_remove"}  # fmt: skip
MAX_CHANGES = 50


def request(what: str, of: dict[str, Any]) -> None:
    """Open a dialog on the slot that is shown at the next run."""
    st.session_state[WANTED] = (what, {**of, SHOWN: programme_data.code()})


def forget() -> None:
    """Open no dialog that was requested."""
    st.session_state.pop(WANTED, None)


def requested() -> None:
    """Open the requested dialog; called once per run, from the body of the page."""
    if wanted := st.session_state.pop(WANTED, None):
        what, of = wanted
        layout.open_dialog(t(f"programme.dialog_{what}"), ICONS[what], width="medium")(draw)(what, of, layout.opening())


def draw(what: str, of: dict[str, Any], number: int) -> None:
    """Draw what stands in a dialog; `number` keeps its input apart from that of others."""
    of.setdefault(SHOWN, programme_data.code())
    drawn = {"copy": _copy, "special": _special, "drop": _drop, "rules": _rules, "compare": _compare,
             "restore": _restore, "slot": _slot, "drop_slot": _drop_slot}  # fmt: skip
    drawn[what](of, number)


def _buttons(label: str, do: Callable[[], bool], *, danger: bool = False) -> None:
    """Draw cancel and the action; an error is shown in the dialog, and the input is kept."""
    with st.container(horizontal=True, horizontal_alignment="right", key="danger" if danger else None):
        if st.button(t("common.cancel"), key="dialog_no"):
            st.rerun()
        pressed = st.button(label, key="dialog_yes", type="primary")
    if pressed and do():
        st.rerun()


def _send(of: dict[str, Any], operation: str, done: Callable[[dict[str, Any]], str], **parameters: Any) -> bool:
    """Run a change. If somebody changed the slot since `revision` of `of`, say so; a second attempt is meant."""
    slot = of[SHOWN]
    envelope = session.attempt(operation, slot=slot, revision=of["revision"], **parameters)
    if envelope["result"] != "true":
        st.error(formatting.plain(envelope["message"]))
        revisions = {one["slot"]: one["revision"] for one in session.ask("getSlots")["slotList"]}
        if envelope["code"] == "409" and slot in revisions:
            of["revision"] = revisions[slot]
            st.caption(t("programme.save_again"))
        return False
    st.session_state.setdefault("done", []).append(done(envelope["data"]))
    return True


def _copy(of: dict[str, Any], number: int) -> None:
    first = of["from"]
    st.caption(t("week.copy_help"))
    note = st.text_input(t("revisions.note"), key=f"copy_note--{number}")
    to = st.date_input(
        t("week.copy_to"), value=first + timedelta(days=7), format="YYYY-MM-DD", key=f"copy_to--{number}"
    )

    def done(data: dict[str, Any]) -> str:
        why = [(one, t(f"week.not_{one['reason']}")) for one in data["leftOutList"]]
        why += [(one, t("week.adjusted")) for one in data["adjustedList"]]
        why += [(one, t("week.moved")) for one in data["movedList"]]
        lines = [f"{one['title'] or one['videoId']}: {text}" for one, text in why]
        for one in data["skippedSpecialList"]:
            text = "week.special_there" if one["reason"] == "exists" else f"week.not_{one['reason']}"
            lines.append(f"{one['name']}: {t(text)}")
        if lines:
            st.session_state["warned"] = lines
        return t("week.copied", count=data["entries"] + data["specials"])

    _buttons(t("week.copy"), lambda: _send(of, "copyWeek", done, fromDate=str(first), toDate=str(to), note=note))


def _special(of: dict[str, Any], number: int) -> None:
    known = _titles(of)
    name = st.text_input(t("special.name"), of.get("name", ""), key=f"special_name--{number}")
    old_start, old_end = (schedule_fields.wall_of(of.get(key, "")) for key in ("startTime", "endTime"))
    with st.container(horizontal=True):
        start = schedule_fields.moment(t("schedule.start"), old_start, f"special_start--{number}")
        end = schedule_fields.moment(t("schedule.end"), old_end, f"special_end--{number}")
        priority = st.number_input(t("special.priority"), 0, 100, of.get("priority", 0), width=110,
                                   key=f"special_priority--{number}", help=t("special.priority_help"))  # fmt: skip
    before = of.get("videoIds", [])
    chosen = st.multiselect(
        t("special.videos"), list(dict.fromkeys((*before, *known))), default=before,
        format_func=lambda one: known.get(one) or one, key=f"special_videos--{number}", accept_new_options=True,
        help=t("special.videos_help"), placeholder=t("special.choose"),
    )  # fmt: skip
    given: dict[str, Any] = {"specialId": of["specialId"]} if "specialId" in of else {}
    if name != of.get("name"):
        given["name"] = name
    if priority != of.get("priority"):
        given["priority"] = priority
    if chosen != before or not before:
        given["videoIds"] = ",".join(chosen)
    if start and schedule_fields.is_new(start, old_start):
        given["startTime"] = start
    if end and schedule_fields.is_new(end, old_end):
        given["endTime"] = end

    def done(data: dict[str, Any]) -> str:
        if data["conflictList"]:
            st.session_state["warned"] = [
                programme_data.conflict(one) for one in programme_data.together(data["conflictList"])
            ]
        return t("special.saved")

    _buttons(t("common.save"), lambda: _send(of, "saveSpecial", done, **given))


def _titles(of: dict[str, Any]) -> dict[str, str]:
    """Return the titles of the slot's videos and of those of the special, read once for a dialog."""
    if "titles" not in of:
        slot = of[SHOWN]
        shown = [session.ask("previewFeed", slot=slot, specials="false")]
        if "startTime" in of:
            shown.append(session.ask("previewFeed", slot=slot, time=of["startTime"]))
        places = [one for data in shown for one in (*data["placeList"], *data["leftOutList"])]
        of["titles"] = {one["entry"]["videoId"]: one["entry"]["title"] for one in places}
    titles: dict[str, str] = of["titles"]
    return titles


def _drop(of: dict[str, Any], _number: int) -> None:
    st.markdown(f"**{formatting.plain(of['name'])}** {formatting.plain(programme_data.span(of))}")
    st.caption(t("special.drop_follows"))
    _buttons(
        t("week.delete_special"), danger=True,
        do=lambda: _send(of, "deleteSpecial", lambda _: t("special.deleted"), specialId=of["specialId"]),
    )  # fmt: skip


def _slot(_of: dict[str, Any], number: int) -> None:
    code = st.text_input(t("slot.code"), key=f"slot_code--{number}", help=t("slot.code_help"), max_chars=32).strip()
    name = st.text_input(t("special.name"), key=f"slot_name--{number}", max_chars=100)

    def make() -> bool:
        if code in [one["slot"] for one in session.ask("getSlots")["slotList"]]:
            st.error(t("slot.exists"))
            return False
        envelope = session.attempt("saveSlot", slot=code, name=name)
        if envelope["result"] != "true":
            st.error(formatting.plain(envelope["message"]))
            return False
        st.session_state.setdefault("done", []).append(t("slot.made"))
        st.query_params["r_slot"] = code
        return True

    _buttons(t("common.save"), make)


def _drop_slot(of: dict[str, Any], _number: int) -> None:
    st.markdown(f"**{formatting.plain(programme_data.slot_name(of))}**")
    lines = _in_slot(of["slot"])
    st.markdown("\n".join(f"- {formatting.plain(line)}" for line in lines) if lines else t("slot.drop_empty"))
    st.caption(t("slot.drop_follows", code=of["slot"]))

    def done(data: dict[str, Any]) -> str:
        st.query_params.pop("r_slot", None)
        return t("slot.deleted")

    _buttons(t("slot.drop"), lambda: _send(of, "deleteSlot", done), danger=True)


def _in_slot(slot: str) -> list[str]:
    """Return what would go with a slot: its videos by state, and its specials to come."""
    shown = session.ask("previewFeed", slot=slot, specials="false")
    reasons = [one["reason"] for one in shown["leftOutList"]]
    today = schedule_fields.now().date()
    planned = session.ask(
        "getProgramme", slot=slot, startTime=str(today), endTime=str(today + timedelta(days=programme_data.DAYS_AHEAD))
    )
    counts = {
        "slot.drop_live": len(shown["placeList"]),
        "slot.drop_scheduled": reasons.count("scheduled"),
        "slot.drop_others": len(reasons) - reasons.count("scheduled"),
    }
    specials = [
        t("slot.drop_special", name=one["name"], time=programme_data.span(one)) for one in planned["specialList"]
    ]
    return [t(key, count=count) for key, count in counts.items() if count] + specials


def _rules(of: dict[str, Any], number: int) -> None:
    rules = of["rules"]
    name = st.text_input(t("special.name"), programme_data.slot_name(of), max_chars=100, key=f"rules_name--{number}")
    given = {
        "size": st.number_input(t("rules.size"), 1, 500, rules["size"], key=f"rules_size--{number}"),
        "creatorGap": st.number_input(t("rules.gap"), 0, 5, rules["creatorGap"], key=f"rules_gap--{number}",
                                      help=t("rules.gap_help")),
        "maxAgeDays": st.number_input(t("rules.age"), 0, 3650, rules["maxAgeDays"], key=f"rules_age--{number}",
                                      help=t("rules.age_help")),
        "warmFirst": st.number_input(t("rules.warm"), 0, 500, rules["warmFirst"], key=f"rules_warm--{number}"),
        "needsRendition": str(st.checkbox(t("rules.rendition"), rules["needsRendition"],
                                          key=f"rules_rendition--{number}")).lower(),
    }  # fmt: skip
    old = {**rules, "needsRendition": str(rules["needsRendition"]).lower()}
    new = {rule: value for rule, value in given.items() if value != old[rule]}
    if name != programme_data.slot_name(of):
        new["name"] = name
    _buttons(t("common.save"), lambda: _send(of, "saveSlot", lambda _: t("rules.saved"), **new))


def _compare(of: dict[str, Any], _number: int) -> None:
    data = session.ask("compareLineups", slot=of[SHOWN], revision=of["lineup"])
    st.caption(t("revisions.compared", revision=of["lineup"], other=data["other"]))
    if not data["changeList"]:
        st.info(t("revisions.equal"), icon=":material/check:")
    lines = []
    for one in data["changeList"][:MAX_CHANGES]:
        fields = ", ".join(
            f"{named('field', change['field'])}: {formatting.moment(change['old']) or '–'} → "
            f"{formatting.moment(change['new']) or '–'}"
            for change in one["fieldList"]
        )
        did = t(f"revisions.{one['kind']}")
        shown = f" :gray[{formatting.plain(fields)}]" if one["kind"] == "changed" else ""
        lines.append(f"- {did} **{formatting.plain(one['title'] or one['videoId'])}**{shown}")
    if len(data["changeList"]) > MAX_CHANGES:
        lines.append(f"- {t('common.more', count=len(data['changeList']) - MAX_CHANGES)}")
    st.markdown("\n".join(lines))
    if st.button(t("common.understood"), key="dialog_no"):
        st.rerun()


def _restore(of: dict[str, Any], number: int) -> None:
    st.caption(t("revisions.restore_follows", revision=of["lineup"]))
    note = st.text_input(t("revisions.note"), key=f"restore_note--{number}")

    def done(data: dict[str, Any]) -> str:
        lines = [t("revisions.left_out", title=one["title"] or one["videoId"]) for one in data["leftOutList"]]
        lines += [
            t("revisions.kept", revision=one["revision"], what=history_text.did(one["action"]))
            for one in data["keptList"]
        ]
        if lines:
            st.session_state["warned"] = lines
        return t("revisions.restored", revision=of["lineup"])

    given = {"lineup": of["lineup"], "note": note}
    _buttons(t("action.restore_revision"), lambda: _send(of, "restoreLineup", done, **given))
