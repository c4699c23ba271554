"""Daily bars in, the prediction for their last day out: the numbers, and what is told with them."""

import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from api.bars.prediction import predict_bars, takes_bars
from api.payloads import encode
from model.bundle import Bundle
from model.features import FEATURE_NAMES, build_features
from tests.builders import random_bars
from training.bars import read_bars
from training.places import SHIPPED_BARS
from training.table import build_table

JSON, CSV = "application/json", "text/csv"
HEADER, *LINES = gzip.decompress(SHIPPED_BARS.read_bytes()).decode().splitlines()


@pytest.fixture(scope="module")
def table():
    """The processed table of the shipped bars, adjusted by the splits listed beside them."""
    return build_table(read_bars(SHIPPED_BARS))


def raw_lines(ticker, until="9999"):
    return [line for line in LINES if line.startswith(ticker + ",") and line.split(",")[1] <= until]


def as_csv(lines, header=HEADER):
    return "\n".join([header, *lines, ""]).encode()


def as_json(lines, header=HEADER):
    names = header.split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines]
    bars = [{k: v if k in {"Ticker", "Date"} else float(v) for k, v in row.items()} for row in rows]
    return json.dumps({"bars": bars}).encode()


def entries(history):
    """Return bars as JSON objects, without a ticker."""
    names = ("open", "high", "low", "close", "volume")
    values = [getattr(history, name).tolist() for name in names]
    return [
        {"date": str(day)} | dict(zip(names, row, strict=True)) for day, *row in zip(history.day, *values, strict=True)
    ]


def answer(bundle, history, **options):
    return predict_bars(bundle, json.dumps({"bars": entries(history)}).encode(), JSON, **options)


def cuts():
    """Last days to cut the shipped bars at: just warm, around splits, and at the end."""
    around = {"AAPL": ["2005-02-25", "2005-02-28", "2005-03-01", "2008-10-10"], "MSFT": ["2003-02-14", "2003-02-18"]}
    for ticker in ("AAPL", "FB", "GOOG", "IBM", "MSFT"):
        days = [line.split(",")[1] for line in raw_lines(ticker)]
        for day in [days[100], days[150], *around.get(ticker, []), days[-1]]:
            yield ticker, day


@pytest.mark.parametrize(("ticker", "day"), list(cuts()))
def test_bars_up_to_a_day_get_the_probability_of_that_day_in_the_training_table(shipped, table, ticker, day):
    row = table.X[(table.ticker == ticker) & (table.day == np.datetime64(day))]
    body = raw_lines(ticker, until=day)

    reply = predict_bars(shipped, as_csv(body), CSV)

    assert len(row) == 1
    assert reply["day"] == day
    assert reply["ticker"] == ticker
    assert reply["bars"] == len(body)
    assert list(reply["features"]) == list(FEATURE_NAMES)
    np.testing.assert_allclose(list(reply["features"].values()), row[0], rtol=1e-12, atol=1e-12)
    assert reply["p_up"] == pytest.approx(shipped.pipeline.predict_proba(row)[0, 1], abs=1e-12)
    assert reply["prediction"] == int(reply["p_up"] >= 0.44)
    assert predict_bars(shipped, as_json(body), JSON) == reply


def test_one_ticker_of_several_is_picked_by_name(shipped):
    for ticker in ("FB", "MSFT"):
        reply = predict_bars(shipped, as_csv(LINES), CSV, ticker=ticker)

        assert reply == predict_bars(shipped, as_csv(raw_lines(ticker)), CSV)


def test_the_reply_holds_what_the_prediction_rests_on(shipped):
    reply = answer(shipped, random_bars(120), ticker="ABC")

    assert {"prediction", "p_up", "threshold", "version", "ticker", "day", "bars", "features", "adjustment"} <= set(
        reply
    )
    assert (reply["ticker"], reply["bars"], reply["threshold"]) == ("ABC", 120, 0.44)
    assert reply["day"] == str(random_bars(120).day[-1])
    assert reply["features"] == dict(zip(FEATURE_NAMES, build_features(random_bars(120))[-1].tolist(), strict=True))
    assert reply["adjustment"] == "none: the bars have no adjusted close, so prices are taken as they are"
    assert json.loads(encode(reply)) == reply


def test_bars_whose_ticker_nobody_names_have_none(shipped):
    assert answer(shipped, random_bars(120))["ticker"] is None


def test_splits_that_the_adjusted_close_shows_are_taken_out_and_told(shipped):
    history = random_bars(150)
    factor = np.where(np.arange(150) < 140, 2.0, 1.0)
    unadjusted = [
        bar | {name: bar[name] * f for name in ("open", "high", "low", "close")} | {"volume": bar["volume"] / f}
        for bar, f in zip(entries(history), factor, strict=True)
    ]
    with_adjusted = [bar | {"Adj Close": float(c)} for bar, c in zip(unadjusted, history.close, strict=True)]

    told = predict_bars(shipped, json.dumps({"bars": with_adjusted}).encode(), JSON)
    untold = predict_bars(shipped, json.dumps({"bars": unadjusted}).encode(), JSON)

    assert told["p_up"] == answer(shipped, history)["p_up"]
    assert told["adjustment"] == (
        f"for splits only, by what the adjusted close says about them: the ticker {history.day[140]} 2:1"
    )
    assert untold["p_up"] != told["p_up"]
    assert any("looks like an unadjusted 2:1 split" in warning for warning in untold["warnings"])


