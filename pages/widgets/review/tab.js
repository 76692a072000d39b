// What a tab keeps for an account when its page is loaded anew. Browsers copy it into a duplicated tab, which must not
// send or undo what the original does.
const CHANNEL = "qu-review-tabs";

class TabStore {
  // `lost` is called when another tab has the same memory, because this one was duplicated from it.
  constructor(account, lost) {
    this.account = account;
    this.since = Date.now() + Math.random();
    this.id = this.read("tab") ?? crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.write("tab", this.id);
    this.channel = new BroadcastChannel(CHANNEL);
    this.channel.onmessage = ({ data: { id, since } }) => {
      if (id !== this.id) return;
      if (since > this.since) return this.ask();
      lost();
      this.id = crypto.getRandomValues(new Uint32Array(2)).join("-");
      this.write("tab", this.id);
    };
    this.ask();
  }

  ask() {
    this.channel.postMessage({ id: this.id, since: this.since });
  }

  close() {
    this.channel.close();
  }

  read(name) {
    try {
      return JSON.parse(sessionStorage.getItem(`qu-review-${name} ${this.account}`));
    } catch {
      return null;
    }
  }

  // Without browser storage, what is kept lasts until the page is closed.
  write(name, value) {
    try {
      sessionStorage.setItem(`qu-review-${name} ${this.account}`, JSON.stringify(value));
    } catch {
      // nothing to do
    }
  }
}
