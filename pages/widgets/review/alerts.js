// Badges above the buttons: what to know before deciding. On small screens the facts may be out of sight.

// Returns what to warn of: [{ text, box, tone }], where `box` selects the facts about it, and `tone` is bad, good or empty.
function alertsOf(lease, config) {
  const { uploader } = lease, found = panels.all.flatMap((panel) => panel.alerts?.(lease, config) ?? []);
  if (wasWorse(uploader, config)) {
    const text = `${uploader.userName || uploader.userId} · ${config.words.record_blocked.replace("{number}", uploader.blocked)}`;
    found.push({ text, box: ".uploader", tone: "bad" });
  }
  return found;
}

// Draws the badges of the clip on the screen; one leads to its facts.
function drawAlerts(view) {
  const { clip, config } = view, place = view.find(".alerts");
  const found = clip ? alertsOf(clip.lease, config) : [], key = JSON.stringify([clip?.lease.leaseKey, found]);
  place.setAttribute("aria-label", config.words.alerts);
  if (view.alerted === key) return; // a button under the finger stays
  view.alerted = key;
  if (view.scrolledFor && view.scrolledFor !== clip?.lease.leaseKey) { // the next one is seen from its picture on
    view.scrolledFor = "";
    view.root.scrollIntoView();
  }
  place.hidden = !found.length;
  place.replaceChildren(...found.map(({ text, box, tone }) => {
    const button = make("button", `alert ${tone ?? ""}`, text);
    button.type = "button";
    button.onclick = () => {
      view.scrolledFor = clip.lease.leaseKey;
      clip.facts.querySelector(box)?.scrollIntoView({ block: "center" });
    };
    return button;
  }));
}
