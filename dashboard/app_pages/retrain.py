"""Retrain: train on other data or settings, compare with the model in use, publish or discard."""

import streamlit as st

from dashboard import access, cards, changes, runs, sentences, state, training_form
from dashboard.retrain import challenger, elsewhere, progress, undecided

bundle = state.current_bundle()
registry = state.registry()

st.title("Is there a better model?", anchor=False)
st.markdown(sentences.retrain_sentence(bundle.manifest))
by = access.signed_in()
if by is None:
    access.ask()
else:
    access.say_who(by)
if notice := state.take_notice():
    st.success(notice, icon=":material/check:")
run = runs.newest(registry)
if run is not None and run.status.state == "running":
    progress.watch(registry)
elif run is not None and run.status.state == "finished":
    challenger.show(registry, undecided.of_run(registry, run), bundle, by)
else:
    if run is not None:
        progress.ended(run)
    elsewhere.say_who_trains(registry)
    training_form.begin(registry, bundle.manifest, by)
    if not bundle.manifest.layout.returns:
        elsewhere.say_how(bundle.manifest)
    challenger.offer_stored(registry, bundle, by)
changes.history(registry)
st.html(cards.footer(bundle))
