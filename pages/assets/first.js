// Shows a page once it is drawn as a whole: while its parts are loaded one by one, what stands below them jumps.
(() => {
  const root = document.documentElement;
  const MAX_MS = 3000; // a slow server had better be seen piece by piece than not at all
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
    // Dialogs and menus lie outside of what Streamlit tells to be light or dark.
    const follow = () => { root.style.colorScheme = getComputedStyle(app).colorScheme; };
    new MutationObserver(follow).observe(app, { attributes: true, attributeFilter: ["class"] });
    follow();
  }

  observer.observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-test-script-state"],
  });
  setTimeout(show, MAX_MS);
})();
