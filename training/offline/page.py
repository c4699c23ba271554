"""One HTML file that asks nothing of anybody: styles, scripts and data in it, and a policy that forbids requests."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.offline.html import text
from training.panels.components import script, styles

STYLES = Path(__file__).with_name("report.css")
PRINTED = Path(__file__).with_name("printed_panel.css")
# Where scripts do not run, as in the preview of a mail program, a panel would be an empty frame.
WITHOUT_SCRIPTS = ".host, .drawn-card { display: none } .beside { grid-template-columns: minmax(0, 1fr) }"


def document(
    *, title: str, about: Mapping[str, str], body: str, data: Mapping[str, Any], modules: Sequence[str]
) -> str:
    """Return the whole page; *about* says for programs what it is of, *data* are found by the *modules* by name."""
    # A browser runs what has one of these hashes and nothing else; it loads nothing at all.
    hashes = " ".join(f"'sha256-{_digest(module)}'" for module in modules)
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:;"
        " base-uri 'none'; form-action 'none'"
    )
    islands = "\n".join(
        f'<script type="application/json" id="{name}-data">{as_json(value)}</script>' for name, value in data.items()
    )
    named = "\n".join(f'<meta name="{name}" content="{text(value)}">' for name, value in about.items())
    scripts = "\n".join(f'<script type="module">{module}</script>' for module in modules)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
{named}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{text(title)}</title>
<link rel="icon" href="data:,">
<style>
{styles("base.css")}
{STYLES.read_text("utf-8")}</style>
<noscript><style>{WITHOUT_SCRIPTS}</style></noscript>
</head>
<body class="panel report">
{body}
{islands}
{scripts}
</body>
</html>
"""


def module_of(scripts: Sequence[str], mount: str, names: Sequence[str]) -> str:
    """Return the script that mounts a panel by its function *mount*, once for each of *names*."""
    calls = "".join(f'standAlone({mount}, "{name}");\n' for name in names)
    return f"\n{script(*scripts)}\n{calls}"


def in_shadow(name: str, markup: str, style_sheets: Sequence[str]) -> str:
    """Return the element a panel is mounted in: its styles and names are its own."""
    style = f"<style>{styles(*style_sheets)}{PRINTED.read_text('utf-8')}</style>"
    return f'<div class="host" id="{name}"><template shadowrootmode="open">{style}{markup}</template></div>'


def as_json(value: Any) -> str:
    """Return *value* as JSON that cannot end the element it stands in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _digest(module: str) -> str:
    return base64.b64encode(hashlib.sha256(module.encode()).digest()).decode()
