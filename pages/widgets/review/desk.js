// State of the desk: its leases and actions, without rendering; `changed` is called after each change.
const HELD = 3; // one on the screen, two loaded ahead
const ASK_MS = 4000; // poll interval while the queue is empty
const RENEW_MS = 60_000;
const ACTIVE_MS = 300_000; // leases are renewed for some minutes after the last input, or the length of the video
const READ_MS = 4000; // a message stays for this long, whatever is pressed
const PAUSE_MS = 60_000; // longer viewing times count as a break
const PACE_MS = 600_000;
const MAX_ACTS = 50;
const UNREAD_MS = 700; // a key pressed this soon after a question is no answer to it
const KINDS = { decide: "decideReview", skip: "skipReview", opinion: "askSecondOpinion", undo: "undoReview" };

class Desk {
  constructor(config) {
    this.config = config;
    this.changed = () => {};
    this.leases = []; // the first is on the screen
    this.store = new TabStore(config.userName, () => this.forget());
    this.acts = (this.store.read("acts") ?? []).map((act) => ({ ...act, isEarlier: true })); // undone from the last
    this.ended = new Set(); // lease keys of all of them: a late response may still contain such a lease
    this.done = 0;
    this.pace = []; // recent decisions: time, and viewing time in seconds
    this.queue = null;
    this.told = null; // the last unexpected result
    this.offered = null; // what the next undo takes back, though it was not done in this tab
    this.isFirst = true;
    this.options = {}; // parameters of each request for videos
    this.usedAt = Date.now();
    this.outbox = new Outbox(this.store, {
      send: (item) => this.send(item),
      settled: (item, outcome) => this.settle(item, outcome),
      changed: () => { if (!this.outbox.items.length) this.take(); this.changed(); },
    });
    const undone = this.outbox.items.filter((item) => item.kind === "undo").map((item) => item.body.leaseKey);
    for (const act of this.acts) act.isUndoing = undone.includes(act.leaseKey);
  }

  start() {
    this.timers = [
      setInterval(() => (this.isIdle() || this.isCutOff()) && this.take(), ASK_MS),
      setInterval(() => this.renew(), RENEW_MS),
    ];
    this.outbox.closed = false;
    this.outbox.items.length ? this.outbox.run() : this.take();
  }

  stop() {
    this.timers.forEach(clearInterval);
    this.outbox.closed = true;
    this.store.close();
    this.release();
  }

  keep(acts) {
    this.acts = acts.slice(-MAX_ACTS);
    this.store.write("acts", this.acts.map(({ kind, leaseKey, title }) => ({ kind, leaseKey, title })));
  }

  // Forgets what another tab does.
  forget() {
    this.outbox.clear();
    this.keep([]);
    this.changed();
  }

  get current() {
    return this.leases[0];
  }

  get heldKeys() {
    return [...this.leases.map((lease) => lease.leaseKey), ...this.outbox.keys].slice(0, 20).join(",");
  }

  isIdle() {
    return !this.leases.length && !this.outbox.items.length && document.visibilityState === "visible";
  }

  // No decision waits to be sent that would find out that the server can be reached again.
  isCutOff() {
    return this.outbox.state === "offline" && !this.outbox.items.length;
  }

  wanted() {
    return { count: Math.max(1, HELD - this.leases.length), leaseKeys: this.heldKeys, ...this.options };
  }

  // Changes the parameters of requests for videos, and takes others instead of the current ones.
  async choose(options) {
    this.options = { ...this.options, ...options };
    const returned = this.returnLeases();
    this.changed();
    await returned; // or they would be taken again
    await this.take();
  }

  async take() {
    if (this.taking || this.leases.length >= HELD || this.outbox.state === "ended") return;
    this.taking = true;
    const { options } = this;
    const outcome = await post(this.config, "takeReview", this.wanted());
    this.taking = false;
    this.isFirst = false;
    if (outcome.kind === "stored") {
      this.outbox.state = "";
      this.accept(outcome.data);
      if (options !== this.options) return this.choose({});
    } else if (outcome.kind === "ended") this.outbox.state = "ended";
    else if (outcome.kind === "failed") this.outbox.state = "offline";
    else if (options !== this.options) return this.choose({});
    else if (options.queue) leaveQueue(this);
    else this.tell(outcome.message);
    this.changed();
  }

