// Up to three scenarios pinned beside the one in view, which follows the hand.

import { make, write } from "./elements.js";
import { answerShape, score, rowOf } from "./scores.js";
import { number, percent } from "./words.js";

const PIN_NAMES = ["A", "B", "C"];

function pinColumn(name) {
  return Object.assign(make("th", "figure", name), { scope: "col" });
}

function difference(size, decimals) {
  const text = number(size, decimals);
  return /[1-9]/.test(text) ? `${size > 0 ? "▲" : "▼"} ${number(Math.abs(size), decimals)}` : "";
}

export class Comparison {
  // `on.go(pin)` makes a pinned scenario the one in view; `on.changed()` is called when pins come or go.
  constructor(root, signal, on) {
    Object.assign(this, { signal, on, pins: [], changes: 0 });
    this.line = root.querySelector(".pinned");
    this.card = root.querySelector(".comparison");
    this.head = this.card.querySelector("thead tr");
    this.body = this.card.querySelector("tbody");
  }

  take(model, pins) {
    this.model = model;
    this.pins = pins;
    this.build();
  }

  // Pin `values`; the probability is that of a model only the server can score. Returns what is to be said.
  pin(values, probability) {
    const same = this.pins.find((pin) => String(pin.values) === String(values));
    if (same) return `These values are pinned already, as ${same.name}.`;
    const name = PIN_NAMES.find((one) => this.pins.every((pin) => pin.name !== one));
    if (!name) return "Three scenarios are pinned already: remove one below, then pin this one.";
    const all = [...this.pins, { name, values: values.slice(), probability }];
    this.change(all.sort((one, other) => one.name.localeCompare(other.name)));
    return `Pinned as ${name}; compared below.`;
  }

  remove(name) {
    this.change(this.pins.filter((pin) => pin.name !== name));
  }

  change(pins) {
    this.pins = pins;
    this.changes += 1;
    this.build();
    this.on.changed();
  }

  // What a server says of the pins it was told of.
  hear(pins) {
    for (const { name, values, probability } of pins) {
      const own = this.pins.find((pin) => pin.name === name);
      if (own && String(own.values) === String(values)) own.probability = probability;
    }
  }

  build() {
    const { features } = this.model;
    this.line.hidden = this.card.hidden = this.pins.length === 0;
    this.chips = this.pins.map((pin) => this.button("link", () => this.on.go(pin)));
    this.line.querySelector(".chips").replaceChildren(...this.chips);
    this.head.replaceChildren(pinColumn("Value"), pinColumn("Now"), ...this.pins.map(({ name }) => pinColumn(name)));
    this.head.firstChild.className = "";
    const rows = ["Probability", "Call", ...features.map((feature) => feature.labelled)];
    this.rows = rows.map((label) => this.row(label));
    this.body.replaceChildren(...this.rows.map(({ element }) => element), this.actions());
  }

  row(label) {
    const element = make("tr");
    const now = make("td", "figure now");
    const cells = this.pins.map(() => {
      const cell = make("td", "figure");
      const parts = [make("span", "pinned-value"), make("span", "difference")];
      cell.append(...parts);
      return { cell, value: parts[0], difference: parts[1] };
    });
    element.append(Object.assign(make("th", "", label), { scope: "row" }), now, ...cells.map(({ cell }) => cell));
    return { element, now, cells };
  }

  actions() {
    const element = make("tr", "actions");
    const cells = this.pins.map((pin) => {
      const cell = make("td", "figure");
      const go = this.button("link", () => this.on.go(pin), `Go to ${pin.name}`);
      const remove = this.button("link", () => this.remove(pin.name), "Remove");
      remove.setAttribute("aria-label", `Remove ${pin.name}`);
      cell.append(go, remove);
      return cell;
    });
    element.append(make("td"), make("td"), ...cells);
    return element;
  }

  button(kind, press, text = "") {
    const button = Object.assign(make("button", kind, text), { type: "button" });
    button.addEventListener("click", press, { signal: this.signal });
    return button;
  }

  probabilityOf(pin) {
    return this.model.weights === null ? pin.probability : score(this.model, rowOf(this.model, pin.values));
  }

  show({ model, values, probability }) {
    if (!this.pins.length) return;
    const called = probability >= model.threshold;
    write(this.rows[0].now, percent(probability));
    write(this.rows[1].now, answerShape(model, probability));
    model.features.forEach((feature, i) => write(this.rows[i + 2].now, number(values[i], feature.decimals)));
    this.pins.forEach((pin, column) => {
      const there = this.probabilityOf(pin);
      const call = answerShape(model, there);
      write(this.chips[column], `${pin.name} ${percent(there)} ${call.slice(0, 1)}`);
      this.chips[column].setAttribute("aria-label", `Go to ${pin.name}: ${percent(there)}, ${call.slice(2)}`);
      const points = there === null ? 0 : 100 * (there - probability);
      this.mark(0, column, percent(there), difference(points, 1), points);
      const other = there !== null && there >= model.threshold !== called;
      this.mark(1, column, call, other ? "other call" : "", other);
      model.features.forEach((feature, i) => {
        const size = pin.values[i] - values[i];
        this.mark(i + 2, column, number(pin.values[i], feature.decimals), difference(size, feature.decimals), size);
      });
    });
  }

  // Mark a cell as different: in bold, and by how much.
  mark(row, column, value, by) {
    const parts = this.rows[row].cells[column];
    write(parts.value, value);
    write(parts.difference, by);
    parts.cell.classList.toggle("differs", by !== "");
  }
}
