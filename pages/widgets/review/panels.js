// What files in panels/ add to the desk. Each calls addPanel once, with any of
//   order: 20                               position among the others, from small to large
//   clip(lease, config, run)                returns an element below the title of a clip, or nothing; run("name") runs a command
//   alerts(lease, config)                   returns badges to show above the buttons, or nothing; see alerts.js
//   isSensitive(lease, config)              returns whether a video may be disturbing; it does not play by itself then
//   bar(view)                               returns an element for the bar above the clips; called once
//   update(view)                            called after each change of view.desk, view.clip or view.config
//   commands: { name: ["key", (view) => …] }  single keys
//   answered(item, data, desk)              called with the stored response to an action; item.kind is one of KINDS
// Texts, key names and data of a panel are declared in pages/components/review_panels.py, its styles in panels/*.css.
const panels = { all: [], keys: {}, commands: {} };

function addPanel(panel) {
  panels.all.push(panel);
  panels.all.sort((a, b) => a.order - b.order);
  for (const [name, [key, run]] of Object.entries(panel.commands ?? {})) {
    panels.keys[key] = name;
    panels.commands[name] = run;
  }
}
