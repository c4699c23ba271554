// The answer itself: sentence, probability, call, distance to the threshold, interval, and the scale they stand on.

import { pin, write, writeRich } from "./elements.js";
import { callWritten, distanceWritten, sentence } from "./scores.js";
import { interval, percent } from "./words.js";

export class AnswerCard {
  constructor(root, signal) {
    this.root = root;
    const button = this.find(".how-button");
    const toggle = () => button.setAttribute("aria-expanded", String(!this.find(".how").toggleAttribute("hidden")));
    button.addEventListener("click", toggle, { signal });
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  build({ threshold }) {
    const tick = 100 * threshold;
    pin(this.find(".tick-label"), tick);
    this.find(".scale-tick").style.left = `${tick}%`;
    [0, 25, 50, 75, 100].forEach((at, i) => pin(this.find(".scale-below").children[i], at));
  }

  show({ model, probability, interval: between, waiting }) {
    const called = probability >= model.threshold;
    writeRich(this.find(".sentence"), sentence(model, probability));
    write(this.find(".answer-probability"), percent(probability));
    write(this.find(".answer-shape"), called ? "▲" : "○");
    write(this.find(".answer-words"), callWritten(model, probability));
    this.find(".answer-call").classList.toggle("called", called);
    write(this.find(".answer-distance"), distanceWritten(model, probability));
    this.find(".scale-fill").style.width = `${100 * probability}%`;
    this.find(".answer").classList.toggle("waiting", waiting);
    this.showInterval(model, between);
  }

  showInterval(model, between) {
    const line = this.find(".scale-interval");
    line.hidden = this.find(".how-button").hidden = between === null;
    if (between === null) {
      write(this.find(".interval-words"), "no interval: too few rows to tell");
      return;
    }
    const [low, high] = [100 * between.low, 100 * between.high];
    write(this.find(".interval-words"), `95\u00a0% interval ${interval([low, high], 1)}\u00a0%`);
    write(this.find(".how"), between.how ?? model.uncertainty.how);
    Object.assign(line.style, { left: `${low}%`, width: `${high - low}%` });
  }
}
