// The live panel: sliders and the answer they give, followed while the pointer drags.
//
// First the pure functions: the model's numbers as `model.scoring`, `model.explain` and `model.flips`
// compute them, and the words of `model.wording`. Then the panel that shows them. Every number about the
// model comes from its manifest, as `dashboard.panel.model_data` writes it. What is mounted on a page of
// Streamlit is the default export; any other page calls `mountPanel`.

// ---- Scores -------------------------------------------------------------------------------------

export function logOdds(model, row) {
  let weighted = 0;
  for (let i = 0; i < row.length; i++) weighted += model.weights[i] * row[i];
  return model.intercept + weighted;
}

export function sigmoid(x) {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const small = Math.exp(x);
  return small / (1 + small);
}

export function score(model, row) {
  return sigmoid(logOdds(model, row));
}

export function logOddsOf(probability) {
  if (probability > 0 && probability < 1) return Math.log(probability) - Math.log1p(-probability);
  return probability >= 0.5 ? Infinity : -Infinity;
}

// What each feature adds to the log-odds, against the median row.
export function contributions(model, row) {
  return model.features.map((feature, i) => model.weights[i] * (row[i] - feature.median));
}

// The way from the median row's probability to the answer's, split in proportion to the log-odds.
export function inPoints(found, probability, atMedian) {
  const total = found.reduce((sum, one) => sum + one, 0);
  // Contributions that cancel out still pull: there the slope of the curve says how hard.
  const slope = Math.abs(total) > 1e-6 ? (probability - atMedian) / total : probability * (1 - probability);
  return found.map((one) => slope * one);
}

// For each feature the nearest value in its observed range that alone flips the call, or null.
export function flips(model, row) {
  return model.features.map((_, position) => flipOf(model, row, position));
}

function flipTest(model, row, position) {
  const called = score(model, row) >= model.threshold;
  const moved = row.slice();
  const flipped = (value) => {
    moved[position] = value;
    return called ? score(model, moved) < model.threshold : score(model, moved) >= model.threshold;
  };
  return { called, flipped };
}

function flipOf(model, row, position) {
  const { called, flipped } = flipTest(model, row, position);
  const { min, max } = model.features[position];
  const weight = model.weights[position];
  const present = row[position];
  const near = Math.min(Math.max(present, min), max);
  if (near !== present && flipped(near)) return near;
  const far = weight > 0 === called ? min : max;
  if (!flipped(far)) return null;
  let rest = 0;
  let size = Math.abs(model.intercept);
  row.forEach((value, i) => {
    if (i === position) return;
    rest += model.weights[i] * value;
    size += Math.abs(model.weights[i] * value);
  });
  const guess = (logOddsOf(model.threshold) - model.intercept - rest) / weight;
  const rounding = (2 ** -52 * (size + Math.abs(weight * guess))) / Math.abs(weight);
  return boundary(flipped, near, far, guess, rounding);
}

// The number next to those from `stay` on that do not flip, looking around `guess` first.
function boundary(flipped, stay, flip, guess, rounding) {
  for (let power = 0; power < 14; power++) {
    const step = rounding * 16 ** power;
    for (const value of [guess - step, guess + step]) {
      if (!(Math.min(stay, flip) < value && value < Math.max(stay, flip))) continue;
      if (flipped(value)) flip = value;
      else stay = value;
    }
    if (Math.abs(flip - stay) <= 2.5 * step) break;
  }
  for (let halvings = 0; halvings < 100; halvings++) {
    const middle = stay + (flip - stay) / 2;
    if (middle === stay || middle === flip) break;
    if (flipped(middle)) flip = middle;
    else stay = middle;
  }
  return flip;
}

// A flip value in display units, rounded away from the present one, so that what is shown flips when typed.
export function flipShown(feature, value, present) {
  const scaled = value * feature.factor * 10 ** feature.decimals;
  const steps = value >= present ? Math.ceil(scaled - 1e-9) : Math.floor(scaled + 1e-9);
  return rounded(steps / 10 ** feature.decimals, feature.decimals);
}

