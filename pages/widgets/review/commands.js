// Maps keys, clicks and touches to the actions of a desk. `View` adds the drawing.
const UNSEEN_MS = 100; // keys pressed this soon were meant for the previous video
const DOUBLE_MS = 400; // as was the second click or tap of a series
const SEEN_MS = 1000; // after so long on the screen it is meant for what is there
const SAME_PLACE = 30; // pixels between the clicks of a series
const TYPING_MS = 1000; // the pause after which a key is no longer part of a text whose field was closed
const MAX_DIGIT = 9; // reasons that have a key
const SAVE_MS = 400;
const REST_MS = 300_000; // without input counts as a break
const SPEEDS = [1, 1.5, 2];
const COMFORTS = ["grey", "blur", "small", "sound", "keys", "autoplay", "sensitiveAutoplay", "breakMinutes", "speed"];

class Commands {
  #mode = "";
  modeAt = 0;

  // What is open below the video: "block" for the reasons, the name of a text, or nothing.
  get mode() {
    return this.#mode;
  }

  set mode(mode) {
    if (mode !== this.#mode) this.modeAt = performance.now();
    this.#mode = mode;
  }

  press(event) {
    if (!isForDesk(event, this.root) || this.isStillTyping(event)) return;
    const key = keyOf(event);
    if (key === "Tab" && this.reachReasons(event)) return;
    const isOpen = this.find(".panel").open;
    if (!this.preferences.keys && !(key === "Escape" && (this.mode || isOpen))) return;
    const reason = this.mode === "block" && /^[1-9e]$/.test(key);
    const name = KEYS[key] ?? panels.keys[key];
    if (!reason && !name) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isOpen && !["leave", "help"].includes(name)) return;
    if (this.isUnseen(event.timeStamp, UNSEEN_MS)) return;
    this.use();
    if (reason) this.chooseReason(key);
    else if (this.mode !== "block" || ["leave", "block"].includes(name)) this.run(name);
  }

  // Tab leads to the first reason that has no key. Returns whether it did.
  reachReasons(event) {
    const { activeElement } = this.root.getRootNode();
    if (this.mode !== "block" || event.shiftKey || activeElement?.closest(".reasons")) return false;
    const reasons = this.root.querySelectorAll(".reason");
    (reasons[MAX_DIGIT] ?? reasons[0]).focus();
    event.preventDefault();
    return true;
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
    if (this.isUnseen(event.timeStamp, UNSEEN_MS)) return;
    this.use();
    this.run(name);
    if (!event.detail && this.mode === "block") this.find(".reason").focus(); // pressed by Enter
  }

  // Runs a command for a button in a clip: the second click of a double-click finds that of the next clip in its place.
  touchPart(name) {
    if (this.isUnseen(performance.now(), DOUBLE_MS)) return;
    this.use();
    this.run(name);
  }

  touch(event) {
    const picture = event.target.closest(BLURRED);
    if (event.pointerType === "touch" && this.lift(picture) && this.preferences.blur) return;
    const tile = event.target.closest(".tile, .part");
    if (tile) { this.clip.seek(Number(tile.dataset.start)); this.clip.play(); }
    else if (event.target.closest("video")) this.run("play");
  }

  isUnseen(time, ms) {
    return this.clip && time - this.clip.shownAt < ms;
  }

  // Returns whether a click goes on a series that began before what it would press was there: a new clip, or a button
  // in the place of another. Browsers do not count every tap, so that `event.detail` is not enough.
  isSeries({ detail, timeStamp, clientX, clientY }) {
    if (!detail) return false; // pressed by Enter
    const { time, x, y } = this.clicked ?? {};
    this.clicked = { time: timeStamp, x: clientX, y: clientY };
    const isNear = Math.hypot(clientX - x, clientY - y) < SAME_PLACE;
    const shownAt = Math.max(this.modeAt, this.clip?.shownAt ?? 0);
    return isNear && timeStamp - time < DOUBLE_MS && timeStamp - shownAt < SEEN_MS;
  }

  use() {
    const now = Date.now();
    if (now - this.used > REST_MS) this.worked = now;
    this.used = now;
    this.desk.used();
  }

  run(name) {
    if (this[`do_${name}`]) this[`do_${name}`]();
    else if (panels.commands[name]) panels.commands[name](this);
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
  do_block() {
    if (this.mode !== "block") this.takeReasons();
    this.mode = this.mode === "block" || !this.clip ? "" : "block";
  }

  // Offers the list of reasons that was changed while the desk was open.
  takeReasons() {
    const { newReasons } = this.desk;
    if (!newReasons) return;
    this.desk.newReasons = null;
    this.config = { ...this.config, ...newReasons };
    this.desk.config = this.config;
    this.drawReasons();
  }

  do_skip() { this.end("skip", {}); }
  do_undo() { this.leave(); this.desk.undo(); }
  do_note() { if (this.clip) this.type("note"); }
  do_opinion() { if (this.clip) this.type("opinion"); }
  do_leave() { this.leave(); }

  do_help() {
    const panel = this.find(".panel");
    if (panel.open) return panel.close();
    drawHelp(panel, this.config, (name, value) => this.choose(name, value));
    panel.showModal();
    panel.scrollTop = 0; // the focused button is at its end
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
    bytes.textContent = used > most * 0.6 ? fill(this.config.words.bytes, { used, most }) : "";
    bytes.classList.toggle("over", used > most);
    this.find(".words [type=submit]").disabled = used > most || (!used && this.mode === "reason");
    return used <= most;
  }

  submit() {
    const text = this.find(".words input").value.trim(), { mode } = this;
    if (!this.count()) { this.desk.tell(this.config.words.too_long); return this.drawState(); }
    if (mode === "reason" && !text) return;
    if (mode === "reason") this.block({ reason: text });
    else if (mode === "opinion") this.end("opinion", { note: text });
    else { this.note = text; this.leave(); }
  }

  leave() {
    const button = this.buttons[this.mode === "reason" ? "block" : this.mode];
    this.mode = "";
    this.find(".panel").close();
    const { activeElement } = this.root.getRootNode();
    const focused = activeElement?.closest(".words, .reasons, .tile, .part") ? activeElement : null;
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
}
