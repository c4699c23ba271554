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
const LEAVES_MS = 5000; // a page that has not heard by then is left all the same

// Tells the page what a panel shows, once it rests, and nothing once the page is being left.
export class Teller {
  // `shown` gives what there is to tell, `tell` tells it; listening ends with `signal`.
  constructor(root, signal, { shown, tell }) {
    Object.assign(this, { shown, tell, count: 0, heardOf: 0, timer: null, leaving: false, link: null });
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
      if (!link || this.leaving || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (this.timer) this.now();
      if (this.heardOf === this.count) return this.stop();
      // A request for another page takes the place of one that a busy server has not come to yet.
      event.preventDefault();
      event.stopImmediatePropagation();
      this.link = link;
      setTimeout(() => this.leave(), LEAVES_MS);
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

  // To be called whenever something is sent; returns the number that goes with it.
  sent() {
    this.known();
    this.count += 1;
    return this.count;
  }

  // The page answers with the number of what it has heard last.
  heard(number) {
    this.heardOf = number;
    if (number === this.count) this.leave();
  }

  leave() {
    const { link } = this;
    if (!link) return;
    this.stop();
    link.click();
  }

  // A hand that moves something is on the page still.
  back() {
    this.leaving = false;
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.link = null;
    this.leaving = true;
  }
}

// Keep the address of the page in step with what the page shows.
export function keepAddress(query) {
  if (location.search !== query) history.replaceState(history.state, "", location.pathname + query + location.hash);
}

// What Streamlit calls when a component appears and whenever its data change. `mount(root, data, speak)` returns an
// object with `take(data)` and `destroy()`; `speak.state(name, value)` and `speak.trigger(name, value)` tell the page.
export function streamlitComponent(mount) {
  const mounted = new WeakMap();
  return ({ parentElement, data: [data], setStateValue, setTriggerValue }) => {
    const there = mounted.get(parentElement);
    if (there) {
      Object.assign(there.speak, { state: setStateValue, trigger: setTriggerValue });
      there.panel.take(data);
    } else {
      const speak = { state: setStateValue, trigger: setTriggerValue };
      mounted.set(parentElement, { panel: mount(parentElement, data, speak), speak });
    }
    return () => {
      // Streamlit also calls this when new data overtake a call, of a panel that stays on the page.
      if (parentElement.isConnected) return;
      mounted.get(parentElement)?.panel.destroy();
      mounted.delete(parentElement);
    };
  };
}

// What a page without a server does: mounts a panel from the data that came with the page, in the element `name` or
// its shadow. Nobody else listens to the panel, so all it tells is heard at once.
export function standAlone(mount, name) {
  const place = document.getElementById(name);
  const data = JSON.parse(document.getElementById(`${name}-data`).textContent);
  const speak = { state: (_, { number }) => panel.teller.heard(number) };
  const panel = mount(place.shadowRoot ?? place, data, speak);
}
