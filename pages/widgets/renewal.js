// For widgets that play media: asks for new addresses where the old ones do not play, at once and then after growing
// pauses, a few times, and says so over the picture.
const PAUSES = [0, 2, 3, 5, 10, 20, 40]; // seconds before each question; after the last one only a person asks
const CALM = 300, PATIENCE = 30; // seconds until the pauses begin anew, and until a question counts as lost

const wanted = new WeakSet(); // videos that play, or would if their addresses did
const moments = new WeakMap(); // where they stand: one without a valid address forgets it

function makeRenewal(note) {
  const text = note.querySelector("span"), button = note.querySelector("button");
  const renewal = { ask: null, words: {}, failed, follow, answered, plays, isFailing: false };
  let tries = 0, asked = -CALM, timer = 0, phase = "", answer;
  const now = () => performance.now() / 1000;
  const later = (seconds, act) => { clearTimeout(timer); timer = setTimeout(act, seconds * 1000); };

  // An address does not play; with `awaited` there is none yet, with `broken` another one would play no better.
  function failed(how = "") {
    renewal.isFailing = true;
    if (phase) return;
    if (now() - asked > CALM) tries = how === "awaited" ? 1 : 0;
    const pause = how === "broken" ? undefined : PAUSES[tries];
    show(pause === undefined ? "dead" : how === "awaited" ? how : tries ? "dead" : "renewing");
    if (pause === undefined) return;
    tries += 1;
    phase = "pause";
    later(pause, question);
  }

  function follow(video) {
    if (!moments.has(video)) for (const name of ["seeking", "timeupdate"]) video.addEventListener(name, () => {
      if (video.readyState && !video.error) moments.set(video, video.currentTime);
    });
    moments.set(video, moments.get(video) ?? 0);
    video.onerror = () => failed(video.error?.code === MediaError.MEDIA_ERR_DECODE ? "broken" : "");
    video.onplay = () => wanted.add(video);
    // What cannot go on is paused by the browser too.
    video.onpause = () => { if (!video.error) wanted.delete(video); };
  }

  function question() {
    if (!note.isConnected) return;
    phase = "question";
    asked = now();
    later(PATIENCE, () => { phase = ""; failed(); });
    reportAlone(renewal.ask);
  }

  // Say whether the server has answered the question: the number of its answers has changed.
  function answered(number) {
    const isAnswer = phase === "question" && answer !== number;
    answer = number;
    if (isAnswer) { clearTimeout(timer); phase = ""; }
    return isAnswer;
  }

  function plays() {
    clearTimeout(timer);
    phase = "";
    renewal.isFailing = false;
    note.hidden = true;
  }

  function show(state) {
    text.textContent = renewal.words[state];
    button.textContent = renewal.words.again;
    button.hidden = state !== "dead";
    note.hidden = false;
    button.onclick = () => {
      if (phase === "question") return;
      tries = 1;
      show("renewing");
      question();
    };
  }

  return renewal;
}

// Load a video's address anew, at the moment where it stands, and playing if it was.
function loadAnew(video, change) {
  const currentTime = video.currentTime || moments.get(video);
  change();
  video.load();
  if (currentTime) video.currentTime = currentTime;
  if (wanted.has(video)) video.play().catch(() => {});
}

// Streamlit sends what widgets report at about the same time in one message, which runs the fragment of the first alone:
// a click on a button elsewhere, such as one that confirms a dialog, would be lost. So clicks wait until it is sent.
function reportAlone(report) {
  const held = [];
  const hold = (event) => {
    event.stopImmediatePropagation();
    event.preventDefault();
    held.push(event.composedPath()[0]);
  };
  window.addEventListener("click", hold, true);
  setTimeout(() => { // reports before this one are sent by then
    report();
    setTimeout(() => {
      window.removeEventListener("click", hold, true);
      for (const target of held) target.click();
    });
  });
}
