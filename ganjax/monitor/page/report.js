/* The page of a run, or of several over each other, from the JSON that stands in it. */

const told = JSON.parse(document.getElementById("data").textContent);
const several = told.runs.length > 1;
const view = { smooth: 0, axis: "steps", step: null, charts: [], choose: () => {} };
const GROUPS = ["Discriminator", "Generator", "Gradient norms", "Speed", "Measures", "Watch", "More"];
const HEADS = { name: "run", run: "seed" }, TALL = 10, MANY = 6;

const section = (title, ...parts) => make("section", {}, make("h2", {}, title), ...parts);
const scrolling = (table) => make("div", { class: "scroll", tabindex: 0 }, table);
const row = (cells, tag = "td") => make("tr", {}, ...cells.map((cell) => make(tag, {}, cell)));

function table(head, rows, kind = null) {
  return scrolling(make("table", { class: kind }, make("thead", {}, row(head, "th")), make("tbody", {}, ...rows.map((each) => row(each)))));
}

// ------------------------------------------------------------------------------------------------------------- samples

/** Pictures that follow one slider: of every run and direction the newest at the step, or its first. */
function samples() {
  const shown = told.runs.flatMap((run, i) => run.samples.map((strip) => ({ run, strip, i })));
  const steps = [...new Set(shown.flatMap(({ strip }) => strip.steps))].sort((a, b) => a - b);
  if (!steps.length) return section("Samples", make("p", { class: "soft" }, "There is no sample picture yet."));
  const figures = shown.map(frame);
  const slider = make("input", { type: "range", min: 0, max: steps.length - 1, step: 1, value: steps.length - 1, "aria-label": "step of the samples" });
  const said = make("output", { class: "step" }), play = make("button", { type: "button", class: "play" });
  const show = () => {
    view.step = steps[slider.value];
    const words = `step ${view.step.toLocaleString("en")}`;
    slider.setAttribute("aria-valuetext", words);
    said.textContent = `${words} (${Number(slider.value) + 1} of ${steps.length})`;
    figures.forEach((each) => each.show(view.step));
    view.charts.forEach((chart) => chart.mark());
  };
  player(play, slider, show);
  slider.addEventListener("input", show);
  view.choose = (step) => { slider.value = nearest(steps, step); show(); };
  show();
  const controls = make("div", { class: "controls" }, play, slider, said);
  controls.hidden = steps.length < 2;
  const pictures = make("div", { class: `pictures${several ? " beside" : ""}` }, ...figures.map((each) => each.root));
  return section("Samples", ...(several ? [controls, pictures] : [pictures, controls]));
}

function frame({ run, strip, i }) {
  const picture = make("img", { width: strip.size[0], height: strip.size[1] });
  picture.style.setProperty("--ratio", strip.size[0] / strip.size[1]);
  const way = strip.name && [...strip.name].join(" → "), words = [several ? run.name : "", way].filter(Boolean).join(", ");
  const caption = make("figcaption", {}, several ? make("span", { class: `swatch ${look(i)}` }) : null, words);
  const step = make("span", { class: "soft" });
  if (several) caption.append(step);
  const show = (asked) => {
    const place = Math.max(0, strip.steps.findLastIndex((each) => each <= asked)), at = strip.steps[place].toLocaleString("en");
    picture.src = strip.pictures[place];
    picture.alt = `samples of ${run.name}${way && `, ${way}`} at step ${at}`;
    step.textContent = `step ${at}`;
  };
  return { root: make("figure", {}, picture, words ? caption : null), show };
}

/** A button that moves the slider to its end, from the start where it is there already. */
function player(button, slider, show) {
  let timer = 0;
  const state = (playing) => {
    button.textContent = playing ? "❚❚" : "▶";
    button.setAttribute("aria-label", playing ? "pause" : "play");
  };
  const stop = () => { clearInterval(timer); timer = 0; state(false); };
  button.addEventListener("click", () => {
    if (timer) { stop(); return; }
    if (slider.value === slider.max) { slider.value = 0; show(); }
    state(true);
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      show();
      if (slider.value === slider.max) stop();
    }, 400);
  });
  slider.addEventListener("pointerdown", stop);
  slider.addEventListener("keydown", stop);
  state(false);
}

// -------------------------------------------------------------------------------------------------------------- curves

