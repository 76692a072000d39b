"use strict";
const token = document.getElementById("token");

function show(output, text) {
  const pre = document.createElement("pre");
  pre.textContent = text;
  output.replaceChildren(pre);
}

function bodyOf(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) {
    if (value === "" || (value instanceof File && !value.size)) data.delete(name);
  }
  if (form.querySelector("[type=file]")) return data;
  return new URLSearchParams(data);
}

async function send(form, output) {
  const headers = token.value ? { Authorization: `Bearer ${token.value}` } : {};
  const started = performance.now();
  const answer = await fetch(form.dataset.path, { method: "POST", body: bodyOf(form), headers });
  const took = `HTTP ${answer.status} · ${Math.round(performance.now() - started)} ms\n`;
  if (!(answer.headers.get("Content-Type") || "").startsWith("application/json")) {
    const text = await answer.text();
    show(output, `${took}${text.length} characters\n\n${text.slice(0, 4000)}`);
    return;
  }
  const envelope = await answer.json();
  show(output, took + JSON.stringify(envelope, null, 2));
  if (envelope.data && envelope.data.consoleToken) token.value = envelope.data.consoleToken;
}

for (const form of document.forms) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const output = form.parentElement.querySelector("output");
    button.disabled = true;
    try {
      await send(form, output);
    } catch (error) {
      show(output, String(error));
    }
    button.disabled = false;
  });
}

if (matchMedia("(max-width: 52rem)").matches) document.querySelector("nav details").open = false;
