// Renders a desk.
const CHECK_MS = 20_000;
const BLURRED = ".stage, .tile, .hint-sheet";
const SHORT = "(max-height: 600px)"; // as in review.css
const ACT_BUTTONS = [["approve", "A"], ["block", "B"], ["skip", "S"], ["undo", "U"], ["note", "N"], ["opinion", "O"]];
const TOOL_BUTTONS = [["play", "␣"], ["sound", "M"], ["grey", "G"], ["blur", "X"], ["help", "?"]];

class View extends Commands {
  constructor(root, config) {
    super();
    Object.assign(this, { root, config, clips: new Map(), mode: "", note: "", worked: Date.now(), used: Date.now(), buttons: {} });
    this.preferences = config.preferences;
    this.find = (selector) => root.querySelector(selector);
    this.onKey = (event) => this.press(event);
    this.onLeave = (event) => { if (this.desk.outbox.items.length && this.desk.outbox.state === "offline") event.preventDefault(); };
    this.onHide = () => { this.savePreferences(true); this.desk.release(); };
    this.onShow = (event) => { if (event.persisted) { this.desk.take(); this.draw(); } };
    this.onVisible = () => this.turn(document.visibilityState === "visible");
    this.makeButtons();
    for (const panel of panels.all) {
      const part = panel.bar?.(this);
      if (part) this.find(".bar").append(part);
    }
  }

  // Applies updates from the page, like texts in another language.
  configure(config) {
    this.config = { ...config, preferences: this.preferences };
    for (const [name, button] of Object.entries(this.buttons)) button.lastChild.textContent = config.words[name];
    this.drawReasons();
  }

  connect(desk) {
    this.desk = desk;
    desk.config = this.config;
    desk.changed = () => this.draw();
    document.addEventListener("keydown", this.onKey, true);
    addEventListener("beforeunload", this.onLeave);
    addEventListener("pagehide", this.onHide);
    addEventListener("pageshow", this.onShow);
    document.addEventListener("visibilitychange", this.onVisible);
    if (!this.timer && matchMedia(SHORT).matches) this.root.scrollIntoView();
    this.timer ??= setInterval(() => this.remind(), CHECK_MS);
    this.draw();
  }

  disconnect() {
    document.removeEventListener("keydown", this.onKey, true);
    removeEventListener("beforeunload", this.onLeave);
    removeEventListener("pagehide", this.onHide);
    removeEventListener("pageshow", this.onShow);
    document.removeEventListener("visibilitychange", this.onVisible);
    clearInterval(this.timer);
    this.timer = undefined;
  }

  turn(isVisible) {
    this.clip?.watch(!isVisible);
    if (!isVisible) return;
    this.desk.used();
    this.desk.renew();
  }

  get clip() {
    return this.clips.get(this.desk.current?.leaseKey);
  }

  makeButtons() {
    const add = (place, [name, key]) => {
      const button = make("button", name);
      button.type = "button";
      button.dataset.act = name;
      button.append(make("kbd", "", key), make("span"));
      button.onclick = (event) => this.click(event, name);
      place.append((this.buttons[name] = button));
    };
    for (const one of TOOL_BUTTONS) add(this.find(".tools"), one);
    for (const one of ACT_BUTTONS) add(this.find(".acts"), one);
    // The space bar must not press a clicked button again.
    for (const place of [".tools", ".bottom"]) {
      this.find(place).onmousedown = (event) => event.target.closest("button") && event.preventDefault();
    }
    this.find(".bottom").addEventListener("click", (event) => { if (this.isSeries(event)) event.stopImmediatePropagation(); }, true);
    // A key that is held down must not press what it finds on the next video.
    this.root.addEventListener("keydown", (event) => {
      if (event.repeat && event.key === "Enter") event.preventDefault();
    }, true);
    const clips = this.find(".clips");
    clips.onclick = (event) => this.touch(event);
    clips.onpointermove = (event) => { if (event.movementX || event.movementY) this.lift(event.target.closest(BLURRED)); };
    clips.onpointerleave = () => this.lift(null);
    const form = this.find(".words"), input = form.querySelector("input");
    form.onsubmit = (event) => { event.preventDefault(); this.submit(); };
    input.oninput = () => this.count();
    input.onkeydown = (event) => {
      this.typedAt = event.timeStamp;
      if (event.isComposing || event.keyCode === 229) event.stopPropagation();
      else if (event.key === "Escape") this.leave();
    };
    form.querySelector(".cancel").onclick = () => this.leave();
    this.find(".told button").onclick = () => { this.worked = Date.now(); this.rests = false; this.desk.offered = this.desk.told = null; this.draw(); };
  }

  drawReasons() {
    const place = this.find(".reasons");
    const reasons = this.config.reasons.filter((reason) => !reason.retired);
    place.replaceChildren(...reasons.map((reason, at) => {
      const button = make("button", "reason");
      button.type = "button";
      button.append(...(at < MAX_DIGIT ? [make("kbd", "", at + 1)] : []), make("span", "", reason.name));
      button.onclick = () => this.block({ reasonCode: reason.code });
      return button;
    }));
    const other = make("button", "reason");
    other.type = "button";
    other.append(make("kbd", "", "E"), make("span", "", this.config.words.other));
    other.onclick = () => this.type("reason");
    const cancel = make("button", "reason leave");
    cancel.type = "button";
    cancel.append(make("kbd", "", "Esc"), make("span", "", this.config.words.cancel));
    cancel.onclick = () => this.leave();
    place.append(other, cancel);
    place.setAttribute("aria-label", this.config.words.reasons);
  }

  // Shows a picture as it is, until the pointer leaves it. A pointer that only rests where the next one appears shows none.
  lift(picture) {
    if (picture === this.lifted) return false;
    this.lifted?.classList.remove("lifted");
    picture?.classList.add("lifted");
    this.lifted = picture;
    return Boolean(picture);
  }

