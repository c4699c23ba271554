// The live panel of Predict: sliders and the answer they give, followed while the pointer drags.
//
// What is mounted on a page of Streamlit is the default export; any other page calls `mountPanel`.

import { NumberControl } from "./control.js";
import { Teller, make, pin, streamlitComponent, write, writeRich } from "./elements.js";
import {
  answerOf, callWritten, distanceWritten, flipShown, logOddsOf, place, rangeWritten, sentence, warningOf,
} from "./scores.js";
import { number, percent, points, written } from "./words.js";

const LOST_MS = 10000; // a server that has not answered by then is asked again

// The histogram of the training values over a slider's ends, in a box of 100 by 100.
function histogramPath(feature) {
  const { edges, counts } = feature.histogram;
  const x = (edge) => (100 * Math.min(Math.max(edge - feature.low, 0), feature.high - feature.low)) / (feature.high - feature.low);
  // By the root, so that rare values still show.
  const most = Math.sqrt(Math.max(1, ...counts));
  const bars = counts.map((count, i) => {
    const top = 100 - (100 * Math.sqrt(count)) / most;
    return count ? `M${x(edges[i]).toFixed(2)} 100V${top.toFixed(1)}H${x(edges[i + 1]).toFixed(2)}V100Z` : "";
  });
  return bars.join("");
}

// How often the training rows took each value, and where 98 % of them lie, over a slider.
function seenBefore(feature) {
  const below = make("div", "seen-before");
  below.setAttribute("aria-hidden", "true");
  below.innerHTML = '<svg viewBox="0 0 100 100" preserveAspectRatio="none"><path></path></svg><div class="usual"></div>';
  below.querySelector("path").setAttribute("d", histogramPath(feature));
  const span = feature.high - feature.low;
  const from = Math.max(0, (feature.p1 * feature.factor - feature.low) / span);
  const to = Math.min(1, (feature.p99 * feature.factor - feature.low) / span);
  Object.assign(below.querySelector(".usual").style, { left: `${100 * from}%`, width: `${100 * (to - from)}%` });
  return below;
}

