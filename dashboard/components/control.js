// A number as a slider and a box to type it into, in step. What stands under the slider is up to the panel.

import { make, write } from "./elements.js";
import { faultOf, rounded, written } from "./words.js";

let controls = 0;

export class NumberControl {
  // `scale` has label, labelled, unit, decimals, low, high, step (the slider), least, most (what may be typed) and
  // start (what a double click returns to). `on.move(value)` follows the hand; `on.rest(dragged)` when it rests.
  constructor(scale, signal, on) {
    Object.assign(this, { scale, signal, on, fault: null, typing: false });
    this.build();
    this.listenToSlider();
    this.listenToBox();
  }

  build() {
    const { scale } = this;
    const id = `control-${(controls += 1)}`;
    this.element = make("div", "control");
    const head = make("div", "control-head");
    this.label = make("label", "", scale.labelled);
    this.typed = Object.assign(make("input", "typed"), { type: "number", inputMode: "decimal", autocomplete: "off" });
    this.track = make("div", "track");
    this.range = Object.assign(make("input"), { type: "range" });
    this.note = make("p", "note");
    this.label.htmlFor = this.range.id = id;
    this.note.id = `${id}-note`;
    Object.assign(this.range, { min: scale.low, max: scale.high, step: scale.step });
    Object.assign(this.typed, { min: scale.least, max: scale.most, step: scale.step });
    this.typed.setAttribute("aria-label", `${scale.labelled}, typed`);
    for (const input of [this.range, this.typed]) input.setAttribute("aria-describedby", this.note.id);
    head.append(this.label, ...this.help(), this.typed);
    this.track.append(this.range);
    this.element.append(head, ...(this.description ? [this.description] : []), this.track, this.note);
  }

  // A button that shows what the number is, where there is more to say than its label.
  help() {
    if (!this.scale.description) return [];
    const button = Object.assign(make("button", "help", "?"), { type: "button" });
    this.description = make("p", "description muted", this.scale.description);
    this.description.hidden = true;
    button.setAttribute("aria-label", `What is ${this.scale.label}?`);
    button.setAttribute("aria-expanded", "false");
    this.listen(button, "click", () => {
      this.description.hidden = !this.description.hidden;
      button.setAttribute("aria-expanded", String(!this.description.hidden));
    });
    return [button];
  }

  listen(element, event, handle) {
    element.addEventListener(event, handle, { signal: this.signal });
  }

  move(value) {
    this.fault = null;
    this.on.move(Math.min(Math.max(rounded(value, this.scale.decimals), this.scale.least), this.scale.most));
  }

  listenToSlider() {
    const { range } = this;
    let dragging = false;
    this.listen(range, "input", () => this.move(range.valueAsNumber));
    this.listen(range, "pointerdown", () => (dragging = true));
    this.listen(range, "change", () => {
      this.on.rest(dragging);
      dragging = false;
    });
    this.listen(range, "dblclick", () => {
      this.move(this.scale.start);
      this.on.rest(true);
    });
  }

  listenToBox() {
    const { typed, scale } = this;
    // A browser drops the comma of a number and keeps its digits, which makes 15 of 1,5.
    this.listen(typed, "keydown", (event) => {
      if (event.key !== "," || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      document.execCommand("insertText", false, ".");
    });
    this.listen(typed, "input", () => {
      // What is being typed is left as it is until it is done.
      if (!this.typing) this.before = this.value;
      this.typing = true;
      if (faultOf(scale, typed.value) === null) this.move(Number(typed.value));
    });
    this.listen(typed, "change", () => {
      this.typing = false;
      const fault = faultOf(scale, typed.validity.badInput ? "?" : typed.value);
      // On the way to what is refused, what had been typed so far was followed.
      if (fault !== null) this.on.move(this.before);
      this.fault = fault;
      this.on.rest(true);
    });
    this.listen(typed, "blur", () => {
      this.typing = false;
      this.on.rest(false);
    });
  }

  // Show `value`; `note` is what is to be said of it, unless what was typed has a fault.
  show(value, note = "") {
    const { scale, range, typed, fault } = this;
    this.value = value;
    const at = Math.min(Math.max(value, scale.low), scale.high);
    if (range.valueAsNumber !== at) range.value = String(at);
    range.setAttribute("aria-valuetext", written(scale, value));
    const text = value.toFixed(scale.decimals);
    if (!this.typing && typed.value !== text) typed.value = text;
    typed.setAttribute("aria-invalid", String(fault !== null));
    write(this.note, fault ?? note);
    this.element.classList.toggle("beyond", fault !== null || note !== "");
  }
}
