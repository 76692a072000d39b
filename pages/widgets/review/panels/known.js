// Known clips: told as such right after the verdict.
addPanel({
  order: 90,
  answered(item, { known }, desk) {
    if (known) desk.tell(fill(desk.config.words.known_clip, known), item.title);
  },
});
