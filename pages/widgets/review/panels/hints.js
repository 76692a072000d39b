// The most similar video on which somebody has decided, with its images. One key repeats that decision.
const HINT_TILES = 8;

// Returns what to decide like a hint; nothing if its reason is not known.
function rulingOf(hint) {
  if (hint.status === "Normal") return { status: "Normal" };
  const { reason, reasonCode } = hint;
  return reason || reasonCode ? { status: "Blocked", reason, reasonCode } : null;
}

addPanel({
  order: 40,
  clip({ hint }, { words }, run) {
    if (!hint) return null;
    const isBlocked = hint.status === "Blocked";
    const box = make("div", `hint ${isBlocked ? "bad" : "good"}`);
    const said = isBlocked ? words.hint_blocked : words.hint_passed;
    const parts = [said, hint.mirrored && words.hint_mirrored, hint.sameUser && words.hint_same_user];
    const age = hint.secondsAgo === null ? words.hint_before : words.hint_ago.replace("{age}", ageText(hint.secondsAgo, words));
    const text = fill(parts.filter(Boolean).join(" · "), {
      share: hint.share, title: hint.title || hint.videoId, age, reason: hint.reason || "–",
    });
    const button = make("button", "repeat");
    button.type = "button";
    button.append(make("kbd", "", "H"), make("span", "", isBlocked ? words.hint_block_too : words.hint_pass_too));
    button.onclick = () => run("repeat");
    const line = make("div", "hint-line");
    line.append(makeText("p", "", text), button);
    const sheet = make("div", `hint-sheet ${hint.sensitive ? "sensitive" : ""}`);
    for (const tile of sheetTiles({ sprite: hint.sprite, video: hint }, HINT_TILES)) {
      const picture = make("i");
      paintTile(picture, tile);
      sheet.append(picture);
    }
    box.append(line, sheet);
    return box;
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
