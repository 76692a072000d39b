// The queue to work, for those who may work several. The choice is kept in the tab.
const COUNT_MS = 15_000; // between two counts while one decides

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
    const { desk, config: { words } } = view, queues = queuesOf(desk);
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
    if (!box.hidden && desk.queue !== view.counted && Date.now() - (view.countedAt ??= Date.now()) > COUNT_MS) countQueues(view);
  },
});

function queuesOf(desk) {
  return desk.queues ?? desk.config.queues;
}

async function countQueues(view) {
  const { desk, config } = view;
  Object.assign(view, { counted: desk.queue, countedAt: Date.now() });
  const { data } = await post(config, "getReviewQueues", {});
  if (!data) return;
  const name = config.language === "zh" ? "nameZh" : "nameEn";
  const found = data.queueList.filter(({ mine, code }) => mine || code === desk.options.queue);
  desk.queues = found.map((queue) => ({ code: queue.code, name: queue[name], waiting: queue.waiting }));
  view.draw();
}

// Goes on with all queues, because the chosen one was deleted, or its reviewer may not work it any more.
function leaveQueue(desk) {
  const code = desk.options.queue, gone = queuesOf(desk).find((queue) => queue.code === code);
  desk.queues = queuesOf(desk).filter((queue) => queue !== gone);
  desk.store.write("queue", "");
  desk.options = { ...desk.options, queue: "" };
  desk.tell(fill(desk.config.words.queue_gone, { name: gone?.name ?? code }));
  desk.take();
}
