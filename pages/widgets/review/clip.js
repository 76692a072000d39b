// One video: built while another is on screen, so that its images are decoded when it is shown.
const MAX_TILES = 12;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

class Clip {
  constructor(lease, config) {
    Object.assign(this, { lease, config, looked: 0, shownAt: 0 });
    const shape = lease.playInfoList.find((info) => info.width) ?? { width: 16, height: 9 };
    this.element = make("article", shape.height > shape.width ? "clip ahead upright" : "clip ahead");
    this.element.setAttribute("aria-hidden", "true");
    this.element.append(this.stage(shape), this.sheet(), clipFacts(lease, config));
  }

  stage(shape) {
    const { video: about, playInfoList } = this.lease;
    const stage = make("div", "stage");
    stage.style.setProperty("--shape", `${shape.width}/${shape.height}`);
    this.video = make("video");
    Object.assign(this.video, { muted: true, defaultMuted: true, loop: true, playsInline: true, preload: "auto" });
    if (about.coverUrl) this.video.poster = about.coverUrl;
    const ordered = [...playInfoList].sort((a, b) => (a.kind !== "narrow") - (b.kind !== "narrow"));
    for (const info of ordered) {
      const type = info.codecs ? `video/mp4; codecs="${info.codecs}"` : "video/mp4";
      this.video.append(Object.assign(document.createElement("source"), { src: info.playURL, type }));
    }
    stage.append(this.video);
    if (!playInfoList.length) stage.append(make("p", "nothing", this.config.words.no_media));
    return stage;
  }

  sheet() {
    const sheet = make("div", "sheet");
    this.tiles = sheetTiles(this.lease);
    for (const tile of this.tiles) {
      const button = make("button", "tile");
      button.type = "button";
      button.dataset.start = tile.start;
      button.setAttribute("aria-label", this.config.words.play_from.replace("{time}", clockText(tile.start)));
      const picture = make("i");
      paintTile(picture, tile);
      button.append(picture, make("span", "", clockText(tile.start)));
      sheet.append(button);
    }
    return sheet;
  }

  show() {
    this.element.classList.remove("ahead");
    this.element.removeAttribute("aria-hidden");
    this.element.dataset.videoId = this.lease.video.videoId;
    this.shownAt = performance.now();
    const { autoplay, sound, speed } = this.config.preferences;
    this.video.muted = !sound;
    this.video.playbackRate = this.video.defaultPlaybackRate = speed;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (autoplay && !still) this.play();
  }

  play() {
    this.video.play().catch(() => {
      if (this.video.muted) return;
      this.video.muted = true; // browsers play sound only after user interaction
      this.video.play().catch(() => {});
    });
  }

  seconds() {
    return Math.round((performance.now() - this.shownAt) / 100) / 10;
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
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.replaceChildren();
    this.video.load();
    this.video.remove();
    this.element.remove();
  }
}

function sheetTiles({ sprite, video }) {
  const every = sprite?.tileList ?? [];
  if (every.length) {
    const sheet = { url: sprite.spriteUrl, sheetWidth: sprite.width, sheetHeight: sprite.height };
    const count = Math.min(MAX_TILES, every.length);
    return Array.from({ length: count }, (_, at) => ({ ...every[Math.floor((at * every.length) / count)], ...sheet }));
  }
  const pictures = (video.snapshotList ?? []).slice(0, MAX_TILES);
  const whole = { x: 0, y: 0, width: 16, height: 9, sheetWidth: 16, sheetHeight: 9 };
  return pictures.map((url, at) => ({ start: (at * video.duration) / pictures.length, url, ...whole }));
}

function paintTile(element, tile) {
  const across = (part, size, whole) => `${whole > size ? (part / (whole - size)) * 100 : 0}%`;
  element.style.aspectRatio = `${tile.width}/${tile.height}`;
  element.style.backgroundImage = `url("${tile.url}")`;
  element.style.backgroundSize = `${(tile.sheetWidth / tile.width) * 100}% ${(tile.sheetHeight / tile.height) * 100}%`;
  element.style.backgroundPosition =
    `${across(tile.x, tile.width, tile.sheetWidth)} ${across(tile.y, tile.height, tile.sheetHeight)}`;
}

function clockText(seconds) {
  const whole = Math.floor(seconds);
  const pair = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return `${minutes >= 60 ? `${Math.floor(minutes / 60)}:${pair(minutes % 60)}` : minutes}:${pair(whole % 60)}`;
}
