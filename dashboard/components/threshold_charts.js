// The charts of the Threshold page as data, and what lies over them: a line to drag, and dots on the curves.

import { shape } from "./drawing.js";
import { figuresAt, thresholdWritten, upWritten, worthBetween, worthWritten } from "./threshold_figures.js";
import { percent } from "./words.js";

const HEIGHT = 250;

// ---- Charts -------------------------------------------------------------------------------------

// Every figure at every threshold of the slider.
export function columnsOf(bands) {
  const thresholds = bands.level.map((_, i) => i / (bands.level.length - 1));
  const every = (values) => bands.level.map((level) => values[level]);
  const names = { right: "precision", caught: "recall", worth: "worth", against_always: "advantage" };
  const columns = { threshold: thresholds, calls: every(bands.calls) };
  for (const [name, key] of Object.entries(names)) {
    for (const [end, values] of [["", "estimate"], ["_low", "low"], ["_high", "high"]]) columns[name + end] = every(bands[key][values]);
  }
  return columns;
}

const COLUMNS = {
  value: ["threshold", "calls", "worth", "worth_low", "worth_high"],
  advantage: ["threshold", "calls", "against_always", "against_always_low", "against_always_high"],
  rates: ["threshold", "calls", "right", "right_low", "right_high", "caught", "caught_low", "caught_high"],
};

function chartOf(bands, columns, kind, { title, y, layers }) {
  const [low, high] = bands.axis;
  const own = { kind: "rule", name: kind === "rates" ? "" : "in use", x: bands.own, y: null, colour: "muted", dash: "dotted" };
  return {
    title,
    alt: title,
    file: `threshold_${kind}`,
    x: { label: "Decision threshold", low, high, kind: "number", decimals: 3 },
    y,
    layers: [...layers, own],
    columns: Object.fromEntries(COLUMNS[kind].map((name) => [name, columns[name]])),
    height: HEIGHT,
  };
}

function banded(bands, columns, name, [label, ofBand], colour, dash) {
  const here = columns.threshold.flatMap((x, i) => (x >= bands.axis[0] && x <= bands.axis[1] ? [i] : []));
  const part = (key) => here.map((i) => columns[key][i]);
  const x = part("threshold");
  return [
    { kind: "band", name: ofBand, x, low: part(`${name}_low`), high: part(`${name}_high`), colour },
    { kind: "line", name: label, x, y: part(name), colour, dash, width: 2.5 },
  ];
}

// A level line over the whole chart, named in the legend: on the chart its name would lie over the curves.
function across(bands, name, y, colour = "ink") {
  return { kind: "line", name, x: bands.axis, y: [y, y], colour, dash: "dotted", width: 1.5 };
}

// What the calls are worth, or (`view` is "advantage") what they add to calling every row.
export function worthChart(bands, columns, view) {
  const trade = bands.worth.kind === "trade";
  const always = `always ${upWritten(bands)}`;
  const unit = trade ? (view === "value" ? "bp a call" : "bp a row") : "cost per 100 rows";
  const [low, high] = bands.worth[`${view}_ends`];
  const y = { label: view === "value" || trade ? unit : "saved per 100 rows", low, high, kind: "number", decimals: bands.worth.decimals };
  if (view === "advantage") {
    const layers = banded(bands, columns, "against_always", ["the model", "95 % band"], "blue", "solid");
    return chartOf(bands, columns, view, { title: `Against always ${upWritten(bands)}`, y, layers: [...layers, across(bands, always, 0)] });
  }
  const layers = banded(bands, columns, "worth", ["the model", "95 % band"], "blue", "solid");
  const zero = trade ? [across(bands, "", 0, "muted")] : [];
  const title = trade ? "Value per call after costs" : "What errors cost";
  return chartOf(bands, columns, view, { title, y, layers: [...layers, ...zero, across(bands, `${always} ${worthWritten(bands, bands.worth.always)}`, bands.worth.always)] });
}

