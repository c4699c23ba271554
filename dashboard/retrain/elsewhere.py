"""Training on the command line: how to, where this page has no data to offer, and that somebody is at it."""

import shlex

import streamlit as st

from dashboard.sentences import plain
from model.manifest import Manifest
from model.registry import Registry
from training.turns import folder_of_runs, held_by_command


def say_who_trains(registry: Registry) -> None:
    """Say that somebody trains on the command line, if anybody does: the next run has to wait for that."""
    if command := held_by_command(folder_of_runs(registry)):
        st.info(
            f"**A training run is on that this page did not start:** {plain(command)}. Another can be started once it"
            " has ended; reload this page to see whether it has.",
            icon=":material/hourglass_top:",
        )


def say_how(manifest: Manifest) -> None:
    """Say that the model was trained on a table, and how another is trained on one like it."""
    with st.container(border=True):
        st.header("Training another", anchor=False)
        st.markdown(
            f"This model was trained on a table, {plain(manifest.trained_on.file)}, which is not kept here. Another is"
            " trained on the command line, where the table is; the first command stores a version and leaves the one in"
            " use as it is, the second lists the versions there are:"
        )
        st.code(f"{command_for(manifest)} --no-promote\npython -m training versions", language="bash", wrap_lines=True)
        st.markdown("`python -m training promote VERSION --reason …` puts it in use, and this page can take it back.")


def command_for(manifest: Manifest) -> str:
    """Return the command that trains a model like the one *manifest* describes, on a table of the same columns."""
    layout = manifest.layout
    words = ["python", "-m", "training", "--table", manifest.trained_on.file, "--target", manifest.target.column]
    for option, column in (("--time", layout.time), ("--group", layout.group)):
        words += [option, column] if column else []
    return shlex.join([*words, "--name", manifest.name])