  accept(data) {
    const known = new Set([...this.leases.map((lease) => lease.leaseKey), ...this.outbox.keys, ...this.ended]);
    this.leases.push(...(data.leaseList ?? []).filter((lease) => !known.has(lease.leaseKey)));
    this.queue = data.queue ?? this.queue;
    if (data.reasonsVersion && data.reasonsVersion !== (this.newReasons ?? this.config).reasonsVersion) this.readReasons();
  }

  // Reads the list of reasons that has changed; it is offered when the reasons are opened next.
  async readReasons() {
    const { data } = await post(this.config, "getReviewReasons", {});
    if (!data) return;
    const name = this.config.language === "zh" ? "nameZh" : "nameEn";
    const reasons = data.reasonList.map((reason) => ({ ...reason, name: reason[name] }));
    this.newReasons = { reasons, reasonsVersion: data.version };
  }

  // Ends the current video with one of KINDS; returns whether it did.
  act(kind, body) {
    const lease = this.current;
    if (!lease || this.outbox.isFull) return false;
    const { leaseKey, video } = lease, title = video.title || video.videoId;
    this.leases.shift();
    this.ended.add(leaseKey);
    this.unsay();
    this.withdraw();
    this.keep([...this.acts, { kind, lease, leaseKey, title }]);
    this.outbox.push({ kind, title, body: { ...body, leaseKey }, at: Date.now() });
    this.changed();
    return true;
  }

  // Undoes the last action of this tab. Others of the account, like those of a colleague or of a browser that crashed,
  // are named first and undone by the next call.
  undo() {
    if (this.outbox.isFull) return false;
    const own = this.acts.findLast((one) => !one.isUndoing);
    if (!own && (!this.offered || this.outbox.state)) return this.offer();
    if (!own && Date.now() - this.told.at < UNREAD_MS) return false;
    const act = own ?? this.offered;
    if (!own) this.keep([...this.acts, act]);
    this.unsay();
    this.withdraw();
    if (this.outbox.takeBack(act.leaseKey)) {
      this.keep(this.acts.filter((one) => one !== act));
      this.bring(act.lease);
    } else {
      act.isUndoing = true;
      this.outbox.push({ kind: "undo", title: act.title, body: { leaseKey: act.leaseKey } });
    }
    this.changed();
    return true;
  }

  async offer() {
    if (this.offering) return;
    this.offering = true;
    const { kind, message, data } = await post(this.config, "getReviewDecisions", {});
    this.offering = false;
    if (kind === "failed" || kind === "ended") this.outbox.state = kind === "ended" ? kind : "offline";
    else if (kind === "refused") this.tell(message);
    else if (!this.acts.some((one) => !one.isUndoing)) this.name(data.decisionList);
    this.changed();
  }

  name(decisions) {
    const { words } = this.config, known = new Set(this.acts.map((act) => act.leaseKey));
    const last = decisions.find(({ leaseKey }) => !known.has(leaseKey));
    if (!last) return this.tell(words.nothing_to_undo);
    const { leaseKey, videoId, status, reason, time } = last, title = last.title || videoId;
    const verdict = status === "Normal" ? words.approve : `${words.block}: ${reason}`;
    this.tell(fill(words.undo_elsewhere, { title, verdict, time }));
    this.offered = { kind: "decide", leaseKey, title, isEarlier: true };
  }

  // Takes an offer to undo back, with its message.
  withdraw() {
    if (this.offered) this.told = null;
    this.offered = null;
  }

  send(item) {
    const takes = item.kind !== "undo" && this.leases.length < HELD;
    return post(this.config, KINDS[item.kind], takes ? { ...item.body, ...this.wanted() } : item.body);
  }

  settle(item, outcome) {
    const act = this.acts.find((one) => one.leaseKey === item.body.leaseKey);
    if (outcome.kind === "stored") this.succeed(item, act, outcome.data);
    else this.fail(item, act, outcome);
    this.changed();
  }

  succeed(item, act, data) {
    if (item.kind === "undo") {
      if (act?.kind === "decide" && !act.isEarlier) this.done = Math.max(0, this.done - 1);
      this.keep(this.acts.filter((one) => one !== act));
      this.bring(data.lease);
      this.queue = data.queue ?? this.queue;
      return;
    }
    if (act) Object.assign(act, { lease: null, isEarlier: false }); // only its key is needed from now on
    if (item.kind === "decide") {
      this.done += 1;
      this.pace.push({ at: item.at ?? Date.now(), seconds: item.body.seconds }); // it may have been sent much later
    }
    this.accept(data);
    for (const panel of panels.all) panel.answered?.(item, data, this);
  }

