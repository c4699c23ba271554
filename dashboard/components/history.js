// The scenarios a visitor has been through, for undo and redo. A step is {values, origin}.

const STEPS_KEPT = 50;

function sameStep(one, other) {
  return one.origin === other.origin && one.values.every((value, i) => value === other.values[i]);
}

export class ScenarioHistory {
  constructor({ past, future } = { past: [], future: [] }) {
    Object.assign(this, { past: past.slice(), future: future.slice(), changes: 0 });
  }

  // `step` was left for another scenario.
  left(step) {
    this.past = [...this.past, step].slice(-STEPS_KEPT);
    this.future = [];
    this.changes += 1;
  }

  // The step before (or after) `now`, or null; what looks the same as `now` is passed over.
  back(now) {
    return this.turn(this.past, this.future, now);
  }

  forward(now) {
    return this.turn(this.future, this.past, now);
  }

  turn(from, to, now) {
    while (from.length && sameStep(from.at(-1), now)) from.pop();
    if (!from.length) return null;
    this.changes += 1;
    to.push(now);
    return from.pop();
  }

  can(from, now) {
    return from.some((step) => !sameStep(step, now));
  }
}
