"""Ways to read a page the way a person does."""

import json
import re
from typing import Any
from urllib.parse import parse_qs

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import NumberInput, Slider

PAGES = ("predict", "curve", "thresholds", "score", "retrain", "about")


def go(app: AppTest, page: str) -> AppTest:
    """Turn to another page."""
    return app.switch_page(f"app_pages/{page}.py").run()


def html_with(app: AppTest, marker: str) -> str:
    """The one piece of HTML that holds *marker*."""
    found = [
        str(element.value)
        for element in app.html
        if marker in str(element.value) and "<style>" not in str(element.value)
    ]
    assert len(found) == 1, f"{len(found)} pieces of HTML hold {marker!r}"
    return found[0]


def sentence(app: AppTest) -> str:
    """The sentence the page opens with."""
    return app.markdown[0].value.replace("\u00a0", " ")


def plain(element: Any) -> str:
    """What a message says, without the backslashes that keep Markdown from reading it."""
    return str(element.value).replace("\\", "")


def words(html: str) -> str:
    """What HTML says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def panel(app: AppTest) -> dict[str, Any]:
    """What the live panel is given; the browser shows it."""
    return component(app, "panel")


def address(app: AppTest) -> dict[str, str]:
    """What the page writes into its address."""
    names = [part.proto.component_name for part in app.get("bidi_component")]
    keeper = "address" if "handover_address" in names else "panel"
    query = component(app, keeper)["query"].removeprefix("?")
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


def component(app: AppTest, name: str) -> dict[str, Any]:
    """What the one component of that name on the page is given."""
    mounted = [part for part in app.get("bidi_component") if part.proto.component_name == f"handover_{name}"]
    (given,) = json.loads(_only(mounted).proto.json)
    return dict(given)


def scenario(app: AppTest) -> dict[str, float]:
    """The values that the live panel is given, by feature."""
    given = panel(app)
    return {feature["name"]: value for feature, value in zip(given["model"]["features"], given["values"], strict=True)}


def set_values(app: AppTest, **values: float) -> AppTest:
    """Keep values as if the live panel had sent them; only a browser can send them in earnest."""
    kept = app.session_state["scenario"] if "scenario" in app.session_state else {}  # noqa: SIM401  it has no get
    app.session_state["scenario"] = kept | values
    return app.run()


def slider(app: AppTest, name: str) -> Slider:
    """The slider of *name* on the page in view."""
    return _only([widget for widget in app.slider if _is_of(widget.key, "slider", name)])


def box(app: AppTest, name: str) -> NumberInput:
    """The number box of *name* on the page in view."""
    return _only([widget for widget in app.number_input if _is_of(widget.key, "box", name)])


def _is_of(key: str | None, kind: str, name: str) -> bool:
    return re.fullmatch(rf"{kind}_(curve_)?{name}_\d+", key or "") is not None


def _only(widgets: list[Any]) -> Any:
    assert len(widgets) == 1, f"found {widgets}"
    return widgets[0]
