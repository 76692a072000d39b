// A video with the whole of it at a glance: a strip that shows any moment before one goes there, a sheet of tiles to
// play from, and a button that makes the picture one sees the cover.
const MAX_TILES = 24;
const instances = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const video = find("video"), timeline = find(".timeline"), film = find(".film"), sheet = find(".sheet"), choose = find(".choose");
  const { tiles, words } = data;
  const own = instances.get(parentElement) ?? { shown: 0, drawn: "", renewal: makeRenewal(find(".note")) };
  instances.set(parentElement, own);
  const { renewal } = own;
  renewal.words = words;
  renewal.ask = () => setTriggerValue("failed", true);
  const length = () => (Number.isFinite(video.duration) && video.duration) || tiles.at(-1)?.end || 0;
  const tileAt = (time) => tiles.findLast((tile) => tile.start <= time + 0.001) ?? tiles[0];
  const fine = tiles.length > 0 && tiles[0].end < 0.95;

  load();
  if (tiles.length) {
    own.resize ??= new ResizeObserver(() => own.drawFilm());
    own.drawFilm = drawFilm;
    own.resize.observe(film);
    drawFilm();
    drawSheet();
    listen();
  }
  for (const part of parentElement.querySelectorAll(".whole")) part.hidden = !tiles.length;
  if (data.go && own.gone !== data.go.number) {
    own.gone = data.go.number;
    video.pause();
    video.currentTime = data.go.seconds;
    video.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
  showNow();
  reachByTab(parentElement);
  return () => own.resize?.disconnect();

  function load() {
    // Other addresses of the same files are of use only where these do not play.
    const files = JSON.stringify(data.sources.map((source) => source.src.split("?")[0]));
    const isNew = JSON.stringify(data.sources) !== video.dataset.sources;
    if (renewal.answered(data.answer) || own.files !== files || (isNew && renewal.isFailing)) {
      own.files = files;
      loadAnew(video, () => {
        video.dataset.sources = JSON.stringify(data.sources);
        video.replaceChildren(...data.sources.map((source) => Object.assign(document.createElement("source"), source)));
        if (video.lastChild) video.lastChild.onerror = () => renewal.failed();
      });
      if (!data.sources.length) renewal.failed("awaited");
    }
    renewal.follow(video);
    video.onloadeddata = renewal.plays;
    if (video.getAttribute("poster") !== data.cover) video.poster = data.cover;
    const upright = data.height > data.width;
    const { width = 16, height = 9 } = tiles[0] ?? {};
    const looks = { shape: `${data.width}/${data.height}`, tile: `${width}/${height}`, peek: upright ? "120px" : "208px",
      least: tiles.length > 12 ? "64px" : "80px", few: upright ? 6 : 4 };
    find(".all").classList.toggle("upright", upright);
    for (const [name, value] of Object.entries(looks)) parentElement.host.style.setProperty(`--${name}`, value);
    video.ontimeupdate = video.onseeking = video.onseeked = video.onloadedmetadata = showNow;
    // The time of the picture that is seen; `currentTime` lies anywhere up to the next one.
    const follow = () => video.requestVideoFrameCallback?.((_, frame) => { own.shown = frame.mediaTime; follow(); });
    if (!own.followed) follow();
    own.followed = true;
    find(".bar").hidden = !data.choose;
    find(".cover").src = data.cover || "data:,";
    find(".cover").hidden = !data.cover;
    find(".caption").textContent = data.cover ? words.cover : "";
    choose.disabled = data.busy;
    choose.onclick = () => {
      video.pause();
      choose.disabled = true;
      setTriggerValue("cover", Math.floor(moment() * 1000) / 1000);
    };
  }

  function moment() {
    return Math.abs(own.shown - video.currentTime) < 0.2 ? own.shown : video.currentTime;
  }

  function paint(element, tile) {
    const across = (part, size, whole) => `${whole > size ? (part / (whole - size)) * 100 : 0}%`;
    element.style.backgroundImage = `url("${tile.url}")`;
    element.style.backgroundSize = `${(tile.sheetWidth / tile.width) * 100}% ${(tile.sheetHeight / tile.height) * 100}%`;
    element.style.backgroundPosition =
      `${across(tile.x, tile.width, tile.sheetWidth)} ${across(tile.y, tile.height, tile.sheetHeight)}`;
  }

  function drawFilm() {
    const [first] = tiles;
    const count = Math.max(1, Math.round(film.clientWidth / ((film.clientHeight * first.width) / first.height)));
    const signature = JSON.stringify([count, tiles]);
    if (own.filmed === signature) return;
    own.filmed = signature;
    film.replaceChildren(...Array.from({ length: count }, (_, number) => {
      const piece = document.createElement("i");
      paint(piece, tileAt(((number + 0.5) / count) * length()));
      return piece;
    }));
  }

  function drawSheet() {
    const signature = JSON.stringify([tiles, words.play_from]);
    sheet.setAttribute("aria-label", words.sheet);
    if (own.drawn === signature) return;
    own.drawn = signature;
    const count = Math.min(MAX_TILES, tiles.length);
    sheet.replaceChildren(...Array.from({ length: count }, (_, number) => {
      const tile = tiles[Math.floor((number * tiles.length) / count)];
      const button = document.createElement("button");
      button.type = "button";
      button.className = "tile";
      button.innerHTML = "<i></i><span></span>";
      button.dataset.start = tile.start;
      button.setAttribute("aria-label", words.play_from.replace("{time}", clock(tile.start)));
      button.lastChild.textContent = clock(tile.start);
      paint(button.firstChild, tile);
      button.onclick = () => { video.currentTime = tile.start; video.play(); };
      return button;
    }));
  }

  function listen() {
    const at = (event) => {
      const box = timeline.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * length();
    };
    timeline.setAttribute("aria-label", words.timeline);
    timeline.onpointerdown = (event) => { timeline.setPointerCapture(event.pointerId); peek(at(event)); };
    timeline.onpointermove = (event) => peek(at(event));
    timeline.onpointerup = (event) => {
      video.currentTime = at(event);
      if (event.pointerType !== "mouse") hide();
    };
    timeline.onpointerleave = timeline.onpointercancel = timeline.onblur = hide;
    timeline.onkeydown = (event) => {
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -tiles.length, End: tiles.length };
      if (event.key === "Enter" || event.key === " ") video.paused ? video.play() : video.pause();
      else if (event.key in steps) go(tiles.indexOf(tileAt(video.currentTime)) + steps[event.key]);
      else return;
      event.preventDefault();
    };
    sheet.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const next = step && [...sheet.children].at(([...sheet.children].indexOf(event.target) + step) % sheet.children.length);
      if (next) { next.focus(); event.preventDefault(); }
    };
  }

  function go(number) {
    const tile = tiles[Math.min(tiles.length - 1, Math.max(0, number))];
    video.currentTime = tile.start;
    peek(tile.start);
  }

  function peek(time) {
    const bubble = find(".peek"), share = length() ? time / length() : 0;
    paint(bubble.firstChild, tileAt(time));
    bubble.lastChild.textContent = clock(time);
    const room = timeline.clientWidth - bubble.offsetWidth;
    bubble.style.left = `${Math.min(room, Math.max(0, share * timeline.clientWidth - bubble.offsetWidth / 2))}px`;
    find(".there").style.left = `${share * 100}%`;
    timeline.classList.add("peeking");
  }

  function hide() {
    timeline.classList.remove("peeking");
  }

  function showNow() {
    const time = video.currentTime, buttons = [...sheet.children];
    find(".now").style.left = `${length() ? Math.min(100, (time / length()) * 100) : 0}%`;
    const values = { valuemin: 0, valuemax: Math.round(length()), valuenow: Math.round(time), valuetext: clock(time) };
    for (const [name, value] of Object.entries(values)) timeline.setAttribute(`aria-${name}`, value);
    const current = buttons.findLast((button) => button.dataset.start <= time + 0.001) ?? buttons[0];
    for (const button of buttons) {
      button.setAttribute("aria-current", button === current);
      button.tabIndex = button === current ? 0 : -1;
    }
    choose.textContent = data.busy ? words.busy : words.choose.replace("{time}", clock(time, true));
  }

  function clock(seconds, tenths = fine) {
    const whole = Math.floor(tenths ? Math.round(seconds * 10) / 10 : seconds);
    const pair = (number) => String(number).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    const hours = minutes >= 60 ? `${Math.floor(minutes / 60)}:${pair(minutes % 60)}` : minutes;
    return `${hours}:${pair(whole % 60)}${tenths ? `.${Math.round(seconds * 10) % 10}` : ""}`;
  }
}

// Dialogs move the focus on Tab themselves, and do not look into components: there the component is one stop for them,
// and moves the focus within.
function reachByTab(shadow) {
  const { host } = shadow;
  if (!host.closest("[role=dialog]")) return;
  const stops = () => [...shadow.querySelectorAll("video, button, [tabindex]")]
    .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility());
  host.tabIndex = 0;
  host.onfocus = ({ relatedTarget }) => {
    if (shadow.activeElement) return;
    const isBack = relatedTarget && host.compareDocumentPosition(relatedTarget) & Node.DOCUMENT_POSITION_FOLLOWING;
    stops().at(isBack ? -1 : 0)?.focus();
  };
  host.onkeydown = (event) => {
    if (event.key !== "Tab") return;
    const isLast = shadow.activeElement === stops().at(event.shiftKey ? 0 : -1);
    if (!isLast) event.stopPropagation();
  };
}
