"""The confirmation dialog of an action: affected videos, consequences, and concurrent changes by others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.components import (
    bulk_runner,
    formatting,
    history_text,
    layout,
    programme_data,
    reason_choice,
    review_queue,
    schedule_fields,
    session,
    template_choice,
    undo,
    video_actions,
)
from pages.components.i18n import t
from pages.components.video_actions import Action

NAMED = 8
KEPT_OPEN = ("recommend", "schedule")  # what was typed is kept when it is refused
TRANSCODES = {"transcode": "transcodeStatus", "narrow": "narrowTranscodeStatus"}


@dataclass
class Question:
    """The state of the open dialog."""

    action: Action
    number: int  # makes widget keys unique per dialog, so that input is not carried over
    seen: int  # the newest history line the user has seen
    videos: list[dict[str, Any]] = field(default_factory=list)  # remaining videos
    left_out: list[str] = field(default_factory=list)  # videos the action does not apply to, with reasons
    changed: list[dict[str, Any]] = field(default_factory=list)  # history lines added by others in the meantime
    refused: list[str] = field(default_factory=list)
    done: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)  # the one to be scheduled, as its fields showed it at first
    revision: int | None = None  # of its slot, as the user has seen it

    def read_entry(self) -> None:
        """Read the one recommendation that is to be scheduled; later on its revision only, so that only what the user
        changed is sent.
        """
        if self.action.key == "schedule" and len(self.videos) == 1:
            entry, self.revision = programme_data.own_entry(self.videos[0])
            self.entry = self.entry or entry

    def take(self, videos: list[dict[str, Any]]) -> None:
        """Take the videos that the action applies to, and keep the reasons for the others."""
        self.titles |= {video["videoId"]: title(video) for video in videos}
        reasons = [video_actions.why_not(self.action.key, video) for video in videos]
        self.videos = [video for video, reason in zip(videos, reasons, strict=True) if not reason]
        self.left_out = [
            f"{title(video)}: {t(f'not.{reason}')}" for video, reason in zip(videos, reasons, strict=True) if reason
        ]

    def news(self, videos: list[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
        """Return the newest history line, and lines about these videos since each was read."""
        seen = {video["videoId"]: video.get(session.SEEN, self.seen) for video in videos}
        newest, lines = history_text.since(min(seen.values()), videos)
        return newest, [line for line in lines if line["line"] > seen[line["target"]]]

    def learn(self, newest: int, lines: list[dict[str, Any]]) -> None:
        """Reload the videos affected by these history lines, and ask about those only."""
        self.seen, self.changed, self.left_out = newest, lines, []
        ids = list(dict.fromkeys(line["target"] for line in lines))
        slots = {
            video["videoId"]: {name: video[name] for name in video_actions.OF_SLOTS if name in video}
            for video in self.videos
        }
        found = (session.attempt("getVideoById", videoId=video_id)["data"] for video_id in ids)
        self.take(review_queue.mark_places([video | slots.get(video["videoId"], {}) for video in found if video]))


def title(video: dict[str, Any]) -> str:
    return str(video["title"] or video["videoId"])


def asked(key: str, count: int) -> str:
    """Return the question whether to do something with so many videos; one is pointed at, not counted."""
    return t(f"confirm_one.{key}") if count == 1 else t(f"confirm.{key}", count=count)


def requested() -> None:
    """Open the requested dialog; called once per run, from the body of the page."""
    if wanted := st.session_state.pop("wanted_action", None):
        key, videos, seen = wanted
        question = ask(key, videos, seen)
        text = asked(key, len(question.videos or videos))
        layout.open_dialog(text, question.action.icon)(draw)(question)


def ask(key: str, videos: list[dict[str, Any]], seen: int) -> Question:
    """Return the question whether to do something with videos that were read at the history line `seen`."""
    question = Question(video_actions.ACTIONS[key], layout.opening(), seen)
    question.take(videos)
    question.read_entry()
    return question


def draw(question: Question) -> None:
    """Draw what stands in the dialog."""
    action = question.action
    if question.changed:
        history_text.warn(question.changed, question.titles)
    if question.refused:
        with st.container(key="refused"):
            st.error(
                formatting.named_list(question.refused, NAMED), title=t("common.refused", count=len(question.refused))
            )
    if question.left_out:
        st.caption(f"{t('confirm.left_out')}\n{formatting.named_list(question.left_out, NAMED)}")
    if not question.videos:
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(t("common.understood"), key="confirm_no"):
                st.rerun()
        return
    st.markdown(formatting.named_list([title(video) for video in question.videos], NAMED))
    st.caption(follows(action))
    form = _form(question)
    final = action.key == "delete" and not session.trash_days()
    with st.container(horizontal=True, horizontal_alignment="right", key="danger" if final else None):
        if st.button(t("common.cancel"), key="confirm_no"):
            st.rerun()
        word = t(f"action.{action.key}")
        label = t("confirm.anyway", action=word) if question.changed else word
        if st.button(
            label,
            key="confirm_yes",
            type="primary",
            disabled=action.key == "block" and not reason_choice.is_ready(form),
        ):
            _do(question, form)
            st.rerun(scope="fragment" if question.changed or question.refused else "app")


def follows(action: Action) -> str:
    """Return what an action leads to."""
    if action.key == "delete" and (days := session.trash_days()):
        return t("follows.trash", count=days)
    return t(f"follows.{action.key}")


def _form(question: Question) -> dict[str, Any]:
    number = question.number
    if question.action.key == "block":
        return reason_choice.form(number)
    if question.action.key == "recommend":
        return {
            "slot": programme_data.ask_slot(number, question.videos[0].get(video_actions.FREE_SLOTS, ())),
            "isNarrow": st.checkbox(t("recommend.narrow"), key=f"recommend_narrow--{number}"),
            "isCache": st.checkbox(t("recommend.cache"), key=f"recommend_cache--{number}", value=True),
            **schedule_fields.window(number),
        }
    if question.action.key == "schedule":
        return {**schedule_fields.window(number, question.entry), "revision": question.revision}
    if question.action.key in TRANSCODES:
        return template_choice.choose(question.action.key, number)
    return {}


def _was_made(key: str, video: dict[str, Any]) -> bool:
    """Return whether a requested transcode did nothing, because the rendition exists."""
    if key not in TRANSCODES:
        return False
    now = session.attempt("getVideoById", videoId=video["videoId"])["data"]
    return bool(now) and now[TRANSCODES[key]] == video[TRANSCODES[key]] == "success"


def _do(question: Question, form: dict[str, Any]) -> None:
    """Run the action for videos that are unchanged, offer undo, and show what changed in the others."""
    action, asked = question.action, question.videos
    newest, changed = question.news(asked)
    moved = {line["target"] for line in changed}
    ready = [video for video in asked if video["videoId"] not in moved]
    wanted = [(video, {**action.parameters(video, form), "seenLine": newest}) for video in ready]
    refused: list[tuple[dict[str, Any], str]] = []
    done: bulk_runner.Done = []
    is_stale = bool(changed)
    if len(wanted) > bulk_runner.AT_ONCE:
        bulk_runner.start(action.operation, wanted, f"done.{action.key}", lambda done: undo.offer(action.key, done))
    else:
        for (video, _), envelope in zip(wanted, bulk_runner.BulkCaller(action.operation).ask(wanted), strict=True):
            if envelope["result"] == "true":
                done.append((video, envelope["requestId"]))
            else:
                refused.append((video, envelope["message"]))
                is_stale |= envelope["code"] == "409"
    if refused:  # somebody may have been faster in the meantime
        newest, later = history_text.since(newest, [video for video, _ in refused])
        changed = [*later, *changed]
        moved |= {line["target"] for line in later}
    question.refused = [f"{title(video)}: {why}" for video, why in refused if video["videoId"] not in moved]
    question.learn(newest, changed)
    if action.key in KEPT_OPEN:
        question.videos[:0] = [video for video, _ in refused if video["videoId"] not in moved]
    if is_stale:  # the user has been told of the change; another attempt is meant
        question.read_entry()
    if done:
        question.done += done
        made = [one for one in done if _was_made(action.key, one[0])]
        if made:
            session.report(made, [], "done.made_already")
        if len(made) < len(done):
            session.report([one for one in done if one not in made], [], f"done.{action.key}")
        undo.offer(action.key, question.done)
        if action.key in KEPT_OPEN:
            slot = form.get("slot") or done[0][0].get("slot", programme_data.FEED)
            programme_data.warn_later(slot, {video["videoId"] for video, _ in done})
