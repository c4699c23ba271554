"""The Retrain page: from a file to a version in use, and back."""

import datetime as dt
import gzip
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import runs
from model.bundle import Bundle
from model.errors import TrainingError
from model.registry import Registry
from tests import builders
from tests.dashboard.conftest import open_app
from tests.dashboard.reading import go, html_with, plain, words
from training.bars import read_bars
from training.ledger import Ledger, looks_of
from training.options import parser
from training.places import SHIPPED_BARS, account
from training.table import build_table, write_table
from training.train import Settings, store, train

FEW = Settings(tickers=("IBM",), first_day="2009-01-01", first_window=300, step=300, draws=100)


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return go(app, "retrain")


def csv_of(n: int, **changes: str) -> str:
    """Daily bars as a file; *changes* replace the text of a column in row 5."""
    bars = builders.random_bars(n)
    lines = ["date,open,high,low,close,volume"]
    for i in range(n):
        row = {
            "date": str(bars.day[i]),
            **{name: f"{getattr(bars, name)[i]:.4f}" for name in ("open", "high", "low", "close")},
            "volume": f"{bars.volume[i]:.0f}",
        }
        lines.append(",".join((row | changes if i == 3 else row).values()))
    return "\n".join(lines)


def upload(page: AppTest, name: str, content: bytes) -> AppTest:
    page.button_group(key="source").set_value("Upload").run()
    return page.file_uploader(key="upload").set_value((name, content, "application/octet-stream")).run()


def wait_for_the_run(registry: Registry) -> runs.Run:
    for _ in range(300):
        run = runs.newest(registry)
        if run is not None and run.status.state != "running":
            return run
        time.sleep(0.1)
    pytest.fail("the run did not end within 30 s")


def published(page: AppTest) -> AppTest:
    """The page after a click on the button that publishes the challenger, before it has run."""
    (button,) = [button for button in page.button if button.label == "Publish the challenger"]
    return button.click()


def choose_few_rows(page: AppTest) -> None:
    """Settings that train in a second or two."""
    page.multiselect[0].set_value(["IBM"])
    page.date_input[0].set_value(dt.date(2009, 1, 1))
    page.number_input(key="first_window").set_value(300)
    page.number_input(key="fold_days").set_value(300)
    page.number_input(key="draws").set_value(100)
    page.run()


def challenger(registry: Registry) -> str:
    """A finished run that stored another version, made without a process."""
    table = builders.table(days=400, seed=5)
    version = store(train(table, builders.small_settings()), registry, when=builders.WHEN)
    folder = runs.folder_of_runs(registry) / "20240506T070809Z-abcdef"
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(f'{{"state": "finished", "step": 1, "total": 1, "version": "{version}"}}')
    return version


def markdown(page: AppTest) -> str:
    """All that the page says in sentences."""
    return " ".join(text.value.replace("\u00a0", " ") for text in page.markdown)


def a_run(registry: Registry, name: str = "20240506T070809Z-abcdef", **status: object) -> Path:
    """A run as its process leaves it, without the process."""
    folder = runs.folder_of_runs(registry) / name
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(json.dumps(status))
    return folder


def test_the_shipped_bars_are_read_and_described_before_anything_starts(page: AppTest, registry: Registry):
    said = words(html_with(page, "daily bars from"))

    assert "12,154 daily bars from stocks.csv.gz" in said
    assert "adjusted for splits only, by splits.csv: AAPL 2000-06-21 2:1" in said
    assert "AAPL 3,170, FB 96" in said
    assert "FB has 96 usable rows" in plain(page.warning[0])
    assert page.button(key="start").label == "Train and compare: 10 folds"
    assert runs.newest(registry) is None


def test_the_defaults_are_those_of_the_command_line(page: AppTest):
    default = Settings()

    assert page.number_input(key="first_window").value == default.first_window
    assert page.number_input(key="fold_days").value == default.step
    assert page.number_input(key="gap").value == default.gap
    assert page.number_input(key="new_threshold").value == default.threshold
    assert page.number_input(key="draws").value == default.draws
    assert page.number_input(key="seed").value == default.seed
    assert page.number_input(key="horizon").value == default.horizon
    assert page.selectbox(key="candidate").value == default.candidate
    assert page.selectbox(key="window").value == default.window


