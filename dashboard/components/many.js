// What keeps a model of many features usable: their controls can be searched, their tables scroll on their own.

import { make, write } from "./elements.js";

const MANY = 12;
const TABLES = [".flips", ".pulls", ".joint", ".similar"];

export class ManyFeatures {
  constructor(root, signal) {
    this.root = root;
    this.label = root.querySelector(".find");
    this.search = this.label.querySelector("input");
    this.none = root.querySelector(".none-found");
    this.search.addEventListener("input", () => this.show(), { signal });
  }

  build({ features, groups }, cards, controls) {
    Object.assign(this, { features, groups, cards, controls });
    const many = features.length > MANY;
    this.label.hidden = !many;
    this.search.value = "";
    this.sayNone("");
    const [values, reasons] = [".values", ".reasons"].map((part) => this.root.querySelector(part));
    values.classList.toggle("many", many);
    // Beside so many controls there is room in the column of the reasons.
    (many ? reasons : values).append(this.root.querySelector(".flips"));
    if (many) for (const card of TABLES) this.scroll(this.root.querySelector(card));
  }

  // A table in a box of limited height, which the keyboard can scroll, too.
  scroll(card) {
    const table = card.querySelector("table");
    if (table.parentElement !== card) return;
    const box = make("div", "scrolls");
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", card.querySelector("h2").textContent);
    table.replaceWith(box);
    box.append(table);
  }

  // Only the controls whose label or name holds what is searched for.
  show() {
    const wanted = this.search.value.trim().toLowerCase();
    const fits = this.features.map(({ name, label }) => `${label} ${name}`.toLowerCase().includes(wanted));
    this.controls.forEach(({ element }, i) => (element.hidden = !fits[i]));
    this.groups.forEach(({ features }, i) => (this.cards[i].hidden = !features.some((position) => fits[position])));
    this.sayNone(fits.includes(true) ? "" : `No feature has “${this.search.value.trim()}” in its name.`);
  }

  // Seen and heard; where there is nothing to say it takes no room.
  sayNone(words) {
    write(this.none, words);
    this.none.classList.toggle("unseen", !words);
  }
}
