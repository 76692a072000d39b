// Sends files straight to the REST server, each by a one-time link: they are streamed to its disk, and a large one
// never passes through the page's own connection.
const running = new WeakSet();

export default function ({ data, parentElement, setStateValue }) {
  const box = parentElement.querySelector(".box");
  const input = box.querySelector("input");
  box.querySelector(".hint").textContent = data.words.hint;
  input.onclick = (event) => event.stopPropagation();
  input.onchange = () => send([...input.files]);
  box.onclick = (event) => event.target.closest(".files") || running.has(box) || input.click();
  box.onkeydown = (event) => ["Enter", " "].includes(event.key) && event.target === box && input.click();
  box.ondragover = (event) => { event.preventDefault(); box.classList.add("over"); };
  box.ondragleave = () => box.classList.remove("over");
  box.ondrop = (event) => {
    event.preventDefault();
    box.classList.remove("over");
    if (!running.has(box)) send([...event.dataTransfer.files]);
  };

  async function send(files) {
    if (!files.length) return;
    running.add(box);
    const taken = files.slice(0, data.links.length);
    const rows = taken.map(row);
    const results = [];
    for (const [number, file] of taken.entries()) {
      results.push(await sendOne(file, data.links[number], rows[number]));
    }
    running.delete(box);
    const done = results.filter((result) => result.problem === "").length;
    const same = results.flatMap((result) => result.same);
    // Not a trigger: one that comes together with the closing of the dialog is lost on the way.
    setStateValue("sent", { done, same, of: files.length, at: Date.now() });
  }

  function row(file) {
    const item = document.createElement("li");
    item.innerHTML = '<div class="name"></div><progress max="1" value="0"></progress><div class="said"></div>';
    item.querySelector(".name").textContent = file.name;
    item.querySelector(".said").textContent = data.words.waiting;
    box.querySelector(".files").append(item);
    return item;
  }

  function sendOne(file, link, item) {
    const said = item.querySelector(".said");
    const bar = item.querySelector("progress");
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.upload.onprogress = (event) => {
        bar.value = event.loaded / event.total;
        said.textContent = event.loaded < event.total ? `${Math.floor(bar.value * 100)} %` : data.words.checking;
      };
      const end = (problem, same = []) => {
        bar.remove();
        item.classList.toggle("bad", problem !== "");
        said.textContent = problem || data.words.done;
        resolve({ problem, same });
      };
      request.onload = () => {
        try {
          const answer = JSON.parse(request.responseText);
          const same = (answer.data?.sameFileList ?? []).slice(0, 1).map((video) => video.title);
          end(answer.result === "true" ? "" : answer.message, same);
        } catch {
          end(data.words.broken);
        }
      };
      request.onerror = () => end(data.words.broken);
      const form = new FormData();
      for (const [name, value] of Object.entries(data.fields)) form.append(name, value);
      form.append("file", file, file.name);
      request.open("POST", link);
      request.setRequestHeader("Accept-Language", data.language);
      request.send(form);
    });
  }
}
