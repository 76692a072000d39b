// The review desk: clips by lease, verdicts by single keys. See desk.js, outbox.js and view.js.
const views = new WeakMap();
const desks = new Map(); // by desk key: Streamlit may remount the component during use
const GONE_MS = 1000;

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".desk");
  const view = views.get(root) ?? new View(root, data);
  views.set(root, view);
  view.configure(data);
  let desk = desks.get(data.desk);
  if (!desk) {
    desk = new Desk(view.config);
    desks.set(data.desk, desk);
    desk.start();
  }
  desk.root = root; // the current mount point
  view.connect(desk);
  return () => {
    view.disconnect();
    setTimeout(() => {
      if (desk.root.isConnected) return;
      desks.delete(data.desk);
      desk.stop();
    }, GONE_MS);
  };
}
