// What each feature adds to the answer or takes from it, against the median row; as bars and figures that add up.

import { make, write } from "./elements.js";
import { logOddsOf } from "./scores.js";
import { number, percent, points, written } from "./words.js";

export class Pulls {
  constructor(root, signal) {
    this.root = root;
    this.switch = root.querySelector(".log-odds-switch input");
    this.switch.addEventListener("change", () => this.show(this.view), { signal });
  }

  build(model) {
    this.rows = model.features.map((feature) => this.row(feature));
    this.root.querySelector("tbody").replaceChildren(...this.rows.map(({ element }) => element));
  }

  row(feature) {
    const element = make("tr");
    const head = Object.assign(make("th", "", feature.label), { scope: "row" });
    const small = make("span", "muted");
    head.append(small);
    const cell = make("td", "pull-cell");
    cell.setAttribute("aria-hidden", "true");
    const axis = make("div", "pull-axis");
    const bar = make("div", "pull");
    axis.append(bar);
    cell.append(axis);
    const figure = make("td", "figure");
    element.append(head, cell, figure);
    return { element, small, bar, figure };
  }

  show(view) {
    this.view = view;
    const { model, values, probability } = view;
    const inLogOdds = this.switch.checked;
    const shown = inLogOdds ? view.logOdds : view.points;
    const widest = Math.max(inLogOdds ? 0.04 : 0.01, ...(shown ?? []).map(Math.abs));
    model.features.forEach((feature, i) => {
      const { small, bar, figure } = this.rows[i];
      const pull = shown ? shown[i] : null;
      write(small, `${number(values[i], feature.decimals)} · median ${written(feature, feature.median * feature.factor)}`);
      const text = inLogOdds ? number(pull, 3, true) : number(100 * pull, 1, true);
      write(figure, text);
      // What is written as 0.0 draws no bar either.
      const width = /[1-9]/.test(text) ? (50 * Math.abs(pull)) / widest : 0;
      bar.className = pull >= 0 ? "pull raises" : "pull lowers";
      bar.style.width = `${width}%`;
    });
    const way = (p) => (inLogOdds ? number(logOddsOf(p), 3) : percent(p));
    const all = logOddsOf(probability) - logOddsOf(model.at_median);
    this.say(".at-median", way(model.at_median));
    this.say(".all-pulls", inLogOdds ? number(all, 3, true) : points(probability - model.at_median));
    this.say(".at-answer", way(probability));
    this.say(".pull-unit", inLogOdds ? "Log-odds" : "Percentage points");
  }

  say(selector, text) {
    write(this.root.querySelector(selector), text);
  }
}
