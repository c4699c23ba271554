// What a chart says of the place a pointer or a finger is at: the row of its columns nearest to it.

import { axisText } from "./drawing.js";
import { make } from "./elements.js";

export function pointing(drawing, signal) {
  const tip = make("div", "tip");
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  drawing.frame.append(tip);
  const listen = (event, handle) => drawing.svg.addEventListener(event, handle, { signal });
  listen("pointermove", (event) => show(drawing, tip, event));
  listen("pointerleave", () => (tip.hidden = true));
}

function show(drawing, tip, event) {
  const { columns, x, y } = drawing.spec;
  const [first, ...others] = Object.keys(columns);
  const at = columns[first];
  if (!at?.length || typeof at[0] !== "number") return;
  const value = drawing.valueAt(event);
  const nearest = at.reduce((best, one, i) => (Math.abs(one - value) < Math.abs(at[best] - value) ? i : best), 0);
  const lines = others.map((name) => [name, columns[name][nearest]]).filter(([, found]) => found !== null);
  tip.replaceChildren(
    make("b", "", `${x.label} ${axisText(x, at[nearest])}`),
    ...lines.map(([name, found]) => make("div", "", `${name.replaceAll("_", " ")} ${said(y, found)}`)),
  );
  tip.hidden = false;
  const place = drawing.frame.getBoundingClientRect();
  const left = event.clientX - place.left;
  tip.style.top = "0";
  tip.style.left = left > place.width / 2 ? "auto" : `${left + 14}px`;
  tip.style.right = left > place.width / 2 ? `${place.width - left + 14}px` : "auto";
}

function said(axis, value) {
  if (typeof value !== "number") return String(value);
  // Counts among shares are written as they are.
  return Number.isInteger(value) && Math.abs(value) > 1 ? value.toLocaleString("en") : axisText(axis, value, 1);
}