def test_a_run_goes_from_the_form_to_the_version_in_use(page: AppTest, registry: Registry, shipped: Bundle):
    choose_few_rows(page)
    assert page.button(key="start").label == "Train and compare: 3 folds"
    page.button(key="start").click().run()
    assert [button.key for button in page.button] == ["cancel"]

    run = wait_for_the_run(registry)
    assert run.status.state == "finished", run.status.error
    # A page opened meanwhile, by anyone, finds the run as well.
    page = go(open_app(), "retrain")
    assert "the champion on the same" in markdown(page)
    assert "11,554 rows (2000-07-24 to 2013-02-28)" in markdown(page)
    assert registry.current().version == shipped.version, "nothing is promoted until somebody says so"

    published(page).run()
    assert "Say why" in plain(page.warning[0])

    page.text_input(key="why").set_value("a <b>test</b>").run()
    published(page).run()
    now = registry.load()
    assert page.success[0].value == f"Published: version {now.version} is now in use."
    assert now.manifest.settings["first_day"] == "2009-01-01"
    assert [span.ticker for span in now.manifest.trained_on.tickers] == ["IBM"]
    assert now.manifest.trained_on.file == "stocks.csv.gz"
    assert registry.current().why == "a <b>test</b>"
    assert "a &lt;b&gt;test&lt;/b&gt;" in html_with(page, "In use since")
    assert runs.newest(registry) is None


def test_the_page_trains_what_the_command_line_would(registry: Registry):
    from training.bars import read_bars
    from training.table import build_table

    table = build_table(read_bars(SHIPPED_BARS))
    runs.begin(registry, table, FEW, by="tester")
    run = wait_for_the_run(registry)

    expected = train(table, FEW).draft.out_of_fold.y_score
    found = Bundle.load(registry.folder / run.status.version).out_of_fold.y_score
    assert np.array_equal(found, expected)


def test_roll_back_returns_to_the_version_before(page: AppTest, registry: Registry, shipped: Bundle):
    version = challenger(registry)
    go(page, "retrain")
    page.text_input(key="why").set_value("try it").run()
    published(page).run()
    assert registry.current().version == version

    page.text_input(key="why_back").set_value("no better").run()
    page.button(key="confirm_roll_back").click().run()
    assert registry.current().version == shipped.version
    assert registry.current().why == "no better"
    assert page.success[0].value.startswith("Rolled back")


def test_discard_removes_the_run_and_what_it_stored(page: AppTest, registry: Registry, shipped: Bundle):
    version = challenger(registry)
    go(page, "retrain")
    page.button(key="discard").click().run()

    assert not page.exception
    assert version not in registry.versions()
    assert registry.current().version == shipped.version
    assert page.button(key="start")


def test_a_version_that_was_in_use_is_never_discarded(registry: Registry, shipped: Bundle):
    folder = runs.folder_of_runs(registry) / "20240506T070809Z-abcdef"
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(f'{{"state": "finished", "version": "{shipped.version}"}}')
    runs.discard(registry, runs.newest(registry), by="tester")

    assert shipped.version in registry.versions()
    assert runs.newest(registry) is None


def test_a_run_that_made_the_version_in_use_says_so(registry: Registry, shipped: Bundle):
    folder = runs.folder_of_runs(registry) / "20240506T070809Z-abcdef"
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(f'{{"state": "finished", "version": "{shipped.version}"}}')
    page = go(open_app(), "retrain")

    assert "the very version that is in use" in page.info[0].value


def test_a_failed_run_shows_its_reason_and_the_form(registry: Registry):
    runs.begin(registry, builders.table(days=60), Settings(), by="tester")
    wait_for_the_run(registry)
    page = go(open_app(), "retrain")

    assert "No ticker is left to train on" in plain(page.error[0])
    page.button(key="close").click().run()
    assert not page.error
    assert page.button(key="start")


def test_a_run_that_dies_before_its_first_word_is_a_failure(registry: Registry):
    runs.begin(registry, builders.table(days=60), Settings(tickers=("-x",)), by="tester")

    run = wait_for_the_run(registry)
    assert run.status.state == "failed"
    assert "error" in run.status.error


def test_a_run_can_be_cancelled_and_says_by_whom(registry: Registry, shipped: Bundle):
    page = go(open_app(), "retrain")
    page.button(key="start").click().run()
    assert f"by {account()}. This page may be left" in " ".join(caption.value for caption in page.caption)
    page.button(key="cancel").click().run()

    assert wait_for_the_run(registry).status.state == "cancelled"
    page.run()
    assert f"was cancelled by {account()}" in plain(page.info[0])
    assert registry.versions() == [shipped.version]


def test_an_upload_of_good_bars_can_be_trained_on(page: AppTest):
    upload(page, "MINE.csv.gz", gzip.compress(csv_of(1300).encode()))

    assert not page.error
    assert "1,300 daily bars from MINE.csv.gz" in words(html_with(page, "daily bars from"))
    assert page.multiselect[0].value == ["MINE"]
    assert not page.button(key="start").disabled


