// Charts as SVG: axes, the layers a chart is made of, and marks that follow a hand without drawing all of it anew.
//
// A chart is data, as `training.panels.drawing.Chart` writes it. Colours are names of the panel's own; see base.css.

import { make } from "./elements.js";
import { number } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const DASHES = { solid: "", dashed: "6 4", dotted: "2 3" };
// What keeps words readable where they lie over lines.
export const HALO = { stroke: "var(--paper)", "stroke-width": 3, "paint-order": "stroke", "stroke-linejoin": "round" };
const ROOM = { top: 10, right: 12, bottom: 38, left: 48 };

export function shape(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== "" && value !== null) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const colour = (name) => `var(--${name})`;
const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);

// ---- Axes ---------------------------------------------------------------------------------------

// About `count` round numbers from `low` to `high`, without fractions where there can be none.
export function ticks(low, high, count, whole = false) {
  const rough = Math.max((high - low) / Math.max(count, 1), whole ? 1 : 0);
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = whole && power === 1 ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10];
  const step = power * (round.find((one) => one * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // One or two numbers are no scale.
  if (last - first < 2 && count < 20) return ticks(low, high, 1.5 * Math.max(count, 1), whole);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

// A value the way an axis writes it; `more` decimals where a reader points at it.
export function axisText(axis, value, more = 0) {
  if (axis.kind === "percent") return `${number(100 * value, axis.decimals + more)}\u00a0%`;
  return number(value, axis.decimals + more);
}

// Fewest decimals that tell ticks apart.
function tickTexts(axis, values) {
  for (let decimals = 0; decimals < 8; decimals++) {
    const texts = values.map((value) => axisText({ ...axis, decimals }, value));
    const exact = values.every((value) => {
      const scaled = (axis.kind === "percent" ? 100 : 1) * value * 10 ** decimals;
      return Math.abs(scaled - Math.round(scaled)) < 1e-6;
    });
    if (exact && new Set(texts).size === texts.length) return texts;
  }
  return values.map((value) => axisText(axis, value));
}

// ---- Layers -------------------------------------------------------------------------------------

// A path through points; a value that is not known breaks it.
function path(xs, ys) {
  let drawing = "";
  let pen = "M";
  xs.forEach((x, i) => {
    if (!known(ys[i])) return (pen = "M");
    drawing += `${pen}${x.toFixed(1)} ${ys[i].toFixed(1)}`;
    pen = "L";
  });
  return drawing;
}

const LAYERS = {
  shade({ low, high }, { x, box }) {
    const [from, to] = [x(low), x(high)];
    return [shape("rect", { x: from, y: box.top, width: Math.max(0, to - from), height: box.height, fill: colour("muted"), opacity: 0.13 })];
  },

  line({ x: xs, y: ys, colour: name, dash, width }, { x, y }) {
    const d = path(xs.map(x), ys.map((value) => (known(value) ? y(value) : null)));
    return [shape("path", { d, fill: "none", stroke: colour(name), "stroke-width": width, "stroke-dasharray": DASHES[dash], "stroke-linejoin": "round" })];
  },

  band({ x: xs, low, high, colour: name }, { x, y }) {
    const parts = [];
    let part = [];
    xs.forEach((value, i) => {
      if (known(low[i]) && known(high[i])) part.push(i);
      else part = part.length ? (parts.push(part), []) : part;
    });
    if (part.length) parts.push(part);
    const d = parts.map((those) => {
      const there = those.map((i) => `${x(xs[i]).toFixed(1)} ${y(high[i]).toFixed(1)}`);
      const back = those.map((i) => `${x(xs[i]).toFixed(1)} ${y(low[i]).toFixed(1)}`).reverse();
      return `M${[...there, ...back].join("L")}Z`;
    });
    return [shape("path", { d: d.join(""), fill: colour(name), opacity: 0.18 })];
  },

  bars({ edges, heights, colour: name, share }, { x, box }) {
    const most = Math.max(1e-300, ...heights);
    const bottom = box.top + box.height;
    const d = heights.map((height, i) => {
      const [from, to] = [x(edges[i]), x(edges[i + 1])];
      if (!(height > 0) || to <= box.left || from >= box.left + box.width) return "";
      const [left, right] = [Math.max(from, box.left), Math.min(to, box.left + box.width)];
      return `M${left.toFixed(1)} ${bottom}V${(bottom - (share * box.height * height) / most).toFixed(1)}H${(right - (right - left > 3 ? 1 : 0)).toFixed(1)}V${bottom}Z`;
    });
    return [shape("path", { d: d.join(""), fill: colour(name), opacity: 0.45 })];
  },

  dots({ x: xs, y: ys, low, high, colour: name }, { x, y }) {
    return xs.flatMap((value, i) => {
      if (!known(ys[i])) return [];
      const at = { cx: x(value), cy: y(ys[i]), r: 4, fill: colour(name), stroke: colour("paper"), "stroke-width": 1.5 };
      const there = low && known(low[i]) && known(high[i]);
      const whisker = there ? [shape("path", { d: `M${at.cx} ${y(low[i])}V${y(high[i])}`, stroke: colour(name), "stroke-width": 1.5 })] : [];
      return [...whisker, shape("circle", at)];
    });
  },

  rule({ name, x: across, y: along, colour: tone, dash, side, below }, { x, y, box }) {
    const vertical = known(across);
    const at = vertical ? x(across) : y(along);
    const d = vertical ? `M${at} ${box.top}V${box.top + box.height}` : `M${box.left} ${at}H${box.left + box.width}`;
    const rule = shape("path", { d, stroke: colour(tone), "stroke-width": 1.5, "stroke-dasharray": DASHES[dash] });
    const fill = colour(tone === "vermillion" ? "vermillion-text" : tone);
    // A vertical line is named beside its upper end, a horizontal one at its right end or left, where there is room.
    const toLeft = vertical ? at > box.left + box.width / 2 : side !== "left";
    const place = vertical
      ? { x: at + (toLeft ? -6 : 6), y: box.top + 11 }
      : { x: toLeft ? box.left + box.width - 4 : box.left + 6, y: below || at < box.top + 20 ? at + 15 : at - 6 };
    const anchor = { "text-anchor": toLeft ? "end" : "start" };
    return name ? [rule, shape("text", { ...place, ...anchor, ...HALO, class: "named", style: `fill: ${fill}` }, name)] : [rule];
  },

  // A grid of values as a picture of one pixel a cell; `values[row][column]`, the lowest row first, from 0 to 1.
  heat({ x: [left, right], y: [low, high], values }, { x, y }) {
    const canvas = Object.assign(document.createElement("canvas"), { width: values[0].length, height: values.length });
    const context = canvas.getContext("2d");
    values.forEach((row, j) =>
      row.forEach((value, i) => {
        if (value === null) return;
        const { fill, opacity } = heatTone(value);
        Object.assign(context, { fillStyle: fill, globalAlpha: opacity });
        context.fillRect(i, values.length - 1 - j, 1, 1);
      }),
    );
    const place = { x: x(left), y: y(high), width: x(right) - x(left), height: y(low) - y(high) };
    return [shape("image", { ...place, href: canvas.toDataURL(), preserveAspectRatio: "none" })];
  },

  contour({ lines, colour: name }, { x, y }) {
    const d = lines.map((points) => path(points.map(([at]) => x(at)), points.map(([, at]) => y(at))));
    return [shape("path", { d: d.join(""), fill: "none", stroke: colour(name), "stroke-width": 2, "stroke-dasharray": DASHES.dashed })];
  },

  // A few letters over a place.
  label({ x: across, y: along, text }, { x, y, box }) {
    const at = clamp(x(across), box.left + 8, box.left + box.width - 8);
    return [shape("text", { x: at, y: y(along) + 4, "text-anchor": "middle", ...HALO, class: "named ink" }, text)];
  },

  // Many small marks; their form tells two kinds apart, not their colour alone.
  scatter({ x: xs, y: ys, form, colour: name }, { x, y, box }) {
    const d = xs.map((value, i) => {
      const [cx, cy] = [x(value), y(ys[i])];
      if (cx < box.left || cx > box.left + box.width || cy < box.top || cy > box.top + box.height) return "";
      return form === "triangle" ? `M${cx - 3} ${cy + 2.6}L${cx + 3} ${cy + 2.6}L${cx} ${cy - 2.8}Z` : `M${cx - 2.4} ${cy}a2.4 2.4 0 1 0 4.8 0a2.4 2.4 0 1 0 -4.8 0Z`;
    });
    const filled = form === "triangle";
    return [shape("path", { d: d.join(""), fill: filled ? colour(name) : "none", stroke: colour(name), "stroke-width": 1, opacity: 0.75 })];
  },
};

// From vermillion (0) to blue (1); at 0.5 neither, so that the paper shows.
function heatTone(value) {
  return { fill: value < 0.5 ? "#d55e00" : "#0072b2", opacity: 0.85 * Math.min(1, Math.abs(value - 0.5) * 2) };
}

// ---- The legend ---------------------------------------------------------------------------------

// A sample of each kind of layer, in a box of 22 by 10.
export const SAMPLES = {
  line: ({ colour: name, dash, width }) => shape("path", { d: "M0 5H22", stroke: colour(name), "stroke-width": width, "stroke-dasharray": DASHES[dash] }),
  contour: ({ colour: name }) => shape("path", { d: "M0 5H22", stroke: colour(name), "stroke-width": 2, "stroke-dasharray": DASHES.dashed }),
  band: ({ colour: name }) => shape("rect", { x: 0, y: 0, width: 22, height: 10, fill: colour(name), opacity: 0.25 }),
  heat: () => {
    const sample = shape("g", {});
    sample.append(...[0, 0.25, 0.5, 0.75, 1].map((value, i) => shape("rect", { x: 4.4 * i, y: 0, width: 4.4, height: 10, ...heatTone(value) })));
    return sample;
  },
  bars: ({ colour: name }) => shape("rect", { x: 4, y: 0, width: 12, height: 10, fill: colour(name), opacity: 0.5 }),
  shade: () => shape("rect", { x: 0, y: 0, width: 22, height: 10, fill: colour("muted"), opacity: 0.2 }),
  dots: ({ colour: name }) => shape("circle", { cx: 11, cy: 5, r: 4, fill: colour(name) }),
  scatter: ({ colour: name, form }) =>
    form === "triangle"
      ? shape("path", { d: "M7 9L15 9L11 1Z", fill: colour(name) })
      : shape("circle", { cx: 11, cy: 5, r: 3.5, fill: "none", stroke: colour(name) }),
};

// The layers a legend names; a rule is named on the chart itself.
export function named(layers) {
  return layers.filter((layer) => layer.name && layer.kind in SAMPLES);
}

function legend(layers) {
  const list = make("div", "legend");
  for (const layer of named(layers)) {
    const entry = make("span");
    const sample = shape("svg", { viewBox: "0 0 22 10", "aria-hidden": "true" });
    sample.append(SAMPLES[layer.kind](layer));
    entry.append(sample, layer.name);
    list.append(entry);
  }
  return list;
}

// ---- The chart ----------------------------------------------------------------------------------

export class Drawing {
  // Draws into `root`, and again whenever its width changes; `redrawn()` is called after each time.
  constructor(root, signal, redrawn = () => {}) {
    this.root = root;
    this.redrawn = redrawn;
    this.caption = make("figcaption");
    this.legendPlace = make("div");
    this.frame = make("div", "drawn");
    this.svg = shape("svg", { role: "img" });
    this.frame.append(this.svg);
    this.root.classList.add("chart");
    this.root.replaceChildren(this.caption, this.legendPlace, this.frame);
    const watch = new ResizeObserver(() => this.spec && this.root.clientWidth !== this.width && this.draw(this.spec));
    watch.observe(this.root);
    signal.addEventListener("abort", () => watch.disconnect());
  }

  draw(spec) {
    this.spec = spec;
    this.width = Math.max(200, this.root.clientWidth || 600);
    const { height, x, y } = spec;
    const box = { left: y.kind === "none" ? 6 : ROOM.left, top: y.label ? ROOM.top + 14 : ROOM.top };
    Object.assign(box, { width: this.width - box.left - ROOM.right, height: height - box.top - ROOM.bottom });
    this.box = box;
    this.x = (value) => box.left + (box.width * (value - x.low)) / (x.high - x.low);
    this.y = (value) => box.top + box.height * (1 - (clamp(value, y.low, y.high) - y.low) / (y.high - y.low));
    this.caption.textContent = spec.title;
    this.caption.hidden = !spec.title;
    this.legendPlace.replaceChildren(legend(spec.layers));
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.svg.setAttribute("height", height);
    this.describe(spec.alt);
    this.over = shape("g", {});
    const layers = spec.layers.flatMap((layer) => LAYERS[layer.kind](layer, this));
    const inside = shape("g", {});
    inside.append(...layers);
    this.svg.replaceChildren(...this.axes(), inside, this.over);
    this.redrawn();
  }

  // What those who do not see the chart are told.
  describe(text) {
    if (this.svg.getAttribute("aria-label") !== text) this.svg.setAttribute("aria-label", text);
  }

  // Replace what lies over the layers: the marks that follow a hand.
  mark(...shapes) {
    this.over.replaceChildren(...shapes);
  }

  // The value on the horizontal axis under a pointer.
  valueAt(event) {
    return this.valuesAt(event)[0];
  }

  // The values on both axes under a pointer; `place` is where the picture is, for whoever knows already.
  valuesAt(event, place = this.svg.getBoundingClientRect()) {
    const { box, spec: { x, y } } = this;
    const scale = this.width / place.width;
    const across = ((event.clientX - place.left) * scale - box.left) / box.width;
    const along = 1 - ((event.clientY - place.top) * scale - box.top) / box.height;
    return [clamp(x.low + across * (x.high - x.low), x.low, x.high), clamp(y.low + along * (y.high - y.low), y.low, y.high)];
  }

  axes() {
    const { box, spec } = this;
    const bottom = box.top + box.height;
    const counted = ({ kind, decimals, low, high }) => kind !== "percent" && decimals === 0 && high - low >= 2;
    const across = ticks(spec.x.low, spec.x.high, box.width / 75, counted(spec.x));
    const along = ticks(spec.y.low, spec.y.high, box.height / 48, counted(spec.y));
    const texts = tickTexts(spec.x, across);
    const shapes = along.flatMap((value, i) => [
      shape("path", { d: `M${box.left} ${this.y(value)}H${box.left + box.width}`, class: "grid" }),
      ...(spec.y.kind === "none" ? [] : [shape("text", { x: box.left - 6, y: this.y(value) + 4, "text-anchor": "end" }, tickTexts(spec.y, along)[i])]),
    ]);
    shapes.push(shape("path", { d: `M${box.left} ${bottom}H${box.left + box.width}`, stroke: colour("muted"), opacity: 0.6 }));
    across.forEach((value, i) => {
      // A text that would reach beyond the chart is anchored at its edge.
      const at = this.x(value);
      const anchor = at > box.left + box.width - 14 ? "end" : "middle";
      shapes.push(shape("text", { x: anchor === "end" ? box.left + box.width + ROOM.right : at, y: bottom + 16, "text-anchor": anchor }, texts[i]));
    });
    shapes.push(shape("text", { x: box.left + box.width / 2, y: bottom + 33, "text-anchor": "middle" }, spec.x.label));
    if (spec.y.label) shapes.push(shape("text", { x: 0, y: 10, "text-anchor": "start" }, spec.y.label));
    return shapes;
  }
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