// Where a value in original units lies: "usual" (1–99 % of the training rows), "rare" or "outside".
export function place(feature, value) {
  if (!(value >= feature.min && value <= feature.max)) return "outside";
  return value >= feature.p1 && value <= feature.p99 ? "usual" : "rare";
}

// Values in display units as a row in original units.
export function rowOf(model, values) {
  return model.features.map((feature, i) => values[i] / feature.factor);
}

// All that the panel says about a linear model's row; a server's answer for another model has the same shape.
export function answerOf(model, values) {
  const row = rowOf(model, values);
  const probability = score(model, row);
  const found = contributions(model, row);
  return { probability, logOdds: found, points: inPoints(found, probability, model.at_median), flips: flips(model, row) };
}

// ---- Words --------------------------------------------------------------------------------------

export function rounded(value, decimals) {
  return Number(value.toFixed(decimals));
}

// A number with a true minus sign and thousands separators.
export function number(value, decimals, signed = false) {
  if (value === null || Number.isNaN(value)) return "–";
  const text = fixed(Math.abs(value), decimals).replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
  if (/^[0.,]*$/.test(text)) return text;
  return (value < 0 ? "−" : signed ? "+" : "") + text;
}

function fixed(value, decimals) {
  if (!Number.isFinite(value)) return "∞";
  if (value >= 1e21) return BigInt(value).toString() + (decimals ? `.${"0".repeat(decimals)}` : "");
  // Of two equally near, the even one is written, as Python does; toFixed takes the larger.
  const exact = value.toFixed(decimals + 30);
  const below = exact.slice(0, -30).replace(/\.$/, "");
  return /50{29}$/.test(exact) && /[02468]$/.test(below) ? below : value.toFixed(decimals);
}

export function percent(share, decimals = 1) {
  return `${number(100 * share, decimals)} %`;
}

export function points(share, decimals = 1) {
  return `${number(100 * share, decimals, true)} points`;
}

// A value in display units with its unit.
export function written(feature, value) {
  const separator = feature.unit === "×" ? "" : " ";
  return (number(value, feature.decimals) + separator + feature.unit).trim();
}

export function rangeWritten(feature, low, high) {
  return `${number(low * feature.factor, feature.decimals)} to ${written(feature, high * feature.factor)}`;
}

export function callWritten(model, probability) {
  return probability >= model.threshold ? `Call: ${model.positive_class}` : "No call";
}

export function distanceWritten(model, probability) {
  const distance = probability - model.threshold;
  const size = number(100 * Math.abs(distance), Math.abs(distance) >= 0.0005 ? 1 : 4);
  return `${size} points ${distance >= 0 ? "above" : "below"} the ${percent(model.threshold)} threshold`;
}

export function sentence(model, probability) {
  const up = `“${model.positive_class}”`;
  const call = probability >= model.threshold ? `calls ${up}` : `does not call ${up}`;
  return unbroken(
    `At these values the model gives ${up} **${percent(probability)}** and ${call}: it calls at` +
      ` ${percent(model.threshold)} or more. Of the ${model.rows_scored} (${model.period}),` +
      ` **${percent(model.base_rate)}** were ${up}.`,
  );
}

export function warningOf(feature, value) {
  const said = `**${feature.label} ${written(feature, value)}**`;
  const kind = place(feature, value / feature.factor);
  if (kind === "outside") {
    const seen = rangeWritten(feature, feature.min, feature.max);
    return unbroken(`${said} is outside the training rows (${seen}): the answer there is a guess.`);
  }
  if (kind === "usual") return null;
  const seen = rangeWritten(feature, feature.p1, feature.p99);
  return unbroken(`${said} is unusual: 98 % of the training rows lie within ${seen}.`);
}

// What is wrong with a typed text, or null.
export function faultOf(feature, text) {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value)) return "That is no number: the value before it stays.";
  if (value >= feature.least && value <= feature.most) return null;
  const [least, most] = [feature.least, feature.most].map((end) => number(end, feature.decimals));
  return `${number(value, feature.decimals)} is not from ${least} to ${most}: the value before it stays.`;
}

function unbroken(text) {
  return text.replaceAll(" %", "\u00a0%");
}

