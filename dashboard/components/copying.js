// The scenario as a link, a command, a script or an object, in a box whose text can be copied.

import { write } from "./elements.js";
import { Menu } from "./menu.js";

// Features and values in original units, as JSON writes them.
function featuresOf({ model, row }) {
  return JSON.stringify(Object.fromEntries(model.features.map(({ name }, i) => [name, row[i]])), null, 4);
}

// JSON on one line, with a space after commas and colons.
function onOneLine(json) {
  return json.replace(/([{[])\n\s*/g, "$1").replace(/\n\s*([}\]])/g, "$1").replace(/\n\s*/g, " ");
}

const COPY_TEXTS = {
  link({ model, values, pins, query }) {
    const parameters = new URLSearchParams(query);
    const shown = (all) => model.features.map(({ decimals }, i) => all[i].toFixed(decimals));
    shown(values).forEach((value, i) => parameters.set(model.parameters[i], value));
    for (const name of [...parameters.keys()]) if (name.startsWith("pin.")) parameters.delete(name);
    for (const pin of pins) parameters.set(`pin.${pin.name}`, shown(pin.values).join(","));
    return `${location.href.split(/[?#]/)[0]}?${parameters}`;
  },
  // In single quotes a shell leaves everything as it is but the quote itself.
  curl: (view) => view.model.code.curl.replace("{features}", () => onOneLine(featuresOf(view)).replaceAll("'", "'\\''")),
  python: (view) => view.model.code.python.replace("{features}", () => featuresOf(view)),
  json(view) {
    const { model, known } = view;
    const { key, version, sha256 } = model.code;
    const { threshold } = model;
    const prediction = known === null ? null : Number(known >= threshold);
    const answer = { [key]: known, threshold, prediction, version, sha256 };
    return JSON.stringify({ features: JSON.parse(featuresOf(view)), ...answer }, null, 2);
  },
};

const COPY_ABOUT = {
  link: "Opens this page with these values and pins.",
  curl: "Asks the API, where it runs; the values are in original units.",
  python: "Runs in the project's folder, with its environment.",
  json: "Values in original units, and what the model says of them.",
};

export function copyText(kind, view) {
  return COPY_TEXTS[kind](view);
}

export class CopyMenu {
  constructor(root, signal) {
    this.box = root.querySelector(".copy-menu");
    this.text = this.box.querySelector("textarea");
    this.said = this.box.querySelector(".copied");
    this.menu = new Menu(root, "copy", signal, () => this.write());
    this.box.addEventListener("change", () => this.write(), { signal });
    this.box.querySelector(".copy-text").addEventListener("click", () => this.copy(), { signal });
  }

  // Without a server there is nothing to link to or to call.
  build(model) {
    this.menu.button.hidden = !model.code;
  }

  get kind() {
    return this.box.querySelector("input:checked").value;
  }

  show(view) {
    this.view = view;
    if (this.menu.open) this.write();
  }

  write() {
    const text = copyText(this.kind, this.view);
    write(this.box.querySelector(".copy-about"), COPY_ABOUT[this.kind]);
    if (this.text.value === text) return;
    this.text.value = text;
    write(this.said, "");
  }

  async copy() {
    write(this.said, (await this.copied()) ? "Copied." : "The text is selected: copy it with Ctrl+C.");
  }

  async copied() {
    try {
      await navigator.clipboard.writeText(this.text.value);
      return true;
    } catch {
      // Without permission, or beyond a secure connection, there is the way of before.
      this.text.focus();
      this.text.select();
      return document.execCommand("copy");
    }
  }
}
