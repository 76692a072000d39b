// The review desk: clips by lease, verdicts by single keys. See desk.js, outbox.js and view.js.
const views = new WeakMap();
const desks = new Map(); // by user: Streamlit may remount the component, or connect to a restarted server
const GONE_MS = 1000;

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".desk");
  const current = continued(data);
  // The leases belong to the key that took them.
  const config = current ? { ...data, desk: current.config.desk, deskKey: current.config.deskKey } : data;
  const view = views.get(root) ?? new View(root, config);
  views.set(root, view);
  view.configure(config);
  const desk = current ?? new Desk(view.config);
  desk.root = root; // the current mount point
  view.connect(desk);
  if (!current) {
    desks.set(data.userName, desk);
    desk.start();
  }
  return () => {
    view.disconnect();
    setTimeout(() => desk.root.isConnected || close(desk), GONE_MS);
  };
}

// Returns the user's desk on this page, unless its session ended and there is a new one. Closes those of other users.
function continued(data) {
  for (const [name, desk] of desks) {
    const isNew = desk.outbox.state === "ended" && desk.config.desk !== data.desk;
    if (name !== data.userName || isNew) close(desk);
  }
  return desks.get(data.userName);
}

function close(desk) {
  const { userName } = desk.config;
  if (desks.get(userName) !== desk) return;
  desks.delete(userName);
  desk.stop();
}
