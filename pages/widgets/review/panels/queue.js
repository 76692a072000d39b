// The queue to work, for those who may work several. The choice is kept in the tab.
addPanel({
  order: 10,
  bar(view) {
    const box = make("div", "queue"), select = Object.assign(make("select"), { id: "queue" });
    box.append(Object.assign(make("label", "dim"), { htmlFor: "queue" }), select);
    select.addEventListener("change", () => {
      view.desk.store.write("queue", select.value);
      select.blur(); // keys are for the clips again
      view.desk.choose({ queue: select.value });
    });
    select.addEventListener("focus", () => countQueues(view));
    return box;
  },
  update(view) {
    const { desk, config: { words } } = view, queues = view.queueCounts ?? view.config.queues;
    const known = queues.map(({ code }) => code);
    if (desk.options.queue === undefined) {
      const kept = desk.store.read("queue");
      desk.options = { ...desk.options, queue: known.includes(kept) ? kept : "" };
    }
    const box = view.find(".queue"), select = box.lastChild;
    box.hidden = queues.length < 2;
    box.firstChild.textContent = words.queue;
    const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0);
    const rows = [{ code: "", name: words.queue_all, waiting }, ...queues];
    rows.forEach((row, at) => {
      const option = select.options[at] ?? select.appendChild(make("option"));
      option.value = row.code;
      option.textContent = `${row.name} (${row.waiting.toLocaleString()})`;
    });
    select.length = rows.length;
    select.value = desk.options.queue;
  },
});

async function countQueues(view) {
  const { data } = await post(view.config, "getReviewQueues", {});
  if (!data) return;
  const waiting = new Map(data.queueList.map((queue) => [queue.code, queue.waiting]));
  view.queueCounts = view.config.queues.map((queue) => ({ ...queue, waiting: waiting.get(queue.code) ?? 0 }));
  view.draw();
}
