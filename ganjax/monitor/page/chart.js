/* Curves over steps or minutes, drawn as SVG: gaps, a band of one std, a cursor with values, a logarithmic scale. */

const HEIGHT = 230, LEFT = 50, RIGHT = 12, TOP = 10, BOTTOM = 24, DOTS = 40, COLOURS = 8;

/** An element; attributes that are null are left out, children may be texts. Nothing is ever read as HTML. */
function make(tag, attributes = {}, ...children) {
  return dressed(document.createElement(tag), attributes, children);
}

function drawn(tag, attributes = {}, ...children) {
  return dressed(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function dressed(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A number in four digits. */
function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(2);
  return size >= 1e3 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(4)));
}

/** The mean of what came before, weighted down by `weight` from point to point; gaps stay gaps. */
function smoothed(values, weight) {
  let sum = 0, mass = 0;
  return weight === 0 ? values : values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + 1 - weight;
    return sum / mass;
  });
}

/** Round numbers between two others. */
function ticks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.7);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** Powers of ten between two numbers; their doubles and fives where there are few. */
function logTicks(low, high) {
  const found = [], far = Math.log10(high / low), every = Math.ceil(far / 6);
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    if (far >= 2 && power % every) continue;
    for (const digit of far < 2 ? [1, 2, 5] : [1]) {
      const tick = digit * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) found.push(tick);
    }
  }
  return found.length > 1 ? found : ticks(low, high, 5);
}

/** The place of the number nearest to `x` among rising ones. */
function nearest(xs, x) {
  let low = 0, high = xs.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle; else high = middle;
  }
  return Math.abs(xs[low] - x) <= Math.abs(xs[high] - x) ? low : high;
}

/** A line through points, interrupted where a y is null. */
function lineThrough(xs, ys) {
  let path = "", down = false;
  xs.forEach((x, i) => {
    if (ys[i] !== null) path += `${down ? "L" : "M"}${x.toFixed(1)} ${ys[i].toFixed(1)}`;
    down = ys[i] !== null;
  });
  return path;
}

/** The area between two lines, interrupted where they are. */
function areaBetween(xs, uppers, lowers) {
  let path = "", from = 0;
  for (let i = 0; i <= xs.length; i += 1) {
    if (i < xs.length && uppers[i] !== null && lowers[i] !== null) continue;
    if (i - from > 1) {
      const there = xs.slice(from, i).map((x, k) => `${x.toFixed(1)} ${uppers[from + k].toFixed(1)}`);
      const back = xs.slice(from, i).map((x, k) => `${x.toFixed(1)} ${lowers[from + k].toFixed(1)}`).reverse();
      path += `M${there.concat(back).join("L")}Z`;
    }
    from = i + 1;
  }
  return path;
}

/**
 * One chart. `series` are {label, look, curve: {steps, minutes, values, spread}, on}; `view` is what all charts of the page
 * share: {smooth, axis, step, charts, choose}.
 */
