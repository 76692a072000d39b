// Technical flags: a chip for each, with buttons that play its parts. They are hints.
const FLASH_FLAGS = ["flashing", "mayFlash"];
const MAX_PARTS = 4; // of a flag

function isFlashing({ flags }) {
  return (flags?.flagList ?? []).some(({ flag }) => FLASH_FLAGS.includes(flag));
}

function partButton({ start, end }, name, words) {
  const text = `${clockText(start)}–${clockText(end)}`, button = make("button", "part", text);
  button.type = "button";
  button.dataset.start = start;
  button.setAttribute("aria-label", `${text}, ${name}: ${words.play_from.replace("{time}", clockText(start))}`);
  return button;
}

addPanel({
  order: 30,
  clip(lease, { words, names, preferences }) {
    const list = lease.flags?.flagList ?? [];
    if (!list.length) return null;
    const box = make("div", "flags");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", words.flags);
    if (isFlashing(lease) && !preferences.sensitiveAutoplay) box.append(make("p", "warning", words.flashes));
    for (const { flag, spanList } of list) {
      const name = names[`flag.${flag}`] ?? flag;
      const chip = make("span", FLASH_FLAGS.includes(flag) ? "flag flashes" : "flag", name);
      chip.append(...spanList.slice(0, MAX_PARTS).map((span) => partButton(span, name, words)));
      box.append(chip);
    }
    return box;
  },
  alerts({ flags }, { names }) {
    const nameOf = ({ flag }) => names[`flag.${flag}`] ?? flag, list = flags?.flagList ?? [];
    const flashes = list.filter(({ flag }) => FLASH_FLAGS.includes(flag)).map(nameOf);
    const others = list.filter(({ flag }) => !FLASH_FLAGS.includes(flag)).map(nameOf);
    return [[flashes, "bad"], [others, ""]].filter(([said]) => said.length)
      .map(([said, tone]) => ({ text: said.join(" · "), box: ".flags", tone }));
  },
  isSensitive: isFlashing,
});
