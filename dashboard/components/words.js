// Numbers the way people write them, as `model.wording` does.

export function rounded(value, decimals) {
  return Number(value.toFixed(decimals));
}

// A number with a true minus sign and thousands separators.
export function number(value, decimals, signed = false) {
  if (value === null || Number.isNaN(value)) return "–";
  const text = fixed(Math.abs(value), decimals).replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
  if (/^[0.,]*$/.test(text)) return text;
  return (value < 0 ? "−" : signed ? "+" : "") + text;
}

function fixed(value, decimals) {
  if (!Number.isFinite(value)) return "∞";
  if (value >= 1e21) return BigInt(value).toString() + (decimals ? `.${"0".repeat(decimals)}` : "");
  // Of two equally near, the even one is written, as Python does; toFixed takes the larger.
  const exact = value.toFixed(decimals + 30);
  const below = exact.slice(0, -30).replace(/\.$/, "");
  return /50{29}$/.test(exact) && /[02468]$/.test(below) ? below : value.toFixed(decimals);
}

export function percent(share, decimals = 1) {
  return share === null ? "–" : `${number(100 * share, decimals)} %`;
}

export function points(share, decimals = 1) {
  return share === null ? "–" : `${number(100 * share, decimals, true)} points`;
}

// An interval, of shares as percentages where `factor` is 100.
export function interval([low, high], decimals, { factor = 1, signed = false } = {}) {
  return `${number(factor * low, decimals, signed)} to ${number(factor * high, decimals, signed)}`;
}

// A value in the display units of `scale`, with its unit.
export function written(scale, value) {
  const separator = scale.unit === "×" ? "" : " ";
  return (number(value, scale.decimals) + separator + scale.unit).trim();
}

// What is wrong with a typed text, or null.
export function faultOf(scale, text) {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value)) return "That is no number: the value before it stays.";
  if (value >= scale.least && value <= scale.most) return null;
  const [least, most] = [scale.least, scale.most].map((end) => number(end, scale.decimals));
  return `${number(value, scale.decimals)} is not from ${least} to ${most}: the value before it stays.`;
}

// Keep numbers and their percent signs on one line.
export function unbroken(text) {
  return text.replaceAll(" %", "\u00a0%");
}
