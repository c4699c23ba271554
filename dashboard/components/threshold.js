// The panel of the Threshold page: one threshold, and all that follows from it while a hand moves it.

import { NumberControl } from "./control.js";
import { Drawing } from "./drawing.js";
import { Teller, make, streamlitComponent, write, writeRich } from "./elements.js";
import { chartTools } from "./saving.js";
import { Marks, altTexts, columnsOf, draggable, ratesChart, valuesOn, worthChart } from "./threshold_charts.js";
import { figureLabels, figureTexts, figuresAt, sentenceOf, snapped, spokenOf, thresholdWritten, upWritten } from "./threshold_figures.js";
import { number, percent, unbroken } from "./words.js";

const DESCRIPTION = "The model calls at this probability or more. Higher: fewer calls. Double-click the slider to go back.";
const OUTCOMES = { hit: ["hits", "good calls"], wrong: ["wrong", "wrong calls"], missed: ["missed", "missed"], rest: ["quiet", "rightly quiet"] };

class ThresholdPanel {
  constructor(root, data, speak) {
    this.root = root;
    this.speak = speak;
    this.sentence = this.find(".sentence");
    this.leave = new AbortController();
    const { signal } = this.leave;
    this.teller = new Teller(root, signal, { shown: () => `${this.threshold} ${this.view}`, tell: () => this.tell() });
    this.listen(this.find(".back"), "click", () => {
      this.move(this.bands.own);
      this.rest(true);
    });
    this.worth = this.picture(".worth figure", ["blue"]);
    this.rates = this.picture(".rates figure", ["vermillion", "blue"]);
    this.take(data);
    for (const [card, { drawing }] of [[".worth", this.worth], [".rates", this.rates]]) {
      this.find(card).append(chartTools(drawing, signal));
    }
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  listen(element, event, handle) {
    element.addEventListener(event, handle, { signal: this.leave.signal });
  }

  // A chart and what lies over it.
  picture(selector, colours) {
    const picture = {};
    picture.drawing = new Drawing(this.find(selector), this.leave.signal, () => {
      picture.marks.renew();
      this.mark();
    });
    picture.marks = new Marks(picture.drawing, colours);
    draggable(picture.drawing, this.leave.signal, { move: (value) => this.move(value), rest: () => this.rest(true) });
    return picture;
  }

  // Take over what the page says. A threshold is taken only where it did not come from here.
  take(data) {
    const anew = this.bands?.id !== data.bands.id;
    if (this.edition !== data.edition) {
      Object.assign(this, { threshold: data.threshold, view: data.view, edition: data.edition });
      this.teller.known();
    }
    if (anew) {
      this.bands = data.bands;
      this.build();
    }
    this.render();
    if (anew) this.say();
    this.teller.heard(data.heard);
  }

  build() {
    const { bands } = this;
    const scale = {
      label: "the decision threshold", labelled: "Decision threshold", unit: "", description: DESCRIPTION,
      decimals: bands.decimals, low: 0, high: 1, step: 0.001, least: 0, most: 1, start: bands.own,
    };
    this.control = new NumberControl(scale, this.leave.signal, {
      move: (value) => this.move(value),
      rest: (dragged) => this.rest(dragged),
    });
    this.find(".threshold-control").replaceChildren(this.control.element);
    write(this.find(".back"), `Back to ${thresholdWritten(bands, bands.own)}`);
    this.figures = figureLabels(bands).map((label) => this.figure(label));
    this.find(".figures").replaceChildren(...this.figures.map(({ element }) => element));
    this.cells = Object.entries(OUTCOMES).map(([cell, [count, words]]) => this.cell(cell, count, words));
    write(this.find(".was"), `was ${upWritten(bands)}`);
    write(this.find(".rows-shown"), bands.rows_shown);
    this.columns = columnsOf(bands);
    this.buildViews();
    this.drawWorth();
    this.rates.drawing.draw(ratesChart(bands, this.columns));
  }

  figure(label) {
    const element = make("div", "card figure-card");
    const parts = [make("div", "figure-value"), make("div", "muted"), make("div", "muted")];
    element.append(make("div", "figure-label", label), ...parts);
    return { element, parts };
  }

  cell(name, count, words) {
    const parts = [make("b"), make("span", "", words), make("span", "muted")];
    this.find(`.confusion .${name}`).replaceChildren(...parts);
    return { count, parts };
  }

  buildViews() {
    const { bands } = this;
    const names = { value: bands.worth.kind === "trade" ? "Per call" : "Per 100 rows", advantage: `Against always ${upWritten(bands)}` };
    const choices = Object.entries(names).map(([view, name]) => {
      const choice = make("label", "");
      const input = Object.assign(make("input"), { type: "radio", name: "view", checked: view === this.view });
      this.listen(input, "change", () => this.look(view));
      choice.append(input, name);
      return choice;
    });
    this.find(".views").replaceChildren(this.find(".views legend"), ...choices);
  }

  drawWorth() {
    this.worth.drawing.draw(worthChart(this.bands, this.columns, this.view));
  }

  // ---- What is done ----

  move(value) {
    this.threshold = snapped(this.bands, value);
    this.control.fault = null;
    this.teller.back();
    this.render();
  }

  // A threshold rests; keys may be pressed again at once.
  rest(dragged) {
    this.render();
    if (dragged) {
      this.say();
      this.teller.now();
    } else {
      this.teller.soon();
    }
  }

  look(view) {
    this.view = view;
    this.teller.back();
    this.drawWorth();
    this.rest(true);
  }

  tell() {
    this.say();
    const number = this.teller.sent();
    this.speak.state("shown", { number, threshold: this.threshold, view: this.view });
  }

  // ---- What is shown ----

  render() {
    const { bands } = this;
    const found = figuresAt(bands, this.threshold);
    this.control.show(this.threshold);
    writeRich(this.sentence, sentenceOf(bands, found));
    figureTexts(bands, found).forEach((texts, i) => texts.forEach((text, j) => write(this.figures[i].parts[j], text)));
    for (const { count, parts } of this.cells) {
      write(parts[0], number(found[count], 0));
      write(parts[2], unbroken(percent(found[count] / bands.n)));
    }
    this.mark();
  }

  mark() {
    if (!this.worth.marks.line || !this.rates.marks.line) return;
    const { worth, rates } = valuesOn(this.bands, this.threshold, this.view);
    this.worth.marks.place(this.threshold, worth);
    this.rates.marks.place(this.threshold, rates);
  }

  // For those who listen: the figures, once the threshold rests.
  say() {
    const found = figuresAt(this.bands, this.threshold);
    write(this.find(".spoken"), spokenOf(this.bands, found));
    const [worth, rates] = altTexts(this.bands, found, this.view);
    this.worth.drawing.describe(worth);
    this.rates.drawing.describe(rates);
  }

  destroy() {
    this.leave.abort();
    this.teller.stop();
  }
}

// Show the panel in `root`, which holds the markup of threshold.html; `speak.state("shown", …)` hears of a threshold that rests.
export function mountThreshold(root, data, speak) {
  return new ThresholdPanel(root, data, speak);
}

export default streamlitComponent(mountThreshold);
