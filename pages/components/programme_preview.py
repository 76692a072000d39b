"""What phones see of a slot at any moment, in the width of a phone, with the reason of every place."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import formatting, programme_data, schedule_fields, session
from pages.components.i18n import t

SHOWN, LEFT_OUT = 20, 100
STYLE = """<style>
.qu-phone { max-width: 360px; margin: 0 auto; border: 1px solid rgba(128,128,128,.45); border-radius: 22px;
    padding: 14px 12px; max-height: 620px; overflow-y: auto }
.qu-phone ol { list-style: none; margin: 0; padding: 0 }
.qu-phone li { display: flex; gap: 10px; padding: 6px 0; align-items: center }
.qu-phone .no { min-width: 26px; text-align: right; font-variant-numeric: tabular-nums; opacity: .8 }
.qu-phone img, .qu-phone .none { width: 52px; height: 70px; object-fit: cover; border-radius: 6px; flex: none;
    background: rgba(128,128,128,.25) }
.qu-phone .text { min-width: 0 }
.qu-phone .title { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.qu-phone small { display: block; opacity: .8 }
</style>"""


@st.fragment
def show(now: list[dict[str, Any]]) -> None:
    """Draw the preview and the field for its moment; without one it is of now.

    `now` has what was asked for in the same run of the page already, if it was, and is emptied.
    """
    with st.container(key="preview"):
        st.markdown(f"**{t('preview.title')}**")
        time = schedule_fields.moment(t("preview.at"), None, "preview_at", help=t("preview.at_help"))
        asked = {"time": time} if time else {}
        known = now.pop() if now else None
        if asked or known is None:
            envelope = session.attempt("previewFeed", slot=programme_data.code(), **asked)
            if envelope["result"] != "true":
                st.error(formatting.plain(envelope["message"]))
                return
            known = envelope["data"]
        data = known
        said = t("preview.of", time=formatting.moment(data["time"]), count=data["total"])
        if data["nextChange"]:
            said = f"{said} {t('preview.next', time=_short(data['nextChange'], data['time']))}"
        st.caption(said)
        if data["special"]:
            st.caption(t("preview.special", name=formatting.plain(data["special"]["name"])))
        # It scrolls, so the arrow keys need somewhere to be.
        name = formatting.safe(t("preview.title"))
        rows = _phone(data["placeList"])
        st.html(f"{STYLE}<div class='qu-phone' role='region' aria-label='{name}' tabindex='0'>{rows}</div>")
        _left_out(data["leftOutList"])


def _short(time: str, of: str) -> str:
    """Return a time to the second, without its date if that is the same as of another."""
    time = formatting.moment(time)
    return time[11:] if time[:10] == of[:10] else time[5:] if time[:4] == of[:4] else time


def _phone(places: list[dict[str, Any]]) -> str:
    if not places:
        return f"<p>{formatting.safe(t('preview.nothing'))}</p>"
    rows = "".join(_clip(place) for place in places[:SHOWN])
    more = f"<p><small>{formatting.safe(t('common.more', count=len(places) - SHOWN))}</small></p>"
    return f"<ol>{rows}</ol>{more if len(places) > SHOWN else ''}"


def _clip(place: dict[str, Any]) -> str:
    entry, safe = place["entry"], formatting.safe
    cover = f"<img src='{safe(entry['coverUrl'])}' alt='' loading='lazy'>" if entry["coverUrl"] else ""
    who = f"{entry['userName'] or entry['userId']} · {formatting.clock(entry['duration'])}"
    return (
        f"<li><span class='no'>{place['place']}</span>{cover or '<span class=none></span>'}<div class='text'>"
        f"<div class='title'>{safe(entry['title'] or entry['videoId'])}</div><small>{safe(who)}</small>"
        f"<small>{safe(programme_data.reason(place))}</small></div></li>"
    )


def _left_out(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    with st.expander(t("preview.left_out", count=len(rows))):
        lines = [
            f"- {formatting.plain(row['entry']['title'] or row['entry']['videoId'])} "
            f":gray[{formatting.plain(programme_data.why(row))}]"
            for row in rows[:LEFT_OUT]
        ]
        if len(rows) > LEFT_OUT:
            lines.append(f"- {t('common.more', count=len(rows) - LEFT_OUT)}")
        st.markdown("\n".join(lines))
