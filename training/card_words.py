"""What the model card says in words: who it is for, what each metric says, and what to think of before use."""

from model.manifest import Manifest
from model.wording import percent
from training.report_words import counted, misuse, resampled, rows_tested

# What a figure says, and why it stands in the card; a metric that is not listed says nothing that needs words.
METRIC_WORDS = {
    "auc": (
        "How often a row that came true has a higher probability than one that did not: 0.5 is chance, 1 is perfect.",
        "Shows whether rows are told apart at all, whatever the threshold.",
    ),
    "log_loss": (
        "How surprised one is by the outcomes after hearing the probabilities: lower is better.",
        "It rewards honest probabilities and nothing else. The verdict rests on it.",
    ),
    "brier": (
        "The mean squared distance between probability and outcome: 0 is perfect, lower is better.",
        "A second opinion on the probabilities, which punishes a sure mistake less than log loss does.",
    ),
    "brier_skill": (
        "The share of the base rate's Brier score that the model saves: 0 is none, 1 is all.",
        "The same on a scale where zero means no skill.",
    ),
    "balanced_accuracy": (
        "The mean of the shares found right in either class: 0.5 is chance.",
        "Does not reward always giving the more frequent answer.",
    ),
    "accuracy": (
        "The share of rows on which the call, or its absence, was right.",
        "What a user of the calls meets; beside it stands what the more frequent answer alone would have met.",
    ),
    "call_share": (
        "The share of rows on which the model makes the call.",
        "Near 0 or 100 % the threshold has made a constant of the model.",
    ),
    "calibration_intercept": (
        "Whether probabilities are too high or too low on the whole: 0 is perfect.",
        "A probability is only of use if it can be read as a frequency.",
    ),
    "calibration_slope": (
        "Whether high probabilities are as much higher as they say: 1 is perfect, 0 is no information; below 1 they are"
        " too far apart (overconfident), above 1 too close together (too timid).",
        "The same, for how far the probabilities are spread.",
    ),
}


def uses(manifest: Manifest) -> list[str]:
    """Say what the model is for, for whom, and what it is not for."""
    verdict = manifest.verdict
    acting = (
        "For acting on its calls, within the limits below and while new rows bear the verdict out."
        if verdict.outcome == "better"
        else f"Not for acting on its calls while the verdict is “{verdict.outcome}”."
    )
    return [
        "For showing how a packaged classifier is handed over, examined, called and retrained.",
        "For exploring what a threshold and a scenario do to its answer.",
        "Users: whoever has to decide on its use reads the verdict and the limits; whoever analyses scenarios uses the"
        " dashboard; whoever builds on it calls the API; whoever keeps it alive retrains it.",
        acting,
        *misuse(manifest),
    ]


def factors(manifest: Manifest, thirds_of: str) -> list[str]:
    """Say what rows differ in, which of it was looked at below, and which could not be."""
    layout = manifest.layout
    looked_at = [
        *(["year"] if layout.time else []),
        *([layout.group] if layout.group else []),
        f"thirds of {thirds_of}",
    ]
    lines = [f"Looked at below: {', '.join(looked_at)}. {_why_these(manifest)}"]
    if not layout.time:
        lines.append("Not looked at: time, because rows have none.")
    if not layout.group:
        lines.append("Not looked at: what rows belong to, because no such column was named.")
    return [
        *lines,
        "Not looked at: whatever is in no column of the data. The model knows its"
        f" {counted(len(manifest.features), 'feature')} and nothing else.",
    ]


def _why_these(manifest: Manifest) -> str:
    if manifest.layout.returns:
        return "What moves prices changes over the years, with the company, and with how restless prices are."
    return "A model may do well on all rows together and badly on some of them."


def evaluation_rows(manifest: Manifest) -> str:
    """Say which rows the figures are of, and how they were kept from the models that scored them."""
    gap = int(manifest.settings.get("gap") or 0)
    left_out = f"{counted(gap, 'day')} between training and test {'is' if gap == 1 else 'are'} left out"
    apart = f" In each fold {left_out}." if manifest.layout.time and gap else ""
    return (
        f"{rows_tested(manifest.metrics[0])}, in {counted(len(manifest.folds), 'fold')}. Each row was scored by a model"
        f" that had not seen it: its score is “out-of-fold”.{apart} These rows were chosen because they come as close"
        " to new ones as the data allow."
    )


def worth(manifest: Manifest) -> str:
    """Say what the gain of a call leaves out."""
    if manifest.layout.returns:
        return "The gain charges one cost for every trade: taxes, and what a large order does to a price, are left out."
    return "The gain knows the costs it names and no others: what else a call is worth is in no figure above."


def metrics_in_words(manifest: Manifest) -> list[str]:
    """Every metric with what it says and why it is there, how intervals came about, and what decides."""
    draws = int(manifest.settings.get("draws") or 0)
    return [
        "| metric | what it says | why it is here |",
        "|---|---|---|",
        *(
            f"| {metric.label} | {' | '.join(METRIC_WORDS[metric.name])} |"
            for metric in manifest.metrics
            if metric.name in METRIC_WORDS
        ),
        "",
        f"Intervals are {percent(0.95, 0)} and come from {draws:,} resamples of {resampled(manifest.layout)}. The"
        " verdict is “better” or “worse” only where the interval of the difference in log loss against the training"
        " base rate leaves zero out; this comparison was fixed beforehand.",
    ]


def ethics(manifest: Manifest) -> list[str]:
    """Say what to think of before the model is used on what matters to somebody."""
    about = (
        [
            "The rows are public prices of companies; nothing in them is about a person.",
            "Acting on a call can lose money, of others too. Whoever acts answers for it, not the model.",
        ]
        if manifest.layout.returns
        else [
            "Whether rows are about people the bundle cannot know. If they are: make sure they may be used for this,"
            " and let a person who can be asked answer for each decision.",
            _fairness(manifest),
        ]
    )
    return [
        *about,
        f"The bundle holds its {manifest.trained_on.rows:,} training rows: whoever is given it is given them.",
        "A probability looks more certain than it is: show it with the verdict, never alone.",
    ]


def _fairness(manifest: Manifest) -> str:
    group = manifest.layout.group
    if group:
        return f"Compare the rows of the table by {group} above: a model can be right on the whole and unfair to some."
    return "No column says what rows belong to, so nothing here shows whether it does worse for some than for others."
