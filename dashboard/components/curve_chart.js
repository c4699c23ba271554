// The chart of Curve: drawn once, with a point on it that follows a hand.

import { Drawing, HALO, axisText, shape } from "./drawing.js";
import { make, write } from "./elements.js";
import { pointing } from "./pointing.js";
import { percent } from "./words.js";

const TEXT_ROOM = 70; // pixels beside the point that its text needs

const STILL = 8; // pixels that a finger moves without meaning to

// How far a pointer has gone since it came down, across and along.
function gone({ x, y }, event) {
  return [Math.abs(event.clientX - x), Math.abs(event.clientY - y)];
}

// The probability in the middle of the cell of a map that holds a point.
export function cellAt({ x, y, layers, columns }, [across, along]) {
  const cells = layers.find((layer) => layer.kind === "heat").values;
  const [rows, width] = [cells.length, cells[0].length];
  const index = (axis, value, count) => Math.min(count - 1, Math.max(0, Math.floor((count * (value - axis.low)) / (axis.high - axis.low))));
  return columns.probability[index(y, along, rows) * width + index(x, across, width)];
}

// A chart with the point that follows; `on.move(values)` and `on.rest()` hear of a hand that drags on it.
export class FollowedChart {
  constructor(signal, kind, on) {
    Object.assign(this, { signal, on, drag: null });
    this.element = make("figure", kind);
    this.drawing = new Drawing(this.element, signal, () => this.mark());
    this.listen();
    if (kind === "map") this.tip();
    else pointing(this.drawing, signal);
  }

  show(spec) {
    const said = JSON.stringify(spec);
    if (said === this.said) return false;
    this.said = said;
    this.drawing.draw(spec);
    return true;
  }

  // The shapes of the point, at the place it had.
  mark() {
    const { top, left, width, height } = this.drawing.box;
    const faint = { stroke: "var(--ink)", opacity: 0.5 };
    this.upright = shape("path", { d: `M0 ${top}V${top + height}`, ...faint });
    this.level = shape("path", { d: this.element.className.includes("map") ? `M${left} 0H${left + width}` : "", ...faint });
    this.dot = shape("circle", { r: 7, fill: "var(--blue)", stroke: "var(--paper)", "stroke-width": 3 });
    this.text = shape("text", { ...HALO, class: "point-text ink" });
    this.drawing.mark(this.upright, this.level, this.dot, this.text);
    if (this.at) this.follow(this.at);
  }

  // Put the point at a place on both axes, with its text.
  follow(at) {
    this.at = at;
    const [x, y] = [this.drawing.x(at.x), this.drawing.y(at.y)];
    const { toLeft, above } = this.sideOfText(x, y);
    this.upright.setAttribute("transform", `translate(${x.toFixed(1)} 0)`);
    this.level.setAttribute("transform", `translate(0 ${y.toFixed(1)})`);
    this.dot.setAttribute("cx", x.toFixed(1));
    this.dot.setAttribute("cy", y.toFixed(1));
    this.text.setAttribute("x", (x + (toLeft ? -13 : 13)).toFixed(1));
    this.text.setAttribute("y", (above ? y - 12 : y + 24).toFixed(1));
    this.text.setAttribute("text-anchor", toLeft ? "end" : "start");
    write(this.text, at.text);
  }

  // Off the line: above it on the side to which it falls, or else below it on the other.
  sideOfText(x, y) {
    const { left, width, top } = this.drawing.box;
    const { probability } = this.drawing.spec.columns;
    const falls = probability.at(-1) < probability[0];
    const room = falls ? x < left + width - TEXT_ROOM : x > left + TEXT_ROOM;
    const above = room && y > top + 30;
    return { toLeft: above !== falls, above };
  }

  // A finger that scrolls the page over the chart must not move the point: a touch counts once it goes sideways, or
  // where it ends without having gone anywhere.
  listen() {
    const { svg } = this.drawing;
    const hear = (name, handle) => svg.addEventListener(name, handle, { signal: this.signal });
    const move = (event) => {
      this.drag.counts = true;
      this.on.move(this.drawing.valuesAt(event, this.drag.frame));
    };
    hear("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      this.drag = { frame: svg.getBoundingClientRect(), x: event.clientX, y: event.clientY, counts: false };
      svg.setPointerCapture(event.pointerId);
      this.drawing.frame.querySelector(".tip").hidden = true;
      if (event.pointerType !== "touch") move(event);
    });
    hear("pointermove", (event) => {
      if (!this.drag) return;
      event.stopImmediatePropagation();
      const [across, along] = gone(this.drag, event);
      if (this.drag.counts || (across > STILL && across > along)) move(event);
    });
    hear("pointerup", (event) => {
      if (!this.drag) return;
      if (this.drag.counts || Math.max(...gone(this.drag, event)) <= STILL) move(event);
      this.letGo();
    });
    hear("pointercancel", () => this.letGo());
  }

  // The hand is off the chart, or the chart is taken away from under it.
  letGo() {
    const moved = this.drag?.counts;
    this.drag = null;
    if (moved) this.on.rest();
  }

  // What a map says of the place a pointer is at.
  tip() {
    const { svg, frame } = this.drawing;
    const tip = make("div", "tip");
    tip.hidden = true;
    tip.setAttribute("aria-hidden", "true");
    frame.append(tip);
    svg.addEventListener("pointermove", (event) => this.point(tip, event), { signal: this.signal });
    svg.addEventListener("pointerleave", () => (tip.hidden = true), { signal: this.signal });
  }

  point(tip, event) {
    const frame = this.drawing.frame.getBoundingClientRect();
    const { spec } = this.drawing;
    const [x, y] = this.drawing.valuesAt(event);
    tip.replaceChildren(
      make("b", "", `about ${percent(cellAt(spec, [x, y]))}`),
      make("div", "", `${spec.x.label} ${axisText(spec.x, x)}`),
      make("div", "", `${spec.y.label} ${axisText(spec.y, y)}`),
    );
    tip.hidden = false;
    const left = event.clientX - frame.left;
    const onLeft = left < frame.width / 2;
    Object.assign(tip.style, { top: "0", left: onLeft ? `${left + 14}px` : "auto", right: onLeft ? "auto" : `${frame.width - left + 14}px` });
  }
}
