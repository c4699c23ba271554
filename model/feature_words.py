"""Words for features and classes that nobody described: taken from names and values alone."""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from model.bars import FloatArray
from model.features import FeatureDefinition

# A prefix makes a group where at least this many names share it.
FEWEST_IN_A_GROUP = 2
ONE_GROUP = "Features"
# After “Is” a name that begins with one of these would make no sentence.
ASKING = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "had",
        "will",
        "would",
        "can",
        "could",
        "does",
        "do",
        "did",
        "should",
        "may",
    ]
)
SIGNIFICANT_DIGITS = 3
MOST_DECIMALS = 8


def definitions_of(names: Sequence[str], X: FloatArray) -> tuple[FeatureDefinition, ...]:
    """Describe the columns *names* of *X* as well as names and values allow; no unit is known."""
    groups = groups_of(names)
    return tuple(
        FeatureDefinition(
            name=name,
            label=label_of(name),
            group=group,
            unit="",
            description=f"The column “{name}” of the table, as it stands there.",
            decimals=decimals_of(X[:, column]),
            display_factor=1.0,
            first_valid_row=0,
        )
        for column, (name, group) in enumerate(zip(names, groups, strict=True))
    )


def label_of(name: str) -> str:
    """Write a column's name as people write words.

    >>> label_of("mean_radius"), label_of("tenureMonths"), label_of("RSI")
    ('Mean radius', 'Tenure months', 'RSI')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", re.sub(r"[_\s.]+", " ", name)).strip() or name
    words = [word if word.isupper() else word.lower() for word in spaced.split()]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def question_of(target: str, positive: str, *, affirmed: bool) -> str:
    """Ask whether a row is of the positive class; *affirmed* says that its value stands for yes.

    A name that is a question already stays. One that is no single word, or begins as a question does, is quoted.

    >>> question_of("churned", "yes", affirmed=True), question_of("Will it rain?", "1", affirmed=True)
    ('Is churned yes?', 'Will it rain?')
    >>> question_of("tumour kind", "benign", affirmed=False), question_of("is_new", "1", affirmed=True)
    ('Is “tumour kind” benign?', 'Is “is_new” 1?')
    """
    value = positive if _is_word(positive) else f"“{positive}”"
    if target.endswith("?"):
        return target if affirmed else f"Is “{target}” answered {value}?"
    asking = re.split(r"[\W_]|(?<=[a-z])(?=[A-Z])", target, maxsplit=1)[0].lower() in ASKING
    name = target if _is_word(target) and not asking else f"“{target}”"
    return f"Is {name} {value}?"


def _is_word(text: str) -> bool:
    return re.fullmatch(r"\w+(-\w+)*", text) is not None


def groups_of(names: Sequence[str]) -> list[str]:
    """Group names by the word they begin with, if every name then has company; else all are one group.

    >>> groups_of(["mean_radius", "mean_area", "worst_radius", "worst_area"])
    ['Mean', 'Mean', 'Worst', 'Worst']
    >>> groups_of(["age", "income"])
    ['Features', 'Features']
    """
    first = [label_of(name).split(" ")[0] for name in names]
    counts = Counter(first)
    if len(counts) < 2 or min(counts.values()) < FEWEST_IN_A_GROUP:
        return [ONE_GROUP] * len(names)
    return first


def decimals_of(values: FloatArray) -> int:
    """Return the decimals that tell the usual values apart: none for whole numbers.

    >>> decimals_of(np.array([1.0, 20.0])), decimals_of(np.array([0.0012, 0.0057]))
    (0, 5)
    """
    values = values[np.isfinite(values)]
    if not values.size or np.array_equal(values, np.round(values)):
        return 0
    low, high = np.quantile(values, [0.05, 0.95])
    spread = float(high - low) or float(values.max() - values.min())
    if spread <= 0:
        return 0
    return int(np.clip(SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(spread)), 0, MOST_DECIMALS))


def safe_name(text: str) -> str:
    """Return *text* as an identifier: letters, digits and single underscores, beginning with none of the digits.

    >>> safe_name("Yes, churned!"), safe_name("1"), safe_name("  ")
    ('yes_churned', 'class_1', 'positive')
    """
    name = re.sub(r"\W+", "_", text.strip().lower()).strip("_")
    if not name:
        return "positive"
    return f"class_{name}" if name[0].isdigit() else name
