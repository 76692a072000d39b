// Result of machine review.
const SENSITIVE_LABELS = ["porn", "terrorism", "terrorism-live"];

addPanel({
  order: 20,
  clip({ machine }, { words, names }) {
    if (!machine?.available || !machine.suggestion) return null;
    const found = machine.labels.filter((label) => label !== "normal");
    const said = names[`suggestion.${machine.suggestion}`] ?? machine.suggestion;
    const labels = found.map((label) => names[`module.${label}`] ?? label);
    return make("p", `machine ${machine.suggestion}`, `${words.machine}: ${[said, ...labels].join(" · ")}`);
  },
  alerts({ machine }, { words, names }) {
    if (!machine?.available || !machine.suggestion || machine.suggestion === "pass") return [];
    const said = names[`suggestion.${machine.suggestion}`] ?? machine.suggestion;
    return { text: `${words.machine} · ${said}`, box: ".machine", tone: machine.suggestion === "block" ? "bad" : "" };
  },
  isSensitive({ machine }) {
    const isSuspect = machine?.available && machine.suggestion && machine.suggestion !== "pass";
    return Boolean(isSuspect && machine.labels.some((label) => SENSITIVE_LABELS.includes(label)));
  },
});
