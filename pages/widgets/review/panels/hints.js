// The most similar video on which somebody has decided, with its images. One key repeats that decision.
const HINT_TILES = 8;

// Returns what to decide like a hint; nothing if its reason is not known.
function rulingOf(hint) {
  if (hint.status === "Normal") return { status: "Normal" };
  const { reason, reasonCode } = hint;
  return reason || reasonCode ? { status: "Blocked", reason, reasonCode } : null;
}

class HintBox {
  constructor(lease, config, run) {
    Object.assign(this, { lease, words: config.words, reasons: config.reasons, run, element: make("div", "hint"), painted: new Pictures() });
    this.draw();
  }

  draw() {
    const { words, lease: { hint } } = this;
    this.drawn = hint;
    this.element.hidden = !hint;
    if (!hint) return;
    const isBlocked = hint.status === "Blocked";
    this.element.className = `hint ${isBlocked ? "bad" : "good"}`;
    const said = isBlocked ? words.hint_blocked : words.hint_passed;
    const parts = [said, hint.mirrored && words.hint_mirrored, hint.sameUser && words.hint_same_user];
    const age = hint.secondsAgo === null ? words.hint_before : agoText(words.hint_ago, hint.secondsAgo, words);
    const text = fill(parts.filter(Boolean).join(" · "), {
      share: hint.share, title: hint.title || hint.videoId, age, reason: reasonOf(hint, this.reasons),
    });
    const button = make("button", "repeat");
    button.type = "button";
    button.append(make("kbd", "", "H"), make("span", "", isBlocked ? words.hint_block_too : words.hint_pass_too));
    button.onclick = () => this.run("repeat");
    const line = make("div", "hint-line");
    line.append(makeText("p", "", text), button);
    this.element.replaceChildren(line, this.sheet(hint));
  }

  sheet(hint) {
    const sheet = make("div", `hint-sheet ${hint.sensitive ? "sensitive" : ""}`);
    const tiles = sheetTiles({ sprite: hint.sprite, video: hint }, HINT_TILES);
    const pairs = tiles.map((tile) => [sheet.appendChild(make("i")), tile]);
    this.painted.paintTiles(pairs);
    return sheet;
  }
}

const hintBoxes = new WeakMap(); // by lease

addPanel({
  order: 40,
  clip(lease, config, run) {
    const box = new HintBox(lease, config, run);
    hintBoxes.set(lease, box);
    return box.element;
  },
  alerts({ hint }, { words }) {
    if (!hint) return [];
    const isBlocked = hint.status === "Blocked", text = isBlocked ? words.alert_like_blocked : words.alert_like_passed;
    return { text: text.replace("{share}", hint.share), box: ".hint", tone: isBlocked ? "bad" : "good" };
  },
  // Clips that were loaded ahead learn what was decided on similar ones in the meantime.
  answered(item, { hintList }, desk) {
    for (const { leaseKey, hint } of hintList ?? []) {
      const lease = desk.leases.find((one) => one.leaseKey === leaseKey);
      if (lease) lease.hint = hint;
    }
  },
  update({ desk }) {
    const waiting = new Set(desk.leases.map((lease) => lease.video.videoId)); // a decision on one of them was undone
    for (const lease of desk.leases) {
      if (waiting.has(lease.hint?.videoId)) lease.hint = null;
      const box = hintBoxes.get(lease);
      if (box && box.drawn !== lease.hint) box.draw();
    }
  },
  isSensitive: ({ hint }) => Boolean(hint?.sensitive),
  commands: {
    repeat: ["h", (view) => {
      const hint = view.desk.current?.hint;
      if (!hint) return;
      const ruling = rulingOf(hint);
      if (ruling) view.end("decide", ruling);
      else view.do_block();
    }],
  },
});