/** {group, label} of a metric; singular values have their layer for a group. */
function placed(name) {
  const [first, ...rest] = name.split("/"), label = rest.join("/") || name;
  const sigma = name.match(/^watch\/(.*)\/sigma(\d+)$/);
  if (sigma) return { group: `σ ${sigma[1]}`, label: `σ${sigma[2]}`, layer: true };
  if (name === "watch/apart") return { group: "Watch", label: "samples apart, of the data's" };
  if (name.endsWith("/gradient_norm")) return { group: "Gradient norms", label: first };
  if (/^eval\/(seconds|share_of_time)$/.test(name)) return { group: "More", label: name };
  const group = { disc: "Discriminator", gen: "Generator", speed: "Speed", eval: "Measures", watch: "Watch" }[first];
  return { group: group || "More", label: group ? label : name };
}

/** The size that most of a curve's values stay below. */
function size(curve) {
  const sizes = curve.values.filter((value) => value !== null).map(Math.abs).sort((a, b) => a - b);
  return sizes.length ? sizes[Math.floor(0.95 * (sizes.length - 1))] : 0;
}

/** Of a group, those that can be read on one axis are on: the loss, and what is not ten times as large. */
function choice(series) {
  series.sort((a, b) => (b.label === "loss") - (a.label === "loss"));
  const first = series.length ? size(series[0].curve) : 0;
  let on = 0;
  series.forEach((each, i) => {
    each.look = look(i);
    each.on = i === 0 || (on < MANY && (!first || size(each.curve) <= TALL * first));
    on += each.on;
  });
  return series;
}

function metrics() {
  const names = [...new Set(told.runs.flatMap((run) => Object.keys(run.curves)))].filter((name) => name !== "epoch");
  return names.map((name) => ({ name, ...placed(name) }));
}

/** {group: [chart, …]}: of one run a chart a group, of several a chart a metric. */
function charts() {
  const groups = new Map();
  for (const metric of metrics()) groups.set(metric.group, [...(groups.get(metric.group) || []), metric]);
  const found = new Map();
  for (const [group, members] of groups) {
    members.sort((a, b) => (b.label === "loss") - (a.label === "loss"));
    const made = several ? members.map(overlaid) : [alone(group, members)];
    found.set(group, { layer: members[0].layer, made });
  }
  return found;
}

function alone(group, members) {
  const run = told.runs[0];
  return new Chart(group, choice(members.map(({ name, label }) => ({ label, curve: run.curves[name] }))), view);
}

function overlaid({ name }) {
  const series = told.runs.map((run, i) => ({ label: run.name, look: look(i), run, curve: run.curves[name] }));
  const there = series.filter((each) => each.curve).map((each) => Object.defineProperty(each, "on", { get: () => each.run.on }));
  return new Chart(name, there, view, false);
}

function curves() {
  const groups = charts();
  if (!groups.size) return section("Curves", make("p", { class: "soft" }, "There is no line in the log yet."));
  const order = [...groups.keys()].filter((group) => !groups.get(group).layer).sort((a, b) => GROUPS.indexOf(a) - GROUPS.indexOf(b));
  const layers = [...groups.values()].filter((each) => each.layer).flatMap((each) => each.made.map((chart) => chart.root));
  const grid = (roots) => make("div", { class: several ? "charts small" : "charts" }, ...roots);
  const parts = several
    ? order.flatMap((group) => [make("h3", {}, group), grid(groups.get(group).made.map((chart) => chart.root))])
    : [grid(order.flatMap((group) => groups.get(group).made.map((chart) => chart.root)))];
  const folded = make("details", {}, make("summary", {}, `Singular values (${layers.length})`), grid(layers));
  return section("Curves", toolbar(), ...parts, layers.length ? folded : null);
}

function toolbar() {
  const smooth = make("input", { type: "range", min: 0, max: 0.99, step: 0.01, value: 0, "aria-label": "smoothing" });
  const said = make("output", {}, "0");
  smooth.addEventListener("input", () => { view.smooth = Number(smooth.value); said.textContent = smooth.value; redraw(); });
  const axis = make("select", { "aria-label": "horizontal axis" }, make("option", { value: "steps" }, "steps"), make("option", { value: "minutes" }, "minutes of training"));
  axis.addEventListener("change", () => { view.axis = axis.value; redraw(); });
  const bar = make("div", { class: "controls bar" }, make("label", {}, "smoothing ", smooth), said, make("label", {}, "over ", axis));
  if (several) bar.append(...told.runs.map(toggle));
  return bar;
}

function toggle(run, i) {
  const chip = make("button", { type: "button", class: "chip", "aria-pressed": true }, make("span", { class: `swatch ${look(i)}` }), run.name);
  chip.addEventListener("click", () => { run.on = !run.on; chip.setAttribute("aria-pressed", run.on); redraw(); });
  return chip;
}

const redraw = () => view.charts.forEach((chart) => chart.draw());

// --------------------------------------------------------------------------------------------------------------- words

