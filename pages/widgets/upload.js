// Sends files directly to the REST server, each by a one-time link requested when its upload starts: they are
// streamed to disk instead of passing through the page's WebSocket.
const boxes = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const box = parentElement.querySelector(".box"), input = parentElement.querySelector("input");
  const own = boxes.get(box) ?? { files: [], wanted: 0, done: 0, same: [], cut: [] };
  boxes.set(box, own);
  own.data = data; // input changed while files wait applies to them
  const { words } = data;
  const ask = parentElement.querySelector(".ask");
  input.accept = data.accept;
  input.multiple = data.multiple;
  parentElement.querySelector(".hint").textContent = words.hint;
  ask.querySelector("span").textContent = words.leave_ask;
  ask.querySelector(".stay").textContent = words.stay;
  ask.querySelector(".leave").textContent = words.leave;
  ask.querySelector(".stay").onclick = () => { ask.hidden = true; };
  ask.querySelector(".leave").onclick = leave;
  if (own.link && data.number === own.wanted) own.link(data);

  input.onclick = (event) => event.stopPropagation();
  input.onchange = () => {
    const chosen = [...input.files];
    input.value = ""; // otherwise the same file cannot be chosen again
    take(chosen);
  };
  box.onclick = (event) => event.target.closest(".files") || input.click();
  box.onkeydown = (event) => {  // returning false would keep Tab from leaving
    if (["Enter", " "].includes(event.key) && event.target === box) input.click();
  };
  box.ondragover = (event) => { event.preventDefault(); box.classList.add("over"); };
  box.ondragleave = () => box.classList.remove("over");
  box.ondrop = (event) => {
    event.preventDefault();
    box.classList.remove("over");
    take([...event.dataTransfer.files].slice(0, data.multiple ? undefined : 1));
  };

  function take(files) {
    own.files.push(...files.map(row));
    if (files.length && !own.running) send();
  }

  // Not a trigger: Streamlit loses triggers sent while the dialog closes.
  function tell(closing = false) {
    const { wanted, done, same, cut, answer } = own;
    setStateValue("sent", { wanted, done, same, cut, answer, closing, at: Date.now() });
  }

  async function send() {
    own.running = true;
    const unguard = guard();
    let bad = false;
    for (let next; (next = own.files.shift());) {
      if (next.over) continue;
      const { problem, same, cut } = await sendOne(next);
      if (problem) bad = true;
      else own.done += 1;
      own.same.push(...same);
      own.cut.push(...cut.map((text) => `${next.file.name}: ${text}`));
      if (!own.files.some((file) => !file.over) || own.leaving) tell(!bad && own.done > 0 && !own.leaving);
    }
    unguard();
    own.running = false;
    ask.hidden = true;
    if (own.leaving) closeButton()?.click();
  }

  function row(file) {
    const item = document.createElement("li");
    item.innerHTML = '<div class="name"></div><button class="stop" type="button">✕</button>' +
      '<progress max="1" value="0"></progress><div class="said"></div>';
    const [name, stop, bar, said] = item.children;
    const one = { file, item, bar, said, over: false };
    name.textContent = name.title = file.name;
    stop.title = words.cancel;
    stop.setAttribute("aria-label", `${words.cancel}: ${file.name}`);
    stop.onclick = () => cancel(one);
    said.textContent = words.waiting;
    parentElement.querySelector(".files").append(item);
    return one;
  }

  function end(one, problem, text) {
    one.over = true;
    one.bar.remove();
    one.item.querySelector(".stop")?.remove();
    one.item.classList.add("over", ...(problem ? ["bad"] : []));
    one.said.textContent = problem || text;
  }

  function cancel(one) {
    if (one.over || one.checking) return;
    end(one, "", words.cancelled);
    one.abort?.();
  }

  function leave() {
    own.leaving = true; // files already being checked by the server are waited for
    [...own.files, own.current].forEach(cancel);
    ask.hidden = true;
  }

  async function sendOne(one) {
    own.current = one;
    own.wanted += 1;
    const link = await new Promise((resolve) => {
      own.link = one.abort = resolve;
      tell();
    });
    if (one.over) return { problem: words.cancelled, same: [], cut: [] };
    return link.url ? upload(one, link.url) : refuse(one, link.problem);
  }

  function refuse(one, problem) {
    end(one, problem);
    return { problem, same: [], cut: [] };
  }

  function upload(one, link) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      one.abort = () => { request.abort(); resolve({ problem: words.cancelled, same: [], cut: [] }); };
      request.upload.onprogress = (event) => {
        one.bar.value = event.loaded / event.total;
        one.checking = event.loaded === event.total;
        one.said.textContent = one.checking ? words.checking : `${Math.floor(one.bar.value * 100)} %`;
        if (one.checking) one.item.querySelector(".stop")?.remove();
      };
      request.onload = () => {
        let answer;
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          return resolve(refuse(one, words.broken));
        }
        if (answer.result !== "true") return resolve(refuse(one, answer.message));
        own.answer = answer.data?.[own.data.returns] ?? "";
        const same = (answer.data?.sameFileList ?? []).slice(0, 1).map((video) => video.title);
        const cut = answer.data?.warningList ?? [];
        const told = [...same.map((title) => words.same.replace("{title}", () => title)), ...cut];
        end(one, "", [words.done, ...told].join(" · "));
        resolve({ problem: "", same, cut });
      };
      request.onerror = () => resolve(refuse(one, words.broken));
      const form = new FormData();
      for (const [name, value] of Object.entries(own.data.fields)) form.append(name, value);
      form.append("file", one.file, one.file.name);
      request.open("POST", link);
      request.setRequestHeader("Accept-Language", own.data.language);
      request.send(form);
    });
  }

  function closeButton() {
    return [...(dialog()?.querySelectorAll("button") ?? [])].find((button) => button.parentElement === dialog());
  }

  function dialog() {
    return parentElement.host.closest("[role=dialog]");
  }

  // While files are uploading, leaving the dialog asks for confirmation; returns a function that ends this.
  function guard() {
    const hold = (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      ask.hidden = false;
      ask.querySelector(".stay").focus();
    };
    const leads = ({ target }) =>
      target instanceof Element && target.closest(".stDialog") &&
      (!target.closest("[role=dialog]") || target.closest("button") === closeButton());
    const ways = {
      keydown: (event) => event.key === "Escape" && !event.target.closest?.("[aria-expanded=true]") && hold(event),
      beforeunload: (event) => event.preventDefault(),
    };
    for (const name of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]) {
      ways[name] = (event) => box.isConnected && closeButton() && leads(event) && hold(event);
    }
    // Intercept Back where the browser allows it: on `popstate`, Streamlit reacts first.
    const traverse = (event) =>
      event.navigationType === "traverse" && event.cancelable && event.destination.sameDocument &&
      box.isConnected && hold(event);
    for (const [name, way] of Object.entries(ways)) addEventListener(name, way, true);
    window.navigation?.addEventListener("navigate", traverse);
    return () => {
      for (const [name, way] of Object.entries(ways)) removeEventListener(name, way, true);
      window.navigation?.removeEventListener("navigate", traverse);
    };
  }
}
