// Translates Streamlit's own texts, which has no setting for that; user content is not changed.
({ lang, words }) => {
  const before = window.quPage;
  if (before) before.stop();
  document.documentElement.lang = lang;
  const OURS = "[data-testid=stMarkdownContainer], [data-testid=stDataFrame] canvas, input, textarea, pre, code, " +
    "script, style, .stIconMaterial, [data-testid=stIconMaterial], [data-testid=stTable], .st-bidi-component, " +
    ".qu-phone, .qu-week";
  const ATTRIBUTES = ["aria-label", "title", "alt", "placeholder"];
  const exact = new Map(Object.entries(words).filter(([word]) => !word.includes("{}")));
  const patterns = Object.entries(words).filter(([word]) => word.includes("{}")).map(([word, text]) => {
    const parts = word.split("{}").map((part) => part.replace(/[.*+?^$()|[\]\\/]/g, "\\$&"));
    return [new RegExp(`^${parts.join("(.+)")}$`), text];
  });
  const kept = new Map(); // original texts, restored when the language changes

  function translated(text) {
    const word = text.trim();
    if (!word || word.length > 200) return null;
    if (exact.has(word)) return exact.get(word);
    for (const [pattern, said] of patterns) {
      const found = pattern.exec(word);
      if (found) return said.replace(/\{\}/g, () => found.splice(1, 1)[0]);
    }
    return null;
  }

  function keep(node, name, old, now) {
    if (!kept.has(node)) kept.set(node, {});
    kept.get(node)[name] = [old, now];
  }

  function text(node) {
    if (!node.parentElement || node.parentElement.closest(OURS)) return;
    const now = translated(node.data);
    if (now !== null && now !== node.data) {
      keep(node, "", node.data, now);
      node.data = now;
    }
  }

  function element(node) {
    for (const name of ATTRIBUTES) {
      const old = node.getAttribute(name);
      const now = old && translated(old);
      if (now !== null && now !== "" && old !== now && old) {
        keep(node, name, old, now);
        node.setAttribute(name, now);
      }
    }
  }

  function walk(top) {
    if (top.nodeType === Node.TEXT_NODE) return text(top);
    if (top.nodeType !== Node.ELEMENT_NODE) return;
    const all = document.createTreeWalker(top, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = top; node; node = all.nextNode()) (node.nodeType === Node.TEXT_NODE ? text : element)(node);
  }

  function restore() {
    for (const [node, olds] of kept) {
      for (const [name, [old, now]] of Object.entries(olds)) {
        if (name === "" && node.data === now) node.data = old;
        else if (name && node.getAttribute(name) === now) node.setAttribute(name, old);
      }
    }
  }

  const observer = new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "childList") addedNodes.forEach(walk);
      else (type === "characterData" ? text : element)(target);
    }
    for (const node of kept.keys()) if (!node.isConnected) kept.delete(node);
  });

  // On phones the navigation is a drawer over the page: close it after a choice.
  function chosen(event) {
    if (innerWidth > 768 || !event.target.closest?.("[data-testid=stSidebarNavLink]")) return;
    setTimeout(() => document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click());
  }

  // Truncated titles are shown in full in a tooltip.
  function hovered({ target }) {
    const title = target.closest?.(".st-key-page_head h3");
    if (title) title.title = title.scrollHeight > title.clientHeight + 1 ? title.innerText : "";
  }

  document.addEventListener("click", chosen);
  document.addEventListener("mouseover", hovered);
  walk(document.body);
  observer.observe(document.body, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES,
  });
  window.quPage = {
    stop() {
      observer.disconnect();
      document.removeEventListener("click", chosen);
      document.removeEventListener("mouseover", hovered);
      restore();
    },
  };
}
