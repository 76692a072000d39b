// Facts about a video: uploader and their record, machine review, and notes of other reviewers.
function clipFacts(lease, { words, names }) {
  const { video, uploader, machine, noteList } = lease;
  const facts = make("div", "facts");
  facts.append(make("h3", "", video.title || video.videoId));
  const line = [clockText(video.duration), words.waits.replace("{age}", ageText(lease.waitingSeconds, words))];
  if (video.cateName) line.push(video.cateName);
  facts.append(make("p", "dim", line.join(" · ")));
  if (video.description) facts.append(make("p", "description", video.description));
  if (video.tags) facts.append(make("p", "dim", video.tags));
  facts.append(uploaderFacts(uploader, words));
  if (machine?.available && machine.suggestion) facts.append(machineFacts(machine, words, names));
  for (const note of noteList ?? []) {
    facts.append(make("p", "note", words.asked.replace("{name}", note.userName).replace("{note}", note.note || "–")));
  }
  return facts;
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
    box.append(make("p", "dim", words.blocked_for.replace("{title}", last.title || last.videoId).replace("{reason}", last.reason || "–")));
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
