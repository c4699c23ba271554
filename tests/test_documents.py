"""Every command and every number in README.md is run or checked."""

import json
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from api import create_app
from model.registry import Registry
from model.thresholds import confusion_at
from model.wording import interval, number, percent
from training.options import parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)
COMMANDS = [line for language, text in BLOCKS if not language for line in text.splitlines()]
# What was measured on one machine at one time cannot be checked on another.
MEASURED = re.compile(r"^## How fast it is$.*?(?=^## )", re.M | re.S)
PROSE = MEASURED.sub("", re.sub(r"^```.*?^```$", "", README, flags=re.M | re.S))
BENCHMARKS = ("serving", "dashboard", "training")
MAKEFILE = (ROOT / "Makefile").read_text()


def commands(start):
    return [shlex.split(line) for line in COMMANDS if line.startswith(start)]


def test_every_command_is_of_a_kind_that_is_checked_here():
    ours = ("make ", "python -m training", *(f"python -m tests.benchmarks.{name}" for name in BENCHMARKS))
    kinds = (*ours, "curl ", "py -m venv", r".venv\Scripts\python", " ", "└")
    trees = {line for _, text in BLOCKS if "──▶" in text or "streamlit_app.py" in text for line in text.splitlines()}

    assert [line for line in COMMANDS if line not in trees and not line.startswith(kinds)] == []


def test_every_make_target_and_setting_exists():
    assert commands("make")
    in_the_text = [["make", target] for target in re.findall(r"`make (\w+)`", PROSE)]
    for _, *words in [*commands("make"), *in_the_text]:
        for word in words:
            if "=" in word:
                assert f"{word.split('=')[0]} ?=" in MAKEFILE
            else:
                assert re.search(rf"^{word}:", MAKEFILE, re.M)


def test_every_training_command_is_understood():
    found = commands("python -m training")

    assert len(found) == 11
    for command in found:
        options = parser().parse_args(command[3:])
        assert "run" in options or options.command in {"train", "features", "report"}


def test_the_commands_for_windows_name_files_that_exist():
    lines = [line for line in COMMANDS if line.startswith(r".venv\Scripts\python")]

    assert len(lines) == 2
    assert (ROOT / lines[0].split()[-1]).exists()
    assert (ROOT / lines[1].split()[-1]).exists()


def post(command):
    """Send what a curl command of the README sends, to the app itself."""
    path = command[2].removeprefix("http://127.0.0.1:5000")
    headers = dict(re.split(r":\s*", command[i + 1], maxsplit=1) for i, word in enumerate(command) if word == "-H")
    body = command[command.index("-d") + 1]
    return create_app().test_client().post(path, data=body, headers=headers)


def test_the_example_request_gets_the_answer_that_is_shown():
    (shown,) = [json.loads(text) for language, text in BLOCKS if language == "json"]
    good, _ = commands("curl")

    reply = post(good)

    assert reply.status_code == 200
    assert reply.get_json() == shown | {"p_up": pytest.approx(shown["p_up"], abs=1e-12)}


def test_the_bad_example_names_every_fault():
    _, bad = commands("curl")

    reply = post(bad)

    assert reply.status_code == 422
    assert reply.mimetype == "application/problem+json"
    # One value of the wrong type, one unknown name, and the seven that are missing.
    assert len(reply.get_json()["faults"]) == 9


def test_the_routes_in_the_table_are_those_of_the_app():
    table = {tuple(route.split()) for route in re.findall(r"^\| `((?:GET|POST) [^`]+)` \|", README, re.M)}

    for method, path in table:
        example = re.sub(r"<number>", "2", path)
        reply = create_app().test_client().open(example, method=method)
        assert reply.status_code in ({200} if method == "GET" else {200, 400, 415})
    listed = {(route["method"], route["path"]) for route in create_app().test_client().get("/").json["routes"]}
    assert table == listed


def test_the_python_example_runs_and_agrees_with_the_api(shipped):
    code, _ = [text for language, text in BLOCKS if language == "python"]
    names = {}

    exec(compile(code, "README.md", "exec"), names)

    assert names["p_up"] == pytest.approx(shipped.scorer.one(names["row"]), abs=1e-12)
    assert names["call"] == (names["p_up"] >= 0.44)


def test_the_example_of_a_classifier_of_ones_own_makes_a_bundle(tmp_path, monkeypatch):
    _, code = [text for language, text in BLOCKS if language == "python"]
    X, y = load_breast_cancer(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    monkeypatch.chdir(tmp_path)
    names = {"pipeline": pipeline, "X": X, "y": y}

    exec(compile(code, "README.md", "exec"), names)

    assert names["bundle"].scorer.many(X) == pytest.approx(pipeline.predict_proba(X)[:, 1], abs=1e-12)
    assert Registry(tmp_path / "model" / "artifacts").load().version == names["bundle"].version


@pytest.mark.filterwarnings("ignore:.* found in sys.modules")  # by another test of this process
@pytest.mark.parametrize("module", ["api", "training", *(f"tests.benchmarks.{name}" for name in BENCHMARKS)])
def test_help_of_the_commands_is_there(module, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [module, "--help"])

    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")

    assert not ended.value.code
    assert f"python -m {module}" in capsys.readouterr().out


def test_every_file_and_folder_named_in_the_tree_exists():
    (tree,) = [text for _, text in BLOCKS if "streamlit_app.py" in text]
    folder = ROOT
    for line in tree.splitlines():
        names = line.split("  ")[0].split() if not line.startswith(" ") else line.strip().split("   ")[0].split()
        if not line.startswith(" "):
            folder = ROOT / names[0] if names[0].endswith("/") else ROOT
        for name in names:
            if re.fullmatch(r"[\w.]+/?", name) and ("." in name or name.endswith("/")):
                assert (ROOT / name).exists() if not line.startswith(" ") else (folder / name).exists(), name


def test_every_link_and_picture_leads_somewhere():
    for target in re.findall(r"\]\((?!https://)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_number_in_the_text_is_the_bundles_or_a_setting(shipped):
    manifest = shipped.manifest
    loss, area = manifest.metric("log_loss"), manifest.metric("auc")
    base = loss.baselines[0]
    rows = shipped.out_of_fold
    at = confusion_at(shipped.threshold, rows.y_true, rows.y_score)
    computed = [
        f"{loss.days:,}",
        f"{loss.n:,}",
        loss.first_day,
        loss.last_day,
        number(loss.value, 4),
        number(base.value, 4),
        number(base.difference, 4, signed=True),
        interval(base.interval.low, base.interval.high, 4, signed=True),
        number(area.value, 3),
        interval(area.interval.low, area.interval.high, 3),
        f"{shipped.threshold:.2f}",
        percent(at.call_share),
        percent(at.precision),
        percent(at.base_rate),
    ]
    settings = [
        "95 %",
        "0.5 is chance",
        "Python 3.11",
        "127.0.0.1:8501",
        "127.0.0.1:5000",
        "from 3.11 on",
        "below 2.5",
        " is 1 where ",
        "200 where a model",
        "else 503 with",
        "64 threads each",
    ]
    names = [r"`[^`]*`", r"\]\([^)]*\)", "<http[^>]*>"]

    left = PROSE
    for text in computed:
        assert text in left, f"{text} is not in README.md"
        left = left.replace(text, "")
    for text in settings:
        left = left.replace(text, "")
    for pattern in names:
        left = re.sub(pattern, "", left)

    assert re.findall(r".{0,30}\d.{0,30}", left) == []
