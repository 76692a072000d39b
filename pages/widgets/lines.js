// A text area that reports its content while the user types (debounced).
const timers = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const area = parentElement.querySelector("textarea");
  area.placeholder = data.placeholder;
  area.setAttribute("aria-label", data.label);
  if (area.dataset.round !== String(data.round)) {
    area.dataset.round = data.round;
    area.value = data.value;
  }
  area.oninput = () => {
    clearTimeout(timers.get(area));
    timers.set(area, setTimeout(() => setStateValue("text", area.value), 250));
  };
}
