// The training row most like the scenario, as the page looks it up once values rest, and what followed it.

import { make, write, writeRich } from "./elements.js";
import { number } from "./words.js";

export class SimilarCard {
  // `begin(point)` makes the row the scenario.
  constructor(root, signal, begin) {
    this.root = root;
    this.load = root.querySelector("button");
    this.load.addEventListener("click", () => begin(this.similar.point), { signal });
  }

  build(model) {
    write(this.root.querySelector("h2"), model.rows.similar);
    this.rows = model.features.map((feature) => {
      const element = make("tr");
      const cells = [make("td", "figure"), make("td", "figure"), make("td", "figure")];
      element.append(Object.assign(make("th", "", feature.labelled), { scope: "row" }), ...cells);
      return { element, now: cells[0], there: cells[1], by: cells[2] };
    });
    this.root.querySelector("tbody").replaceChildren(...this.rows.map(({ element }) => element));
  }

  take(similar) {
    this.similar = similar;
    this.root.hidden = !similar;
    if (!similar) return;
    writeRich(this.root.querySelector(".similar-sentence"), similar.sentence);
    write(this.root.querySelector(".similar-outcomes"), similar.outcomes);
  }

  show({ model, values }) {
    if (!this.similar) return;
    const { point, sought } = this.similar;
    model.features.forEach((feature, i) => {
      const { now, there, by } = this.rows[i];
      const size = number(point.values[i] - values[i], feature.decimals, true);
      write(now, number(values[i], feature.decimals));
      write(there, number(point.values[i], feature.decimals));
      write(by, /[1-9]/.test(size) ? size : "same");
    });
    // While values move it is the row for those before.
    this.root.classList.toggle("waiting", String(sought) !== String(values));
  }
}
