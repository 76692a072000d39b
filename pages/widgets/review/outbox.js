// Outbox of unsaved decisions. Requests are sent one at a time, in order, and retried after a failure: the server
// accepts a lease key once, so nothing is stored twice. They survive a reload and belong to the account that made
// them, even if another user signs in.
const MAX_UNSENT = 5;
const RETRY_MS = [500, 1000, 2000, 4000, 8000];

class Outbox {
  // `send` returns the outcome of an item; `settled` is called with each finished item, `changed` after each change.
  constructor(store, { send, settled, changed }) {
    Object.assign(this, { store, send, settled, changed, state: "", sending: null, running: false });
    this.items = (store.read("outbox") ?? []).map((item) => ({ ...item, tried: true }));
  }

  get isFull() {
    return this.items.length >= MAX_UNSENT;
  }

  get keys() {
    return this.items.map((item) => item.body.leaseKey);
  }

  push(item) {
    this.items.push(item);
    this.save();
    this.run();
  }

  // Removes and returns an unsent item; returns nothing if it was already sent.
  takeBack(leaseKey) {
    const at = this.items.findIndex((item) => item.body.leaseKey === leaseKey && item !== this.sending && !item.tried);
    const [item] = at < 0 ? [] : this.items.splice(at, 1);
    this.save();
    return item;
  }

  async run() {
    if (this.running) return;
    this.running = true;
    for (let failures = 0; this.items.length && !this.closed;) {
      const item = (this.sending = this.items[0]);
      item.tried = true; // the response may be lost, so only the server knows the outcome
      const outcome = await this.send(item);
      this.sending = null;
      if (outcome.kind === "failed") {
        this.state = "offline";
        this.changed();
        await this.pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
        failures += 1;
        continue;
      }
      failures = 0;
      this.state = outcome.kind === "ended" ? "ended" : "";
      if (this.state) break;
      this.items.shift();
      this.save();
      this.settled(item, outcome);
    }
    this.running = false;
    this.changed();
  }

  pause(ms) {
    return new Promise((resolve) => {
      const go = () => { clearTimeout(timer); removeEventListener("online", go); resolve(); };
      const timer = setTimeout(go, ms);
      addEventListener("online", go);
    });
  }

  save() {
    this.store.write("outbox", this.items);
  }

  // Forgets what another tab sends.
  clear() {
    this.items = this.items.filter((item) => item === this.sending);
    this.save();
  }
}