  // Makes the picture as much smaller as what opened below would cover of it.
  fit() {
    const { alerted, mode } = this, key = `${mode} ${alerted}`;
    if (this.fitted === key) return;
    this.fitted = key;
    this.root.style.removeProperty("--cut");
    if (!this.clip || (!mode && this.find(".alerts").hidden)) return;
    const { bottom } = this.clip.video.parentElement.getBoundingClientRect();
    const covered = bottom + 8 - this.find(".bottom").getBoundingClientRect().top;
    if (covered > 0) this.root.style.setProperty("--cut", `${Math.ceil(covered)}px`);
  }

  draw() {
    const { current } = this.desk;
    const leases = this.desk.leases.slice(0, HELD); // undo may return more than are preloaded
    const keys = new Set(leases.map((lease) => lease.leaseKey));
    for (const [key, clip] of this.clips) {
      if (keys.has(key)) continue;
      clip.remove();
      this.clips.delete(key);
    }
    const place = this.find(".clips");
    const cut = () => {
      if (this.mode in this.config.maxBytes && !this.isEnding) this.isCut = true;
      if (this.mode) this.leave();
    };
    const showCurrent = () => {
      if (!current) return cut();
      const clip = this.clips.get(current.leaseKey) ?? this.build(current, place);
      if (!clip.shownAt) {
        this.note = "";
        cut();
        clip.show();
      }
    };
    showCurrent();
    for (const lease of leases) if (!this.clips.has(lease.leaseKey)) this.build(lease, place);
    for (const [key, clip] of this.clips) if (clip.shownAt && key !== current?.leaseKey) clip.hide();
    this.drawState();
  }

  build(lease, place) {
    const clip = new Clip(lease, this.config, {
      reread: (leaseKey) => this.desk.reread(leaseKey),
      run: (name) => this.touchPart(name),
    });
    place.append(clip.element);
    this.clips.set(lease.leaseKey, clip);
    return clip;
  }

  drawState() {
    const { words } = this.config, { desk, root, preferences } = this;
    root.dataset.done = desk.done;
    for (const name of ["grey", "blur", "small"]) root.classList.toggle(name, preferences[name]);
    for (const name of ["grey", "blur", "sound"]) this.buttons[name].setAttribute("aria-pressed", preferences[name]);
    this.buttons.block.setAttribute("aria-expanded", this.mode === "block");
    this.buttons.note.classList.toggle("on", Boolean(this.note));
    for (const [name] of ACT_BUTTONS) this.buttons[name].disabled = !this.clip || desk.outbox.isFull;
    this.buttons.undo.disabled = desk.outbox.isFull;
    root.classList.toggle("quiet", !preferences.keys);
    this.find(".reasons").hidden = this.mode !== "block";
    this.find(".acts").hidden = Boolean(this.mode);
    const form = this.find(".words");
    form.hidden = !(this.mode in this.config.maxBytes);
    if (!form.hidden) {
      form.querySelector("label").textContent = words[`type_${this.mode}`];
      form.querySelector("[type=submit]").textContent = words[`send_${this.mode}`];
      form.querySelector(".cancel").textContent = words.cancel;
    }
    drawAlerts(this);
    this.fit();
    this.drawCounts();
    this.drawTold();
    for (const panel of panels.all) panel.update?.(this);
    const empty = this.find(".empty");
    empty.textContent = this.clip ? "" : this.nothing();
    empty.hidden = !empty.textContent;
  }

  drawCounts() {
    const { words } = this.config, { desk } = this;
    const fill = (name, text) => { this.find(`.${name}`).textContent = text; };
    fill("done", words.done.replace("{number}", desk.done));
    fill("waiting", desk.queue ? words.waiting.replace("{number}", Math.max(0, desk.queue.waiting - desk.outbox.items.length).toLocaleString()) : "");
    const pace = desk.figures();
    fill("pace", pace ? words.pace.replace("{minute}", pace.minute.toFixed(1)).replace("{median}", pace.median.toFixed(1)) : "");
    const unsent = desk.outbox.items.length;
    fill("unsent", unsent ? words.unsent.replace("{number}", unsent) : "");
  }

  drawTold() {
    const { words } = this.config, { desk } = this;
    const unsent = desk.outbox.items.length;
    let text = "", kind = "";
    if (desk.outbox.state === "ended") [text, kind] = [words.ended.replace("{number}", unsent), "bad"];
    else if (desk.outbox.isFull) [text, kind] = [words.full.replace("{number}", unsent), "bad"];
    else if (desk.outbox.state === "offline") [text, kind] = [words.offline.replace("{number}", unsent), "bad"];
    else if (desk.told) [text, kind] = [desk.told.title ? fill(words.titled, desk.told) : desk.told.message, "warn"];
    else if (this.rests) [text, kind] = [words.rest, "rest"];
    const told = this.find(".told");
    told.hidden = !text;
    told.className = `told ${kind}`;
    told.querySelector("span").textContent = text;
    told.querySelector("button").textContent = words.understood;
    told.querySelector("button").hidden = kind === "bad";
  }

  nothing() {
    const { words } = this.config, { queue, isFirst, outbox } = this.desk;
    if (outbox.state) return "";
    if (isFirst || !queue || outbox.items.length || queue.free > 0) return words.loading;
    if (!queue.waiting) return words.all_done;
    const parts = [["withOthers", "with_others"], ["withYou", "with_you"], ["skippedByYou", "skipped"], ["askedByYou", "opinions"]];
    const said = parts.filter(([name]) => queue[name]).map(([name, word]) => words[word].replace("{number}", queue[name]));
    return [words.none_free, ...said].join(" ");
  }
}
