// The live panel of Predict: sliders and the answer they give, followed while the pointer drags.
//
// What is mounted on a page of Streamlit is the default export; any other page calls `mountPanel`.

import { AnswerCard } from "./answering.js";
import { Comparison } from "./comparing.js";
import { NumberControl } from "./control.js";
import { CopyMenu } from "./copying.js";
import { intervalOf, jointFlip, shareNearer } from "./distances.js";
import { Teller, keepAddress, make, streamlitComponent, write } from "./elements.js";
import { JointFlipCard, SingleFlips } from "./flipping.js";
import { ScenarioHistory } from "./history.js";
import { ManyFeatures } from "./many.js";
import { Pulls } from "./pulls.js";
import { answerOf, callWritten, place, rangeWritten, rowOf } from "./scores.js";
import { SeenCard, seenBefore } from "./seen.js";
import { SimilarCard } from "./similar.js";
import { StartMenu } from "./starting.js";
import { percent } from "./words.js";

const LOST_MS = 10000; // a server that has not answered by then is asked again
const RESTS_MS = 200; // keys that follow within it belong to one movement
const TEXT_FIELDS = "textarea, input:not([type=range], [type=radio], [type=checkbox])";

class Panel {
  constructor(root, data, speak) {
    Object.assign(this, { root, speak, waiting: false, hurried: false, moving: null, origins: {} });
    // Until a scenario has come there is none to tell of.
    Object.assign(this, { values: [], origin: null, history: new ScenarioHistory() });
    this.leave = new AbortController();
    const shown = () => [this.values, this.origin, this.history.changes, this.comparison.changes, this.hurried];
    this.teller = new Teller(root, this.leave.signal, { shown, tell: () => this.tell() });
    this.makeParts(this.leave.signal);
    this.listenToToolbar();
    this.take(data);
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  listen(element, event, handle) {
    element.addEventListener(event, handle, { signal: this.leave.signal });
  }

  makeParts(signal) {
    const begin = (point) => this.begin(point);
    this.answering = new AnswerCard(this.root, signal);
    this.seen = new SeenCard(this.find(".seen"));
    this.features = new ManyFeatures(this.root, signal);
    this.start = new StartMenu(this.root, signal, { begin, lookUp: (id) => this.lookUp(id) });
    this.copying = new CopyMenu(this.root, signal);
    this.comparison = new Comparison(this.root, signal, {
      go: ({ values }) => this.setAll(values),
      changed: () => this.rest(true),
    });
    this.pulls = new Pulls(this.find(".pulls"), signal);
    this.flips = new SingleFlips(this.find(".flips"), signal, (position, value) => {
      this.set(position, value);
      this.rest(true);
    });
    this.joint = new JointFlipCard(this.find(".joint"), signal, (values) => this.setAll(values));
    this.similar = new SimilarCard(this.find(".similar"), signal, begin);
  }

  listenToToolbar() {
    this.listen(this.find(".reset"), "click", () => this.setAll(this.model.features.map((feature) => feature.start)));
    this.listen(this.find(".undo"), "click", () => this.undo());
    this.listen(this.find(".redo"), "click", () => this.redo());
    this.listen(this.find(".pin"), "click", () => this.note(this.comparison.pin(this.values, this.shown.known)));
    this.listen(document, "keydown", (event) => this.onKey(event));
  }

  // Undo and redo by keys, where no text is being edited: there they belong to the text.
  onKey(event) {
    const element = event.composedPath()[0];
    if (element.isContentEditable || element.matches?.(TEXT_FIELDS) || event.key.toLowerCase() !== "z") return;
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    if (event.shiftKey) this.redo();
    else this.undo();
  }

  // Take over what the page says. Values are taken only where they did not come from here; a model that was told
  // before comes by its name only.
  take(data) {
    const anew = this.model?.id !== data.model.id;
    this.find(".answer").inert = anew && !data.model.features;
    if (anew && !data.model.features) return this.askForModel(data);
    const replaced = anew || this.edition !== data.edition;
    if (anew) {
      this.model = data.model;
      this.build();
    }
    Object.assign(this.origins, data.origins);
    if (replaced) this.takeScenario(data);
    this.edition = data.edition;
    this.query = data.query;
    if (data.query !== undefined) keepAddress(data.query);
    this.comparison.hear(data.pins);
    if ("similar" in data) this.similar.take(data.similar);
    if (data.answer) this.hear(data);
    this.render();
    if (anew || replaced || (data.answer && !this.waiting)) this.say();
    if (this.asked) this.answered(data);
    this.teller.heard(data.heard);
  }

  askForModel({ values, origin, history, pins }) {
    const number = this.teller.sent();
    this.speak.state("scenario", { number, values, origin, ...history, pins, look_up: null, known: null });
  }

  takeScenario({ values, origin, history, pins }) {
    this.values = values.slice();
    this.origin = origin;
    this.history = new ScenarioHistory(history);
    this.moving = null;
    for (const control of this.controls) control.fault = null;
    this.comparison.take(this.model, pins);
    this.teller.known();
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
    const parts = [this.answering, this.start, this.copying, this.pulls, this.flips, this.joint, this.similar];
    for (const part of parts) part.build(model);
    for (const point of model.starts) this.origins[point.id] = point;
    this.find(".flips").classList.toggle("wide", model.groups.length % 2 === 0);
    this.features.build(model, cards, this.controls);
  }

  control(feature, position) {
    const control = new NumberControl(feature, this.leave.signal, {
      move: (value) => this.set(position, value),
      rest: (dragged) => this.rest(dragged),
    });
    control.track.prepend(seenBefore(feature));
    return control;
  }

  // ---- What is done with values ----

  get step() {
    return { values: this.values.slice(), origin: this.origin };
  }

  set(position, value) {
    clearTimeout(this.resting);
    if (this.moving !== position && value !== this.values[position]) {
      this.history.left(this.step);
      this.moving = position;
    }
    this.values[position] = value;
    this.teller.back();
    if (this.model.weights !== null) return this.render();
    // What takes a server longest is asked for once the values rest.
    this.hurried = true;
    this.ask();
    // Drawing can wait for the frame it is for: the question leaves first.
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.render());
  }

