// The live panel of Curve: a chart of the probability over one or two features, whose point follows the hand.
//
// The chart is drawn from what `dashboard.curve_panel` sends; only the point on it moves here.

import { NumberControl } from "./control.js";
import { FollowedChart, cellAt } from "./curve_chart.js";
import { intervalOf } from "./distances.js";
import { Teller, make, streamlitComponent, write, writeRich } from "./elements.js";
import { chartTools } from "./saving.js";
import { callWritten, distanceWritten, place, rangeWritten, rowOf, score } from "./scores.js";
import { interval, percent, rounded, unbroken, written } from "./words.js";

// ---- Numbers ------------------------------------------------------------------------------------

// The probability of `values`, and whether it is `exact`; null while only the server knows it.
export function probabilityAt(data, values) {
  if (data.model.weights !== null) return { probability: score(data.model, rowOf(data.model, values)), exact: true };
  if (values.every((value, i) => value === data.values[i])) return { probability: data.answer.probability, exact: true };
  const shown = data.axes.map(({ position }) => values[position]);
  if (data.choice.view === "map") return { probability: cellAt(data.chart, shown), exact: false };
  // A line of such a model has a point at every step of its slider.
  const { low, step } = data.axes[0];
  const { probability } = data.chart.columns;
  const index = Math.round((shown[0] - low) / step);
  const decimals = data.model.features[data.axes[0].position].decimals;
  const there = index in probability && rounded(low + index * step, decimals) === shown[0];
  return { probability: there ? probability[index] : null, exact: true };
}

// The value of the slider nearest to one on the chart, within what may be typed.
export function onSlider({ low, high, step }, { decimals, least, most }, value) {
  const steps = Math.round((Math.min(Math.max(value, low), high) - low) / step);
  return Math.min(Math.max(rounded(low + steps * step, decimals), least), most);
}

// ---- The panel ----------------------------------------------------------------------------------

