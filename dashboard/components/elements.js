// What every panel does with the elements of its page, and how it speaks with the server.

export function make(tag, kind, text) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}

export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Write text whose **parts** are strong; what it holds is never read as HTML.
export function writeRich(element, text) {
  if (element.dataset.said === text) return;
  element.dataset.said = text;
  element.replaceChildren(
    ...text.split("**").map((part, i) => (i % 2 === 0 ? part : make("b", "", part))),
  );
}

// A label at `at` percent of its row that never reaches beyond the row's ends.
export function pin(element, at) {
  element.style.left = `${at}%`;
  element.style.transform = `translateX(-${at}%)`;
}

const QUIET_MS = 200; // keys held down are reported once they rest
const UNDERWAY_MS = 80; // Streamlit gathers values for a moment before it sends them

// Tells the page what a panel shows, once it rests, and nothing once the page is being left.
export class Teller {
  // `shown` gives what there is to tell, `tell` tells it; listening ends with `signal`.
  constructor(root, signal, { shown, tell }) {
    Object.assign(this, { shown, tell, toldAt: -Infinity, timer: null, leaving: false });
    this.listenToLeaving(root, signal);
  }

  // Whoever turns the page takes along what is not yet told; after that nothing may be told: the page would run
  // once more for a panel that is gone, and stay empty.
  listenToLeaving(root, signal) {
    // Focus that goes nowhere may be that of a panel being taken away.
    root.addEventListener("focusout", (event) => event.relatedTarget && this.timer && this.now(), { signal });
    window.addEventListener("popstate", () => this.stop(), { signal });
    const follow = (event) => {
      const link = event.composedPath().find((element) => element.tagName === "A" && !element.download);
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (this.timer) this.now();
      const rest = this.toldAt + UNDERWAY_MS - performance.now();
      if (rest <= 0) return this.stop();
      // What was just told must leave before the request for another page does.
      event.preventDefault();
      event.stopImmediatePropagation();
      setTimeout(() => link.click(), rest);
    };
    document.addEventListener("click", follow, { signal, capture: true });
  }

  // What is shown is what the page has said itself.
  known() {
    this.told = String(this.shown());
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), QUIET_MS);
  }

  now() {
    clearTimeout(this.timer);
    this.timer = null;
    if (!this.leaving && String(this.shown()) !== this.told) this.tell();
  }

  // To be called whenever something is sent.
  sent() {
    this.known();
    this.toldAt = performance.now();
  }

  // A hand that moves something is on the page still.
  back() {
    this.leaving = false;
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.leaving = true;
  }
}

// What Streamlit calls when a component appears and whenever its data change. `mount(root, data, speak)` returns an
// object with `take(data)` and `destroy()`; `speak.state(name, value)` and `speak.trigger(name, value)` tell the page.
export function streamlitComponent(mount) {
  const mounted = new WeakMap();
  return ({ parentElement, data, setStateValue, setTriggerValue }) => {
    const there = mounted.get(parentElement);
    if (there) {
      Object.assign(there.speak, { state: setStateValue, trigger: setTriggerValue });
      there.panel.take(data);
    } else {
      const speak = { state: setStateValue, trigger: setTriggerValue };
      mounted.set(parentElement, { panel: mount(parentElement, data, speak), speak });
    }
    return () => {
      mounted.get(parentElement)?.panel.destroy();
      mounted.delete(parentElement);
    };
  };
}
