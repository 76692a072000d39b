const SENSITIVE_LABELS = ["porn", "terrorism", "terrorism-live"];

// Returns whether a video may be disturbing: machine review suspects it, or its uploader was blocked for such a reason.
function isSensitive({ machine, uploader }, { reasons }) {
  const codes = reasons.filter((reason) => reason.sensitive).map((reason) => reason.code);
  const isSuspect = machine?.available && machine.suggestion && machine.suggestion !== "pass";
  return Boolean(isSuspect && machine.labels.some((label) => SENSITIVE_LABELS.includes(label)))
    || (uploader.lastBlockList ?? []).some((last) => codes.includes(last.reasonCode));
}

// Facts about a video: uploader and their record, machine review, and notes of other reviewers.
function clipFacts(lease, { words, names }) {
  const { video, uploader, machine, noteList } = lease;
  const facts = make("div", "facts");
  facts.append(makeText("h3", "", video.title || video.videoId));
  const line = [clockText(video.duration), words.waits.replace("{age}", ageText(lease.waitingSeconds, words))];
  if (video.cateName) line.push(video.cateName);
  facts.append(make("p", "dim", line.join(" · ")));
  if (video.description) facts.append(makeText("p", "description", video.description));
  if (video.tags) facts.append(makeText("p", "dim", video.tags));
  facts.append(uploaderFacts(uploader, words));
  if (machine?.available && machine.suggestion) facts.append(machineFacts(machine, words, names));
  for (const note of noteList ?? []) {
    facts.append(make("p", "note", fill(words.asked, { name: note.userName, note: note.note || "–" })));
  }
  return facts;
}

// A text from users, in the direction in which its language is written.
function makeText(tag, className, text) {
  return Object.assign(make(tag, className, text), { dir: "auto" });
}

function uploaderFacts(uploader, words) {
  const box = make("div", "uploader");
  box.append(make("strong", "", uploader.userName || uploader.userId));
  const record = make("span", "record");
  for (const name of ["passed", "blocked", "waiting"]) {
    record.append(make("span", name, words[`record_${name}`].replace("{number}", uploader[name])));
  }
  box.append(record);
  for (const last of uploader.lastBlockList ?? []) {
    box.append(make("p", "dim", fill(words.blocked_for, { title: last.title || last.videoId, reason: last.reason || "–" })));
  }
  return box;
}

function machineFacts(machine, words, names) {
  const box = make("p", `machine ${machine.suggestion}`);
  const labels = machine.labels.filter((label) => label !== "normal").map((label) => names[`module.${label}`] ?? label);
  const said = names[`suggestion.${machine.suggestion}`] ?? machine.suggestion;
  box.textContent = `${words.machine}: ${[said, ...labels].join(" · ")}`;
  return box;
}

function ageText(seconds, words) {
  const units = [["days", 86_400], ["hours", 3600], ["minutes", 60]];
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? ["seconds", 1];
  return words[unit].replace("{number}", Math.floor(seconds / size));
}
