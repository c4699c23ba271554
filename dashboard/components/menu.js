// A button and the box it opens below itself; Escape, a press elsewhere and focus that moves on close it.

export class Menu {
  // `root` holds the elements `.<name>-button` and `.<name>-menu`; `opened` is called when the box appears.
  constructor(root, name, signal, opened = () => {}) {
    this.button = root.querySelector(`.${name}-button`);
    this.box = root.querySelector(`.${name}-menu`);
    this.opened = opened;
    this.show(false);
    this.button.addEventListener("click", () => this.show(this.box.hidden), { signal });
    const around = this.button.parentElement;
    around.addEventListener("keydown", (event) => this.onKey(event), { signal });
    around.addEventListener(
      "focusout",
      (event) => event.relatedTarget && !around.contains(event.relatedTarget) && this.show(false),
      { signal },
    );
    document.addEventListener("pointerdown", (event) => !event.composedPath().includes(around) && this.show(false), { signal });
  }

  onKey(event) {
    if (event.key !== "Escape" || this.box.hidden) return;
    event.stopPropagation();
    this.close();
  }

  get open() {
    return !this.box.hidden;
  }

  show(open) {
    this.box.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.opened();
  }

  // Close after a choice: who chose by keyboard goes on from the button.
  close() {
    this.show(false);
    this.button.focus();
  }
}
