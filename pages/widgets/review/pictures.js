// Pictures are painted on canvases. Of other images a browser keeps the decoded pixels long after they left the page,
// some megabytes for each video.
const MAX_TILES = 12;
const MAX_WIDTH = 640; // pixels of a painted picture

class Pictures {
  constructor() {
    this.canvases = [];
    this.isGone = false;
  }

  // Returns an empty canvas that is painted once its image is loaded. `part` is a part of the image, by default all.
  canvas(className = "") {
    const canvas = Object.assign(make("canvas", className), { width: 0, height: 0 });
    canvas.setAttribute("aria-hidden", "true");
    this.canvases.push(canvas);
    return canvas;
  }

  // Paints canvases with parts of an image; a part has the size of the whole image in its own units.
  async paint(url, parts) {
    const bitmap = await bitmapOf(url).catch(() => null);
    for (const [canvas, part] of bitmap && !this.isGone ? parts : []) {
      const { x, y, width, height, sheetWidth, sheetHeight } = part ?? WHOLE;
      const [wide, high] = [bitmap.width / sheetWidth, bitmap.height / sheetHeight];
      const scale = Math.min(1, MAX_WIDTH / (width * wide));
      canvas.width = Math.max(1, Math.round(width * wide * scale));
      canvas.height = Math.max(1, Math.round(height * high * scale));
      const to = canvas.getContext("2d");
      to.imageSmoothingQuality = "high";
      to.drawImage(bitmap, x * wide, y * high, width * wide, height * high, 0, 0, canvas.width, canvas.height);
    }
    bitmap?.close();
  }

  // Paints elements with tiles; tiles of the same image load it once.
  paintTiles(pairs) {
    const byUrl = new Map();
    for (const [element, tile] of pairs) {
      element.style.aspectRatio = `${tile.width}/${tile.height}`;
      element.style.setProperty("--ratio", tile.width / tile.height);
      const canvas = this.canvas();
      element.append(canvas);
      byUrl.set(tile.url, [...(byUrl.get(tile.url) ?? []), [canvas, tile]]);
    }
    for (const [url, parts] of byUrl) this.paint(url, parts);
  }

  // Frees their memory at once.
  remove() {
    this.isGone = true;
    for (const canvas of this.canvases) canvas.width = canvas.height = 0;
    this.canvases = [];
  }
}

const WHOLE = { x: 0, y: 0, width: 1, height: 1, sheetWidth: 1, sheetHeight: 1 };

async function bitmapOf(url) {
  const image = new Image();
  await new Promise((resolve, reject) => Object.assign(image, { onload: resolve, onerror: reject, src: url }));
  return createImageBitmap(image);
}

function sheetTiles({ sprite, video }, most = MAX_TILES) {
  const every = sprite?.tileList ?? [];
  if (every.length) {
    const sheet = { url: sprite.spriteUrl, sheetWidth: sprite.width, sheetHeight: sprite.height };
    const count = Math.min(most, every.length);
    return Array.from({ length: count }, (_, at) => ({ ...every[Math.floor((at * every.length) / count)], ...sheet }));
  }
  const pictures = (video.snapshotList ?? []).slice(0, most);
  const whole = { x: 0, y: 0, width: 16, height: 9, sheetWidth: 16, sheetHeight: 9 };
  return pictures.map((url, at) => ({ start: (at * video.duration) / pictures.length, url, ...whole }));
}
