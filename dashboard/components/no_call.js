// The band of no call: a half-width, and what is left to answer outside it, while a hand moves it.

import { NumberControl } from "./control.js";
import { Drawing } from "./drawing.js";
import { Teller, streamlitComponent, write, writeRich } from "./elements.js";
import { chartTools } from "./saving.js";
import { Marks, draggable } from "./threshold_charts.js";

class NoCallPanel {
  constructor(root, data, speak) {
    this.root = root;
    this.speak = speak;
    this.leave = new AbortController();
    const { signal } = this.leave;
    this.halfWidth = data.half_width;
    this.teller = new Teller(root, signal, { shown: () => this.halfWidth, tell: () => this.tell() });
    this.teller.known();
    const scale = {
      label: "the band", labelled: "No answer within so many points of the threshold", unit: "points", decimals: 1,
      low: 0, high: data.widest, step: data.step, least: 0, most: data.widest, start: data.start,
    };
    const hand = { move: (value) => this.move(value), rest: (dragged) => this.rest(dragged) };
    this.control = new NumberControl(scale, signal, hand);
    this.find(".control-place").append(this.control.element);
    this.drawing = new Drawing(this.find("figure"), signal, () => {
      this.marks.renew();
      this.mark();
    });
    this.marks = new Marks(this.drawing, ["vermillion", "blue"]);
    draggable(this.drawing, signal, { ...hand, rest: () => this.rest(true) });
    this.take(data);
    this.find(".panel").append(chartTools(this.drawing, signal));
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  take(data) {
    if (this.data?.id !== data.id) {
      this.data = data;
      this.drawing.draw(data.chart);
      this.render();
      this.say();
    }
    this.teller.heard(data.heard);
  }

  get at() {
    return Math.round(this.halfWidth / this.data.step);
  }

  move(value) {
    const { step } = this.data;
    this.halfWidth = Math.round(value / step) * step;
    this.control.fault = null;
    this.teller.back();
    this.render();
  }

  rest(dragged) {
    this.render();
    this.say();
    if (dragged) this.teller.now();
    else this.teller.soon();
  }

  tell() {
    const number = this.teller.sent();
    this.speak.state("band", { number, half_width: this.halfWidth });
  }

  render() {
    this.control.show(this.halfWidth);
    writeRich(this.find(".sentence"), this.data.sentences[this.at]);
    this.mark();
  }

  mark() {
    if (this.data) this.marks.place(this.halfWidth, [this.data.answered[this.at], this.data.right[this.at]]);
  }

  // For those who listen: the sentence, once the half-width rests.
  say() {
    const said = this.data.sentences[this.at].replaceAll("**", "");
    write(this.find(".spoken"), said);
    this.drawing.describe(`${this.data.chart.alt} ${said}`);
  }

  destroy() {
    this.leave.abort();
    this.teller.stop();
  }
}

// Show the panel in `root`, which holds the markup of no_call.html; `speak.state("band", …)` hears of one that rests.
export function mountNoCall(root, data, speak) {
  return new NoCallPanel(root, data, speak);
}

export default streamlitComponent(mountNoCall);
