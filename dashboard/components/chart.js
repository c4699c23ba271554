// A chart that only its page changes.

import { Drawing } from "./drawing.js";
import { make, streamlitComponent } from "./elements.js";
import { chartTools } from "./saving.js";
import { pointing } from "./pointing.js";

class StillChart {
  constructor(root, data) {
    this.leave = new AbortController();
    const place = root.querySelector(".still");
    const figure = make("figure");
    place.replaceChildren(figure);
    this.drawing = new Drawing(figure, this.leave.signal);
    this.take(data);
    pointing(this.drawing, this.leave.signal);
    place.append(chartTools(this.drawing, this.leave.signal));
  }

  take(data) {
    const said = JSON.stringify(data);
    if (said === this.said) return;
    this.said = said;
    this.drawing.draw(data);
  }

  destroy() {
    this.leave.abort();
  }
}

export function mountChart(root, data) {
  return new StillChart(root, data);
}

export default streamlitComponent(mountChart);