class Panel {
  constructor(root, data, speak) {
    this.root = root;
    this.speak = speak;
    this.sent = 0;
    this.waiting = false;
    this.leave = new AbortController();
    this.teller = new Teller(root, this.leave.signal, { shown: () => this.values, tell: () => this.tell() });
    this.listen(this.find(".reset"), "click", () => this.setAll(this.model.features.map((feature) => feature.start)));
    this.listen(this.find(".log-odds-switch input"), "change", () => this.render());
    this.take(data);
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  listen(element, event, handle) {
    element.addEventListener(event, handle, { signal: this.leave.signal });
  }

  // Take over what the page says. Values are taken only where they did not come from here.
  take(data) {
    const anew = this.model?.id !== data.model.id;
    if (anew) {
      this.model = data.model;
      this.build();
    }
    if (anew || this.edition !== data.edition) {
      this.values = data.values.slice();
      this.teller.known();
    }
    this.edition = data.edition;
    if (data.answer) this.hear(data.answer);
    this.render();
    if (anew || (data.answer && !this.waiting)) this.say();
  }

  build() {
    const { model } = this;
    this.controls = model.features.map((feature, i) => this.control(feature, i));
    const cards = model.groups.map(({ name, features }) => {
      const card = make("section", "card");
      card.append(make("h2", "", name), ...features.map((i) => this.controls[i].element));
      return card;
    });
    cards.at(-1).append(this.find(".tools"));
    this.find(".groups").replaceChildren(...cards);
    this.pulls = model.features.map((feature) => this.pull(feature));
    this.find(".pulls tbody").replaceChildren(...this.pulls.map((pull) => pull.element));
    this.flips = model.features.map((feature, i) => this.flip(feature, i));
    this.find(".flips tbody").replaceChildren(...this.flips.map((flip) => flip.element));
    const tick = 100 * model.threshold;
    pin(this.find(".tick-label"), tick);
    this.find(".scale-tick").style.left = `${tick}%`;
    [0, 25, 50, 75, 100].forEach((at, i) => pin(this.find(".scale-below").children[i], at));
  }

  control(feature, position) {
    const control = new NumberControl(feature, this.leave.signal, {
      move: (value) => this.set(position, value),
      rest: (dragged) => this.rest(dragged),
    });
    control.track.prepend(seenBefore(feature));
    return control;
  }

  pull(feature) {
    const element = make("tr");
    const head = make("th", "", feature.label);
    head.scope = "row";
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

  flip(feature, position) {
    const element = make("tr");
    const head = make("th", "", feature.label);
    head.scope = "row";
    const now = make("td", "figure now");
    const cell = make("td", "figure");
    const button = make("button", "link");
    button.type = "button";
    const none = make("span", "muted", "not within the observed range");
    this.listen(button, "click", () => {
      this.set(position, this.flips[position].value);
      this.rest(true);
    });
    cell.append(button, none);
    element.append(head, now, cell);
    return { element, now, button, none, value: null };
  }

  // ---- What is done with values ----

  set(position, value) {
    this.values[position] = value;
    this.teller.back();
    if (this.model.weights === null) this.ask();
    this.render();
  }

  setAll(values) {
    this.values = values.slice();
    for (const control of this.controls) control.fault = null;
    this.teller.back();
    this.rest(true);
  }

  // Values rest; keys may be pressed again at once.
  rest(dragged) {
    this.render();
    if (dragged) {
      this.say();
      this.teller.now();
    } else {
      this.teller.soon();
    }
  }

  // Tell the page which values are shown.
  tell() {
    this.say();
    if (this.model.weights === null) this.ask();
    else this.send();
  }

  send() {
    if (this.teller.leaving) return;
    const names = this.model.features.map((feature) => feature.name);
    this.sent += 1;
    this.teller.sent();
    const values = Object.fromEntries(names.map((name, i) => [name, this.values[i]]));
    this.speak.state("scenario", { number: this.sent, values });
  }

  // Ask the server for an answer, one question at a time; the last values are always asked for.
  ask() {
    this.unasked = this.waiting;
    if (this.waiting) return;
    this.waiting = true;
    this.send();
    clearTimeout(this.lost);
    this.lost = setTimeout(() => {
      this.waiting = false;
      this.ask();
    }, LOST_MS);
  }

  hear(answer) {
    this.answer = answer;
    if (answer.number < this.sent) return;
    clearTimeout(this.lost);
    this.waiting = false;
    if (this.unasked) this.ask();
  }

  // ---- What is shown ----

  render() {
    const answer = this.model.weights === null ? this.answer : answerOf(this.model, this.values);
    this.shown = answer;
    this.renderControls();
    this.renderAnswer(answer);
    this.renderPulls(answer);
    this.renderFlips(answer);
    this.renderSeen();
  }

  renderControls() {
    this.model.features.forEach((feature, i) => {
      const outside = place(feature, this.values[i] / feature.factor) === "outside";
      const note = outside ? `Outside the training rows: ${rangeWritten(feature, feature.min, feature.max)}` : "";
      this.controls[i].show(this.values[i], note);
    });
  }

  renderAnswer({ probability }) {
    const { model } = this;
    const called = probability >= model.threshold;
    writeRich(this.find(".sentence"), sentence(model, probability));
    write(this.find(".answer-probability"), percent(probability));
    write(this.find(".answer-shape"), called ? "▲" : "○");
    write(this.find(".answer-words"), callWritten(model, probability));
    this.find(".answer-call").classList.toggle("called", called);
    write(this.find(".answer-distance"), distanceWritten(model, probability));
    this.find(".scale-fill").style.width = `${100 * probability}%`;
    this.find(".answer").classList.toggle("waiting", this.waiting);
  }

  renderPulls({ probability, points: shares, logOdds: found }) {
    const { model } = this;
    const inLogOdds = this.find(".log-odds-switch input").checked;
    const shown = inLogOdds ? found : shares;
    const widest = Math.max(inLogOdds ? 0.04 : 0.01, ...(shown ?? []).map(Math.abs));
    model.features.forEach((feature, i) => {
      const { small, bar, figure } = this.pulls[i];
      const pull = shown ? shown[i] : null;
      write(small, `${number(this.values[i], feature.decimals)} · median ${written(feature, feature.median * feature.factor)}`);
      const text = inLogOdds ? number(pull, 3, true) : number(100 * pull, 1, true);
      write(figure, text);
      // What is written as 0.0 draws no bar either.
      const width = /[1-9]/.test(text) ? (50 * Math.abs(pull)) / widest : 0;
      bar.className = pull >= 0 ? "pull raises" : "pull lowers";
      bar.style.width = `${width}%`;
    });
    const way = (p) => (inLogOdds ? number(logOddsOf(p), 3) : percent(p));
    const all = logOddsOf(probability) - logOddsOf(model.at_median);
    write(this.find(".at-median"), way(model.at_median));
    write(this.find(".all-pulls"), inLogOdds ? number(all, 3, true) : points(probability - model.at_median));
    write(this.find(".at-answer"), way(probability));
    write(this.find(".pull-unit"), inLogOdds ? "Log-odds" : "Percentage points");
  }

  renderFlips({ probability, flips: found }) {
    const { model } = this;
    const up = `“${model.positive_class}”`;
    write(this.find(".flips-to"), probability >= model.threshold ? `end the call of ${up}` : `make the model call ${up}`);
    model.features.forEach((feature, i) => {
      const { now, button, none } = this.flips[i];
      const value = found[i] === null ? null : flipShown(feature, found[i], this.values[i] / feature.factor);
      this.flips[i].value = value;
      write(now, number(this.values[i], feature.decimals));
      button.hidden = value === null;
      none.hidden = value !== null;
      if (value === null) return;
      write(button, written(feature, value));
      button.setAttribute("aria-label", `Set ${feature.label} to ${written(feature, value)}`);
    });
  }

  renderSeen() {
    const warnings = this.model.features.map((feature, i) => warningOf(feature, this.values[i]));
    const kinds = this.model.features.map((feature, i) => place(feature, this.values[i] / feature.factor));
    const list = this.find(".warnings");
    const said = JSON.stringify(warnings);
    if (list.dataset.said === said) return;
    list.dataset.said = said;
    const items = warnings.flatMap((warning, i) => {
      if (warning === null) return [];
      const item = make("li", kinds[i]);
      writeRich(item, warning);
      return [item];
    });
    list.replaceChildren(...items);
    this.find(".all-usual").hidden = items.length > 0;
    write(this.find(".all-usual"), `Yes: each value lies where 98\u00a0% of the ${this.model.rows_trained} lie.`);
  }

  // For those who listen: the answer, once the values rest.
  say() {
    const { probability } = this.shown;
    write(this.find(".spoken"), `${percent(probability)}. ${callWritten(this.model, probability)}.`);
  }

  destroy() {
    this.leave.abort();
    this.teller.stop();
    clearTimeout(this.lost);
  }
}

// Show the panel in `root`, which holds the markup of panel.html; `speak.state("scenario", …)` hears of values that rest.
export function mountPanel(root, data, speak) {
  return new Panel(root, data, speak);
}

export default streamlitComponent(mountPanel);
