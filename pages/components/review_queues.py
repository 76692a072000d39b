"""Review queues: those the user may work, and for administrators the list and a form for one of them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import category_choice, session
from pages.components.formatting import plain
from pages.components.i18n import language, named, t

NEW, DEFAULT = "+", "default"
ORDERS = ("oldest", "newest", "machine")
ARRIVALS = ("any", "upload", "import")
SUGGESTIONS = ("block", "review", "pass")
HINTS = ("similar", "flashing", "mayFlash", "black", "frozen", "silent", "noSound", "loud", "quiet")
ROLES = ("reviewer", "manager", "admin")


def own() -> list[dict[str, Any]]:
    """Return the queues that the user may work, by priority, each with its name in the user's language."""
    return [
        {"code": queue["code"], "name": _name(queue), "waiting": queue["waiting"]}
        for queue in session.ask("getReviewQueues")["queueList"]
        if queue["mine"]
    ]


def draw(number: int) -> None:
    """Draw the queues by priority, and a form for the chosen one."""
    known = {queue["code"]: queue for queue in session.ask("getReviewQueues")["queueList"]}
    st.caption(t("desk.queues_help"))
    code = st.selectbox(
        t("desk.queue"), [*known, NEW], key=f"queue--{number}", format_func=lambda code: _shown(known.get(code))
    )
    _form(code, known.get(code), len(known), number)
    if code not in (NEW, DEFAULT):
        with st.popover(t("desk.queue_delete"), icon=":material/delete:"):
            st.write(t("desk.queue_delete_help"))
            if st.button(t("desk.queue_delete"), key=f"queue_delete--{code}--{number}", type="primary"):
                _send("deleteReviewQueue", code=code)


def _name(queue: dict[str, Any]) -> str:
    name: str = queue[f"name{language().capitalize()}"]
    return name


def _shown(queue: dict[str, Any] | None) -> str:
    if queue is None:
        return t("desk.queue_new")
    return t("desk.queue_row", position=queue["position"], name=_name(queue), waiting=f"{queue['waiting']:,}")


def _form(code: str, queue: dict[str, Any] | None, count: int, number: int) -> None:
    kept: dict[str, Any] = queue or {}
    with st.form(f"queue_form--{code}--{number}", border=False):
        typed = code if queue else st.text_input(t("desk.reason_code"), help=t("desk.reason_code_help"), max_chars=32)
        given: dict[str, Any] = {
            name: st.text_input(t(f"desk.{name}"), value=kept.get(name, "")) for name in ("nameZh", "nameEn")
        }
        if code != DEFAULT:
            last = max(count - 1, 1) if queue else count
            given["position"] = st.number_input(t("desk.queue_position"), 1, last, value=kept.get("position", last))
            given |= _conditions(kept.get("rule", {}), code)
        given["order"] = st.selectbox(
            t("desk.queue_order"), ORDERS, ORDERS.index(kept.get("order", ORDERS[0])),
            format_func=lambda order: named("queue_order", order),
        )  # fmt: skip
        given |= _people(kept)
        sent = st.form_submit_button(t("common.save"), type="primary")
    if sent:
        _send("editReviewQueue", code=typed, **given)


def _conditions(rule: dict[str, Any], code: str) -> dict[str, Any]:
    """Draw the conditions, and return them as parameters of editReviewQueue."""
    st.markdown(f"**{t('desk.queue_rule')}**")
    st.caption(t("desk.queue_rule_help"))
    categories = category_choice.paths()
    chosen = rule.get("cateId", 0)
    options = [0, *categories] if chosen in (0, *categories) else [0, chosen, *categories]
    given: dict[str, Any] = {
        "cateId": st.selectbox(
            t("desk.queue_category"), options, options.index(chosen), key=f"queue_category--{code}",
            format_func=lambda one: categories.get(one, str(one)) if one else t("desk.queue_any"),
        )
    }  # fmt: skip
    for name in ("words", "userIds", "labels"):
        value = ", ".join(rule.get(name, []))
        given[name] = st.text_input(t(f"desk.queue_{name}"), value, help=t("desk.queue_list_help"))
    said = st.multiselect(
        t("desk.queue_suggestions"), SUGGESTIONS, rule.get("suggestions", []),
        format_func=lambda word: named("suggestion", word),
    )  # fmt: skip
    given["suggestions"] = ",".join(said)
    hints = st.multiselect(
        t("desk.queue_hints"), HINTS, rule.get("hints", []), format_func=lambda word: named("flag", word)
    )
    given["hints"] = ",".join(hints)
    left, right = st.columns(2)
    given["minSeconds"] = left.number_input(
        t("desk.queue_min"), 0.0, value=float(rule.get("minSeconds", 0)), step=1.0, format="%g"
    )
    given["maxSeconds"] = right.number_input(
        t("desk.queue_max"), 0.0, value=float(rule.get("maxSeconds", 0)), step=1.0, format="%g",
        help=t("desk.queue_zero"),
    )  # fmt: skip
    left, right = st.columns(2)
    given["passedBelow"] = left.number_input(
        t("desk.queue_new_uploaders"), 0, 100, value=rule.get("passedBelow", 0), help=t("desk.queue_zero")
    )
    given["reported"] = right.number_input(
        t("desk.queue_reported"), 0, 1000, value=rule.get("reported", 0), help=t("desk.queue_zero")
    )
    given["arrival"] = st.selectbox(
        t("desk.queue_arrival"), ARRIVALS, ARRIVALS.index(rule.get("arrival", ARRIVALS[0])),
        format_func=lambda word: named("queue_arrival", word),
    )  # fmt: skip
    return given


def _people(kept: dict[str, Any]) -> dict[str, Any]:
    """Draw who may work the queue, and return it as parameters of editReviewQueue."""
    st.markdown(f"**{t('desk.queue_people')}**")
    st.caption(t("desk.queue_people_help"))
    known = [one["userName"] for one in session.ask("getAccounts") if one["role"] in ROLES and not one["disabled"]]
    names = kept.get("userNameList", [])
    roles = st.multiselect(
        t("desk.queue_roles"), ROLES, kept.get("roleList", []), format_func=lambda role: named("role", role)
    )
    people = st.multiselect(t("desk.queue_accounts"), [*known, *(one for one in names if one not in known)], names)
    return {"roles": ",".join(roles), "userNames": ",".join(people)}


def _send(operation: str, **given: Any) -> None:
    envelope = session.attempt(operation, **given)
    if envelope["result"] == "true":
        st.session_state.setdefault("done", []).append(t("done.edit"))
        st.rerun()
    st.error(plain(envelope["message"]), icon=":material/error:")
