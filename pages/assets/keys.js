// Keeps the keyboard where people look: a dialog's first field has the cursor, or its button where it asks for nothing;
// meanwhile no letter gets to the page, and Enter confirms.
(() => {
  if (window.quKeys) return;
  window.quKeys = true;
  const OPEN = "[role=dialog], [role=menu], [role=listbox]";
  const TYPED = "input:not([type=hidden], [type=file], [type=checkbox], [type=radio], [role=combobox]), textarea";
  const CONFIRM = "button[data-testid=stBaseButton-primary]:not(:disabled)";
  const NO_ENTER = "form, [data-testid=stForm], [data-testid=stDateInput], [class*=st-key-danger]"; // or it has its own
  const STATE = "data-test-script-state";
  const RUNS = `[${STATE}=rerunRequested], [${STATE}=running]`;
  const AT_ONCE_MS = 150; // what a letter asks for has the page run by then
  let heard = -AT_ONCE_MS; // when the last letter got to the page
  let runs = false;
  let ended = 0; // when the page ran last
  let placed = null; // the dialog whose first field was given the cursor

  // Streamlit's shortcuts listen at the document; all else that hears keys stands within the body. Until what a letter
  // asks for is drawn, the next ones are meant for that.
  document.body.addEventListener("keydown", (event) => {
    if (event.key?.length !== 1) return;
    const waits = event.timeStamp - heard < AT_ONCE_MS || (heard > ended && document.querySelector(RUNS));
    if (waits || document.querySelector(OPEN)) event.stopPropagation();
    else heard = event.timeStamp;
  });

  // In a text of several lines Enter begins the next one, and with Ctrl it confirms; while an input method composes a
  // word, Enter is for that.
  document.body.addEventListener("keydown", (event) => {
    const field = event.target, dialog = field.closest("[data-testid=stDialog]");
    if (event.key !== "Enter" || event.repeat || event.isComposing || event.keyCode === 229) return;
    if (!dialog || !field.matches(TYPED) || field.closest(NO_ENTER)) return;
    if (field.matches("textarea") === (event.ctrlKey || event.metaKey)) confirmWhenTaken(dialog);
  });

  // What was typed last may decide whether it can be confirmed at all.
  function confirmWhenTaken(dialog) {
    setTimeout(() => {
      if (document.querySelector(RUNS)) confirmWhenTaken(dialog);
      else if (dialog.isConnected) dialog.querySelector(CONFIRM)?.click();
    }, AT_ONCE_MS);
  }

  function place() {
    const dialog = [...document.querySelectorAll("[data-testid=stDialog]")].pop();
    const field = dialog?.querySelector(TYPED) ?? dialog?.querySelector(`.st-key-confirm_yes ${CONFIRM}`);
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
    if (before && !runs) ended = performance.now(); // not at any other change, which may come before the run begins
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: [STATE] });
})();
