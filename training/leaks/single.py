"""What each feature tells of the target by itself."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from model.bars import FloatArray
from model.checks import SUSPICIOUS_AUC
from model.evaluation import IntArray, auc
from model.folds import out_of_fold_scores
from model.manifest import Check
from model.wording import number
from training.leaks.areas import FEWEST_OF_A_CLASS, area_and_draws
from training.leaks.subject import FALSE_ALARMS, Finding, Subject, listed, moved

# As good as the target itself: honest measurements come close to this and stay below.
NEAR_PERFECT = 0.99
# One feature alone that tells this much, and this many times the next, is rare among honest ones.
FAR_AHEAD, TIMES_AHEAD = 0.80, 2.0
# So many standard errors it must be ahead, for the best of many features is ahead by chance.
CERTAIN = 4.0
MOST_BINS, ROWS_A_BIN = 20, 50
MOST_LEFT_OUT = 10


def target_in_features(subject: Subject) -> Finding:
    """No feature may say the target by itself, be it in order, value by value, or by being missing."""
    y = subject.y
    told = {name: _told_by(subject.table.X[:, i], y) for i, name in enumerate(subject.names)}
    columns = tuple(sorted((name for name, area in told.items() if area >= NEAR_PERFECT), key=lambda n: -told[n]))
    best = max(told, key=lambda name: told[name])
    far = not columns and len(told) > 1 and _is_far_ahead(list(told.values()), y)
    found = [f"{name} (AUC {number(told[name], 3)})" for name in columns or (best,)]
    said = f"These say the target by themselves: {listed(found)}." if columns else f"The most is told by {found[0]}."
    return Finding(
        check=Check(
            name="target_in_features",
            assumption="No feature is the target in other words.",
            passed=not columns,
            finding=f"{said} An AUC of {NEAR_PERFECT} or more by one feature was looked for.",
        ),
        remedy="Leave these columns out, unless they are truly known before the target is.",
        columns=columns,
        warning=_about_far_ahead(best, told) if far else "",
        warned_of=(best,) if far else (),
    )


def _is_far_ahead(areas: list[float], y: IntArray) -> bool:
    """Whether the largest of the areas, each of one feature alone, is far above the next, and not by chance.

    Distances are those of two normal classes whose area it would be: equal steps of it are equally hard to gain.
    """
    best, second = sorted(areas, reverse=True)[:2]
    if best < FAR_AHEAD or best >= NEAR_PERFECT:
        return False
    distance = [2**0.5 * NormalDist().inv_cdf(min(area, 1 - 1e-12)) for area in (best, second)]
    return distance[0] >= TIMES_AHEAD * distance[1] and best - CERTAIN * deviation_of(best, y) > second


def deviation_of(area: float, y: IntArray) -> float:
    """Return the standard error of an area under the ROC curve (Hanley and McNeil 1982)."""
    n, m = int(y.sum()), int((1 - y).sum())
    both, either = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (n - 1) * (both - area**2) + (m - 1) * (either - area**2)
    return float((max(spread, 0.0) / (n * m)) ** 0.5)


def _about_far_ahead(best: str, told: dict[str, float]) -> str:
    second = max((name for name in told if name != best), key=lambda name: told[name])
    return (
        f"{best} tells far more by itself (AUC {number(told[best], 3)}) than any other (next {second},"
        f" {number(told[second], 3)}). It is a leak if it is written, or changed, once the target is known, and a good"
        " feature if it is fixed before: ask when and by what it is filled in, and look at rows whose target is not"
        " known yet. Train without it to see what the rest is worth."
    )


def _told_by(values: FloatArray, y: IntArray) -> float:
    """Return the best AUC the values give: by their order, or by the share of positives at each of them."""
    present = ~np.isnan(values)
    if min(y.sum(), (1 - y).sum()) < FEWEST_OF_A_CLASS:
        return 0.5
    areas = [0.5]
    if min(y[present].sum(), (1 - y[present]).sum()) >= FEWEST_OF_A_CLASS:
        area = auc(y[present], values[present])
        areas += [area, 1 - area]
    bins = _bins(values)
    if bins.max() and len(y) >= ROWS_A_BIN:
        areas.append(auc(y, (np.bincount(bins, weights=y) / np.bincount(bins))[bins]))
    return max(areas)


def _bins(values: FloatArray) -> IntArray:
    """Number the distinct values, or as many equal parts as the rows allow; missing ones are a bin of their own."""
    present = ~np.isnan(values)
    distinct, bins = np.unique(values, return_inverse=True)
    n_bins = max(1, min(MOST_BINS, len(values) // ROWS_A_BIN))
    if len(distinct) > n_bins:
        edges = np.quantile(values[present], np.linspace(0, 1, n_bins + 1)[1:-1]) if present.any() else np.array([])
        bins = np.where(present, np.searchsorted(edges, values, side="right"), n_bins)
    return np.unique(bins, return_inverse=True)[1]


@dataclass(frozen=True, slots=True)
class _Alone:
    """The AUC of one feature, turned so that it is at least 0.5, and its values over resampled days."""

    name: str
    area: float
    draws: FloatArray

    def at_least(self, share: float) -> float:
        """Return what the AUC exceeds but for this share of false alarms."""
        return self.area - NormalDist().inv_cdf(1 - share) * float(self.draws.std())


def _alone(subject: Subject, target: FloatArray, column: int) -> _Alone:
    area, draws = area_and_draws(target, subject.table.X[:, column], subject.days)
    if area < 0.5:
        area, draws = 1 - area, 1 - draws
    return _Alone(subject.names[column], area, draws)


def plausible_auc(subject: Subject) -> Finding:
    """Above the limit one looks for a leak first: in which feature alone, and without which the AUC falls."""
    X, y, limit = subject.table.X, subject.y, subject.limit
    scores = out_of_fold_scores(X, y, list(subject.folds), subject.make_pipeline).y_score
    area, draws = area_and_draws(np.where(np.isnan(scores), np.nan, subject.table.y), scores, subject.days)
    alone = [_alone(subject, subject.table.y, column) for column in range(X.shape[1])]
    ranked = sorted((one for one in alone if not np.isnan(one.area)), key=lambda one: -one.area)
    share = FALSE_ALARMS / X.shape[1]
    beyond = [one for one in ranked if limit is not None and one.area > limit and one.at_least(share) > 0.5]
    high = limit is not None and area > limit and float(np.quantile(draws, FALSE_ALARMS)) > 0.5
    columns = tuple(one.name for one in beyond)
    said = [f"AUC {number(area, 3)} out of fold.", _what_is_looked_for(limit), *_most_told(ranked, beyond)]
    if high:
        falls = _falls(subject, area, [one.name for one in ranked[:MOST_LEFT_OUT]])
        without = [f"{name} {number(-fall, 3, signed=True)}" for name, fall in falls]
        said.append(f"Left out, the AUC changes most by: {listed(without, 3)}.")
        columns = columns or tuple(name for name, _ in falls[:1])
    return Finding(
        check=Check(
            name="plausible_auc",
            assumption="The score is not too good to be true.",
            passed=not (high or beyond),
            finding=" ".join(said),
        ),
        remedy="For each column named, ask when its value is known; then the target (a label off by one gives 0.79).",
        columns=columns,
    )


def _what_is_looked_for(limit: float | None) -> str:
    if limit is None:
        return (
            f"More than {SUSPICIOUS_AUC:.2f} can be honest here: no limit was set (--limit), only single features"
            " near 1 tell."
        )
    return f"Above {limit:.2f} one looks for a leak."


def _most_told(ranked: list[_Alone], beyond: list[_Alone]) -> list[str]:
    most = [f"{one.name} {number(one.area, 3)}" for one in (beyond or ranked[:1])]
    return [f"{'Alone above it' if beyond else 'Best feature alone'}: {listed(most)}."] if most else []


def _falls(subject: Subject, area: float, names: list[str]) -> list[tuple[str, float]]:
    """Return by how much the AUC falls without each of the features *names*, the most first."""
    falls = []
    X, y = subject.table.X, subject.y
    if X.shape[1] < 2:
        return [(name, area - 0.5) for name in names]
    for name in names:
        others = np.array([other != name for other in subject.names])
        scores = out_of_fold_scores(X[:, others], y, list(subject.folds), subject.make_pipeline).y_score
        tested = ~np.isnan(scores)
        falls.append((name, area - auc(y[tested], scores[tested])))
    return sorted(falls, key=lambda fall: -fall[1])


def feature_shift(subject: Subject) -> Finding:
    """No feature may tell more of the next row's target than of its own: it would carry the future."""
    table = subject.table
    next_target = moved(table.y, table.ticker, 1)
    same_rows = np.where(np.isnan(next_target), np.nan, table.y)
    chance = NormalDist().inv_cdf(1 - FALSE_ALARMS / table.X.shape[1])
    suspects = []
    for column in range(table.X.shape[1]):
        later, own = _alone(subject, next_target, column), _alone(subject, same_rows, column)
        gain = later.area - own.area
        if gain > chance * (later.draws - own.draws).std() and later.area - 0.5 > chance * later.draws.std():
            figures = f"{later.name} (AUC {number(later.area, 3)}, own {number(own.area, 3)})"
            suspects.append((float(gain), figures, later.name))
    suspects.sort(reverse=True)
    said = f"More on the next row's target: {listed([text for _, text, _ in suspects])}." if suspects else "None does."
    return Finding(
        check=Check(
            name="feature_shift",
            assumption="No feature tells more of the next row's target than of its own.",
            passed=not suspects,
            finding=said,
        ),
        remedy="See whether these are computed from later rows; what a calendar says in advance may stay.",
        columns=tuple(name for _, _, name in suspects),
    )
