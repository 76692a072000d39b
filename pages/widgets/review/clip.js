// One video: built while another is on screen, so that its images are decoded when it is shown.
const RETRY_MEDIA_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];

// Replaces placeholders in braces; texts from users may contain braces and dollar signs themselves.
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

class Clip {
  // `reread` returns the lease with the current URLs, or nothing; `run` runs a command.
  constructor(lease, config, { reread, run }) {
    Object.assign(this, { lease, config, reread, run, shownAt: 0, watched: 0, failures: 0, painted: new Pictures() });
    this.element = make("article", "clip ahead");
    this.element.setAttribute("aria-hidden", "true");
    this.pictures = this.sheet();
    this.facts = clipFacts(lease, config, run);
    this.element.append(this.stage(), this.pictures, this.facts);
    this.load();
  }

  stage() {
    const stage = make("div", "stage");
    this.video = make("video");
    Object.assign(this.video, { muted: true, defaultMuted: true, loop: true, playsInline: true, preload: "auto" });
    this.video.onerror = () => this.fail();
    this.video.onloadeddata = () => { this.failures = 0; this.nothing.hidden = true; };
    this.nothing = make("p", "nothing", this.config.words.no_media);
    this.nothing.hidden = true;
    this.why = make("p", "why");
    this.why.hidden = true;
    this.cover = this.painted.canvas("cover");
    for (const event of ["playing", "seeked"]) this.video.addEventListener(event, () => { this.cover.hidden = true; });
    this.video.addEventListener("playing", () => { this.why.hidden = true; });
    stage.append(this.video, this.cover, this.why, this.nothing);
    return stage;
  }

  load() {
    const { video: about, playInfoList } = this.lease;
    const shape = playInfoList.find((info) => info.width) ?? { width: 16, height: 9 };
    this.element.classList.toggle("upright", shape.height > shape.width);
    this.video.parentElement.style.setProperty("--shape", `${shape.width}/${shape.height}`);
    if (about.coverUrl && !this.cover.hidden) this.painted.paint(about.coverUrl, [[this.cover]]);
    const ordered = [...playInfoList].sort((a, b) => (a.kind !== "narrow") - (b.kind !== "narrow"));
    const sources = ordered.map((info) => {
      const type = info.codecs ? `video/mp4; codecs="${info.codecs}"` : "video/mp4";
      return Object.assign(document.createElement("source"), { src: info.playURL, type });
    });
    this.video.replaceChildren(...sources);
    if (sources.length) sources.at(-1).onerror = () => this.fail(); // the others failed before
    else this.fail();
  }

  // There are no URLs yet, or they do not play any more.
  fail() {
    this.nothing.hidden = false;
    clearTimeout(this.retrying);
    const pause = RETRY_MEDIA_MS[Math.min(this.failures, RETRY_MEDIA_MS.length - 1)];
    this.failures += 1;
    this.retrying = setTimeout(() => this.retry(), pause);
  }

  async retry() {
    const lease = document.visibilityState === "visible" ? await this.reread(this.lease.leaseKey) : undefined;
    if (!this.element.isConnected) return;
    if (!lease) return this.fail();
    this.lease = lease;
    const { paused, currentTime } = this.video;
    const pictures = this.sheet(), facts = clipFacts(lease, this.config, this.run);
    this.pictures.replaceWith(pictures);
    this.facts.replaceWith(facts);
    Object.assign(this, { pictures, facts });
    this.load();
    this.video.load();
    if (currentTime) this.video.currentTime = currentTime;
    if (this.shownAt && !paused) this.play();
  }

  sheet() {
    const sheet = make("div", "sheet");
    this.tiles = sheetTiles(this.lease);
    const pairs = [];
    for (const tile of this.tiles) {
      const button = make("button", "tile");
      button.type = "button";
      button.dataset.start = tile.start;
      button.setAttribute("aria-label", this.config.words.play_from.replace("{time}", clockText(tile.start)));
      const picture = make("i");
      pairs.push([picture, tile]);
      button.append(picture, make("span", "", clockText(tile.start)));
      sheet.append(button);
    }
    this.painted.paintTiles(pairs);
    return sheet;
  }

  show() {
    this.element.classList.remove("ahead");
    this.element.removeAttribute("aria-hidden");
    this.element.dataset.videoId = this.lease.video.videoId;
    this.shownAt = this.watchedSince = performance.now();
    this.watched = 0;
    const { autoplay, sensitiveAutoplay, sound, speed } = this.config.preferences;
    this.video.muted = !sound;
    this.video.playbackRate = this.video.defaultPlaybackRate = speed;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!autoplay || still) return;
    if (sensitiveAutoplay || !isSensitive(this.lease, this.config)) return this.play();
    this.why.textContent = this.config.words[isFlashing(this.lease) ? "flashes" : "disturbing"];
    this.why.hidden = false;
  }

  play() {
    this.video.play().catch(() => {
      if (this.video.muted) return;
      this.video.muted = true; // browsers play sound only after user interaction
      this.video.play().catch(() => {});
    });
  }

  // Seconds on the screen, without those when the page was hidden.
  seconds() {
    this.watch();
    return Math.round(this.watched / 100) / 10;
  }

  // Counts the time since the last call; called when the page is hidden or shown too.
  watch(wasVisible = true) {
    const now = performance.now();
    if (wasVisible) this.watched += now - this.watchedSince;
    this.watchedSince = now;
  }

  length() {
    return (Number.isFinite(this.video.duration) && this.video.duration) || this.lease.video.duration || 0;
  }

  seek(time) {
    this.video.currentTime = Math.min(Math.max(0, time), Math.max(0, this.length() - 0.05));
  }

  step(by) {
    const at = this.tiles.findLastIndex((tile) => tile.start <= this.video.currentTime + 0.001);
    const tile = this.tiles[Math.min(this.tiles.length - 1, Math.max(0, at + by))];
    if (tile) this.seek(tile.start);
  }

  hide() {
    this.video.pause();
    this.element.classList.add("ahead");
    this.element.setAttribute("aria-hidden", "true");
    delete this.element.dataset.videoId;
    this.shownAt = 0;
  }

  // A video element that is only removed from the page keeps its memory.
  remove() {
    clearTimeout(this.retrying);
    this.painted.remove();
    this.video.onerror = null;
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.replaceChildren();
    this.video.load();
    this.video.remove();
    this.element.remove();
  }
}

function clockText(seconds) {
  const whole = Math.floor(seconds);
  const pair = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return `${minutes >= 60 ? `${Math.floor(minutes / 60)}:${pair(minutes % 60)}` : minutes}:${pair(whole % 60)}`;
}