def few(reply):
    return [warning for warning in reply.get("warnings", []) if warning.startswith("Only ")]


@pytest.mark.parametrize("n", [34, 99])
def test_fewer_bars_than_features_take_to_warm_up_bring_a_warning(shipped, n):
    assert few(answer(shipped, random_bars(n)))[0].startswith(
        f"Only {n} bars: values still depend on where the history starts until about 100 bars."
    )


def test_a_hundred_bars_bring_no_such_warning(shipped):
    assert few(answer(shipped, random_bars(100))) == []


def test_bars_in_another_order_are_sorted_and_that_is_told(shipped):
    sent = entries(random_bars(120))
    shuffled = [sent[i] for i in np.random.default_rng(1).permutation(120)]

    reply = predict_bars(shipped, json.dumps({"bars": shuffled}).encode(), JSON)

    assert reply.pop("warnings") == ["The rows were not in order of day; they were sorted."]
    assert reply == answer(shipped, random_bars(120))


def test_what_is_odd_about_the_bars_is_told_like_that_of_files(shipped):
    history = random_bars(120)
    volume = history.volume.copy()
    volume[60] = 0

    reply = answer(shipped, replace(history, volume=volume), ticker="XYZ")

    assert reply["warnings"] == [f"XYZ: no volume on 1 day, first {history.day[60]}"]


def test_features_beyond_those_of_training_are_told(shipped):
    history = random_bars(120)
    sent = entries(history)
    sent[-1] |= {"volume": 1e12, "high": history.high[-1] * 3}

    reply = predict_bars(shipped, json.dumps({"bars": sent}).encode(), JSON)

    assert any(warning.startswith("daily_range_pct is ") for warning in reply["warnings"])


def test_of_very_many_oddities_the_first_are_told_and_the_others_counted(shipped):
    sent = entries(random_bars(160))
    for position, bar in enumerate(sent[:140]):
        factor = 4 if position % 2 else 1
        bar |= {"open": 9.9 * factor, "high": 10.5 * factor, "low": 9.5 * factor, "close": 10.0 * factor}

    warnings = predict_bars(shipped, json.dumps({"bars": sent}).encode(), JSON)["warnings"]

    assert sum("unadjusted" in warning for warning in warnings) == 20
    assert warnings[-1].endswith("more warnings of this kind.")


@pytest.mark.parametrize(
    ("names", "form"),
    [
        (["Datetime", "OPEN", "High", " low", "Close/Last", "Vol."], "%Y-%m-%dT%H:%M:%SZ"),
        (["time", "Open", "high", "LOW", "close", "VOLUME"], "%d.%m.%Y"),
    ],
)
def test_json_takes_the_spellings_that_files_take(shipped, names, form):
    sent = [list(bar.values()) for bar in entries(random_bars(120))]
    for row in sent:
        row[0] = np.datetime64(row[0]).astype(object).strftime(form)

    reply = predict_bars(
        shipped, json.dumps({"bars": [dict(zip(names, row, strict=True)) for row in sent]}).encode(), JSON
    )

    assert reply == answer(shipped, random_bars(120))


def test_csv_takes_other_separators_thousands_and_a_byte_order_mark(shipped):
    rows = [
        f"{b['date']};{b['open']!r};{b['high']!r};{b['low']!r};{b['close']!r};{b['volume']:,.0f}"
        for b in entries(random_bars(120))
    ]

    reply = predict_bars(shipped, b"\xef\xbb\xbf" + as_csv(rows, "Date;Open;High;Low;Close;Volume"), CSV)

    assert reply == answer(shipped, random_bars(120))


def test_columns_that_nobody_asked_for_are_passed_over(shipped):
    sent = [bar | {"dividends": None, "vwap": "?"} for bar in entries(random_bars(120))]

    assert predict_bars(shipped, json.dumps({"bars": sent}).encode(), JSON) == answer(shipped, random_bars(120))


def test_a_bundle_takes_bars_if_its_features_are_those_of_bars(shipped):
    specs = shipped.manifest.features
    renamed = [msgspec.structs.replace(specs[0], name="age"), *specs[1:]]
    other = Bundle(shipped.directory, msgspec.structs.replace(shipped.manifest, features=renamed))

    assert takes_bars(shipped)
    assert not takes_bars(other)


def test_importing_the_bars_route_loads_no_heavy_library():
    code = "import sys, api.bars; print({'pyarrow', 'talib', 'pandas'} & set(sys.modules))"
    root = Path(__file__).parents[2]

    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
