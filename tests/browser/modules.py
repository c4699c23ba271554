"""Scripts of the panels in a page that holds nothing else."""

from typing import Any

from playwright.sync_api import Page

from training.panels.components import script, styles

STAGE = """<!doctype html><html lang="en"><head><style>{css}</style></head>
<body><div class="panel">{body}</div></body></html>"""


class Module:
    """The exports of some scripts as `module` in *page*, which shows *body* in the styles of the panels."""

    def __init__(self, page: Page, *scripts: str, body: str = "") -> None:
        self.page = page
        page.set_content(STAGE.format(css=styles("base.css"), body=body))
        page.evaluate(
            """async (source) => {
                 window.module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
               }""",
            script(*scripts),
        )

    def run(self, body: str, argument: Any = None) -> Any:
        """Run the body of a function of `module` and `given`."""
        return self.page.evaluate(f"async (given) => {{ const module = window.module; {body} }}", argument)
