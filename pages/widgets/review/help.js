// Key overview and user preferences.
const CHOICES = ["grey", "blur", "small", "sound", "autoplay", "sensitiveAutoplay", "keys"];
const BREAKS = [0, 25, 50, 90];

function drawHelp(panel, { words, preferences }, choose) {
  panel.setAttribute("aria-label", words.panel);
  const keys = make("dl", "keys");
  for (const [name, key] of words.key_list) keys.append(make("dt", "", key), make("dd", "", name));
  const choices = make("div", "choices");
  for (const name of CHOICES) {
    const label = make("label");
    const box = Object.assign(make("input"), { type: "checkbox", checked: preferences[name] });
    box.dataset.choice = name;
    box.onchange = () => choose(name, box.checked);
    label.append(box, make("span", "", words[`choose_${name}`]));
    choices.append(label);
  }
  const label = make("label", "", words.choose_break);
  const select = make("select");
  for (const minutes of BREAKS) {
    const text = minutes ? words.minutes.replace("{number}", minutes) : words.never;
    select.append(new Option(text, minutes, false, preferences.breakMinutes === minutes));
  }
  select.onchange = () => choose("breakMinutes", Number(select.value));
  label.append(select);
  choices.append(label, make("p", "dim", words.comfort));
  const button = make("button", "close", words.close);
  button.type = "button";
  button.autofocus = true;
  button.onclick = () => panel.close();
  panel.replaceChildren(make("h3", "", words.panel), keys, choices, button);
}
