// Reveals a page once it is complete: loading components one by one would shift the content below them.
(() => {
  const root = document.documentElement;
  const MAX_MS = 3000; // with a slow server, show partial content after that
  const WHOLE = "[data-testid=stApp][data-test-script-state=notRunning] :is(.st-key-page_head, .st-key-sign_in_do)";
  const LOADING = "[data-testid=stMain] [data-testid=stSkeleton]";
  const isWhole = () => document.querySelector(WHOLE) && !document.querySelector(LOADING);
  const observer = new MutationObserver(() => isWhole() && nextFrame(() => nextFrame(() => isWhole() && show())));
  const nextFrame = (then) => requestAnimationFrame(then);

  function show() {
    observer.disconnect();
    root.dataset.drawn = "";
    const app = document.querySelector("[data-testid=stApp]");
    if (!app) return;
    // Dialogs and menus are outside the element that carries Streamlit's colour scheme.
    const follow = () => { root.style.colorScheme = getComputedStyle(app).colorScheme; };
    new MutationObserver(follow).observe(app, { attributes: true, attributeFilter: ["class"] });
    follow();
  }

  observer.observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-test-script-state"],
  });
  setTimeout(show, MAX_MS);
})();
