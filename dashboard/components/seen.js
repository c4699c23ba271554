// What the training rows held: how often each value, over its slider, and whether such values were among them at all.

import { togetherWritten } from "./distances.js";
import { make, write, writeRich } from "./elements.js";
import { place, warningOf } from "./scores.js";

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

// The histogram of a feature, and where 98 % of its values lie.
export function seenBefore(feature) {
  const below = make("div", "seen-before");
  below.setAttribute("aria-hidden", "true");
  below.innerHTML = '<svg viewBox="0 0 100 100" preserveAspectRatio="none"><path></path></svg><div class="usual"></div>';
  below.querySelector("path").setAttribute("d", histogramPath(feature));
  const span = feature.high - feature.low;
  const from = Math.max(0, (feature.p1 * feature.factor - feature.low) / span);
  const to = Math.min(1, (feature.p99 * feature.factor - feature.low) / span);
  Object.assign(below.querySelector(".usual").style, { left: `${100 * from}%`, width: `${100 * (to - from)}%` });
  return below;
}

// Values and combinations unlike anything the model has seen.
export class SeenCard {
  constructor(root) {
    this.root = root;
    this.usual = root.querySelector(".all-usual");
    this.list = root.querySelector(".warnings");
    this.together = root.querySelector(".together");
  }

  show({ model, values, share }) {
    const together = togetherWritten(share);
    writeRich(this.together, together.text);
    this.together.className = together.kind === "usual" ? "together" : `together ${together.kind}`;
    const alone = together.kind === "usual" ? "Yes: each value lies" : "Each value on its own lies";
    write(this.usual, `${alone} where 98\u00a0% of the ${model.rows_trained} lie.`);
    const warnings = model.features.map((feature, i) => warningOf(feature, values[i]));
    const said = warnings.join("\n");
    if (this.said === said) return;
    this.said = said;
    const items = warnings.flatMap((warning, i) => {
      if (warning === null) return [];
      const item = make("li", place(model.features[i], values[i] / model.features[i].factor));
      writeRich(item, warning);
      return [item];
    });
    this.list.replaceChildren(...items);
    this.usual.hidden = items.length > 0;
  }
}
