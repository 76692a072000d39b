// A table sorted by the server: titles are links, each row has a menu, and the selection is reported by id.
const instances = new WeakMap();
const TIMEOUT = 1200; // ms
watchAnswers();

// Streamlit does not indicate pending requests, so stale rows would look current.
function watchAnswers() {
  const mark = Symbol.for("qu-watched");
  if (WebSocket.prototype[mark]) return;
  const send = WebSocket.prototype.send;
  const root = document.documentElement;
  WebSocket.prototype[mark] = true;
  WebSocket.prototype.send = function (...message) {
    clearTimeout(this[mark]?.timer);
    const timer = setTimeout(() => { root.dataset.waits = ""; }, TIMEOUT);
    if (!this[mark]?.timer) {
      this.addEventListener("message", () => {
        clearTimeout(this[mark].timer);
        delete root.dataset.waits;
      });
    }
    this[mark] = { timer };
    return send.apply(this, message);
  };
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const head = find("thead tr"), body = find("tbody"), menu = find(".menu");
  const own = instances.get(parentElement) ?? { ticks: new Set(), told: 0, drawn: "" };
  instances.set(parentElement, own);
  // A selection made during a rerun is newer than the one the rerun returns.
  if (data.told >= own.told) own.ticks = new Set(data.ticked);
  find("table").setAttribute("aria-label", data.label);
  find("table").classList.toggle("stacked", data.columns.some((column) => column.kind === "words"));
  parentElement.host?.style.setProperty("--row", `${data.rowHeight}px`);

  const drawn = JSON.stringify([data.columns, data.sort, data.ticks, data.menus, data.resizable]);
  if (own.drawn !== drawn) drawHead();
  own.drawn = drawn;
  drawRows();
  showTicks();

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function drawHead() {
    const cells = data.columns.map((column) => {
      const cell = element("th", { scope: "col", className: classes(column) });
      if (column.width) cell.style.width = `${column.width}px`;
      if (data.resizable) cell.append(grip(cell, column));
      if (!column.sort?.length) {
        cell.append(element("span", { textContent: column.label, title: column.label }));
        return cell;
      }
      const [first, then] = column.sort;
      const [up, down] = [column.sort.find((one) => one[0] !== "-"), column.sort.find((one) => one[0] === "-")];
      cell.ariaSort = data.sort === up ? "ascending" : data.sort === down ? "descending" : "none";
      const next = data.sort === first ? then : first;
      cell.append(element("button", { type: "button", textContent: column.label, title: data.words.sort,
        onclick: () => setTriggerValue("event", { kind: "sort", sort: next }) }));
      cell.lastChild.dataset.focus = `sort ${column.key}`;
      return cell;
    });
    if (data.ticks) cells.unshift(tickCell("th", data.words.all, "all", tickAll));
    if (data.menus) cells.push(element("th", { scope: "col", className: "do", ariaLabel: data.words.menu }));
    keepFocus(head, () => head.replaceChildren(...cells));
  }

  // Drags the end of a column; the width is kept by the server.
  function grip(cell, column) {
    const made = element("span", { className: "grip", onpointerdown: (event) => {
      event.preventDefault();
      const from = cell.getBoundingClientRect().width, start = event.clientX;
      const width = (at) => Math.round(Math.min(1000, Math.max(40, from + at.clientX - start)));
      made.setPointerCapture(event.pointerId);
      made.onpointermove = (moved) => { cell.style.width = `${width(moved)}px`; };
      made.onpointerup = (ended) => {
        made.onpointermove = made.onpointerup = null;
        setTriggerValue("event", { kind: "width", column: column.key, width: width(ended), at: Date.now() });
      };
    } });
    return made;
  }

  function drawRows() {
    const known = new Map([...body.children].map((row) => [row.dataset.id, row]));
    const rows = data.rows.map((row) => {
      const signature = JSON.stringify([row, drawn]);
      const old = known.get(row.id);
      return old?.signature === signature ? old : Object.assign(drawRow(row), { signature });
    });
    if (rows.length === body.children.length && rows.every((row, number) => row === body.children[number])) return;
    keepFocus(body, () => body.replaceChildren(...rows));
  }

  function drawRow(row) {
    const cells = data.columns.map((column, number) => {
      const cell = element("td", { className: classes(column) });
      cell.dataset.column = number + 1;
      fill(cell, column, row);
      return cell;
    });
    if (data.ticks) {
      const name = data.words.tick.replace("{title}", row.name);
      cells.unshift(tickCell("td", name, `tick ${row.id}`, (ticked) => tick(row.id, ticked)));
    }
    if (data.menus) {
      const cell = element("td", { className: "do" });
      if (row.menu.length) {
        const button = element("button", { type: "button", textContent: "⋮", ariaHasPopup: "menu",
          ariaLabel: data.words.menu_of.replace("{title}", row.name), onclick: () => openMenu(button, row) });
        button.dataset.focus = `menu ${row.id}`;
        cell.append(button);
      }
      cells.push(cell);
    }
    const made = element("tr", {}, ...cells);
    made.dataset.id = row.id;
    return made;
  }

  function fill(cell, column, row) {
    const value = row.cells[column.key];
    if (column.kind === "picture") {
      const picture = element("i");
      if (value) picture.style.backgroundImage = `url(${JSON.stringify(value)})`;
      cell.append(picture);
    } else if (column.kind === "link") {
      const link = element("a", { href: row.href, textContent: value, title: value, onclick: follow });
      link.dataset.focus = `link ${row.id}`;
      cell.append(link);
    } else if (column.kind === "button") {
      const button = element("button", { type: "button", textContent: value, title: value,
        onclick: () => setTriggerValue("event", { kind: "open", id: row.id, at: Date.now() }) });
      button.dataset.focus = `${column.key} ${row.id}`;
      cell.append(button);
    } else if (column.kind === "words") {
      cell.append(element("span", { textContent: value, title: value }));
    } else if (column.kind === "chips") {
      cell.append(...value.map(({ text, colour }) => {
        const chip = element("span", { className: "chip", textContent: text, title: text });
        chip.style.setProperty("--paper", `var(--st-${colour}-background-color)`);
        chip.style.setProperty("--ink", `var(--st-${colour}-text-color)`);
        return chip;
      }));
    } else {
      Object.assign(cell, { textContent: value, title: value });
    }
  }

  function classes(column) {
    return [column.kind, column.priority ? `p${column.priority}` : ""].join(" ").trim();
  }

  // Open our pages like Streamlit's links; with a modifier key or another button, like the browser.
  function follow(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return;
    event.preventDefault();
    history.pushState({}, "", event.currentTarget.href);
    dispatchEvent(new PopStateEvent("popstate"));
  }

  function tickCell(name, label, focus, on) {
    const box = element("input", { type: "checkbox", ariaLabel: label, onchange: () => on(box.checked) });
    box.dataset.focus = focus;
    return element(name, { className: "tick" }, element("label", {}, box));
  }

  function tick(id, ticked) {
    own.ticks[ticked ? "add" : "delete"](id);
    tellTicks();
  }

  function tickAll(ticked) {
    for (const row of data.rows) own.ticks[ticked ? "add" : "delete"](row.id);
    tellTicks();
  }

  function tellTicks() {
    showTicks();
    own.told = Date.now();
    const shown = data.rows.map((row) => row.id);
    setStateValue("ticks", { shown, ticked: shown.filter((id) => own.ticks.has(id)), told: own.told });
  }

  function showTicks() {
    if (!data.ticks) return;
    let count = 0;
    for (const row of body.children) {
      const ticked = own.ticks.has(row.dataset.id);
      count += ticked;
      row.classList.toggle("ticked", ticked);
      row.querySelector("input").checked = ticked;
    }
    const all = head.querySelector("input");
    all.checked = count > 0 && count === body.children.length;
    all.indeterminate = count > 0 && !all.checked;
  }

  function openMenu(button, row) {
    const items = row.menu.map((key) => {
      const { icon, label } = data.menus[key];
      return element("button", { type: "button", role: "menuitem", tabIndex: -1, onclick: () => {
        menu.hidePopover();
        setTriggerValue("event", { kind: "menu", id: row.id, action: key, at: Date.now() });
      } }, element("i", { textContent: icon, ariaHidden: "true" }), label);
    });
    menu.replaceChildren(...items);
    menu.ontoggle = (event) => event.newState === "closed" && menu.replaceChildren();
    menu.onkeydown = (event) => {
      const at = items.indexOf(parentElement.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
      if (event.key === "Tab" || event.key === "Escape") {
        menu.hidePopover();
        button.focus();
      }
      if (event.key === "Escape") event.stopPropagation();
      if (to !== undefined) items[to % items.length].focus();
      if (to !== undefined || event.key === "Tab") event.preventDefault();
    };
    menu.showPopover();
    const from = button.getBoundingClientRect(), size = menu.getBoundingClientRect();
    const below = from.bottom + size.height < innerHeight - 8;
    menu.style.top = `${below ? from.bottom : Math.max(8, from.top - size.height)}px`;
    menu.style.left = `${Math.max(8, from.right - size.width)}px`;
    items[0].focus();
  }

  // The focused element was redrawn: focus its replacement.
  function keepFocus(part, draw) {
    const focused = parentElement.activeElement;
    const name = part.contains(focused) ? focused.dataset.focus : "";
    draw();
    if (name) part.querySelector(`[data-focus=${JSON.stringify(name)}]`)?.focus();
  }
}
