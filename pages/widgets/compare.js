// Two renditions of one video, frame over frame: the slider moves the line between them.
const instances = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const plain = find(".plain"), narrow = find(".narrow"), split = find(".split"), time = find(".time"), play = find(".row button");
  const renewal = instances.get(parentElement) ?? makeRenewal(find(".note"));
  instances.set(parentElement, renewal);
  renewal.words = data.words;
  renewal.ask = () => setTriggerValue("failed", true);
  const isAnswer = renewal.answered(data.answer);
  for (const [video, url] of [[plain, data.plain], [narrow, data.narrow]]) {
    const isNew = video.getAttribute("src") !== url;
    const isOther = video.getAttribute("src")?.split("?")[0] !== url.split("?")[0];
    if (isAnswer || isOther || (isNew && renewal.isFailing)) loadAnew(video, () => { video.src = url; });
    renewal.follow(video);
    video.onloadeddata = () => { if (plain.readyState > 1 && narrow.readyState > 1) renewal.plays(); };
  }
  if (!data.plain || !data.narrow) renewal.failed("awaited");
  find(".left").textContent = data.words.plain;
  find(".right").textContent = data.words.narrow;
  split.setAttribute("aria-label", data.words.split);
  time.setAttribute("aria-label", data.words.time);
  const label = () => { play.textContent = plain.paused ? data.words.play : data.words.pause; };
  label();

  split.oninput = () => find(".stage").style.setProperty("--split", `${split.value}%`);
  time.oninput = () => {
    plain.pause(); narrow.pause(); label();
    goTo();
  };
  // A film whose duration is not known yet goes there once it is.
  function goTo() {
    delete time.dataset.waits;
    if (plain.duration) plain.currentTime = narrow.currentTime = (time.value / 1000) * plain.duration;
    else time.dataset.waits = "";
  }
  plain.onloadedmetadata = () => { if ("waits" in time.dataset) goTo(); };
  play.onclick = async () => {
    if (plain.paused) {
      if (plain.readyState) narrow.currentTime = plain.currentTime;
      for (const video of [plain, narrow]) wanted.add(video);
      await Promise.allSettled([plain.play(), narrow.play()]);
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
