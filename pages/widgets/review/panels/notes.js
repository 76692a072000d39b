// Notes of reviewers who asked for a second opinion.
addPanel({
  order: 80,
  clip({ noteList }, { words }) {
    if (!noteList?.length) return null;
    const box = make("div", "notes");
    for (const note of noteList) {
      box.append(make("p", "note", fill(words.asked, { name: note.userName, note: note.note || "–" })));
    }
    return box;
  },
  alerts: ({ noteList }, { words }) => (noteList?.length ? { text: words.opinion, box: ".notes" } : []),
});