// ---- The panel ----------------------------------------------------------------------------------

const QUIET_MS = 200; // keys held down are reported once they rest
const UNDERWAY_MS = 80; // Streamlit gathers values for a moment before it sends them
const LOST_MS = 10000; // a server that has not answered by then is asked again

// Write text whose **parts** are strong; what it holds is never read as HTML.
function writeRich(element, text) {
  if (element.dataset.said === text) return;
  element.dataset.said = text;
  element.replaceChildren(
    ...text.split("**").map((part, i) => {
      if (i % 2 === 0) return part;
      const strong = document.createElement("b");
      strong.textContent = part;
      return strong;
    }),
  );
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, kind, text) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}

// A label at `at` percent of its row that never reaches beyond the row's ends.
function pin(element, at) {
  element.style.left = `${at}%`;
  element.style.transform = `translateX(-${at}%)`;
}

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

class Panel {
  constructor(root, data, report) {
    this.root = root;
    this.report = report;
    this.sent = 0;
    this.toldAt = -Infinity;
    this.waiting = false;
    this.leave = new AbortController();
    this.listen(this.find(".reset"), "click", () => this.setAll(this.model.features.map((feature) => feature.start)));
    this.listen(this.find(".log-odds-switch input"), "change", () => this.render());
    this.listenToLeaving();
    this.take(data);
  }

  // Whoever turns the page takes along what is not yet told; after that nothing may be told: the page would run
  // once more for a panel that is gone, and stay empty.
  listenToLeaving() {
    // Focus that goes nowhere may be that of a panel being taken away.
    this.listen(this.root, "focusout", (event) => event.relatedTarget && this.timer && this.tell());
    this.listen(window, "popstate", () => this.stopTelling());
    const follow = (event) => {
      const link = event.composedPath().find((element) => element.tagName === "A");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (this.timer) this.tell();
      const rest = this.toldAt + UNDERWAY_MS - performance.now();
      if (rest <= 0) return this.stopTelling();
      // What was just told must leave before the request for another page does.
      event.preventDefault();
      event.stopImmediatePropagation();
      setTimeout(() => link.click(), rest);
    };
    this.listen(document, "click", follow, true);
  }

  stopTelling() {
    clearTimeout(this.timer);
    this.timer = null;
    this.leaving = true;
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  listen(element, event, handle, capture = false) {
    element.addEventListener(event, handle, { signal: this.leave.signal, capture });
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
      this.told = String(this.values);
    }
    this.edition = data.edition;
    if (data.answer) this.hear(data.answer);
    this.render();
    if (anew || (data.answer && !this.waiting)) this.speak();
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
    const element = this.find(".control-template").content.firstElementChild.cloneNode(true);
    const [label, typed, range, note, help, description] = [
      "label", ".typed", "input[type=range]", ".note", ".help", ".description",
    ].map((selector) => element.querySelector(selector));
    const id = `value-${position}`;
    label.textContent = feature.labelled;
    label.htmlFor = range.id = id;
    Object.assign(range, { min: feature.low, max: feature.high, step: feature.step });
    Object.assign(typed, { min: feature.least, max: feature.most, step: feature.step });
    typed.setAttribute("aria-label", `${feature.labelled}, typed`);
    help.setAttribute("aria-label", `What is ${feature.label}?`);
    description.textContent = feature.description;
    element.querySelector("path").setAttribute("d", histogramPath(feature));
    const usual = element.querySelector(".usual");
    const span = feature.high - feature.low;
    const from = Math.max(0, (feature.p1 * feature.factor - feature.low) / span);
    const to = Math.min(1, (feature.p99 * feature.factor - feature.low) / span);
    Object.assign(usual.style, { left: `${100 * from}%`, width: `${100 * (to - from)}%` });
    note.id = `note-${position}`;
    for (const input of [range, typed]) input.setAttribute("aria-describedby", note.id);
    this.listenTo({ range, typed, help, description, note }, feature, position);
    return { element, range, typed, note, fault: null };
  }

