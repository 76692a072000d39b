// Two renditions of one video, frame over frame: the slider moves the line between them.
export default function ({ data, parentElement }) {
  const find = (selector) => parentElement.querySelector(selector);
  const plain = find(".plain"), narrow = find(".narrow"), split = find(".split"), time = find(".time"), play = find("button");
  for (const [video, url] of [[plain, data.plain], [narrow, data.narrow]]) {
    if (video.getAttribute("src") !== url) video.src = url;
  }
  find(".left").textContent = data.words.plain;
  find(".right").textContent = data.words.narrow;
  split.setAttribute("aria-label", data.words.split);
  time.setAttribute("aria-label", data.words.time);
  const label = () => { play.textContent = plain.paused ? data.words.play : data.words.pause; };
  label();

  split.oninput = () => find(".stage").style.setProperty("--split", `${split.value}%`);
  time.oninput = () => {
    plain.pause(); narrow.pause(); label();
    plain.currentTime = narrow.currentTime = (time.value / 1000) * (plain.duration || 0);
  };
  play.onclick = async () => {
    if (plain.paused) {
      narrow.currentTime = plain.currentTime;
      await Promise.all([plain.play(), narrow.play()]);
    } else {
      plain.pause(); narrow.pause();
      narrow.currentTime = plain.currentTime;
    }
    label();
  };
  plain.ontimeupdate = () => {
    if (plain.duration) time.value = (plain.currentTime / plain.duration) * 1000;
    // Two decoders drift apart; a frame or two is not seen, more is.
    if (!plain.paused && Math.abs(plain.currentTime - narrow.currentTime) > 0.08) narrow.currentTime = plain.currentTime;
  };
}