export function ratesChart(bands, columns) {
  const base = bands.positives / bands.n;
  const layers = [
    ...banded(bands, columns, "caught", [`${upWritten(bands)} caught`, ""], "vermillion", "dashed"),
    ...banded(bands, columns, "right", ["right when it calls", ""], "blue", "solid"),
    across(bands, `always ${upWritten(bands)} ${percent(base)}`, base),
  ];
  const y = { label: "share of rows, with 95 % bands", low: 0, high: 1, kind: "percent", decimals: 0 };
  return chartOf(bands, columns, "rates", { title: "Right when it calls, and caught", y, layers });
}

// What those who do not see the charts are told of them at a threshold.
export function altTexts(bands, found, view) {
  const at = `at ${thresholdWritten(bands, found.threshold)}`;
  const shown = view === "value" ? found.worth : found.advantage;
  const signed = view === "advantage" || bands.worth.kind === "trade";
  const worth = shown.value === null ? "too few rows" : worthWritten(bands, shown.value, signed);
  const between = shown.low === null ? "" : ` (95 % interval ${worthBetween(bands, shown, signed)})`;
  const what = view === "advantage" ? "Value against always calling" : bands.worth.kind === "trade" ? "Value per call after costs" : "Cost of errors per 100 rows";
  return [
    `${what}, against the threshold: ${worth}${between} ${at}; always calling: ${view === "advantage" ? "0" : worthWritten(bands, bands.worth.always)}.`,
    `Right when it calls and ${upWritten(bands)} caught, against the threshold: ${percent(found.precision.value)} and ${percent(found.recall.value)} ${at}; always calling is right on ${percent(bands.positives / bands.n)}.`,
  ];
}

// ---- What follows a hand ------------------------------------------------------------------------

// A line at the threshold and a dot for each of `colours`, made anew when the chart is and moved otherwise.
export class Marks {
  constructor(drawing, colours) {
    Object.assign(this, { drawing, colours });
  }

  renew() {
    const { box } = this.drawing;
    this.line = shape("g", { class: "handle" });
    const bottom = box.top + box.height;
    this.line.append(
      shape("path", { d: `M0 ${box.top}V${bottom}`, stroke: "var(--ink)", "stroke-width": 2 }),
      shape("circle", { cx: 0, cy: bottom, r: 7, fill: "var(--paper)", stroke: "var(--ink)", "stroke-width": 2 }),
    );
    this.dots = this.colours.map((name) => shape("circle", { r: 5, fill: `var(--${name})`, stroke: "var(--paper)", "stroke-width": 2 }));
    this.drawing.mark(this.line, ...this.dots);
  }

  // Beyond the ends of the chart nothing changes any more: there the line stays at its edge.
  place(threshold, values) {
    const { drawing } = this;
    const { low, high } = drawing.spec.x;
    const x = drawing.x(Math.min(Math.max(threshold, low), high));
    this.line.setAttribute("transform", `translate(${x} 0)`);
    values.forEach((value, i) => {
      this.dots[i].setAttribute("visibility", value === null ? "hidden" : "visible");
      if (value === null) return;
      this.dots[i].setAttribute("cx", x);
      this.dots[i].setAttribute("cy", drawing.y(value));
    });
  }
}

// Lets a pointer drag the threshold anywhere on a chart.
export function draggable(drawing, signal, { move, rest }) {
  const { svg } = drawing;
  let place = null;
  const follow = (event) => {
    const { low, high } = drawing.spec.x;
    const at = ((event.clientX - place.left) * drawing.width) / place.width - drawing.box.left;
    move(low + Math.min(Math.max(at / drawing.box.width, 0), 1) * (high - low));
  };
  const listen = (event, handle) => svg.addEventListener(event, handle, { signal });
  listen("pointerdown", (event) => {
    if (event.button !== 0) return;
    // Read once: nothing is measured while the pointer moves.
    place = svg.getBoundingClientRect();
    svg.setPointerCapture(event.pointerId);
    follow(event);
  });
  listen("pointermove", (event) => place && follow(event));
  for (const end of ["pointerup", "pointercancel"]) {
    listen(end, () => {
      if (place) rest();
      place = null;
    });
  }
}

export function valuesOn(bands, threshold, view) {
  const { worth, advantage, precision, recall } = figuresAt(bands, threshold);
  return { worth: [(view === "value" ? worth : advantage).value], rates: [recall.value, precision.value] };
}
