const NOW_SECONDS = 60;

// Returns whether a video may be disturbing: a panel says so, or its uploader was blocked for such a reason.
function isSensitive(lease, config) {
  return wasWorse(lease.uploader, config) || panels.all.some((panel) => panel.isSensitive?.(lease, config));
}

// Returns whether an uploader was blocked for one of the most severe reasons.
function wasWorse(uploader, config) {
  const codes = config.reasons.filter((reason) => reason.sensitive).map((reason) => reason.code);
  return (uploader.lastBlockList ?? []).some((last) => codes.includes(last.reasonCode));
}

// Facts about a video: what the panels warn of, its uploader and their record. `run` runs a command.
function clipFacts(lease, config, run) {
  const { video, uploader } = lease, { words } = config;
  const facts = make("div", "facts");
  facts.append(makeText("h3", "", video.title || video.videoId));
  const line = [clockText(video.duration), words.waits.replace("{age}", ageText(lease.waitingSeconds, words))];
  if (video.cateName) line.push(video.cateName);
  facts.append(make("p", "dim", line.join(" · ")));
  for (const panel of panels.all) {
    const part = panel.clip?.(lease, config, run);
    if (part) facts.append(part);
  }
  if (video.description) facts.append(makeText("p", "description", video.description));
  if (video.tags) facts.append(makeText("p", "dim", video.tags));
  facts.append(uploaderFacts(uploader, config));
  return facts;
}

// A text from users, in the direction in which its language is written.
function makeText(tag, className, text) {
  return Object.assign(make(tag, className, text), { dir: "auto" });
}

function uploaderFacts(uploader, { words, reasons }) {
  const box = make("div", "uploader");
  box.append(make("strong", "", uploader.userName || uploader.userId));
  const record = make("span", "record");
  for (const name of ["passed", "blocked", "waiting"]) {
    record.append(make("span", name, words[`record_${name}`].replace("{number}", uploader[name])));
  }
  box.append(record);
  for (const last of uploader.lastBlockList ?? []) {
    box.append(make("p", "dim", fill(words.blocked_for, { title: last.title || last.videoId, reason: reasonOf(last, reasons) })));
  }
  return box;
}

// The name of a reason in the reader's language, or the words in which it was given.
function reasonOf({ reason, reasonCode }, reasons) {
  const known = reasons.find((one) => one.code === reasonCode);
  const isUsual = known && ["", known.uploaderZh, known.uploaderEn].includes(reason);
  return isUsual ? known.name : reason || "–";
}

function ageText(seconds, words) {
  const units = [["days", 86_400], ["hours", 3600], ["minutes", 60]];
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? ["seconds", 1];
  return words[unit].replace("{number}", Math.floor(seconds / size));
}

// How long ago something was, in a text with {age}.
function agoText(text, seconds, words) {
  return seconds < NOW_SECONDS ? words.just_now : text.replace("{age}", ageText(seconds, words));
}
