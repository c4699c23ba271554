"""Training on the command line: how the same is done there, and that somebody is at it."""

import shlex

import streamlit as st

from dashboard.retrain.roles import roles_of
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
    """Say how the same is done on the command line, where also other columns can be trained on."""
    with st.expander("The same on the command line, or with other columns"):
        st.markdown(
            "Where the table is, the first command stores a version and leaves the one in use as it is; this page then"
            " offers it for comparison. The second lists the versions there are:"
        )
        st.code(f"{command_for(manifest)} --no-promote\npython -m training versions", language=None, wrap_lines=True)
        st.markdown("`python -m training promote VERSION --reason …` puts it in use, and this page can take it back.")


def command_for(manifest: Manifest) -> str:
    """Return the command that trains a model like the one *manifest* describes, on a table of the same columns."""
    roles = roles_of(manifest)
    columns = {
        "--table": manifest.trained_on.file,
        "--target": roles.target,
        "--positive": roles.positive,
        "--time": roles.time,
        "--group": roles.group,
        "--name": manifest.name,
    }
    given = [word for option, value in columns.items() if value is not None for word in (option, value)]
    return shlex.join(["python", "-m", "training", *given])