class CurvePanel {
  constructor(root, data, speak) {
    Object.assign(this, { root, speak, controls: [], charts: {} });
    this.leave = new AbortController();
    const shown = () => JSON.stringify([this.choice, this.values]);
    this.teller = new Teller(root, this.leave.signal, { shown, tell: () => this.tell() });
    this.listenToChoices();
    this.take(data);
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  listenToChoices() {
    const on = (element, act) => element.addEventListener("change", act, { signal: this.leave.signal });
    on(this.find(".first"), ({ target }) => this.chooseFeature("feature", "second", target.value));
    on(this.find(".second"), ({ target }) => this.chooseFeature("second", "feature", target.value));
    on(this.find(".every-value"), ({ target }) => this.choose({ every_value: target.checked }));
    on(this.find(".close-up"), ({ target }) => this.choose({ close_up: target.checked }));
    for (const radio of this.root.querySelectorAll(".views input")) on(radio, () => this.choose({ view: radio.value }));
  }

  // A feature chosen for both axes changes places with the other.
  chooseFeature(key, other, name) {
    const swap = name === this.choice[other] ? { [other]: this.choice[key] } : {};
    this.choose({ [key]: name, ...swap });
  }

  choose(change) {
    this.choice = { ...this.choice, ...change };
    this.renderChoices();
    this.teller.back();
    this.teller.now();
  }

  // Take over what the page says; values and choices only where they did not come from here.
  take(data) {
    const anew = this.data?.model.id !== data.model.id;
    if (anew) this.buildChoices(data.model.features);
    const replaced = anew || this.data.edition !== data.edition;
    if (replaced) {
      this.values = data.values.slice();
      for (const control of this.controls) control.fault = null;
    }
    this.data = data;
    if (anew || data.heard >= this.teller.count) this.choice = data.choice;
    // A hand may have moved on since it was answered: then what it shows is yet to be told.
    if (replaced) this.teller.known();
    this.renderChoices();
    this.renderChart();
    this.buildControls();
    this.renderSaid();
    this.render();
    this.say();
    this.teller.heard(data.heard);
  }

  buildChoices(features) {
    const options = () => features.map(({ name, label }) => Object.assign(make("option", "", label), { value: name }));
    this.find(".first").replaceChildren(...options());
    this.find(".second").replaceChildren(...options());
    this.find(".views").hidden = features.length < 2;
  }

  // A slider for each axis of the chart; the same ones as long as the features are.
  buildControls() {
    const { model, axes } = this.data;
    const made = `${model.id} ${axes.map(({ position }) => position)}`;
    const scales = axes.map(({ position, low, high, step }) => ({ ...model.features[position], low, high, step }));
    if (made === this.made) {
      this.controls.forEach((control, i) => {
        control.scale = scales[i];
        const { low, high, step } = scales[i];
        Object.assign(control.range, { min: low, max: high, step });
      });
      return;
    }
    this.made = made;
    this.controls = axes.map(({ position }, i) => new NumberControl(scales[i], this.leave.signal, {
      move: (value) => this.set([[position, value]]),
      rest: (dragged) => this.rest(dragged),
    }));
    this.find(".curve-controls").replaceChildren(...this.controls.map((control) => control.element));
  }

  // ---- What is done with values ----

  set(changes) {
    for (const [position, value] of changes) this.values[position] = value;
    this.teller.back();
    this.render();
  }

  // A hand is at a place of the chart.
  dragTo(at) {
    const { axes, model } = this.data;
    this.controls.forEach((control) => (control.fault = null));
    this.set(axes.map((axis, i) => [axis.position, onSlider(axis, model.features[axis.position], at[i])]));
  }

  rest(dragged) {
    this.render();
    if (dragged) {
      this.say();
      this.teller.now();
    } else {
      this.teller.soon();
    }
  }

  tell() {
    this.say();
    if (this.teller.leaving) return;
    const number = this.teller.sent();
    const values = Object.fromEntries(this.data.model.features.map(({ name }, i) => [name, this.values[i]]));
    this.speak.state("set", { number, values, choice: this.choice });
  }

  // ---- What is shown ----

  renderChoices() {
    const { view, feature, second, every_value: every, close_up: close } = this.choice;
    for (const radio of this.root.querySelectorAll(".views input")) radio.checked = radio.value === view;
    this.find(".first").value = feature;
    this.find(".second").value = second;
    this.find(".second-choice").hidden = view !== "map";
    this.find(".close-up-choice").hidden = view === "map";
    this.find(".every-value").checked = every;
    this.find(".close-up").checked = close;
  }

  renderChart() {
    const { view } = this.data.choice;
    const followed = { move: (at) => this.dragTo(at), rest: () => this.rest(true) };
    const before = this.chart;
    this.chart = this.charts[view] ??= new FollowedChart(this.leave.signal, view, followed);
    if (before !== this.chart) this.find(".curve-picture").replaceChildren(this.chart.element);
    const drawnAnew = this.chart.show(this.data.chart);
    if (drawnAnew || before !== this.chart) this.renderTools();
    if (before !== this.chart) before?.letGo();
  }

  renderTools() {
    const tools = chartTools(this.chart.drawing, this.leave.signal);
    const open = this.find(".curve-tools details")?.open;
    this.find(".curve-tools").replaceChildren(tools);
    if (open) tools.querySelector("details").open = true;
  }

  // What only changes when the page says so.
  renderSaid() {
    const { sentence: said, notes, how } = this.data;
    writeRich(this.find(".curve-sentence"), unbroken(said.join(" ")));
    const paragraphs = (texts) => texts.map((text) => make("p", "", unbroken(text)));
    this.find(".curve-notes").replaceChildren(...paragraphs(notes));
    this.find(".curve-how").hidden = how.length === 0;
    this.find(".curve-how div").replaceChildren(...paragraphs(how));
  }

  render() {
    const { data, values } = this;
    this.found = probabilityAt(data, values);
    data.axes.forEach(({ position }, i) => {
      const feature = data.model.features[position];
      const outside = place(feature, values[position] / feature.factor) === "outside";
      this.controls[i].show(values[position], outside ? `Outside the training rows: ${rangeWritten(feature, feature.min, feature.max)}` : "");
    });
    this.renderHere();
    this.renderPoint();
  }

  // The probability as written; "about" where it is that of a cell of the map.
  probabilityWritten() {
    const { probability, exact } = this.found;
    return probability === null ? "…" : (exact ? "" : "≈ ") + percent(probability);
  }

  renderHere() {
    const { probability } = this.found;
    const { model } = this.data;
    const here = this.find(".here");
    const called = probability >= model.threshold;
    here.classList.toggle("called", called);
    here.classList.toggle("waiting", probability === null);
    write(this.find(".here-shape"), probability === null ? "…" : called ? "▲" : "○");
    write(this.find(".here-probability"), this.probabilityWritten());
    write(this.find(".here-words"), unbroken(`${this.placeWritten()}${probability === null ? "" : `. ${callWritten(model, probability)}, ${distanceWritten(model, probability)}`}`));
    this.renderInterval();
  }

  // For a model that is not linear an interval is known once the values rest.
  renderInterval() {
    const { data, values } = this;
    const resting = values.every((value, i) => value === data.values[i]);
    const between = data.model.weights === null ? data.answer.interval : intervalOf(data.model, rowOf(data.model, values));
    const element = this.find(".here-interval");
    element.hidden = between === null;
    element.classList.toggle("moving", data.model.weights === null && !resting);
    if (between) write(element, unbroken(`95 % interval ${interval([between.low, between.high], 1, { factor: 100 })} %`));
  }

  placeWritten() {
    const { axes, model } = this.data;
    const parts = axes.map(({ position }) => `${model.features[position].label} ${written(model.features[position], this.values[position])}`);
    return `at ${parts.join(" and ")}`;
  }

  renderPoint() {
    const { axes, choice } = this.data;
    const [x, y] = axes.map(({ position }) => this.values[position]);
    const height = choice.view === "map" ? y : this.found.probability;
    if (height !== null) this.chart.follow({ x, y: height, text: this.probabilityWritten() });
  }

  // For those who listen: the point, once it rests; and for those who do not see the chart.
  say() {
    const { probability } = this.found;
    const here = `${this.probabilityWritten()} ${this.placeWritten()}`;
    write(this.find(".curve-spoken"), probability === null ? "" : `${here}. ${callWritten(this.data.model, probability)}.`);
    this.chart.drawing.describe(`${this.data.chart.alt} The current point is ${here}.`);
  }

  destroy() {
    this.leave.abort();
    this.teller.stop();
  }
}

// Show the panel in `root`, which holds the markup of curve.html; `speak.state("set", …)` hears of what rests.
export function mountCurve(root, data, speak) {
  return new CurvePanel(root, data, speak);
}

export default streamlitComponent(mountCurve);
