// Key bindings, independent of the keyboard layout.
const KEYS = {
  a: "approve", b: "block", s: "skip", u: "undo", n: "note", o: "opinion", " ": "play", ArrowLeft: "back", ArrowRight: "on",
  j: "rewind", l: "forward", ",": "slower", ".": "faster", m: "sound", g: "grey", x: "blur", z: "small", "?": "help",
  Escape: "leave",
};
const TYPED = "input, textarea, select, [contenteditable]";

function keyOf(event) {
  const key = event.key.normalize("NFKC");
  const low = key.length === 1 ? key.toLowerCase() : key;
  if (low in KEYS || /^[a-z0-9]$/.test(low)) return low;
  const place = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code);
  return place ? place[1].toLowerCase() : low;
}

// Returns whether a key is meant for the desk, not for a field, a dialog, the browser or an input method.
function isForDesk(event, root) {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.keyCode === 229) return false;
  const target = event.composedPath()[0];
  if (target instanceof Element && target.closest(TYPED)) return false;
  // On a focused button, these two press it.
  if (target instanceof Element && target.closest("button, a, summary") && [" ", "Enter"].includes(event.key)) return false;
  return !document.querySelector("[role=dialog], [role=menu], [role=listbox]") && root.isConnected;
}
