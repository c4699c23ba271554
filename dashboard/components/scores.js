// The model's numbers as `model.scoring`, `model.explain` and `model.flips` compute them, and what is said of them.
//
// Every number about the model comes from its manifest, as `training.panels.predict.model_data` writes it.

import { number, percent, rounded, unbroken, written } from "./words.js";

// ---- Scores -------------------------------------------------------------------------------------

export function logOdds(model, row) {
  let weighted = 0;
  for (let i = 0; i < row.length; i++) weighted += model.weights[i] * row[i];
  return model.intercept + weighted;
}

export function sigmoid(x) {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const small = Math.exp(x);
  return small / (1 + small);
}

export function score(model, row) {
  return sigmoid(logOdds(model, row));
}

export function logOddsOf(probability) {
  if (probability > 0 && probability < 1) return Math.log(probability) - Math.log1p(-probability);
  return probability >= 0.5 ? Infinity : -Infinity;
}

// What each feature adds to the log-odds, against the median row.
export function contributions(model, row) {
  return model.features.map((feature, i) => model.weights[i] * (row[i] - feature.median));
}

// The way from the median row's probability to the answer's, split in proportion to the log-odds.
export function inPoints(found, probability, atMedian) {
  const total = found.reduce((sum, one) => sum + one, 0);
  // Contributions that cancel out still pull: there the slope of the curve says how hard.
  const slope = Math.abs(total) > 1e-6 ? (probability - atMedian) / total : probability * (1 - probability);
  return found.map((one) => slope * one);
}

// For each feature the nearest value in its observed range that alone flips the call, or null.
export function flips(model, row) {
  return model.features.map((_, position) => flipOf(model, row, position));
}

function flipTest(model, row, position) {
  const called = score(model, row) >= model.threshold;
  const moved = row.slice();
  const flipped = (value) => {
    moved[position] = value;
    return called ? score(model, moved) < model.threshold : score(model, moved) >= model.threshold;
  };
  return { called, flipped };
}

function flipOf(model, row, position) {
  const { called, flipped } = flipTest(model, row, position);
  const { min, max } = model.features[position];
  const weight = model.weights[position];
  const present = row[position];
  const near = Math.min(Math.max(present, min), max);
  if (near !== present && flipped(near)) return near;
  const far = weight > 0 === called ? min : max;
  if (!flipped(far)) return null;
  let rest = 0;
  let size = Math.abs(model.intercept);
  row.forEach((value, i) => {
    if (i === position) return;
    rest += model.weights[i] * value;
    size += Math.abs(model.weights[i] * value);
  });
  const guess = (logOddsOf(model.threshold) - model.intercept - rest) / weight;
  const rounding = (2 ** -52 * (size + Math.abs(weight * guess))) / Math.abs(weight);
  return boundary(flipped, near, far, guess, rounding);
}

// The number next to those from `stay` on that do not flip, looking around `guess` first.
function boundary(flipped, stay, flip, guess, rounding) {
  for (let power = 0; power < 14; power++) {
    const step = rounding * 16 ** power;
    for (const value of [guess - step, guess + step]) {
      if (!(Math.min(stay, flip) < value && value < Math.max(stay, flip))) continue;
      if (flipped(value)) flip = value;
      else stay = value;
    }
    if (Math.abs(flip - stay) <= 2.5 * step) break;
  }
  for (let halvings = 0; halvings < 100; halvings++) {
    const middle = stay + (flip - stay) / 2;
    if (middle === stay || middle === flip) break;
    if (flipped(middle)) flip = middle;
    else stay = middle;
  }
  return flip;
}

// A flip value in display units, rounded away from the present one, so that what is shown flips when typed.
export function flipShown(feature, value, present) {
  const scaled = value * feature.factor * 10 ** feature.decimals;
  const steps = value >= present ? Math.ceil(scaled - 1e-9) : Math.floor(scaled + 1e-9);
  return rounded(steps / 10 ** feature.decimals, feature.decimals);
}

// Where a value in original units lies: "usual" (1–99 % of the training rows), "rare" or "outside".
export function place(feature, value) {
  if (!(value >= feature.min && value <= feature.max)) return "outside";
  return value >= feature.p1 && value <= feature.p99 ? "usual" : "rare";
}

// Values in display units as a row in original units.
export function rowOf(model, values) {
  return model.features.map((feature, i) => values[i] / feature.factor);
}

// All that the panel says about a linear model's row; a server's answer for another model has the same shape.
export function answerOf(model, values) {
  const row = rowOf(model, values);
  const probability = score(model, row);
  const found = contributions(model, row);
  return { probability, logOdds: found, points: inPoints(found, probability, model.at_median), flips: flips(model, row) };
}

// ---- What is said of them -----------------------------------------------------------------------

export function rangeWritten(feature, low, high) {
  return `${number(low * feature.factor, feature.decimals)} to ${written(feature, high * feature.factor)}`;
}

export function callWritten(model, probability) {
  return probability >= model.threshold ? `Call: ${model.positive_class}` : "No call";
}

// The call as a shape and a word; "…" while it is not known.
export function answerShape(model, probability) {
  if (probability === null) return "…";
  return probability >= model.threshold ? `▲ ${model.positive_class}` : "○ no call";
}

export function distanceWritten(model, probability) {
  const distance = probability - model.threshold;
  const size = number(100 * Math.abs(distance), Math.abs(distance) >= 0.0005 ? 1 : 4);
  return `${size} points ${distance >= 0 ? "above" : "below"} the ${percent(model.threshold)} threshold`;
}

export function sentence(model, probability) {
  const up = `“${model.positive_class}”`;
  const call = probability >= model.threshold ? `calls ${up}` : `does not call ${up}`;
  return unbroken(
    `At these values the model gives ${up} **${percent(probability)}** and ${call}: it calls at` +
      ` ${percent(model.threshold)} or more. Of the ${model.rows_scored}${model.period && ` (${model.period})`},` +
      ` **${percent(model.base_rate)}** were ${up}.`,
  );
}

export function warningOf(feature, value) {
  const said = `**${feature.label} ${written(feature, value)}**`;
  const kind = place(feature, value / feature.factor);
  if (kind === "outside") {
    const seen = rangeWritten(feature, feature.min, feature.max);
    return unbroken(`${said} is outside the training rows (${seen}): the answer there is a guess.`);
  }
  if (kind === "usual") return null;
  const seen = rangeWritten(feature, feature.p1, feature.p99);
  return unbroken(`${said} is unusual: 98 % of the training rows lie within ${seen}.`);
}