def test_an_upload_with_faults_shows_each_of_them_in_words(page: AppTest):
    upload(page, "bad.csv", csv_of(200, close="-3", volume="-5").encode())

    assert not page.exception
    assert "bad.csv cannot be used: 2 faults" in plain(page.error[0])
    said = words(html_with(page, "Faults, in the order"))
    assert "row 5 (bad" in said
    assert "close -3" in said
    assert "a positive, finite price" in said
    assert "volume -5" in said
    with pytest.raises(KeyError):
        page.button(key="start")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("workbook.csv", b"PK\x03\x04" + bytes(range(256))),
        ("broken.csv.gz", b"\x1f\x8b" + b"nothing packed"),
        ("broken.parquet", b"PAR1 and then nothing"),
        ("other.csv", b"a,b\n1,2\n"),
        ("../../etc/<b>x</b>.csv", b"a,b\n1,2\n"),
    ],
)
def test_an_unreadable_upload_gets_a_sentence_and_the_page_goes_on(page: AppTest, name: str, content: bytes):
    upload(page, name, content)

    assert not page.exception
    assert "cannot be used" in plain(page.error[0])
    assert "<b>" not in plain(page.error[0])
    page.button_group(key="source").set_value("Shipped").run()
    assert not page.error


def test_a_processed_table_can_be_trained_on(registry: Registry, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "PROCESSED", tmp_path)
    page = go(open_app(), "retrain")
    page.button_group(key="source").set_value("Processed").run()
    assert "python -m training features" in page.info[0].value

    write_table(builders.table(days=900), tmp_path / "mine.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    page.run()
    assert "broken.parquet is not a processed table" in plain(page.error[0])
    page.selectbox(key="processed").set_value("mine.parquet").run()
    assert not page.error
    assert page.multiselect[0].value == ["AAA", "BBB"]


def test_settings_that_leave_no_fold_cannot_be_started(page: AppTest):
    page.number_input(key="first_window").set_value(5000).run()

    assert "walk-forward evaluation needs more than 5,001" in plain(page.error[0])
    assert "lower “First window, days”" in plain(page.error[0])
    assert page.button(key="start").disabled


def looked_at(registry: Registry, bundle: Bundle, tried: str) -> None:
    """Note a look at the out-of-fold rows of *bundle*."""
    data = bundle.manifest.trained_on.sha256
    Ledger.beside(registry).note("comparison", data, bundle.out_of_fold, [tried], builders.WHEN)


def test_a_gap_below_the_horizon_says_what_would_leak_before_anything_starts(page: AppTest, registry: Registry):
    page.number_input(key="horizon").set_value(5).run()

    assert "those of the last 4 training days are read from test days" in plain(page.error[0])
    assert page.button(key="start").disabled
    assert "in 5 trading days" in html_with(page, "daily bars from")
    page.number_input(key="gap").set_value(5).run()
    assert not page.error
    assert not page.button(key="start").disabled


def test_without_a_ticker_nothing_can_be_started(page: AppTest):
    page.multiselect[0].set_value([]).run()

    assert "No ticker is chosen" in plain(page.error[0])
    assert page.button(key="start").disabled


def test_rules_that_need_no_fit_are_no_candidates_here(page: AppTest):
    offered = page.selectbox(key="candidate").options

    assert "Random forest, large leaves" in offered
    assert "training base rate" not in offered


def test_candidate_window_and_horizon_reach_the_run(registry: Registry):
    settings = Settings(candidate="regularised", window="rolling", horizon=2, gap=2)

    options = parser().parse_args(["--no-promote", *runs.arguments_for(settings, registry)])

    assert (options.candidate, options.window, options.horizon) == ("regularised", "rolling", 2)


def test_a_second_run_is_refused_with_who_runs_what_since_when(page: AppTest, registry: Registry):
    # Somebody else starts one after this page was drawn.
    folder = a_run(registry, state="running", step=2, total=9, message="fold 2 of 7", pid=os.getpid())
    (folder / "started_by").write_text("Ada")
    page.button(key="start").click()
    page.run()

    assert len(list(runs.folder_of_runs(registry).glob("*Z-*"))) == 1
    said = " ".join(caption.value for caption in page.caption)
    assert "Started 2024-05-06 07:08 UTC by Ada" in said
    with pytest.raises(TrainingError, match=r"UTC by Ada is still on \(step 2 of 9: fold 2 of 7\)"):
        runs.begin(registry, builders.table(), Settings(), by="Bob")


def test_a_crash_shows_its_reason_with_the_end_of_the_log_to_open(registry: Registry):
    folder = a_run(registry, state="failed", error="out of *memory*")
    (folder / "log.txt").write_text("10 % fold 1\r20 % fold 2\nkilled <b>\n")
    page = go(open_app(), "retrain")

    assert "out of *memory*" in plain(page.error[0])
    assert page.expander[0].label == "The end of its log"
    assert page.code[0].value == "20 % fold 2\nkilled <b>"


def test_a_challenger_of_other_rows_says_that_the_two_cannot_be_compared_row_by_row(registry: Registry):
    challenger(registry)
    page = go(open_app(), "retrain")

    assert "cannot be compared row by row:** of the rows that tested them they have 0 days in common" in markdown(page)
    assert "no row that one was trained on is known to the other" in markdown(page)


def test_a_challenger_on_the_same_rows_says_what_changes(registry: Registry, shipped: Bundle):
    table = build_table(read_bars(SHIPPED_BARS))
    settings = Settings(candidate="hist_gradient_boosting", draws=200)
    version = store(train(table, settings), registry, when=builders.WHEN)
    bundle = Bundle.load(registry.folder / version)
    for number in range(7):
        looked_at(registry, bundle, f"candidate {number}")
    a_run(registry, state="finished", version=version)
    page = go(open_app(), "retrain")

    said = markdown(page)
    assert "the champion on the same 9,301 out-of-fold rows" in said
    looks = looks_of(registry, bundle)
    assert looks.different >= 7
    assert f"{looks.different} different things were tried on these out-of-fold rows" in said
    assert "So wide, it reaches from" in said
    assert "11,554 rows are the same, 0 are new and 0 are left out" in said
    assert "both versions know the same 3,169 days" in said
    assert "where both versions are linear, and these are not" in said
    called = [
        np.asarray(one.scorer.many(one.reference.X[~np.isnan(one.reference.y)])) >= 0.44 for one in (bundle, shipped)
    ]
    assert f"{np.sum(called[0] != called[1]):,} are called differently" in said


def test_roll_back_offers_the_version_before_and_then_the_one_before_that(registry: Registry, shipped: Bundle):
    second = challenger(registry)
    first = runs.publish(registry, runs.newest(registry), by="Ada", why="try", instead_of=None)
    assert first.version == second
    page = go(open_app(), "retrain")
    assert page.button(key="confirm_roll_back")
    page.text_input(key="why_back").set_value("no").run()
    page.button(key="confirm_roll_back").click().run()

    assert registry.current().version == shipped.version
    with pytest.raises(KeyError):
        page.button(key="confirm_roll_back")


def test_turning_pages_keeps_source_and_settings(page: AppTest):
    choose_few_rows(page)
    go(page, "about")
    go(page, "retrain")

    assert page.multiselect[0].value == ["IBM"]
    assert page.date_input[0].value == dt.date(2009, 1, 1)
    assert page.number_input(key="first_window").value == 300


def test_another_file_starts_with_its_own_tickers_and_days(page: AppTest):
    choose_few_rows(page)
    upload(page, "MINE.csv", csv_of(400).encode())

    assert page.multiselect[0].value == ["MINE"]
    assert page.date_input[0].value.year == 2001


def test_the_history_says_what_when_by_whom_and_why(page: AppTest, registry: Registry, shipped: Bundle):
    said = words(html_with(page, "In use since"))

    first = registry.history()[0]
    assert f"{shipped.version} {first.by} {first.why}" in said


def test_cancelling_what_somebody_else_has_closed_does_nothing(registry: Registry):
    challenger(registry)
    run = runs.newest(registry)
    runs.close(run, by="Bob")
    runs.cancel(run, by="Ada")

    assert runs.newest(registry) is None


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"date,close,churned\n2020-01-01,1,yes\n"])
def test_a_table_that_holds_no_bars_is_told_once_and_where_it_can_be_trained_on(page: AppTest, content: bytes):
    upload(page, "my visits.csv", content)

    (said,) = (plain(error) for error in page.error)
    assert "my_visits.csv cannot be used: it holds no daily bars." in said
    assert "`python -m training --table my_visits.csv --target COLUMN`" in said
    assert not [html for html in page.html if "Faults" in str(html.value)]


def test_bars_that_lack_a_column_are_told_which(page: AppTest):
    upload(page, "short.csv", b"date,open,high,low,close\n2020-01-01,1,1,1,1\n")

    assert "no column volume" in words(html_with(page, "Faults, in the order"))


def test_the_challenger_says_what_it_is_and_where_its_settings_differ(registry: Registry, shipped: Bundle):
    version = challenger(registry)
    page = go(open_app(), "retrain")

    assert f"The challenger is **Logistic regression**, version {version}, trained on made-up.csv" in markdown(page)
    assert (
        f"the champion is Logistic regression, version {shipped.version}; in these settings they differ:"
        in markdown(page)
    )
    said = words(html_with(page, "Settings in which the two differ"))
    assert "First window, days 100 750" in said
    assert "Fold, days 50 250" in said
    assert "Resamples 100 1000" in said
    assert "Decision threshold" not in said
