// What would flip the call: each feature alone, and all of them together.

import { jointShown } from "./distances.js";
import { make, write, writeRich } from "./elements.js";
import { flipShown } from "./scores.js";
import { number, percent, unbroken, written } from "./words.js";

function flipHead(label) {
  return Object.assign(make("th", "", label), { scope: "row" });
}

// In what way the call would be another one.
function otherCall({ model, probability }) {
  const up = `“${model.positive_class}”`;
  return probability >= model.threshold ? `end the call of ${up}` : `make the model call ${up}`;
}

export class SingleFlips {
  // `set(position, value)` puts a value in place.
  constructor(root, signal, set) {
    Object.assign(this, { root, signal, set });
  }

  build(model) {
    this.rows = model.features.map((feature, i) => this.row(feature, i));
    this.root.querySelector("tbody").replaceChildren(...this.rows.map(({ element }) => element));
  }

  row(feature, position) {
    const element = make("tr");
    const now = make("td", "figure now");
    const cell = make("td", "figure");
    const button = Object.assign(make("button", "link"), { type: "button" });
    const none = make("span", "muted");
    button.addEventListener("click", () => this.set(position, this.rows[position].value), { signal: this.signal });
    cell.append(button, none);
    element.append(flipHead(feature.label), now, cell);
    return { element, now, button, none, value: null };
  }

  show(view) {
    write(this.root.querySelector(".flips-to"), otherCall(view));
    view.model.features.forEach((feature, i) => {
      const { now, button, none } = this.rows[i];
      // While values move, a server has no time for these.
      const found = view.flips?.[i] ?? null;
      write(none, view.flips ? "not within the observed range" : "…");
      const value = found === null ? null : flipShown(feature, found, view.values[i] / feature.factor);
      this.rows[i].value = value;
      write(now, number(view.values[i], feature.decimals));
      button.hidden = value === null;
      none.hidden = value !== null;
      if (value === null) return;
      write(button, written(feature, value));
      button.setAttribute("aria-label", `Set ${feature.label} to ${written(feature, value)}`);
    });
  }
}

export class JointFlipCard {
  // `set(values)` puts all values in place at once.
  constructor(root, signal, set) {
    this.root = root;
    this.table = root.querySelector("table");
    this.apply = root.querySelector("button");
    this.apply.addEventListener("click", () => set(this.values), { signal });
  }

  build(model) {
    this.rows = model.features.map((feature) => {
      const element = make("tr");
      const cells = [make("td", "figure now"), make("td", "figure by"), make("td", "figure to")];
      element.append(flipHead(feature.labelled), ...cells);
      return { element, now: cells[0], by: cells[1], to: cells[2] };
    });
    this.root.querySelector("tbody").replaceChildren(...this.rows.map(({ element }) => element));
  }

  show(view) {
    // The row of a model that only the server can score comes as it is to be shown.
    const { joint } = view;
    this.root.classList.toggle("waiting", joint === undefined);
    if (joint === undefined) return;
    this.values = joint === null ? null : (joint.values ?? jointShown(view.model, view.values, joint));
    this.table.hidden = this.apply.hidden = this.values === null;
    writeRich(this.root.querySelector(".joint-sentence"), this.sentence(view));
    if (this.values === null) return;
    view.model.features.forEach((feature, i) => {
      const { element, now, by, to } = this.rows[i];
      const [from, value] = [view.values[i], this.values[i]];
      element.hidden = from === value;
      if (element.hidden) return;
      write(now, number(from, feature.decimals));
      write(by, `${value > from ? "▲" : "▼"} ${number(Math.abs(value - from), feature.decimals)}`);
      write(to, number(value, feature.decimals));
    });
  }

  sentence({ model, values, joint, probability }) {
    const way = otherCall({ model, probability });
    if (this.values === null) {
      return model.weights === null
        ? "No training row has the other call."
        : `No change of all values within their observed ranges would ${way}.`;
    }
    if (model.weights === null) {
      return unbroken(
        `How to ${way} with the least change cannot be computed for this kind of model. The **nearest training row**` +
          ` that does is ${joint.name}, at ${percent(joint.probability)}:`,
      );
    }
    const moved = values.filter((value, i) => value !== this.values[i]).length;
    const together = moved === 1 ? "This one value" : `These **${moved} values together**`;
    return (
      `${together}, moved by **${number(joint.distance, 2)} standard deviations** in all, would ${way}. There is no` +
      " shorter way within the observed ranges."
    );
  }
}
