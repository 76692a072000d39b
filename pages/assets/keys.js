// Keeps the keyboard where people look: a dialog's first field has the cursor, and meanwhile no letter gets to the page.
(() => {
  if (window.quKeys) return;
  window.quKeys = true;
  const OPEN = "[role=dialog], [role=menu], [role=listbox]";
  const TYPED = "input:not([type=hidden], [type=file], [type=checkbox], [type=radio], [role=combobox]), textarea";
  const STATE = "data-test-script-state";
  const RUNS = `[${STATE}=rerunRequested], [${STATE}=running]`;
  const AT_ONCE_MS = 150; // what a letter asks for has the page run by then
  let heard = -AT_ONCE_MS; // when the last letter got to the page
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

  function place() {
    const dialog = [...document.querySelectorAll("[data-testid=stDialog]")].pop();
    const field = dialog?.querySelector(TYPED);
    if (!field || dialog === placed) return;
    placed = dialog;
    const now = document.activeElement;
    if (!dialog.contains(now) || now.contains(field)) field.focus({ preventScroll: true });
  }

  new MutationObserver(() => {
    place();
    if (!document.querySelector(RUNS)) ended = performance.now();
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: [STATE] });
})();