  fail(item, act, { code, message }) {
    this.keep(this.acts.filter((one) => one !== act));
    // The lease is still valid, and the video not decided.
    if (item.kind !== "undo" && code !== 409 && act?.lease) this.bring(act.lease);
    this.tell(message, item.title);
  }

  // Puts a lease on the screen; a takeReview may have returned it already.
  bring(lease) {
    this.ended.delete(lease.leaseKey);
    this.leases = [lease, ...this.leases.filter((one) => one.leaseKey !== lease.leaseKey)];
  }

  tell(message, title = "") {
    this.offered = null; // whose message this replaces
    this.told = { message, title, at: Date.now() };
  }

  unsay() {
    if (this.told && Date.now() - this.told.at > READ_MS) this.told = null;
  }

  // Reads a lease again, because its URLs were missing or have expired: takeReview returns a lease it does not name.
  async reread(leaseKey) {
    const leaseKeys = this.heldKeys.split(",").filter((key) => key !== leaseKey).join(",");
    const { kind, data } = await post(this.config, "takeReview", { ...this.options, count: 1, leaseKeys });
    if (kind !== "stored") return undefined;
    const fresh = data.leaseList.find((lease) => lease.leaseKey === leaseKey);
    if (fresh) this.leases = this.leases.map((lease) => (lease.leaseKey === leaseKey ? fresh : lease));
    this.accept(data);
    if (!fresh) await this.renew(); // says who has it now
    return fresh;
  }

  used() {
    const now = Date.now();
    if (now - this.usedAt > ACTIVE_MS && this.leases.length) setTimeout(() => this.renew());
    this.usedAt = now;
  }

  async renew() {
    if (document.visibilityState !== "visible" || !this.leases.length) return;
    if (Date.now() - this.usedAt > Math.max(ACTIVE_MS, this.current.video.duration * 1000)) return;
    const leaseKeys = this.leases.map((lease) => lease.leaseKey).join(",");
    const outcome = await post(this.config, "renewReview", { leaseKeys });
    if (outcome.kind === "ended") this.outbox.state = "ended";
    for (const lost of outcome.data?.lostList ?? []) this.drop(lost);
    if (this.leases.length < HELD) this.take();
    this.changed();
  }

  drop({ leaseKey, message }) {
    const lease = this.leases.find((one) => one.leaseKey === leaseKey);
    if (lease && lease === this.current) this.tell(message, lease.video.title);
    this.leases = this.leases.filter((one) => one !== lease);
  }

  // Releases undecided leases and resends unsaved decisions, because the page may be closing.
  release() {
    for (const item of this.outbox.items) {
      if (item.kind !== "undo") post(this.config, KINDS[item.kind], item.body, true);
    }
    // Those that a request under way takes are known to the server only.
    if (this.taking && !this.outbox.items.length) post(this.config, "releaseReview", {}, true);
    else this.returnLeases();
  }

  returnLeases() {
    const leaseKeys = this.leases.map((lease) => lease.leaseKey).join(",");
    for (const lease of this.leases) this.ended.add(lease.leaseKey);
    this.leases = [];
    return leaseKeys ? post(this.config, "releaseReview", { leaseKeys }, true) : undefined;
  }

  // Decisions per minute over the last ten active minutes, and median seconds per video.
  figures() {
    const since = Date.now() - PACE_MS;
    this.pace = this.pace.filter((one) => one.at > since);
    if (this.pace.length < 2) return null;
    const gaps = this.pace.slice(1).map((one, at) => Math.min(one.at - this.pace[at].at, PAUSE_MS + 1));
    const work = gaps.filter((gap) => gap <= PAUSE_MS);
    const seconds = this.pace.map((one) => one.seconds).sort((a, b) => a - b);
    if (!work.length) return null;
    const total = work.reduce((sum, gap) => sum + gap, 0);
    return { minute: (work.length * 60_000) / Math.max(total, 1), median: seconds[seconds.length >> 1] };
  }
}
