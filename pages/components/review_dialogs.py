"""Dialogs of the review desk, and the buttons that open them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from pages.components import (
    layout,
    review_agreement,
    review_differences,
    review_figures,
    review_leases,
    review_queues,
    review_reasons,
    review_sampling,
    session,
)
from pages.components.i18n import t

WANTED = "review_dialog"


@dataclass(frozen=True)
class Dialog:
    """A dialog with the title `desk.<name>_title`. `draw` is given a number for its widget keys."""

    name: str
    icon: str
    right: str
    draw: Callable[[int], None]
    width: Literal["medium", "large"] = "medium"


FIGURES = Dialog("figures", "bar_chart", "review", review_figures.draw, "large")
DIFFERENCES = Dialog("differences", "compare_arrows", "manage", review_differences.draw, "large")
MENU = (
    Dialog("agreement", "handshake", "review", review_agreement.draw, "large"),
    DIFFERENCES,
    Dialog("sampling", "fact_check", "admin", review_sampling.draw),
    Dialog("reasons", "list_alt", "admin", review_reasons.draw),
    Dialog("queues", "low_priority", "admin", review_queues.draw),
    Dialog("leases", "lock_clock", "admin", review_leases.draw),
)


def buttons() -> None:
    """Draw buttons for the figures and for differences to settle, and a menu of what else the user may open."""
    st.button(_title(FIGURES), key="review_figures", icon=_icon(FIGURES), on_click=_want, args=(FIGURES.name,))
    if number := review_differences.count():
        st.button(
            t("desk.differences_waiting", count=number), key="review_differences", icon=_icon(DIFFERENCES),
            on_click=_want, args=(DIFFERENCES.name,),
        )  # fmt: skip
    shown = {dialog.name: f"{_icon(dialog)} {_title(dialog)}" for dialog in MENU if session.may(dialog.right)}
    if shown:
        st.menu_button(
            t("desk.manage"), list(shown), key="review_menu", icon=":material/tune:", format_func=shown.__getitem__,
            on_click=lambda: _want(st.session_state["review_menu"]),
        )  # fmt: skip


def requested() -> None:
    """Open the requested dialog. Call once per run, from the body of the page."""
    name = st.session_state.pop(WANTED, None)
    for dialog in (FIGURES, *MENU):
        if dialog.name == name:
            layout.open_dialog(_title(dialog), dialog.icon, width=dialog.width)(dialog.draw)(layout.opening())


def _title(dialog: Dialog) -> str:
    return t(f"desk.{dialog.name}_title")


def _icon(dialog: Dialog) -> str:
    return f":material/{dialog.icon}:"


def _want(name: str) -> None:
    st.session_state[WANTED] = name
