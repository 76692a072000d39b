// What viewers reported a clip for. An approved one came back because of it.
const SENSITIVE_REPORTS = ["sexual", "violence", "minors"];

addPanel({
  order: 15,
  clip({ reports }, { words, names }) {
    if (!reports) return null;
    const nameOf = (code) => names[`report.${code}`] ?? code;
    const box = make("div", "reports");
    const reasons = reports.reasonList.map(({ code, count }) => `${nameOf(code)} ${count}`).join(" · ");
    box.append(make("p", "", fill(words.reported, { number: reports.count, reasons })));
    for (const one of reports.wordList) {
      const said = make("p", "said");
      const ago = agoText(words.reported_ago, one.secondsAgo, words);
      said.append(makeText("q", "", one.words), make("span", "dim", `${nameOf(one.reasonCode)} · ${ago}`));
      box.append(said);
    }
    if (reports.approved) box.append(make("p", "dim", words.reported_approved));
    return box;
  },
  alerts({ reports }, { words }) {
    return reports ? { text: words.alert_reports.replace("{number}", reports.count), box: ".reports" } : [];
  },
  isSensitive: ({ reports }) => Boolean(reports?.reasonList.some(({ code }) => SENSITIVE_REPORTS.includes(code))),
});