  listenTo({ range, typed, help, description }, feature, position) {
    this.listen(range, "input", () => this.set(position, rounded(range.valueAsNumber, feature.decimals)));
    let dragging = false;
    this.listen(range, "pointerdown", () => (dragging = true));
    this.listen(range, "change", () => {
      if (dragging) this.tell();
      else this.tellSoon();
      dragging = false;
    });
    this.listen(range, "dblclick", () => {
      this.set(position, feature.start);
      this.tell();
    });
    this.listen(typed, "input", () => {
      // What is being typed is left as it is until it is done.
      this.typing = typed;
      if (faultOf(feature, typed.value) === null) this.set(position, rounded(Number(typed.value), feature.decimals));
    });
    this.listen(typed, "change", () => {
      this.typing = null;
      this.controls[position].fault = faultOf(feature, typed.validity.badInput ? "?" : typed.value);
      this.render();
      this.tell();
    });
    this.listen(typed, "blur", () => {
      this.typing = null;
      this.render();
    });
    this.listen(help, "click", () => {
      description.hidden = !description.hidden;
      help.setAttribute("aria-expanded", String(!description.hidden));
    });
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
      this.tell();
    });
    cell.append(button, none);
    element.append(head, now, cell);
    return { element, now, button, none, value: null };
  }

  // ---- What is done with values ----

  set(position, value) {
    const { least, most } = this.model.features[position];
    this.values[position] = Math.min(Math.max(value, least), most);
    this.controls[position].fault = null;
    this.leaving = false;
    if (this.model.weights === null) this.ask();
    this.render();
  }

  setAll(values) {
    this.values = values.slice();
    this.leaving = false;
    for (const control of this.controls) control.fault = null;
    this.tell();
    this.render();
  }

  tellSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), QUIET_MS);
  }

  // Tell the page which values are shown, once they rest.
  tell() {
    clearTimeout(this.timer);
    this.timer = null;
    this.speak();
    if (String(this.values) === this.told) return;
    if (this.model.weights === null) this.ask();
    else this.send();
  }

  send() {
    if (this.leaving) return;
    const names = this.model.features.map((feature) => feature.name);
    this.sent += 1;
    this.told = String(this.values);
    this.toldAt = performance.now();
    this.report({ number: this.sent, values: Object.fromEntries(names.map((name, i) => [name, this.values[i]])) });
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
      const { range, typed, note, fault, element } = this.controls[i];
      const value = this.values[i];
      const at = Math.min(Math.max(value, feature.low), feature.high);
      if (range.valueAsNumber !== at) range.value = String(at);
      range.style.setProperty("--at", `${(100 * (at - feature.low)) / (feature.high - feature.low)}%`);
      range.setAttribute("aria-valuetext", written(feature, value));
      const text = value.toFixed(feature.decimals);
      if (typed !== this.typing && typed.value !== text) typed.value = text;
      typed.setAttribute("aria-invalid", String(fault !== null));
      const outside = place(feature, value / feature.factor) === "outside";
      const seen = rangeWritten(feature, feature.min, feature.max);
      write(note, fault ?? (outside ? `Outside the training rows: ${seen}` : ""));
      element.classList.toggle("beyond", fault !== null || outside);
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
  speak() {
    const { probability } = this.shown;
    write(this.find(".spoken"), `${percent(probability)}. ${callWritten(this.model, probability)}.`);
  }

  destroy() {
    this.leave.abort();
    clearTimeout(this.timer);
    clearTimeout(this.lost);
  }
}

// Show the panel in `root`, which holds the markup of panel.html; `report` hears of values that rest.
export function mountPanel(root, data, report) {
  return new Panel(root, data, report);
}

const mounted = new WeakMap();

// Streamlit calls this when the component appears and whenever its data change.
export default function ({ parentElement, data, setStateValue }) {
  const report = (scenario) => setStateValue("scenario", scenario);
  const there = mounted.get(parentElement);
  if (there) {
    there.report = report;
    there.take(data);
  } else {
    mounted.set(parentElement, mountPanel(parentElement, data, report));
  }
  return () => {
    mounted.get(parentElement)?.destroy();
    mounted.delete(parentElement);
  };
}
