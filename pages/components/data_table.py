"""Tables with server-side sorting and paging, row menus, and persistent checkboxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages import widgets
from pages.components import formatting
from pages.components.i18n import t

HEAD, EDGE = 34, 2  # pixels
# While the server is busy, rows fade and a message appears. `data-waits` is set by table.js.
LATE = ":is(:root[data-waits], :root:has([data-testid=stApp]:is({}))) .st-key-rows".format(
    "[data-test-script-state=running], :not([data-test-connection-state=CONNECTED])"
)
WAITS = f"""<style>
@keyframes waits {{{{ to {{{{ opacity: .35 }}}} }}}}
@keyframes says {{{{ to {{{{ opacity: 1 }}}} }}}}
.st-key-rows {{{{ position: relative }}}}
{LATE} > * {{{{ animation: waits .2s .6s forwards }}}}
{LATE}::before {{{{
    content: "{{text}}"; position: absolute; z-index: 1; top: 60px; left: 50%; transform: translateX(-50%);
    padding: 6px 14px; border-radius: 99px; background: #333; color: #fff; opacity: 0;
    animation: says .2s .6s forwards; pointer-events: none;
}}}}
</style>"""


@dataclass(frozen=True)
class Column:
    """A column: `kind` is number, picture, link, button, chips or words (up to two lines), else text; `sort` are
    the server's two sort orders.

    On narrow screens, columns with the highest `priority` are hidden first.
    """

    key: str
    label: str
    kind: str = ""
    width: int = 0
    sort: tuple[str, str] | tuple[()] = ()
    priority: int = 0


@dataclass(frozen=True)
class Row:
    """A row: `name` is for screen readers; `menu` has keys of the table's menus."""

    id: str
    name: str
    cells: dict[str, Any]
    href: str = ""
    menu: Sequence[str] = ()


def rows() -> Any:
    """Return the container for the rows of a list."""
    st.html(WAITS.format(text=t("table.waits")))
    return st.container(key="rows")


def chips(words: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Return the value of a chips cell, from statuses and labels."""
    return [{"text": text, "colour": formatting.COLOURS.get(status, "gray")} for status, text in words]


def show(
    key: str,
    label: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    row_height: int,
    sort: str = "",
    ticked: Sequence[str] | None = None,
    menus: dict[str, tuple[str, str]] | None = None,
    resizable: bool = False,
    on_ticks: Callable[[list[str], list[str]], None] = lambda shown, ticked: None,
    on_event: Callable[[dict[str, Any]], None] = lambda event: None,
) -> None:
    """Draw a table; without `ticked` it has no checkboxes, without `menus` (icon and label by key) no menus.

    `on_ticks` receives the shown and the ticked ids; `on_event` an event: a column's sort order (`kind` is sort), a
    menu choice (menu), a click on a row (open), or of a `resizable` table a column's new width (width).
    """

    def tick() -> None:
        told = st.session_state[key]["ticks"]
        st.session_state[f"{key}_told"] = told["told"]
        on_ticks(told["shown"], told["ticked"])

    words = {name: t(f"table.{name}") for name in ("sort", "all", "menu")}
    words |= {name: t(f"table.{name}", title="{title}") for name in ("tick", "menu_of")}
    data = {
        "label": label,
        "columns": [vars(column) for column in columns],
        "rows": [vars(row) for row in rows],
        "rowHeight": row_height,
        "sort": sort,
        "ticks": ticked is not None,
        "resizable": resizable,
        "ticked": list(ticked or ()),
        "told": st.session_state.get(f"{key}_told", 0),
        "menus": {name: {"icon": icon, "label": text} for name, (icon, text) in menus.items()} if menus else None,
        "words": words,
    }
    widgets.table(
        data, key, height=HEAD + len(rows) * row_height + EDGE, on_ticks=tick,
        on_event=lambda: on_event(st.session_state[key]["event"]),
    )  # fmt: skip