  setAll(values, origin = null) {
    this.history.left(this.step);
    this.replace({ values, origin });
  }

  // Put another scenario in place; where it came from is in the history already.
  replace({ values, origin }) {
    this.values = values.slice();
    this.origin = origin;
    for (const control of this.controls) control.fault = null;
    this.teller.back();
    this.rest(true);
  }

  undo() {
    this.turn(this.history.back(this.step));
  }

  redo() {
    this.turn(this.history.forward(this.step));
  }

  turn(step) {
    this.moving = null;
    if (step) this.replace(step);
  }

  begin(point) {
    this.origins[point.id] = point;
    this.setAll(point.values, point.id);
    this.say(point.said);
  }

  // Ask the page for a row that did not come along; it answers with another scenario, or says why there is none.
  lookUp(id) {
    this.asked = id;
    this.teller.back();
    this.send(id);
  }

  answered({ refused, answers }) {
    if (answers !== this.asked) return;
    this.asked = null;
    this.start.answered(refused);
    if (!refused) this.say(this.origins[this.origin].said);
  }

  // Values rest; keys may be pressed again at once.
  rest(dragged) {
    this.hurried = false;
    this.render();
    clearTimeout(this.resting);
    if (dragged) {
      this.moving = null;
      this.note("");
      this.say();
      this.teller.now();
    } else {
      this.resting = setTimeout(() => (this.moving = null), RESTS_MS);
      this.teller.soon();
    }
  }

  // Tell the page which values are shown.
  tell() {
    this.say();
    if (this.model.weights === null) this.ask();
    else this.send();
  }

  send(lookUp = null) {
    if (this.teller.leaving) return;
    const number = this.teller.sent();
    const { past, future } = this.history;
    const { hurried } = this;
    const pins = this.comparison.pins.map(({ name, values }) => ({ name, values }));
    this.speak.state("scenario", { number, ...this.step, past, future, pins, look_up: lookUp, known: this.model.id, hurried });
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

  hear({ answer, heard }) {
    this.answer = answer;
    if (heard < this.teller.count) return;
    clearTimeout(this.lost);
    this.waiting = false;
    if (this.unasked) this.ask();
  }

  // ---- What is shown ----

  look() {
    const { model, values } = this;
    const row = rowOf(model, values);
    const linear = model.weights !== null;
    const answer = linear
      ? { ...answerOf(model, values), interval: intervalOf(model, row), joint: jointFlip(model, row) }
      : this.answer;
    // While a server has not answered, nothing is known of the values in view.
    const known = this.waiting ? null : answer.probability;
    const { waiting, query } = this;
    const { pins } = this.comparison;
    return { model, values, row, pins, known, waiting, query, share: shareNearer(model, row), ...answer };
  }

  render() {
    const view = this.look();
    this.shown = view;
    this.renderControls();
    for (const part of [this.answering, this.seen, this.pulls, this.flips, this.joint, this.similar]) part.show(view);
    for (const part of [this.comparison, this.copying]) part.show(view);
    this.renderToolbar();
  }

  renderControls() {
    this.model.features.forEach((feature, i) => {
      const outside = place(feature, this.values[i] / feature.factor) === "outside";
      const note = outside ? `Outside the training rows: ${rangeWritten(feature, feature.min, feature.max)}` : "";
      this.controls[i].show(this.values[i], note);
    });
  }

  renderToolbar() {
    const { history: steps, step } = this;
    this.find(".undo").setAttribute("aria-disabled", String(!steps.can(steps.past, step)));
    this.find(".redo").setAttribute("aria-disabled", String(!steps.can(steps.future, step)));
    this.renderOrigin();
  }

  // Which row the values came from, and whether they are still its own.
  renderOrigin() {
    const point = this.origins[this.origin];
    this.find(".origin").hidden = !point;
    if (!point) return;
    const moved = point.values.some((value, i) => value !== this.values[i]);
    write(this.find(".origin-kind"), moved ? "Moved from" : "In view");
    write(this.find(".origin-said"), point.said);
  }

  // Said beside the pins until values have moved and rest again.
  note(text) {
    write(this.find(".toolbar-note"), text);
    if (text) write(this.find(".spoken"), text);
  }

  // For those who listen: the answer, once the values rest; before it what row they came from.
  say(before = "") {
    const { probability } = this.shown;
    write(this.find(".spoken"), `${before} ${percent(probability)}. ${callWritten(this.model, probability)}.`.trim());
  }

  destroy() {
    this.leave.abort();
    this.teller.stop();
    clearTimeout(this.lost);
    clearTimeout(this.resting);
    cancelAnimationFrame(this.frame);
  }
}

// Show the panel in `root`, which holds the markup of panel.html; `speak.state("scenario", …)` hears of values that rest.
export function mountPanel(root, data, speak) {
  return new Panel(root, data, speak);
}

export default streamlitComponent(mountPanel);
