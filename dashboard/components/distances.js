// How far a scenario is from where things change or were seen: the interval of its probability, how unlike the training
// rows it is, and the smallest joint change that flips the call; as `model.uncertainty`, `model.familiarity` and
// `model.nearest` compute them.

import { logOdds, logOddsOf, rowOf, score, sigmoid } from "./scores.js";
import { percent, rounded, unbroken } from "./words.js";

// The length of `vector` times the matrix `factor`, whose rows belong to the vector's elements.
function lengthThrough(vector, factor) {
  let squares = 0;
  for (let column = 0; column < factor[0].length; column++) {
    let sum = 0;
    for (let i = 0; i < vector.length; i++) sum += vector[i] * factor[i][column];
    squares += sum * sum;
  }
  return Math.sqrt(squares);
}

// The 95 % interval of a linear model's probability, or null where the training rows cannot tell.
export function intervalOf(model, row) {
  if (model.uncertainty === null) return null;
  const { center, scale, factor, quantile } = model.uncertainty;
  const standard = [1, ...row.map((value, i) => (value - center[i]) / scale[i])];
  // Squares of large numbers overflow: the length is taken in units of the largest.
  const largest = Math.max(...standard.map(Math.abs));
  const spread = largest * lengthThrough(standard.map((value) => value / largest), factor);
  const middle = logOdds(model, row);
  const [low, high] = [middle - quantile * spread, middle + quantile * spread];
  return { low: Number.isNaN(low) ? 0 : sigmoid(low), high: Number.isNaN(high) ? 1 : sigmoid(high) };
}

// The share of the training rows that lie nearer to their middle than `row`; 1 only beyond them all.
export function shareNearer(model, row) {
  const { n, center, factor, quantiles, levels } = model.familiarity;
  const distance = lengthThrough(row.map((value, i) => value - center[i]), factor);
  // The furthest row itself must not count as beyond for a last digit.
  if (!(distance <= quantiles.at(-1) * (1 + 1e-9))) return 1;
  let low = 0;
  let high = quantiles.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (quantiles[middle] <= distance) low = middle;
    else high = middle;
  }
  if (distance < quantiles[low]) return levels[low];
  const way = quantiles[high] - quantiles[low];
  const share = way > 0 ? levels[low] + ((levels[high] - levels[low]) / way) * (distance - quantiles[low]) : 1;
  return Math.min(share, 1 - 1 / n);
}

// Moves of least length with slopes · moves = gap, each from 0 to its room; null if none reach.
function smallestMoves(slopes, rooms, gap) {
  const moves = slopes.map(() => 0);
  let left = gap;
  let free = slopes.flatMap((slope, i) => (slope > 0 && rooms[i] > 0 ? [i] : []));
  while (free.length) {
    const share = left / free.reduce((sum, i) => sum + slopes[i] * slopes[i], 0);
    const beyond = free.filter((i) => share * slopes[i] > rooms[i]);
    if (!beyond.length) {
      for (const i of free) moves[i] = share * slopes[i];
      return moves;
    }
    for (const i of beyond) {
      moves[i] = rooms[i];
      left -= slopes[i] * rooms[i];
    }
    free = free.filter((i) => !beyond.includes(i));
  }
  return null;
}

// The nearest row with the other call, all features moving together within the sliders, or null: {row, distance}.
export function jointFlip(model, row) {
  const { features, weights, threshold } = model;
  const towards = score(model, row) >= threshold ? -1 : 1;
  const gap = towards * (logOddsOf(threshold) - logOdds(model, row));
  if (!Number.isFinite(gap)) return null;
  const slopes = features.map((feature, i) => towards * weights[i] * feature.sd);
  const last = features.map((feature, i) => (slopes[i] > 0 ? feature.high : feature.low) / feature.factor);
  const rooms = features.map((feature, i) =>
    slopes[i] === 0 ? 0 : Math.max(0, Math.sign(slopes[i]) * (last[i] - row[i])) / feature.sd,
  );
  const terms = row.reduce((sum, value, i) => sum + Math.abs(weights[i] * value), 0);
  const rounding = 2 ** -52 * (Math.abs(model.intercept) + terms + Math.abs(gap));
  // The sum rounds: go a little further until the call has flipped.
  for (let power = 0; power < 14; power++) {
    const moves = smallestMoves(slopes.map(Math.abs), rooms, gap + rounding * 16 ** power);
    if (moves === null) return null;
    const moved = moves.map((move, i) =>
      move && move === rooms[i] ? last[i] : row[i] + Math.sign(slopes[i]) * move * features[i].sd,
    );
    if (score(model, moved) >= threshold === towards > 0) return { row: moved, distance: Math.hypot(...moves) };
  }
  return null;
}

// The values to show for a row found by `jointFlip`: rounded, and on by single steps where rounding fell short.
export function jointShown(model, values, found) {
  const { features, weights, threshold } = model;
  const towards = score(model, rowOf(model, values)) >= threshold ? -1 : 1;
  const flips = (shown) => score(model, rowOf(model, shown)) >= threshold === towards > 0;
  const shown = features.map((feature, i) => rounded(found.row[i] * feature.factor, feature.decimals));
  while (!flips(shown)) {
    const steps = features.flatMap((feature, i) => {
      const moved = shown.slice();
      moved[i] = rounded(shown[i] + Math.sign(towards * weights[i]) * feature.step, feature.decimals);
      const helps = weights[i] !== 0 && moved[i] <= feature.high && moved[i] >= feature.low;
      return helps ? [{ moved, size: Math.abs((weights[i] * feature.step) / feature.factor) }] : [];
    });
    if (!steps.length) return null;
    steps.sort((one, other) => one.size - other.size);
    const next = steps.find(({ moved }) => flips(moved)) ?? steps.at(-1);
    shown.splice(0, shown.length, ...next.moved);
  }
  return shown;
}

// Beyond this share of the training rows a combination of values counts as unusual, as a value on its own does.
const RARE = 0.99;

// How unlike the training rows the values are together: {kind, text}, of the kinds that a single value can be.
export function togetherWritten(share) {
  const rows = "the middle of the training rows";
  if (share >= 1) {
    return { kind: "outside", text: `**Taken together** they are further from ${rows} than any of those: the answer there is a guess.` };
  }
  if (share < 0.0005) return { kind: "usual", text: `Taken together they are nearer to ${rows} than any of those.` };
  // Rounded down, so that what is not beyond all of them never reads 100 %.
  const written = (part) => percent(Math.floor(1000 * part) / 1000);
  if (share < 0.5) return { kind: "usual", text: unbroken(`Taken together they are nearer to ${rows} than ${written(1 - share)} of those.`) };
  const further = `further from ${rows} than ${written(share)} of those.`;
  if (share < RARE) return { kind: "usual", text: unbroken(`Taken together they are ${further}`) };
  return { kind: "rare", text: unbroken(`**Taken together** they are unusual: ${further}`) };
}
