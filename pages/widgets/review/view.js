// Renders a desk and maps keys, clicks and touches to its actions.
const UNSEEN_MS = 100; // keys pressed this soon were meant for the previous video
const DOUBLE_MS = 300; // as was the second click of a double-click
const TYPING_MS = 1000; // the pause after which a key is no longer part of a text whose field was closed
const SAVE_MS = 400;
const CHECK_MS = 20_000;
const REST_MS = 300_000; // without input counts as a break
const SPEEDS = [1, 1.5, 2];
const ACT_BUTTONS = [["approve", "A"], ["block", "B"], ["skip", "S"], ["undo", "U"], ["note", "N"], ["opinion", "O"]];
const TOOL_BUTTONS = [["play", "␣"], ["sound", "M"], ["grey", "G"], ["blur", "X"], ["help", "?"]];
const COMFORTS = ["grey", "blur", "small", "sound", "keys", "autoplay", "sensitiveAutoplay", "breakMinutes", "speed"];

class View {
  constructor(root, config) {
    Object.assign(this, { root, config, clips: new Map(), mode: "", note: "", worked: Date.now(), used: Date.now(), buttons: {} });
    this.preferences = config.preferences;
    this.find = (selector) => root.querySelector(selector);
    this.onKey = (event) => this.press(event);
    this.onLeave = (event) => { if (this.desk.outbox.items.length && this.desk.outbox.state === "offline") event.preventDefault(); };
    this.onHide = () => { this.savePreferences(true); this.desk.release(); };
    this.onShow = (event) => { if (event.persisted) { this.desk.take(); this.draw(); } };
    this.onVisible = () => { if (document.visibilityState === "visible") { this.desk.used(); this.desk.renew(); } };
    this.makeButtons();
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
    this.find(".clips").onclick = (event) => this.touch(event);
    const form = this.find(".words"), input = form.querySelector("input");
    form.onsubmit = (event) => { event.preventDefault(); this.submit(); };
    input.oninput = () => this.count();
    input.onkeydown = (event) => {
      this.typedAt = event.timeStamp;
      if (event.isComposing || event.keyCode === 229) event.stopPropagation();
      else if (event.key === "Escape") this.leave();
    };
    form.querySelector(".cancel").onclick = () => this.leave();
    this.find(".told button").onclick = () => { this.worked = Date.now(); this.rests = false; this.desk.told = null; this.draw(); };
  }

  drawReasons() {
    const place = this.find(".reasons");
    const reasons = this.config.reasons.filter((reason) => !reason.retired);
    place.replaceChildren(...reasons.map((reason, at) => {
      const button = make("button", "reason");
      button.type = "button";
      button.append(...(at < 9 ? [make("kbd", "", at + 1)] : []), make("span", "", reason.name));
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

  // Input

  press(event) {
    if (!isForDesk(event, this.root) || this.isStillTyping(event)) return;
    const key = keyOf(event);
    const isOpen = this.find(".panel").open;
    if (!this.preferences.keys && !(key === "Escape" && (this.mode || isOpen))) return;
    const reason = this.mode === "block" && /^[1-9e]$/.test(key);
    const name = KEYS[key];
    if (!reason && !name) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isOpen && !["leave", "help"].includes(name)) return;
    if (this.isUnseen(event.timeStamp, UNSEEN_MS)) return;
    this.use();
    if (reason) this.chooseReason(key);
    else if (this.mode !== "block" || ["leave", "block"].includes(name)) this.run(name);
  }

  // Whether a key belongs to a text whose field was closed because its video went away.
  isStillTyping(event) {
    this.isCut &&= event.timeStamp - this.typedAt < TYPING_MS;
    if (!this.isCut) return false;
    this.typedAt = event.timeStamp;
    event.preventDefault();
    event.stopImmediatePropagation();
    return true;
  }

  click(event, name) {
    if (event.detail > 1 && this.isUnseen(event.timeStamp, DOUBLE_MS)) return;
    if (this.isUnseen(event.timeStamp, UNSEEN_MS)) return;
    this.use();
    this.run(name);
  }

  touch(event) {
    const tile = event.target.closest(".tile");
    if (tile) { this.clip.seek(Number(tile.dataset.start)); this.clip.play(); }
    else if (event.target.closest("video")) this.run("play");
  }

  isUnseen(time, ms) {
    return this.clip && time - this.clip.shownAt < ms;
  }

  use() {
    const now = Date.now();
    if (now - this.used > REST_MS) this.worked = now;
    this.used = now;
    this.desk.used();
  }

  run(name) {
    if (this[`do_${name}`]) this[`do_${name}`]();
    else if (name === "small" || name === "grey" || name === "blur" || name === "sound") this.choose(name, !this.preferences[name]);
    else if (this.clip) this.move(name);
    this.drawState();
  }

  move(name) {
    const { clip } = this;
    const second = Math.max(1, clip.length() / 20);
    if (name === "play") clip.video.paused ? clip.play() : clip.video.pause();
    if (name === "back") clip.step(-1);
    if (name === "on") clip.step(1);
    if (name === "rewind") clip.seek(clip.video.currentTime - second);
    if (name === "forward") clip.seek(clip.video.currentTime + second);
    if (name === "slower" || name === "faster") {
      const at = SPEEDS.indexOf(this.preferences.speed) + (name === "faster" ? 1 : -1);
      this.choose("speed", SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at))]);
    }
  }

