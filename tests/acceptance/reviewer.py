"""Somebody who judges clips by keys in a browser of their own, which may be killed or cut off the network."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Error, Playwright, TimeoutError

from tests.acceptance.review_log import DECIDE, SKIP, UNDO, UNSKIP, Press
from tests.browser.chromium import options, window
from tests.browser.desk import PASSWORD, Desk
from tests.browser.person import Person

STATE = """() => {
    const find = () => [...document.querySelectorAll('*')].map(part => part.shadowRoot)
        .find(root => root?.querySelector('.desk .undo'));
    const root = window.deskRoot = window.deskRoot?.isConnected ? window.deskRoot : find();
    if (!root) return null;
    const part = name => root.querySelector(name), text = name => part(name).textContent, told = part('.told');
    return {
        video: part('[data-video-id]')?.dataset.videoId ?? '', done: Number(part('.desk').dataset.done),
        isFull: part('.undo').disabled, unsent: text('.unsent'), told: told.hidden ? '' : text('.told span'),
        videos: root.querySelectorAll('video').length,
    };
}"""
# A clip to judge, other than this one, or a desk that takes no more.
READY = f"(before) => {{ const s = ({STATE})(); return s && s.video && s.video !== before && !s.isFull && s; }}"
CHANGED = f"(before) => {{ const s = ({STATE})(); return s && (s.video !== before || s.isFull) && s; }}"
BACK = f"(video) => {{ const s = ({STATE})(); return s && s.video === video && s; }}"
STORED = f"() => {{ const s = ({STATE})(); return s && !s.unsent && s; }}"
LOOK_MS = 130  # a key that comes sooner decides nothing
POLL_MS = 15
TYPED = {
    "zh": ("画面模糊", "标题与内容不符", "含联系方式 abus"),
    "en": ("blurry picture", "title says something else", "contact data: abuse"),
}


@dataclass
class Plan:
    """After which numbers of presses the browser is killed, and the network cut for so many seconds."""

    kills: Sequence[int] = ()
    cuts: Sequence[int] = ()
    cut_seconds: float = 10.0


@dataclass
class Shift:
    """What all people of a shift share. `reasons` are the texts of the digit keys."""

    url: str
    language: str
    chromium: str
    reasons: Sequence[str]
    presses: list[Press] = field(default_factory=list)
    idle: set[str] = field(default_factory=set)  # who has nothing on the screen
    told: list[str] = field(default_factory=list)  # refusals that the page told
    faults: list[str] = field(default_factory=list)
    ignored: int = 0  # presses that changed nothing, because the desk was full or showed a dialog
    keys: int = 0
    most_videos: int = 0
    longest: float = 0.0  # seconds from a press to the next clip
    browser_kills: int = 0
    is_over: bool = False
    is_broken: bool = False


class Reviewer:
    """Judges until the shift is over. `made` are decisions since the browser was started, without undone ones."""

    def __init__(self, shift: Shift, name: str, seed: int, plan: Plan, *, skips: float, alone: bool) -> None:
        self.shift, self.name, self.plan = shift, name, plan
        self.random = random.Random(seed)
        self.skips, self.alone = skips, alone
        self.kills, self.cuts = list(plan.kills), list(plan.cuts)
        self.count = 0
        self.back_at = 0.0  # when the network comes back

    def work(self, playwright: Playwright) -> None:
        """Judge until the shift is over, in one browser after the other."""
        try:
            while not self.shift.is_over:
                if self.sit_down(playwright):
                    self.judge()
        except BaseException:
            self.shift.is_broken = self.shift.is_over = True
            raise

    def sit_down(self, playwright: Playwright) -> bool:
        """Start a browser and open the desk; returns whether that worked: the server may be away."""
        self.browser = playwright.chromium.launch(**options(self.shift.chromium))
        found = self.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        self.process = next(one["id"] for one in found if one["type"] == "browser")
        self.context = self.browser.new_context(**window(self.shift.language))
        person = Person(self.context.new_page(), self.shift.url, self.shift.language)
        try:
            person.goes_to("/review")
            person.enters(self.name, PASSWORD)
        except Error:
            self.browser.close()
            return False
        self.page = Desk(person).page
        self.made: list[Press] = []
        self.acts: list[Press] = []
        self.last_told = ""
        return True

    def judge(self) -> None:
        """Judge until the shift is over or the browser is killed."""
        while not self.shift.is_over:
            if self.back_at and time.monotonic() > self.back_at:
                self.back_at = 0.0
                self.context.set_offline(False)
            state = self.wait(READY, "", 300)
            if not state:
                state = self.page.evaluate(STATE)
                if state and not state["video"] and not state["unsent"]:
                    self.shift.idle.add(self.name)
                continue
            self.shift.idle.discard(self.name)
            shown = time.monotonic()
            self.page.wait_for_timeout(LOOK_MS)
            if not self.turn(state, shown):
                return
        self.end()

    def turn(self, state: dict[str, Any], shown: float) -> bool:
        """Do something with the clip on the screen; returns whether the browser lives."""
        self.note(state)
        if self.cuts and self.count >= self.cuts[0]:
            self.cuts.pop(0)
            self.back_at = time.monotonic() + self.plan.cut_seconds
            self.context.set_offline(True)
        press = self.choose(state["video"])
        press.shown = shown
        self.count += 1
        is_last = bool(self.kills) and self.count >= self.kills[0]
        self.type(press)
        press.left = time.monotonic()
        if is_last:
            self.kills.pop(0)
            self.die(press)
            return False
        self.settle(press, state["video"])
        return True

    def choose(self, video: str) -> Press:
        """Return what to do with a clip."""
        roll, pick = self.random.random(), self.random.choice
        if roll < 0.07 and self.acts and not self.back_at and (self.acts[-1].kind == DECIDE or self.alone):
            last = self.acts[-1]
            return Press(self.name, UNDO if last.kind == DECIDE else UNSKIP, last.video, "u")
        if roll < 0.07 + self.skips:
            return Press(self.name, SKIP, video, "s")
        comment = pick(TYPED[self.shift.language]) if roll > 0.93 else ""
        before = f"n{comment}\n" if comment else " " if roll > 0.85 else ""
        roll = self.random.random()
        if roll < 0.65:
            return Press(self.name, DECIDE, video, f"{before}a", "Normal", "", comment)
        if roll < 0.9:
            digit = self.random.randrange(min(9, len(self.shift.reasons)))
            return Press(
                self.name, DECIDE, video, f"{before}b{digit + 1}", "Blocked", self.shift.reasons[digit], comment
            )
        words = pick(TYPED[self.shift.language])
        return Press(self.name, DECIDE, video, f"{before}be{words}\n", "Blocked", words, comment)

    def type(self, press: Press) -> None:
        for key in press.keys:
            self.shift.keys += 1
            if key.isascii():
                self.page.keyboard.press({"\n": "Enter", " ": "Space"}.get(key, key))
            else:
                self.page.keyboard.insert_text(key)

    def settle(self, press: Press, video: str) -> None:
        """Log what was pressed, if it took effect: the next clip is there, or the undone one is back."""
        is_undo = press.kind in (UNDO, UNSKIP)
        after = self.wait(BACK, press.video, 60_000) if is_undo else self.wait(CHANGED, video, 10_000)
        took = bool(after) and (is_undo or after["video"] != video)
        if not took:
            self.shift.ignored += 1
            self.page.keyboard.press("Escape")
            return
        self.shift.longest = max(self.shift.longest, time.monotonic() - press.left)
        self.shift.presses.append(press)
        if is_undo:
            undone = self.acts.pop()
            self.made = [one for one in self.made if one is not undone]
        else:
            self.acts.append(press)
            self.made += [press] if press.kind == DECIDE else []
        self.note(after)

    def note(self, state: dict[str, Any]) -> None:
        """Note what the page says is stored: decisions are sent in order, so it is the first ones."""
        for press in self.made[: state["done"]]:
            press.is_claimed = True
        self.shift.most_videos = max(self.shift.most_videos, state["videos"])
        if state["told"] not in ("", self.last_told) and not self.back_at and not state["unsent"]:
            self.shift.told.append(f"{self.name}: {state['told']}")
        self.last_told = state["told"]
        if state["done"] > len(self.made):
            self.shift.faults.append(f"{self.name}: {state['done']} stored of {len(self.made)} decisions")

    def wait(self, function: str, value: str, milliseconds: int) -> dict[str, Any] | None:
        with suppress(TimeoutError):
            found = self.page.wait_for_function(function, arg=value, polling=POLL_MS, timeout=milliseconds)
            return found.json_value()
        return None

    def die(self, press: Press) -> None:
        """Kill the browser in the midst of sending. What it had not said may be stored or not."""
        self.shift.presses.append(press)
        self.shift.browser_kills += 1
        self.made += [press] if press.kind == DECIDE else []
        if self.random.random() < 0.5 and press.kind in (DECIDE, SKIP):
            self.note(self.page.evaluate(STATE))
        self.page.wait_for_timeout(self.random.uniform(0, 30))
        os.kill(self.process, signal.SIGKILL)
        press.left = time.monotonic()
        for one in (*self.made, press):
            one.is_unsure = not one.is_claimed
        with suppress(Error):
            self.browser.close()

    def end(self) -> None:
        """Wait until all is stored, compare with what the page counted, and go."""
        if self.back_at:
            self.context.set_offline(False)
        state = self.wait(STORED, "", 60_000)
        if not state or state["done"] != len(self.made):
            self.shift.faults.append(f"{self.name}: {len(self.made)} decisions, but the page says {state}")
        if state:
            self.note(state)
        self.browser.close()
