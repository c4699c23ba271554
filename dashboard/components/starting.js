// Rows to begin a scenario from: those that came with the model, and any day's, which the page looks up.

import { make, write } from "./elements.js";
import { Menu } from "./menu.js";

export class StartMenu {
  // `on.begin(point)` takes a starting point over; `on.lookUp(id)` asks the page for one.
  constructor(root, signal, on) {
    Object.assign(this, { on, signal, box: root.querySelector(".start-menu") });
    this.menu = new Menu(root, "start", signal);
    this.form = root.querySelector(".row-form");
    this.ticker = this.form.querySelector("select");
    this.day = this.form.querySelector("input");
    this.ticker.addEventListener("change", () => this.boundDay(), { signal });
    this.form.addEventListener("submit", (event) => this.submit(event), { signal });
  }

  build(model) {
    this.tickers = model.tickers;
    const special = model.starts.filter((point) => point.kind !== "latest");
    const latest = model.starts.filter((point) => point.kind === "latest");
    this.box.querySelector(".choices").replaceChildren(...special.map((point) => this.choice(point)));
    this.box.querySelector(".latest").hidden = latest.length === 0;
    this.box.querySelector(".latest-rows").replaceChildren(...latest.map((point) => this.chip(point)));
    const named = this.tickers.some(({ name }) => name);
    this.form.querySelector(".of-ticker").hidden = !named;
    this.form.hidden = this.tickers.length === 0;
    this.ticker.replaceChildren(...this.tickers.map(({ name }) => new Option(name, name)));
    if (this.tickers.length) this.boundDay();
  }

  boundDay() {
    const { first, last } = this.tickers.find(({ name }) => name === this.ticker.value);
    Object.assign(this.day, { min: first, max: last, value: last });
  }

  choice(point) {
    const button = Object.assign(make("button", "choice"), { type: "button" });
    button.append(make("b", "", point.label), make("span", "muted", point.detail));
    return this.beginning(button, point);
  }

  chip(point) {
    const button = Object.assign(make("button", "button", point.label), { type: "button" });
    button.setAttribute("aria-label", `${point.label}: the latest row, ${point.detail}`);
    return this.beginning(button, point);
  }

  beginning(button, point) {
    button.addEventListener("click", () => {
      this.menu.close();
      this.on.begin(point);
    }, { signal: this.signal });
    return button;
  }

  submit(event) {
    event.preventDefault();
    this.on.lookUp(`row:${this.day.value}:${this.ticker.value}`);
  }

  // What came of a look-up: the row is shown by the panel, or `refused` says why there is none.
  answered(refused) {
    write(this.box.querySelector(".refused"), refused ?? "");
    if (refused) this.menu.show(true);
    else if (this.menu.open) this.menu.close();
  }
}