  do_approve() { this.end("decide", { status: "Normal" }); }
  do_block() { this.mode = this.mode === "block" || !this.clip ? "" : "block"; }
  do_skip() { this.end("skip", {}); }
  do_undo() { this.leave(); this.desk.undo(); }
  do_note() { if (this.clip) this.type("note"); }
  do_opinion() { if (this.clip) this.type("opinion"); }
  do_leave() { this.leave(); }

  do_help() {
    const panel = this.find(".panel");
    if (panel.open) return panel.close();
    drawPanel(panel, this.config, (name, value) => this.choose(name, value));
    panel.showModal();
  }

  chooseReason(key) {
    if (key === "e") return this.type("reason");
    const reason = this.config.reasons.filter((one) => !one.retired)[Number(key) - 1];
    if (reason) this.block({ reasonCode: reason.code });
  }

  block(why) {
    this.end("decide", { status: "Blocked", ...why });
  }

  end(kind, body) {
    const { clip } = this;
    if (!clip) return;
    if (kind === "decide") {
      body.seconds = clip.seconds();
      if (this.note) body.comment = this.note;
    }
    this.isEnding = true;
    if (this.desk.act(kind, body)) this.leave();
    this.isEnding = false;
  }

  type(mode) {
    this.mode = mode;
    const input = this.find(".words input");
    input.value = mode === "note" ? this.note : "";
    this.drawState();
    this.count();
    input.focus();
  }

  count() {
    const used = new TextEncoder().encode(this.find(".words input").value.trim()).length, most = this.config.maxBytes[this.mode];
    const bytes = this.find(".bytes");
    bytes.textContent = used > most * 0.6 ? `${used} / ${most}` : "";
    bytes.classList.toggle("over", used > most);
    this.find(".words [type=submit]").disabled = used > most || (!used && this.mode === "reason");
    return used <= most;
  }

  submit() {
    const text = this.find(".words input").value.trim(), { mode } = this;
    if (!this.count() || (mode === "reason" && !text)) return;
    if (mode === "reason") this.block({ reason: text });
    else if (mode === "opinion") this.end("opinion", { note: text });
    else { this.note = text; this.leave(); }
  }

  leave() {
    const button = this.buttons[this.mode === "reason" ? "block" : this.mode];
    this.mode = "";
    this.find(".panel").close();
    const { activeElement } = this.root.getRootNode();
    const focused = activeElement?.closest(".words, .reasons, .tile") ? activeElement : null;
    const isByKeys = !this.preferences.keys || focused?.matches(".reason:focus-visible");
    focused?.blur();
    this.drawState();
    if (focused && isByKeys) button?.focus(); // who uses Tab and Enter goes on from there
  }

  choose(name, value) {
    this.preferences = { ...this.preferences, [name]: value };
    this.config = { ...this.config, preferences: this.preferences };
    this.desk.config = this.config;
    const { clip } = this;
    if (clip && name === "sound") clip.video.muted = !value;
    if (clip && name === "speed") clip.video.playbackRate = value;
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.savePreferences(), SAVE_MS);
    this.drawState();
  }

  savePreferences(isLeaving = false) {
    if (!this.saving) return;
    clearTimeout(this.saving);
    this.saving = 0;
    const chosen = Object.fromEntries(COMFORTS.map((one) => [one, this.preferences[one]]));
    post(this.config, "setReviewPreferences", chosen, isLeaving);
  }

  remind() {
    const minutes = this.preferences.breakMinutes, now = Date.now();
    if (now - this.used > REST_MS) this.worked = now;
    if (minutes && now - this.worked > minutes * 60_000) { this.rests = true; this.draw(); }
  }

  // Drawing

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
    const clip = new Clip(lease, this.config, (leaseKey) => this.desk.reread(leaseKey));
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
    this.buttons.undo.disabled = !desk.acts.length || desk.outbox.isFull;
    root.classList.toggle("quiet", !preferences.keys);
    this.find(".reasons").hidden = this.mode !== "block";
    const form = this.find(".words");
    form.hidden = !(this.mode in this.config.maxBytes);
    if (!form.hidden) {
      form.querySelector("label").textContent = words[`type_${this.mode}`];
      form.querySelector("[type=submit]").textContent = words[`send_${this.mode}`];
      form.querySelector(".cancel").textContent = words.cancel;
    }
    this.drawCounts();
    this.drawTold();
    const empty = this.find(".empty");
    empty.hidden = Boolean(this.clip);
    empty.textContent = this.clip ? "" : this.nothing();
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
    else if (desk.told) [text, kind] = [[desk.told.title, desk.told.message].filter(Boolean).join(": "), "warn"];
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
