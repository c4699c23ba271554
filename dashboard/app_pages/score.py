"""Score: a file of rows, the model's answer to each of them, and what to know about it."""

import streamlit as st

from dashboard import cards, drawing, links, sentences, tables
from dashboard.opening import open_page
from dashboard.score import chart, form, table, uploads, words
from dashboard.score.bars import takes_bars
from dashboard.score.scored_file import ScoredFile
from model.errors import InvalidInputError
from model.thresholds import confusion_at

PARQUET = "application/vnd.apache.parquet"

bundle = open_page()
up = f"“{sentences.plain(bundle.manifest.target.positive_class)}”"


def answer(scored: ScoredFile) -> None:
    """How many rows are called, and how often that came true where the file tells."""
    seen = bundle.out_of_fold
    st.markdown(words.scored_sentence(scored, confusion_at(bundle.threshold, seen.y_true, seen.y_score)))
    if outcome := words.outcome_sentence(scored):
        st.markdown(outcome)


def refusal(error: InvalidInputError) -> None:
    """Why the file cannot be scored: each fault with its place."""
    noun = "fault" if error.count == 1 else "faults"
    st.error(f"**{sentences.plain(error.subject)} cannot be scored: {error.count:,} {noun}.**", icon=":material/error:")
    st.html(tables.faults(error.faults, error.count))


def results(scored: ScoredFile) -> None:
    """The distribution, what to know, the rows themselves and their download."""
    picture, notes = st.columns([3, 2])
    with picture.container(border=True, height="stretch"):
        drawing.show(chart.probability_chart(scored), key="scored_chart")
    with notes.container(border=True, height="stretch"):
        st.header("What to know", anchor=False)
        to_know(scored)
    with st.container(border=True):
        st.header("The rows", anchor=False)
        rows(scored)
        downloads(scored)


def to_know(scored: ScoredFile) -> None:
    """What was read, and what limits the answers."""
    st.markdown(sentences.plain(scored.rows.read))
    if outside := words.outside_sentence(scored):
        st.warning(outside, icon=":material/warning:")
        st.html(words.outside_table(scored.outside_by_feature))
    else:
        st.markdown("Every value is within the range seen in training.")
    for hint in words.unit_hints(scored):
        st.warning(hint, icon=":material/straighten:")
    for note in scored.rows.notes:
        st.warning(sentences.plain(note), icon=":material/info:")


@st.fragment
def rows(scored: ScoredFile) -> None:
    """The rows in an order of choice."""
    order = st.selectbox("Order", table.ORDERS, key="scored_order", persist_state="session", width=280)
    st.dataframe(
        table.table_in_order(scored, order),
        hide_index=True,
        column_config={
            table.PROBABILITY: st.column_config.NumberColumn(f"Probability of {up}", format="%.1f %%"),
            table.OUTSIDE: st.column_config.TextColumn(help="Holds a value outside what was seen in training."),
        },
        placeholder="",
        lazy=len(scored.probability) > table.MOST_AT_ONCE,
        alt=f"{len(scored.probability):,} scored rows of {scored.name}",
        key="scored_rows",
    )


def downloads(scored: ScoredFile) -> None:
    """The scored rows as files."""
    stem = scored.name.split(".")[0] or "rows"
    kinds = (("CSV", "csv", scored.csv, "text/csv"), ("Parquet", "parquet", scored.parquet, PARQUET))
    with st.container(horizontal=True):
        for kind, ending, data, mime in kinds:
            name = f"{stem}-scored.{ending}"
            st.download_button(f"Download as {kind}", data, name, mime, key=f"scored_{ending}", on_click="ignore")
    st.caption(words.what_is_downloaded(scored))


st.title(f"Which rows does the model call {up}?", anchor=False)
upload = uploads.kept()
# One container whatever it holds: an uploader that changes its place on the page loses a file on its way.
with st.container():
    result = None if upload is None else uploads.result(bundle, upload)
    if isinstance(result, ScoredFile):
        answer(result)
    elif isinstance(result, InvalidInputError):
        refusal(result)
    else:
        st.markdown(words.empty_sentence(bundle.manifest, takes_bars(bundle.manifest)))
form.choose(bundle)
if isinstance(result, ScoredFile):
    results(result)
else:
    form.offer_examples(bundle)
st.html(cards.footer(bundle, "What is said of the rows above rests on the file alone."))
links.keep_address(bundle)
