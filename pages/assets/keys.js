// Keyboard focus of dialogs: focuses the first field, or the button of a dialog without fields; Enter confirms, and
// shortcuts of the page are suppressed.
(() => {
  if (window.quKeys) return;
  window.quKeys = true;
  const OPEN = "[role=dialog], [role=menu], [role=listbox]";
  const TYPED = "input:not([type=hidden], [type=file], [type=checkbox], [type=radio], [role=combobox]), textarea";
  const CONFIRM = "button[data-testid=stBaseButton-primary]:not(:disabled)";
  const NO_ENTER = "form, [data-testid=stForm], [data-testid=stDateInput], [class*=st-key-danger]"; // these handle Enter themselves
  const STATE = "data-test-script-state";
  const RUNS = `[${STATE}=rerunRequested], [${STATE}=running]`;
  const AT_ONCE_MS = 150; // time within which a shortcut starts a rerun
  let heard = -AT_ONCE_MS; // when the page had handled the last shortcut, however busy it was
  let overlaps = false; // whether a run was under way when the page got the last shortcut: that of the shortcut follows
  let runs = false;
  let began = 0; // start of the last run
  let ended = 0; // end of the last run
  let arrived = false; // whether the page got the last click that confirms
  let placed = null; // the dialog whose first field was focused

  // Streamlit's shortcuts listen on the document, other handlers within the body. Until the result of a shortcut is
  // rendered, further keys are meant for it.
  document.body.addEventListener("keydown", (event) => {
    if (event.key?.length !== 1) return;
    const waits = event.timeStamp - heard < AT_ONCE_MS || (heard > ended && document.querySelector(RUNS));
    if (waits || document.querySelector(OPEN)) {
      event.stopPropagation();
      return;
    }
    overlaps = Boolean(document.querySelector(RUNS));
    heard = Infinity;
    setTimeout(() => { heard = performance.now(); });
  });

  // In a text area Enter starts a new line and Ctrl+Enter confirms; during IME composition, Enter belongs to the input
  // method.
  document.body.addEventListener("keydown", (event) => {
    const field = event.target, dialog = field.closest("[data-testid=stDialog]");
    if (event.key !== "Enter" || event.repeat || event.isComposing || event.keyCode === 229) return;
    if (!dialog || !field.matches(TYPED) || field.closest(NO_ENTER)) return;
    if (field.matches("textarea") === (event.ctrlKey || event.metaKey)) confirmWhenTaken(dialog, field, field.value);
  });

  document.addEventListener("click", (event) => { arrived ||= event.target.matches(CONFIRM); }, true);

  // The last input may determine whether the dialog can be confirmed. A busy page may drop a click: it is repeated
  // only if it did not arrive or no rerun followed, so nothing is confirmed twice. Pages also rerun by themselves. Who
  // types on does not want to confirm what was there when Enter was pressed.
  function confirmWhenTaken(dialog, field, typed, clicked = Infinity, left = 3) {
    setTimeout(() => {
      if (!dialog.isConnected || (arrived && began > clicked) || !left || field.value !== typed) return;
      if (document.querySelector(RUNS)) return confirmWhenTaken(dialog, field, typed, clicked, left);
      const now = performance.now();
      arrived = false;
      dialog.querySelector(CONFIRM)?.click();
      confirmWhenTaken(dialog, field, typed, now, left - 1);
    }, AT_ONCE_MS);
  }

  function place() {
    const dialog = [...document.querySelectorAll("[data-testid=stDialog]")].pop();
    const fields = [...(dialog?.querySelectorAll(TYPED) ?? [])];
    // The hidden input of a field for a time opens its calendar when focused. The others may be drawn later.
    const typed = fields.find((one) => one.tabIndex >= 0);
    if (fields.length && !typed) return;
    const field = typed ?? dialog?.querySelector(`.st-key-confirm_yes ${CONFIRM}`);
    if (field?.matches("button") && field.closest("[class*=st-key-danger]")) return;
    if (!field || dialog === placed) return;
    placed = dialog;
    const now = document.activeElement;
    if (!dialog.contains(now) || now.contains(field)) field.focus({ preventScroll: true });
  }

  new MutationObserver(() => {
    place();
    const before = runs;
    runs = Boolean(document.querySelector(RUNS));
    if (!before && runs) began = performance.now();
    if (before && !runs) ended = performance.now(); // ignore other changes, which may precede the run
    if (before && !runs && overlaps) [overlaps, heard] = [false, ended + 1];
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: [STATE] });
})();
