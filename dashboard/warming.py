"""What the first visitor would wait for, done while the server starts: imports, the bundle, what is looked up in it."""

import importlib
import inspect
import logging
import threading
import time

WARMING = "warming"
LOOK_SECONDS = 0.02
# Resampling takes a second of the interpreter; only some pages need it, and the first one should not wait for it.
FIRST_PAGE_SECONDS = 3.0
# What the pages import; the pages themselves are run anew for every visitor.
IMPORTED = (
    "dashboard.opening",
    "dashboard.predict.panel",
    "dashboard.curve.panel",
    "dashboard.threshold.sections",
    "dashboard.score.form",
    "dashboard.training_form",
    "dashboard.retrain.challenger",
    "dashboard.cards",
    "dashboard.switching",
    "PIL.Image",  # by which Streamlit reads the icon of the page
)


def warm_up_beside() -> None:
    """Begin to warm up in a thread; a visitor who comes before it is done waits for no more than what is left."""
    threading.Thread(target=_warm_up, name=WARMING, daemon=True).start()


def _warm_up() -> None:
    from streamlit import runtime

    # Components are registered with the running server: before there is one they would be lost.
    while not runtime.exists():
        time.sleep(LOOK_SECONDS)
    # There is no page here to show a spinner on, and nobody needs to hear of it.
    logger = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    logger.addFilter(lambda _: threading.current_thread().name != WARMING)
    for name in IMPORTED:
        importlib.import_module(name)
    # Streamlit asks once whence it was called, for which all modules are looked up in their files; this remembers them.
    inspect.stack()

    from dashboard import state
    from dashboard.predict.looked_up import looked_up
    from model.errors import ModelError

    try:
        bundle = state.promoted_bundle(state.registry())
    except ModelError:
        return  # every page says so, with what to do
    looked_up(bundle)
    time.sleep(FIRST_PAGE_SECONDS)
    state.day_bootstrap(bundle, bundle.sha256)
