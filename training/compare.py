"""Candidates side by side on the same folds and rows, and whether one is better than the champion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.bootstrap import BLOCK_DAYS, DayBootstrap
from model.creation import Progress
from model.dataset import FeatureTable
from model.errors import TrainingError
from model.evaluation import IntArray, Scored, evaluate, last_outcome, log_loss_of, span
from model.folds import RowFold
from training.candidate_scores import CandidateScores, FoldedRows, ScoreCandidates, scores_here
from training.candidates import BASELINE, CANDIDATES, Candidate, KnownBefore
from training.comparison_words import finding
from training.contenders import Contender, ScoredCandidate, outcome_of, paired_differences
from training.multiple_testing import MultipleTest, compare_all, daily_losses
from training.rule_metrics import rule_metrics
from training.settings import Settings, check_settings, usable_folds
from training.train import usable_rows


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """The out-of-fold rows of a comparison; arrays of one length, in the order of the table."""

    day: NDArray[np.datetime64]
    ticker: NDArray[np.str_]
    y_true: IntArray
    fold: IntArray

    def take(self, rows: NDArray[np.bool_]) -> "JudgedRows":
        """Return *rows* only."""
        return JudgedRows(self.day[rows], self.ticker[rows], self.y_true[rows], self.fold[rows])


@dataclass(frozen=True, slots=True)
class Comparison:
    """What candidates are worth on the same rows, and whether the champion stays.

    `winner` is the name of the challenger that takes the champion's place, None where the champion stays;
    `comparisons` counts the paired differences that were looked at; `left_out` says which candidates these
    rows do not allow, and why.
    """

    champion: str
    contenders: tuple[Contender, ...]
    multiple: MultipleTest
    winner: str | None
    sentence: str
    rows: int
    days: int
    first_day: str
    last_day: str
    folds: int
    left_out: tuple[str, ...]
    data: str
    tested_on: JudgedRows

    @property
    def comparisons(self) -> int:
        """How many paired differences were looked at."""
        return sum(len(contender.differences) for contender in self.contenders)


@dataclass(frozen=True, slots=True)
class Judging:
    """How candidates are judged: the threshold of hard calls, and how days are resampled."""

    threshold: float = 0.44
    draws: int = 1000
    seed: int = 0


def as_record(comparison: Comparison) -> dict[str, Any]:
    """Return *comparison* as plain values for JSON, without its rows."""
    names = [field.name for field in fields(comparison) if field.name != "tested_on"]
    record = {name: msgspec.to_builtins(getattr(comparison, name)) for name in names}
    return record | {"comparisons": comparison.comparisons}


def compare(
    table: FeatureTable,
    settings: Settings,
    candidates: Sequence[Candidate] | None = None,
    champion: str = BASELINE,
    on_progress: Callable[[Progress], None] = lambda _: None,
    *,
    score: ScoreCandidates = scores_here,
) -> Comparison:
    """Compare *candidates*, by default all there are, with the champion, on the folds that training would use.

    *score* scores them: here one after another, or `scores_on_cluster`.

    Raises
    ------
    TrainingError
        The table, the settings or the candidates allow no honest comparison.
    """
    check_settings(settings)
    usable, _ = usable_rows(table, settings)
    folds = usable_folds(usable, settings)
    judging = Judging(settings.threshold, settings.draws, settings.seed)
    return compare_on(usable, folds, judging, candidates, champion, on_progress, score=score)


def compare_on(
    table: FeatureTable,
    folds: Sequence[RowFold],
    judging: Judging,
    candidates: Sequence[Candidate] | None = None,
    champion: str = BASELINE,
    on_progress: Callable[[Progress], None] = lambda _: None,
    *,
    score: ScoreCandidates = scores_here,
) -> Comparison:
    """Compare *candidates* on *folds*, which are masks over the rows of *table* with a known target."""
    competing, left_out = _competing(table, candidates, champion)
    rows, before, tested_on = _tested_rows(table, folds)
    tested = tested_on.fold > 0
    days = DayBootstrap.of_rows(rows.take(tested), table.layout, draws=judging.draws, seed=judging.seed)
    scores = score(competing, FoldedRows(rows, tested_on.y_true, folds, before), on_progress)
    scored = [
        _scored(candidate, found, rows, before, tested_on) for candidate, found in zip(competing, scores, strict=True)
    ]
    contenders, multiple = _judge(scored, champion, judging, days, BLOCK_DAYS if table.layout.time else 1)
    winner, sentence = finding(contenders, champion, multiple, int(tested.sum()))
    first, last = span(rows.day[tested])
    return Comparison(
        champion=champion,
        contenders=contenders,
        multiple=multiple,
        winner=winner,
        sentence=sentence,
        rows=int(tested.sum()),
        days=days.n_days if first else 0,
        first_day=first,
        last_day=last,
        folds=len(folds),
        left_out=left_out,
        data=table.provenance.sha256,
        tested_on=tested_on.take(tested),
    )


def _competing(
    table: FeatureTable, candidates: Sequence[Candidate] | None, champion: str
) -> tuple[list[Candidate], tuple[str, ...]]:
    """Return the champion and who competes with it, and those whom the rows do not allow with the reason."""
    asked_for = list(CANDIDATES.values() if candidates is None else candidates)
    if champion not in [candidate.name for candidate in asked_for]:
        if champion not in CANDIDATES:
            msg = f"There is no candidate {champion} to be the champion; there are {', '.join(CANDIDATES)}."
            raise TrainingError(msg)
        asked_for.insert(0, CANDIDATES[champion])
    allowed = [c for c in asked_for if table.layout.returns or not c.needs_outcomes]
    left_out = tuple(
        f"{candidate.name} was left out: these rows have no earlier outcome of their own to go by"
        for candidate in asked_for
        if candidate not in allowed
    )
    first = next((candidate for candidate in allowed if candidate.name == champion), None)
    if first is None or first.hard:
        msg = (
            f"{champion} cannot be the champion: the verdict rests on log loss, and a rule that says 0 or 1 has none"
            " that is finite. Choose a candidate that gives probabilities."
        )
        raise TrainingError(msg)
    return [first, *(candidate for candidate in allowed if candidate is not first)], left_out


def _tested_rows(table: FeatureTable, folds: Sequence[RowFold]) -> tuple[FeatureTable, KnownBefore, JudgedRows]:
    """Return the rows of a known target, what rules know of them, and the fold of each (0 where none tests it)."""
    known = ~np.isnan(table.y)
    rows = table.take(known)
    y = rows.y.astype(np.int64)
    fold_of, base_rate = np.zeros(len(y), dtype=np.int64), np.full(len(y), np.nan)
    for fold in folds:
        fold_of[fold.test] = fold.number
        base_rate[fold.test] = y[fold.train].mean()
    outcomes = last_outcome(table.y, table.ticker, table.target.horizon)[known] if table.layout.returns else None
    return rows, KnownBefore(base_rate, outcomes), JudgedRows(rows.day, rows.ticker, y, fold_of)


def _scored(
    candidate: Candidate, found: CandidateScores, rows: FeatureTable, before: KnownBefore, judged: JudgedRows
) -> ScoredCandidate:
    """Return *candidate* with its scores on the rows that a fold tests."""
    tested = judged.fold > 0
    on_rows = Scored(
        day=rows.day[tested],
        ticker=rows.ticker[tested],
        y_true=judged.y_true[tested],
        y_score=found.y_score[tested],
        base_rate=before.base_rate[tested],
        yesterday=None if before.last_outcome is None else before.last_outcome[tested],
        positive_class=rows.target.positive_class,
        horizon=rows.target.horizon,
    )
    return ScoredCandidate(candidate, candidate.label_for(rows.target), on_rows, found.seconds)


def _judge(
    scored: Sequence[ScoredCandidate], champion: str, judging: Judging, days: DayBootstrap, block_days: int
) -> tuple[tuple[Contender, ...], MultipleTest]:
    held = next(entry for entry in scored if entry.candidate.name == champion)
    contenders = []
    for entry in scored:
        candidate = entry.candidate
        gaps = () if entry is held else paired_differences(entry, held, judging.threshold, days)
        metrics = (
            rule_metrics(entry.scored, judging.threshold, days, hard=candidate.hard)
            if candidate.trivial
            else evaluate(entry.scored, judging.threshold, days)
        )
        outcome = "champion" if entry is held else outcome_of(gaps)
        contenders.append(
            Contender(candidate.name, entry.label, candidate.trivial, entry.seconds, tuple(metrics), gaps, outcome)
        )
    losses = {
        entry.candidate.name: daily_losses(log_loss_of(entry.scored.y_true, entry.scored.y_score), days.day_of_row)
        for entry in scored
        if not entry.candidate.hard
    }
    held_losses = losses.pop(champion)
    multiple = compare_all(held_losses, losses, draws=judging.draws, seed=judging.seed, block_days=block_days)
    return tuple(contenders), multiple
