// What a decision threshold does to the out-of-fold rows, and what is said of it.
//
// Every number is one that `training.panels.threshold.bands_data` has written; nothing is estimated here.

import { interval, number, percent, rounded, unbroken } from "./words.js";

const STEPS = 1000;
const SAME = 5e-7; // closer than this to the bundle's own threshold means that one

export function snapped(bands, value) {
  return Math.abs(value - bands.own) < SAME ? bands.own : rounded(value, 3);
}

export function levelOf(bands, threshold) {
  return threshold === bands.own ? bands.own_level : bands.level[Math.round(threshold * STEPS)];
}

// A figure and both ends of its interval; null where there are too few rows.
function figureAt({ estimate, low, high }, level, factor = 1) {
  const times = (value) => (value === null ? null : factor * value);
  return { value: times(estimate[level]), low: times(low[level]), high: times(high[level]) };
}

export function figuresAt(bands, threshold) {
  const level = levelOf(bands, threshold);
  const calls = bands.calls[level];
  const hits = bands.hits[level];
  return {
    threshold,
    calls,
    hits,
    wrong: calls - hits,
    missed: bands.positives - hits,
    quiet: bands.n - bands.positives - calls + hits,
    called: figureAt(bands.call_share, level, bands.years === null ? 1 : bands.n / bands.years),
    precision: figureAt(bands.precision, level),
    recall: figureAt(bands.recall, level),
    worth: figureAt(bands.worth, level),
    advantage: figureAt(bands.advantage, level),
  };
}

// ---- Words --------------------------------------------------------------------------------------

export function thresholdWritten(bands, threshold) {
  return number(threshold, bands.decimals);
}

export function upWritten(bands) {
  return `“${bands.positive_class}”`;
}

const isTrade = (bands) => bands.worth.kind === "trade";

// What calls are worth, or what errors cost.
export function worthWritten(bands, value, signed = isTrade(bands)) {
  const text = number(value, bands.worth.decimals, signed);
  return value !== null && isTrade(bands) ? `${text}\u00a0bp` : text;
}

export function worthBetween(bands, { low, high }, signed = isTrade(bands)) {
  return interval([low, high], bands.worth.decimals, { signed });
}

export function calledWritten(bands, value) {
  return bands.years === null ? percent(value) : number(value, 0);
}

export function sentenceOf(bands, found) {
  const up = upWritten(bands);
  const at = `At **${thresholdWritten(bands, found.threshold)}** the model`;
  const base = `**${percent(bands.positives / bands.n)}**`;
  const always = `always calling it would be right on ${base} of all rows`;
  if (found.calls === 0) return unbroken(`${at} never calls ${up}, so there is nothing to be right about; ${always}.`);
  if (found.precision.value === null) {
    const few = `calls ${up} on **${found.calls}** of ${number(bands.n, 0)} rows`;
    return unbroken(`${at} ${few}: too few to say how often that is right, or what it is worth; ${always}.`);
  }
  const often = `**${calledWritten(bands, found.called.value)}**`;
  const calls = bands.years === null ? `on ${often} of the rows` : `about ${often} times a year${bands.over}`;
  const right = `is right on **${percent(found.precision.value)}** of those; ${always}`;
  return unbroken(`${at} calls ${up} ${calls} and ${right}. ${worthSaid(bands, found)}`);
}

function worthSaid(bands, { calls, worth, advantage }) {
  const value = `**${worthWritten(bands, worth.value)}**`;
  const between = worth.low === null ? "" : ` (95 % interval ${worthBetween(bands, worth)})`;
  const said = isTrade(bands) ? `A call is worth ${value} after costs, **${besideZero(worth)}**${between}` : `Its errors cost ${value} per 100 rows${between}`;
  return `${said}${asAlways(bands, besideAlways(bands, calls, advantage))} (${worthWritten(bands, bands.worth.always)}).`;
}

// How that stands beside always calling, to follow what a call is worth or what errors cost.
function asAlways(bands, beside) {
  const [better, worse] = isTrade(bands) ? ["worth more than", "worth less than"] : ["less than", "more than"];
  const told = { better, worse, "not distinguishable": "not distinguishable from", "the same calls": "the same as" }[beside];
  if (!told) return `; against always calling it, **${beside}**`;
  return `${isTrade(bands) ? "; all calls together are " : ", "}**${told}** always calling it`;
}

export function besideZero({ low, high }) {
  if (low === null) return "too few calls to tell from zero";
  if (low > 0) return "more than zero";
  return high < 0 ? "less than zero" : "not distinguishable from zero";
}

export function besideAlways(bands, calls, { value, low, high }) {
  if (calls === bands.n) return "the same calls";
  if (calls === 0) return "nothing is called";
  if (low === null) return calls < bands.fewest ? "too few calls to tell" : "too few rows differ to tell";
  if (low > 0) return "better";
  return high < 0 ? "worse" : "not distinguishable";
}

// What each of the four figures says: its value, its interval, and what it stands on.
export function figureTexts(bands, found) {
  const up = upWritten(bands);
  const yearly = bands.years === null ? percent(1) : number(bands.n / bands.years, 0);
  const between = ({ value, low, high }, write) =>
    low === null ? (value === null || found.calls === 0 ? "too few rows" : "too few calls for an interval") : `95 % interval ${write([low, high])}`;
  const shares = (ends) => `${interval(ends, 1, { factor: 100 })} %`;
  const calls = (ends) => (bands.years === null ? shares(ends) : interval(ends, 0));
  const worths = ([low, high]) => worthBetween(bands, { low, high });
  return [
    [calledWritten(bands, found.called.value), between(found.called, calls), `${number(found.calls, 0)} of ${number(bands.n, 0)} rows; always: ${yearly}`],
    [percent(found.precision.value), between(found.precision, shares), `of ${number(found.calls, 0)} calls; always: ${percent(bands.positives / bands.n)}`],
    [percent(found.recall.value), between(found.recall, shares), `of ${number(bands.positives, 0)} ${up} rows; always: ${percent(1)}`],
    [worthWritten(bands, found.worth.value), between(found.worth, worths), `always: ${worthWritten(bands, bands.worth.always)}; ${againstAlways(bands, found)}`],
  ].map((texts) => texts.map(unbroken));
}

function againstAlways(bands, { calls, advantage }) {
  const against = `against it ${worthWritten(bands, advantage.value, true)}${isTrade(bands) ? " a row" : ""}`;
  return `${against}, ${besideAlways(bands, calls, advantage)}`;
}

export function figureLabels(bands) {
  return [
    bands.years === null ? "Rows called" : "Calls a year",
    "Right when it calls",
    `${upWritten(bands)} caught`,
    isTrade(bands) ? `Value per call, after ${bands.worth.charged}` : "Errors cost, per 100 rows",
  ];
}

// For those who listen, once a threshold rests.
export function spokenOf(bands, found) {
  const [called, right, , worth] = figureTexts(bands, found);
  const labels = figureLabels(bands);
  const beside = isTrade(bands) && found.worth.value !== null ? `, ${besideZero(found.worth)}` : "";
  const always = besideAlways(bands, found.calls, found.advantage);
  const told = `${labels[3]} ${worth[0]}${beside}; against always calling ${upWritten(bands)}: ${always}`;
  return `At ${thresholdWritten(bands, found.threshold)}: ${labels[0]} ${called[0]}. ${labels[1]} ${right[0]}. ${told}.`;
}
