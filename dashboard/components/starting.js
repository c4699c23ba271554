// Rows to begin a scenario from: those that came with the model, and any other, which the page looks up.

import { make, write } from "./elements.js";
import { Menu } from "./menu.js";

export class StartMenu {
  // `on.begin(point)` takes a starting point over; `on.lookUp(id)` asks the page for one.
  constructor(root, signal, on) {
    Object.assign(this, { on, signal, box: root.querySelector(".start-menu") });
    this.menu = new Menu(root, "start", signal);
    this.form = root.querySelector(".row-form");
    this.group = this.form.querySelector("select");
    this.which = this.form.querySelector("input");
    this.group.addEventListener("change", () => this.boundWhich(), { signal });
    this.form.addEventListener("submit", (event) => this.submit(event), { signal });
  }

  build(model) {
    this.rows = model.rows;
    const special = model.starts.filter((point) => point.kind !== "latest");
    const latest = model.starts.filter((point) => point.kind === "latest");
    this.box.querySelector(".choices").replaceChildren(...special.map((point) => this.choice(point)));
    this.box.querySelector(".latest").hidden = latest.length === 0;
    write(this.box.querySelector(".latest p"), this.rows.latest);
    this.box.querySelector(".latest-rows").replaceChildren(...latest.map((point) => this.chip(point)));
    this.buildForm();
  }

  // A row by its day or its number, and by what it belongs to where rows belong to something.
  buildForm() {
    const { groups, kind, field, of, on } = this.rows;
    this.form.querySelector(".of-group").hidden = !groups.some(({ name }) => name);
    this.form.hidden = groups.length === 0;
    write(this.form.querySelector(".of-group span"), of);
    write(this.form.querySelector(".which span"), on);
    this.which.type = kind;
    this.which.setAttribute("aria-label", field);
    this.group.replaceChildren(...groups.map(({ name }) => new Option(name, name)));
    if (groups.length) this.boundWhich();
  }

  boundWhich() {
    const { first, last } = this.rows.groups.find(({ name }) => name === this.group.value);
    Object.assign(this.which, { min: first, max: last, value: last });
  }

  choice(point) {
    const button = Object.assign(make("button", "choice"), { type: "button" });
    button.append(make("b", "", point.label), make("span", "muted", point.detail));
    return this.beginning(button, point);
  }

  chip(point) {
    const button = Object.assign(make("button", "button", point.label), { type: "button" });
    button.setAttribute("aria-label", `${point.label}: ${this.rows.each}, ${point.detail}`);
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
    this.on.lookUp(`row:${this.which.value}:${this.group.value}`);
  }

  // What came of a look-up: the row is shown by the panel, or `refused` says why there is none.
  answered(refused) {
    write(this.box.querySelector(".refused"), refused ?? "");
    if (refused) this.menu.show(true);
    else if (this.menu.open) this.menu.close();
  }
}