const state = (run) => make("span", { class: `state ${run.status.state}` }, run.status.state);

function warnings() {
  const lines = told.runs.flatMap((run) => run.warnings.map((line) => (several ? `${run.name}: ${line}` : line)));
  if (!lines.length) return make("p", { class: "well" }, "Nothing to warn of.");
  return make("div", { class: "warnings" }, make("h2", {}, `Warnings (${lines.length})`), make("ul", {}, ...lines.map((line) => make("li", {}, line))));
}

function facts(run) {
  return make("dl", {}, ...run.facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function overview() {
  const names = [...new Set(told.runs.flatMap((run) => run.facts.map(([name]) => name)))];
  const rows = told.runs.map((run, i) => {
    const values = Object.fromEntries(run.facts);
    const name = make("span", {}, make("span", { class: `swatch ${look(i)}` }), make("b", {}, run.name));
    return [name, run.system, state(run), ...names.map((fact) => values[fact] || "")];
  });
  return section("Runs", table(["run", "system", "", ...names], rows, "runs"));
}

function measures() {
  const found = several ? told.measures : told.runs[0].measures;
  if (!found.length) return null;
  return section("Measures", ...found.flatMap((each) => {
    const keys = ["name", "step", "run", "truncation"].filter((key) => key === "step" || (key === "name" ? several : each.rows.some((one) => one[key])));
    const head = [...keys.map((key) => HEADS[key] || key), ...each.columns];
    const rows = each.rows.map((one) => [...keys.map((key) => String(one[key] ?? "")), ...one.values.map(number)]);
    const left = each.found > each.rows.length ? [`${each.rows.length} of ${each.found} measurements, evenly`] : [];
    return [make("h3", {}, each.title), table(head, rows, "numbers"), ...[...each.marks, ...left].map((mark) => make("p", { class: "soft" }, mark))];
  }));
}

function networks(run) {
  if (!run.networks.length) return null;
  return section("Networks", ...run.networks.map((network) => {
    const rows = network.layers.map(([path, output, params, count]) => [path, output, params, count.toLocaleString("en")]);
    const title = make("summary", {}, make("b", {}, network.name), ` ${network.kind} `, make("span", { class: "soft" }, `${network.count.toLocaleString("en")} parameters`));
    return make("details", {}, title, table(["layer", "makes", "parameters", "count"], rows, "layers"));
  }));
}

/** Settings by their section: what stands before the first dot. */
function settings(title, flat) {
  const parts = new Map();
  for (const [key, value] of Object.entries(flat)) {
    const dot = key.indexOf("."), first = dot < 0 ? "" : key.slice(0, dot);
    parts.set(first, [...(parts.get(first) || []), [key.slice(dot + 1), value]]);
  }
  const cards = [...parts].map(([name, rows]) => make("div", { class: "card" }, name ? make("h3", {}, name) : null,
    make("dl", {}, ...rows.flatMap(([key, value]) => [make("dt", {}, key), make("dd", {}, value)]))));
  return cards.length ? section(title, make("div", { class: "cards" }, ...cards)) : null;
}

function differences() {
  if (!told.differences.length) return section("Settings", make("p", { class: "soft" }, "The runs have the same settings and versions."));
  const head = ["", ...told.runs.map((run, i) => make("span", {}, make("span", { class: `swatch ${look(i)}` }), run.name))];
  return section("In what they differ", table(head, told.differences.map(([key, values]) => [make("b", {}, key), ...values.map((value) => value || "–")])));
}

function foot() {
  const notes = told.runs.flatMap((run) => run.notes.map((note) => (several ? `${run.name}: ${note}` : note)));
  return make("footer", {}, ...notes.map((note) => make("p", {}, note)), make("p", {}, `Written ${told.made} by ganjax ${told.version}. This page asks nobody for anything.`));
}

function page() {
  const main = document.getElementById("page"), run = told.runs[0];
  for (const each of told.runs) each.on = true;
  if (several) {
    main.append(make("header", {}, make("h1", {}, told.title)), warnings(), overview(), samples(), curves(), ...[measures(), differences(), foot()].filter(Boolean));
    return;
  }
  const side = make("aside", {}, warnings(), facts(run));
  main.append(make("header", {}, make("h1", {}, run.name), make("p", {}, run.system, " ", state(run))),
    make("div", { class: `first${run.samples.every((strip) => strip.size[0] < 1.3 * strip.size[1]) ? " tall" : ""}` }, samples(), side),
    ...[curves(), measures(), networks(run), settings("Settings", run.config), settings("Environment", run.environment), foot()].filter(Boolean));
}

page();
