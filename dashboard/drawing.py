"""Charts on a page."""

from dashboard.browser import component
from training.panels.drawing import DRAWING, Chart

_mount = component("chart", html="chart.html", css=("base.css",), js=(*DRAWING, "chart.js"))


def show(chart: Chart, *, key: str) -> None:
    """Show *chart* on the page, with its data and ways to save it."""
    _mount(key=key, data=chart.as_data())
