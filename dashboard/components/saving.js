// What can be taken from a chart: its picture as PNG or SVG, its numbers as CSV or as a table.

import { SAMPLES, named, shape } from "./drawing.js";
import { make } from "./elements.js";

const TAKEN_ALONG = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight"];
const SHARPNESS = 2; // pixels a point

// The tools of `drawing`, whose chart they always take as it is shown.
export function chartTools(drawing, signal) {
  const tools = make("div", "chart-tools");
  const button = (name, what, act) => {
    const element = Object.assign(make("button", "", name), { type: "button" });
    element.setAttribute("aria-label", `Save ${what}`);
    element.addEventListener("click", act, { signal });
    return element;
  };
  const name = () => drawing.spec.file;
  const title = drawing.spec.title || drawing.spec.file;
  const table = make("details");
  table.append(make("summary", "", "Data table"));
  table.addEventListener("toggle", () => fill(table, drawing.spec), { signal });
  tools.append(
    make("span", "", "Save:"),
    button("PNG", `the chart “${title}” as PNG`, async () => save(`${name()}.png`, await png(drawing))),
    button("SVG", `the chart “${title}” as SVG`, () => save(`${name()}.svg`, new Blob([svg(drawing)], { type: "image/svg+xml" }))),
    button("CSV", `the data of “${title}” as CSV`, () => save(`${name()}.csv`, new Blob([csv(drawing.spec.columns)], { type: "text/csv" }))),
    table,
  );
  return tools;
}

function save(name, blob) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// ---- Pictures -----------------------------------------------------------------------------------

// The chart as a file of its own: what its styles say is written into it, on paper, under its title and legend.
export function svg(drawing) {
  const { svg: shown, width, spec } = drawing;
  const copy = shown.cloneNode(true);
  const [from, to] = [shown, copy].map((root) => [root, ...root.querySelectorAll("*")]);
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of TAKEN_ALONG) to[i].setAttribute(name, style.getPropertyValue(name));
    to[i].removeAttribute("class");
    to[i].removeAttribute("style");
  });
  const legend = legendOf(drawing);
  const above = 30 + 20 * legend.lines;
  const whole = { width, height: spec.height + above };
  const all = shape("g", { transform: `translate(0 ${above})` });
  all.append(...copy.childNodes);
  const style = getComputedStyle(drawing.root);
  const title = { x: 8, y: 20, fill: style.color, "font-family": style.fontFamily, "font-size": 15, "font-weight": 600 };
  const file = shape("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${whole.height}`, ...whole });
  const paper = shape("rect", { ...whole, fill: style.backgroundColor });
  const words = [shape("title", {}, spec.title), shape("desc", {}, spec.alt)];
  file.append(...words, paper, shape("text", title, spec.title), ...legend.shapes, all);
  return new XMLSerializer().serializeToString(file);
}

// The legend as shapes below the title, as many lines as it needs.
function legendOf(drawing) {
  const style = getComputedStyle(drawing.legendPlace);
  let [x, line] = [8, 0];
  const shapes = named(drawing.spec.layers).flatMap((layer) => {
    const wide = 34 + 7 * layer.name.length;
    if (x > 8 && x + wide > drawing.width) [x, line] = [8, line + 1];
    const place = shape("g", { transform: `translate(${x} ${32 + 20 * line})` });
    const sample = SAMPLES[layer.kind](layer);
    for (const name of ["fill", "stroke"]) {
      const found = sample.getAttribute(name);
      if (found?.startsWith("var(")) sample.setAttribute(name, shownColour(drawing, found));
    }
    place.append(sample, shape("text", { x: 28, y: 10, "font-size": 12, "font-family": style.fontFamily, fill: style.color }, layer.name));
    x += wide + 12;
    return [place];
  });
  return { shapes, lines: shapes.length ? line + 1 : 0 };
}

// What a colour of the panel's own comes to in the theme in view.
function shownColour(drawing, name) {
  const probe = make("span");
  probe.style.color = name;
  drawing.root.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

async function png(drawing) {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg(drawing))}`;
  await picture.decode();
  const canvas = Object.assign(document.createElement("canvas"), {
    width: SHARPNESS * picture.naturalWidth,
    height: SHARPNESS * picture.naturalHeight,
  });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

// ---- Numbers ------------------------------------------------------------------------------------

// Columns of one length as CSV, in full precision.
export function csv(columns) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const names = Object.keys(columns);
  const rows = columns[names[0]].map((_, i) => names.map((name) => cell(columns[name][i])).join(","));
  return [names.map(cell).join(","), ...rows].join("\r\n") + "\r\n";
}

function fill(table, spec) {
  table.querySelector(".data-table")?.remove();
  if (!table.open) return;
  const names = Object.keys(spec.columns);
  const place = make("div", "data-table");
  const grid = make("table");
  const head = make("tr");
  for (const name of names) head.append(Object.assign(make("th", "", name.replaceAll("_", " ")), { scope: "col" }));
  const rows = spec.columns[names[0]].map((_, i) => {
    const row = make("tr");
    for (const name of names) row.append(make("td", "figure", cellText(spec.columns[name][i])));
    return row;
  });
  const [above, body] = [make("thead"), make("tbody")];
  above.append(head);
  body.append(...rows);
  grid.append(above, body);
  place.tabIndex = 0;
  place.setAttribute("role", "region");
  place.setAttribute("aria-label", `Data of the chart ${spec.title}`);
  place.append(grid);
  table.append(place);
}

function cellText(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? String(Number(value.toPrecision(6))).replace("-", "−") : String(value);
}