class Chart {
  constructor(title, series, view, legend = true) {
    Object.assign(this, { title, series, view, log: false, at: null });
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => { this.log = box.checked; this.draw(); });
    this.svg = drawn("svg", { height: HEIGHT, tabindex: 0, role: "img", "aria-label": `curves of ${title}` });
    this.tip = make("div", { class: "tip", role: "status", hidden: "" });
    this.legend = make("div", { class: "legend" });
    this.note = make("span", { class: "soft" });
    this.root = make("figure", { class: "chart" },
      make("figcaption", {}, make("strong", {}, title), this.note, make("label", {}, box, " log")),
      make("div", { class: "plot" }, this.svg, this.tip), legend ? this.legend : null);
    if (legend) this.chips();
    this.listen();
    view.charts.push(this);
    new ResizeObserver(() => this.draw()).observe(this.svg);
  }

  /** The names of the curves, each a button that shows or hides its own. */
  chips() {
    for (const each of this.series) {
      const last = each.curve.values.findLast((value) => value !== null);
      const chip = make("button", { type: "button", "aria-pressed": each.on, class: "chip" },
        make("span", { class: `swatch ${each.look}` }), each.label, make("span", { class: "soft" }, number(last)));
      chip.addEventListener("click", () => {
        each.on = !each.on;
        chip.setAttribute("aria-pressed", each.on);
        this.draw();
      });
      this.legend.append(chip);
    }
  }

  listen() {
    this.svg.addEventListener("pointermove", (event) => this.point(event.clientX));
    this.svg.addEventListener("pointerdown", (event) => { this.point(event.clientX); this.choose(); });
    this.svg.addEventListener("pointerleave", () => this.hide());
    this.svg.addEventListener("blur", () => this.hide());
    this.svg.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") this.hide();
      if (event.key === "Enter") this.choose();
      if (!way || !this.longest) return;
      event.preventDefault();
      const xs = this.longest.xs, now = this.at === null ? xs.length - 1 - way : nearest(xs, this.at);
      this.show(xs[Math.min(xs.length - 1, Math.max(0, now + way))]);
    });
  }

  /** Sets the page's slider to the cursor. */
  choose() {
    if (this.at === null) return;
    const curve = this.longest.curve;
    this.view.choose(curve.steps[nearest(curve[this.view.axis], this.at)]);
  }

  /** What is seen: the curves that are on, smoothed, in the axes' numbers. */
  seen() {
    const logarithm = (y) => (y === null || (this.log && y <= 0) ? null : y);
    return this.series.filter((each) => each.on && each.curve.values.length).map((each) => {
      const { values, spread } = each.curve;
      const ys = smoothed(values, this.view.smooth), std = smoothed(spread, this.view.smooth);
      const moved = (sign) => (spread.length ? ys.map((y, i) => logarithm(y === null || std[i] === null ? null : y + sign * std[i])) : []);
      const xs = each.curve[this.view.axis];
      return { ...each, xs, raw: values.map(logarithm), ys: ys.map(logarithm), std, upper: moved(1), lower: moved(-1) };
    });
  }

  draw() {
    const width = this.svg.clientWidth;
    if (!width) return;
    this.width = width;
    this.seenNow = this.seen();
    this.longest = this.seenNow.reduce((a, b) => (a && a.xs.length >= b.xs.length ? a : b), null);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.svg.replaceChildren();
    this.reach();
    this.axes();
    for (const each of this.seenNow) this.curve(each);
    this.marker = drawn("line", { class: "marker", y1: TOP, y2: HEIGHT - BOTTOM });
    this.cursor = drawn("g", { class: "cursor" });
    this.svg.append(this.marker, this.cursor);
    this.mark();
    this.hide();
  }

  /** How far both axes go, and from numbers to pixels. */
  reach() {
    const xs = this.seenNow.flatMap((each) => (each.xs.length ? [each.xs[0], each.xs[each.xs.length - 1]] : []));
    const ys = this.seenNow.flatMap((each) => [each.ys, each.upper, each.lower].flat()).filter((y) => y !== null);
    const range = (values) => values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
    const scale = this.log ? Math.log10 : (y) => y, back = this.log ? (y) => 10 ** y : (y) => y;
    this.empty = ys.length === 0;
    const [x0, x1] = this.empty ? [0, 1] : range(xs), [low, high] = this.empty ? [0, 1] : range(ys).map(scale);
    const room = (high - low) * 0.05 || Math.abs(low) * 0.05 || 0.5;
    this.ys = [back(low - room), back(high + room)];
    this.xs = x1 > x0 ? [x0, x1] : [x0 - 1, x0 + 1];
    this.px = (x) => LEFT + ((x - this.xs[0]) / (this.xs[1] - this.xs[0])) * (this.width - LEFT - RIGHT);
    this.py = (y) => (y === null ? null : TOP + ((high + room - scale(y)) / (high - low + 2 * room)) * (HEIGHT - TOP - BOTTOM));
    const hidden = this.log && this.seenNow.some((each) => each.curve.values.some((y) => y !== null && y <= 0));
    this.note.textContent = hidden ? "what is not above 0 is not drawn" : "";
  }

  axes() {
    const right = this.width - RIGHT, bottom = HEIGHT - BOTTOM;
    if (this.empty) {
      this.svg.append(drawn("text", { x: (LEFT + right) / 2, y: HEIGHT / 2, "text-anchor": "middle" }, "nothing to show"));
      return;
    }
    for (const y of this.log ? logTicks(...this.ys) : ticks(...this.ys, 5)) {
      this.svg.append(drawn("line", { class: "grid", x1: LEFT, x2: right, y1: this.py(y), y2: this.py(y) }),
        drawn("text", { x: LEFT - 6, y: this.py(y) + 3.5, "text-anchor": "end" }, number(y)));
    }
    for (const x of ticks(...this.xs, Math.max(2, Math.floor(this.width / 110)))) {
      if (this.view.axis === "steps" && !Number.isInteger(x)) continue;
      const end = this.px(x) > right - 16;
      this.svg.append(drawn("line", { class: "grid", x1: this.px(x), x2: this.px(x), y1: TOP, y2: bottom }),
        drawn("text", { x: end ? right : this.px(x), y: HEIGHT - 7, "text-anchor": end ? "end" : "middle" }, x === 0 ? "0" : number(x)));
    }
  }

  curve(each) {
    const xs = each.xs.map(this.px), ys = each.ys.map(this.py);
    if (each.upper.length) this.svg.append(drawn("path", { class: `band ${each.look}`, d: areaBetween(xs, each.upper.map(this.py), each.lower.map(this.py)) }));
    if (this.view.smooth) {
      const inside = (y) => (y === null ? null : Math.min(HEIGHT - BOTTOM, Math.max(TOP, y)));
      this.svg.append(drawn("path", { class: `line raw ${each.look}`, d: lineThrough(xs, each.raw.map(this.py).map(inside)) }));
    }
    this.svg.append(drawn("path", { class: `line ${each.look}`, d: lineThrough(xs, ys) }));
    const few = !this.view.smooth && this.longest.xs.length <= DOTS, none = (i) => ys[i] === null || ys[i] === undefined;
    xs.forEach((x, i) => {
      if (!none(i) && (few || (none(i - 1) && none(i + 1)))) this.svg.append(drawn("circle", { class: `dot ${each.look}`, cx: x, cy: ys[i], r: 2 }));
    });
  }

  /** A line at the step that the page's slider shows. */
  mark() {
    if (!this.marker) return;
    const curve = this.longest && this.longest.curve, step = this.view.step;
    const x = curve && step !== null && !this.empty ? curve[this.view.axis][nearest(curve.steps, step)] : NaN;
    const there = x >= this.xs[0] && x <= this.xs[1];
    this.marker.classList.toggle("away", !there);
    if (there) for (const end of ["x1", "x2"]) this.marker.setAttribute(end, this.px(x));
  }

  point(clientX) {
    if (this.empty || !this.longest) return;
    const x = clientX - this.svg.getBoundingClientRect().left;
    this.show(this.xs[0] + ((x - LEFT) / (this.width - LEFT - RIGHT)) * (this.xs[1] - this.xs[0]));
  }

  /** The values nearest to x. */
  show(x) {
    const xs = this.longest.xs, at = this.longest.curve.steps[nearest(xs, x)];
    this.at = xs[nearest(xs, x)];
    this.cursor.replaceChildren(drawn("line", { x1: this.px(this.at), x2: this.px(this.at), y1: TOP, y2: HEIGHT - BOTTOM }));
    const rows = this.seenNow.map((each) => {
      const i = nearest(each.xs, this.at), std = each.std.length && each.std[i] !== null ? ` ± ${number(each.std[i])}` : "";
      const far = Math.abs(this.px(each.xs[i]) - this.px(this.at)) > 24, y = far ? null : each.ys[i];
      if (y !== null) this.cursor.append(drawn("circle", { class: `dot ${each.look}`, cx: this.px(each.xs[i]), cy: this.py(y), r: 4 }));
      return make("div", { class: "row" }, make("span", { class: `swatch ${each.look}` }), make("span", {}, each.label), make("b", {}, number(y) + (y === null ? "" : std)));
    });
    const where = this.view.axis === "steps" ? `step ${at.toLocaleString("en")}` : `minute ${number(this.at)}, step ${at.toLocaleString("en")}`;
    this.tip.replaceChildren(make("div", { class: "soft" }, where), ...rows);
    this.tip.hidden = false;
    const left = this.px(this.at), over = left > this.width / 2;
    this.tip.style.left = over ? "" : `${left + 10}px`;
    this.tip.style.right = over ? `${this.width - left + 10}px` : "";
  }

  hide() {
    this.at = null;
    this.tip.hidden = true;
    if (this.cursor) this.cursor.replaceChildren();
  }
}

/** The class of the i-th curve: a colour, and beyond the last one dashes. */
function look(i) {
  return `c${i % COLOURS}${i >= COLOURS ? " dashed" : ""}`;
}
