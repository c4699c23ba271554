"""The model card: every section filled from the bundle, and its figures by group worked out by other means."""

import re
import shlex

import msgspec
import numpy as np
import pytest
from sklearn.metrics import log_loss, precision_score

from model.bundle import Bundle
from tests.builders import table_bundle
from tests.market_words import market_words
from training.card_groups import GroupFigures, figures_by, groups_section
from training.command_line import settings_from
from training.model_card import model_card
from training.options import parser
from training.report_words import horizon
from training.reproduce import reproduce

SECTIONS = (
    "Model details",
    "Intended use, users and misuse",
    "Factors",
    "Metrics, and why these",
    "Evaluation data",
    "Training data",
    "Quantitative analysis: all rows",
    "Quantitative analysis: group by group",
    "Ethics",
    "Assumptions, and the check that tested each",
    "Limits and caveats",
    "Reproduce",
)


@pytest.fixture(scope="module")
def card(shipped: Bundle) -> str:
    return model_card(shipped)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of rows that have neither a time nor a group, and are about no market."""
    return table_bundle(tmp_path_factory.mktemp("table"))


def section(card: str, title: str) -> str:
    return card.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_verdict_comes_first_and_every_section_follows_filled(shipped: Bundle, card: str):
    lines = [line for line in card.splitlines() if line]

    assert lines[1].startswith(f"**{shipped.manifest.verdict.headline}.**")
    assert tuple(line.removeprefix("## ") for line in lines if line.startswith("## ")) == SECTIONS
    assert all(len(section(card, title).strip()) > 80 for title in SECTIONS)
    assert not re.search(r"\b(?:None|nan|TODO|TBD)\b|\.\.\.|\[\]|\{|“”", card)


def test_every_metric_is_given_with_what_it_says(shipped: Bundle, card: str):
    explained, given = section(card, SECTIONS[3]), section(card, SECTIONS[6])

    for metric in shipped.manifest.metrics:
        assert len(re.findall(rf"^\| {re.escape(metric.label)} \| .{{20,}} \| .{{20,}} \|$", explained, re.M)) == 1
        assert f"| {metric.label} | {metric.value:.4f} |".replace("-", "−") in given


def test_features_folds_checks_and_left_out_tickers_are_all_there(shipped: Bundle, card: str):
    manifest = shipped.manifest

    assert all(f"(`{name}`)" in section(card, "Training data") for name in manifest.feature_names)
    assert all(f"| {fold.fold} | {fold.train_first_day} to" in card for fold in manifest.folds)
    assert all(check.finding in section(card, SECTIONS[9]) for check in manifest.checks)
    assert "Left out: FB, too short" in card


def test_the_threshold_in_use_stands_among_others_with_what_it_does(shipped: Bundle, card: str):
    rows = shipped.out_of_fold
    called = rows.y_score >= 0.44

    (line,) = re.findall(r"^\| \*\*0\.44\*\* \|.*$", card, re.M)

    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == f"{100 * called.mean():.1f} %"
    assert cells[2] == f"{100 * precision_score(rows.y_true, called):.1f} %"


def by_name(bundle: Bundle, grouping: str, feature: str = "") -> dict[str, GroupFigures]:
    found = figures_by(bundle, grouping, feature)
    return {group.at_threshold.name.rpartition(", ")[2]: group for group in found}


def test_figures_by_ticker_and_year_are_those_of_their_rows_alone(shipped: Bundle):
    rows = shipped.out_of_fold
    base = np.array([{f.fold: f.base_rate for f in shipped.manifest.folds}[fold] for fold in rows.fold.tolist()])
    masks = {
        "ticker": {name: rows.ticker == name for name in ("AAPL", "GOOG", "IBM", "MSFT")},
        "year": {str(year): np.char.startswith(rows.day.astype(str), str(year)) for year in range(2003, 2013)},
    }

    for grouping, groups in masks.items():
        found = by_name(shipped, grouping)
        for name, here in groups.items():
            y, p = rows.y_true[here], rows.y_score[here]
            at, difference = found[name].at_threshold, found[name].log_loss
            assert at.rows == len(y)
            assert at.calls == int(np.sum(p >= 0.44))
            assert at.score.precision.value == pytest.approx(precision_score(y, p >= 0.44), abs=1e-12)
            # Left out of the calls are the rows below the threshold: what those earned is what is lost.
            left = -(rows.next_day_return[here] - 0.0005)[p < 0.44].sum() / len(y)
            assert at.score.advantage.value == pytest.approx(left, abs=1e-15)
            assert difference.value == pytest.approx(log_loss(y, p) - log_loss(y, base[here]), abs=1e-12)
            assert difference.interval.low < difference.value < difference.interval.high


def test_thirds_of_volatility_hold_a_third_of_the_rows_each_in_its_order(shipped: Bundle):
    found = by_name(shipped, "feature", "ret_vol_10")

    assert list(found) == ["lowest third", "middle third", "highest third"]
    reference, rows = shipped.reference, shipped.out_of_fold
    keys = zip(reference.day.tolist(), reference.ticker.tolist(), strict=True)
    at = dict(zip(keys, reference.X[:, 3].tolist(), strict=True))
    values = np.array([at[key] for key in zip(rows.day.tolist(), rows.ticker.tolist(), strict=True)])
    order = np.argsort(values, kind="stable")
    highest = order[-found["highest third"].at_threshold.rows :]
    assert found["highest third"].at_threshold.rows == len(values) // 3
    assert found["highest third"].at_threshold.calls == int(np.sum(rows.y_score[highest] >= 0.44))


def test_a_year_of_too_few_days_has_no_figures_and_says_so(shipped: Bundle, card: str):
    assert by_name(shipped, "year")["2013"].log_loss is None
    assert re.search(r"^\| 2013 \| 160 \| \d+ \| too few rows \| – \| – \| too few rows \|$", card, re.M)


def test_the_count_of_groups_that_are_told_apart_is_that_of_the_tables(card: str):
    said = section(card, SECTIONS[7]).strip().splitlines()[0]
    rows = [
        line for line in section(card, SECTIONS[7]).splitlines() if re.match(r"\| (?:\d{4}|[A-Z]+|\w+ third) \|", line)
    ]
    losses = [re.search(r"\(([+−][\d.]+) to ([+−][\d.]+)\) \|$", line) for line in rows]
    signs = [(found[1][0], found[2][0]) for found in losses if found]

    assert f"in {sum(a == b for a, b in signs)} of {len(signs)} groups (better in {signs.count(('−', '−'))}" in said


def test_the_card_of_a_table_knows_no_market_and_no_time(table: Bundle):
    card = model_card(table)

    assert market_words([card], table) == []
    assert "By thirds of Mean 0" in card
    assert "Not looked at: time, because rows have none." in card


def test_where_no_group_holds_enough_rows_that_is_said(tmp_path):
    bundle = table_bundle(tmp_path, time=True, group=True)  # 59 days are tested, and 60 are needed

    lines = groups_section(bundle)

    assert lines[0] == "No group holds enough rows for an interval."
    assert "These are the 20 with most rows; 20 more are not listed." in lines
    assert any(line.startswith("| C04 | 6 | ") for line in lines)
    assert market_words([model_card(bundle)], bundle) == []


def test_days_are_counted_in_the_plural_only_where_there_are_several(shipped: Bundle):
    manifest = shipped.manifest
    five = msgspec.structs.replace(manifest, target=msgspec.structs.replace(manifest.target, horizon=5))

    assert horizon(manifest) == " Horizon: 1 day."
    assert horizon(five) == " Horizon: 5 days."


def test_the_command_of_the_card_asks_for_the_settings_of_the_bundle(shipped: Bundle):
    manifest = shipped.manifest
    changed = {
        "candidate": "regularised",
        "window": "rolling",
        "horizon": 5,
        "gap": 6,
        "seed": 7,
        "first_day": "2001-02-03",
    }
    other = msgspec.structs.replace(manifest, settings=manifest.settings | changed | {"tickers": "AAPL,IBM"})

    for made in (manifest, other):
        data, train, report = reproduce(made)
        options = parser().parse_args(shlex.split(train)[3:])
        assert settings_from(options).as_record() == made.settings
        assert options.no_promote
        assert options.data.name == made.trained_on.file
        assert data.split() == ["sha256sum", "data/raw/stocks.csv.gz", "#", made.trained_on.sha256]
        assert report.endswith(f" --version {made.version}")


def test_the_command_for_a_table_names_its_columns_and_the_value_of_the_positive_class(table: Bundle):
    options = parser().parse_args(shlex.split(reproduce(table.manifest)[1])[3:])

    assert (str(options.table), options.target, options.positive) == ("visits.csv", "churned", "yes")
    assert (options.time, options.group, options.name) == (None, None, "churn")
    assert (options.folds, options.draws, options.threshold) == (5, 100, 0.44)


def test_a_threshold_that_was_kept_is_kept_again_and_not_trained_with(shipped: Bundle):
    manifest = shipped.manifest
    kept = msgspec.structs.replace(manifest.threshold, value=0.5, reason="fewer calls", chosen_by="Ada")
    changed = msgspec.structs.replace(manifest, threshold=kept)

    lines = reproduce(changed)

    assert "--threshold" not in " ".join(lines)
    assert lines[2] == "# then keep the threshold 0.500 on the Threshold page: “fewer calls”"


@pytest.mark.parametrize(
    ("made_by", "warning", "line"),
    [
        (
            "Bundle.create",
            "",
            "Bundle.create(pipeline, X, y, threshold=0.44, name='churn', folds=5, draws=100, seed=0)",
        ),
        (
            "python -m training adopt",
            "The pipeline was adopted from their model.pkl (sha256 00, version 1), where it had been fitted",
            "python -m training adopt 'their model.pkl' --trust --table visits.csv --target churned --positive yes"
            " --name churn --threshold 0.44 --folds 5 --draws 100 --seed 0",
        ),
    ],
)
def test_what_was_made_otherwise_is_made_again_the_same_way(made_by: str, warning: str, line: str, table: Bundle):
    manifest = table.manifest
    source = msgspec.structs.replace(manifest.trained_on, warnings=[warning] if warning else [])
    other = msgspec.structs.replace(manifest, settings=manifest.settings | {"made_by": made_by}, trained_on=source)

    assert reproduce(other)[1] == line
    assert manifest.trained_on.sha256 in reproduce(other)[0]
