"""What a followed link needs said: what of it could not be used, and what changed since it was made."""

import streamlit as st

from dashboard import links, state
from dashboard.sentences import plain
from model.bundle import Bundle
from model.errors import ModelError
from model.thresholds import confusion_at
from model.wording import number, percent
from training.panels.display import written

CLOSED = "link_notice_closed"


def show_link_notice(bundle: Bundle) -> None:
    """Say, until it is closed, what was wrong with the link this session began with, and what the old model said."""
    link = links.follow(bundle)
    said = [_faults(link), _since_then(link, bundle)]
    if st.session_state.get(CLOSED) or not any(said):
        return
    with st.container(border=True, key="link_notice"):
        for text in said:
            if text:
                st.markdown(text)
        st.button("Close this note", key="close_link_notice", on_click=_close)


def _close() -> None:
    st.session_state[CLOSED] = True


def _faults(link: links.Link) -> str:
    if not link.faults:
        return ""
    return "**Not all of this link could be used.**\n\n" + "\n".join(f"- {plain(fault)}" for fault in link.faults)


def _since_then(link: links.Link, bundle: Bundle) -> str:
    """Say what the model the link was made with answers, beside the one in use."""
    if link.version is None or (link.version == bundle.version and bundle.sha256.startswith(link.sha256 or "")):
        return ""
    made_with = f"**This link was made with version {plain(link.version)}; in use now is {plain(bundle.version)}.**"
    old, why_not = _version_of(link)
    if old is None:
        return f"{made_with} {why_not} What is shown is the answer of the version in use."
    lines = [f"- {name}: **{then}** then, **{now}** now" for name, then, now in _answers(old, bundle)]
    lines += [f"- {plain(text)}" for text in _other_features(old, bundle)]
    return made_with + "\n\n" + "\n".join(lines)


def _version_of(link: links.Link) -> tuple[Bundle | None, str]:
    """Return the version a link names, or None and why there is none; only names that the registry lists are opened."""
    registry = state.registry()
    if link.version not in registry.versions():
        return None, "That version is not in this registry, so what it answered cannot be shown."
    try:
        old = state.opened(str(registry.folder), str(link.version), None)
    except ModelError as error:
        return None, f"It cannot be opened: {plain(str(error))}"
    if not old.sha256.startswith(link.sha256 or ""):
        return None, "The version of that name here has another hash: it is not the model the link speaks of."
    return old, ""


def _answers(old: Bundle, new: Bundle) -> list[tuple[str, str, str]]:
    threshold = state.chosen_threshold(new)
    return [
        (f"Probability of “{plain(new.manifest.target.positive_class)}”", _answer(old), _answer(new)),
        (f"Calls at {number(threshold, 3)}", _calls(old, threshold), _calls(new, threshold)),
    ]


def _answer(bundle: Bundle) -> str:
    probability = bundle.scorer.one(state.scenario_row(bundle))
    call = "call" if probability >= bundle.threshold else "no call"
    return f"{percent(probability)} ({call}, threshold {percent(bundle.threshold)})"


def _calls(bundle: Bundle, threshold: float) -> str:
    rows = bundle.out_of_fold
    found = confusion_at(threshold, rows.y_true, rows.y_score)
    return f"{percent(found.call_share)} of the rows, right on {percent(found.precision)} of them"


def _other_features(old: Bundle, new: Bundle) -> list[str]:
    """Features that only one of two models has; where they are missing, the median stands in."""
    ours, theirs = set(new.manifest.feature_names), set(old.manifest.feature_names)
    gone = [f"{f.label} is no longer asked for" for f in old.manifest.features if f.name not in ours]
    come = [
        f"{f.label} is new; its median, {written(f, f.median)}, is shown"
        for f in new.manifest.features
        if f.name not in theirs
    ]
    return gone + come
