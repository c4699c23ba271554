"""What the page at /docs is made of: its HTML, its script, its styles, and the files of Swagger UI that it loads."""

import html
import importlib.util
from pathlib import Path
from string import Template

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="stylesheet" href="docs/page.css">
</head>
<body>
<div id="document"></div>
<noscript>This page needs JavaScript. The same document as data: <a href="openapi.json">openapi.json</a>.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/page.js"></script>
</body>
</html>
""")

_SCRIPT = """"use strict";
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#document",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // The badge of an outside validator: this page talks to this server only.
  validatorUrl: null,
});
"""

_STYLE = """body { margin: 0; }
html.dark-mode { color-scheme: dark; }
/* No reply links to another. */
.swagger-ui .response-col_links { display: none; }
/* Words that are hardly to be told from what is behind them. */
html:not(.dark-mode) .swagger-ui .opblock-get .opblock-summary-method { background: #1d66b3; }
html:not(.dark-mode) .swagger-ui .opblock-post .opblock-summary-method { background: #1a7a4f; }
html:not(.dark-mode) .swagger-ui .info .title small.version-stamp { background: #4c6b02; }
html.dark-mode .swagger-ui .headers-wrapper td,
html.dark-mode .swagger-ui .examples-select__section-label { color: #e4e6e6; }
@media (max-width: 40rem) {
  .swagger-ui .wrapper { padding: 0 0.75rem; }
  .swagger-ui .info { margin: 1.5rem 0; }
  .swagger-ui .opblock-tag { flex-wrap: wrap; }
  .swagger-ui .opblock-tag small { flex: 1 0 100%; order: 1; padding: 0 0 0.5rem; }
  .swagger-ui .opblock-tag > a { flex: 1; }
  .swagger-ui .response-col_status { min-width: 3rem; }
  .swagger-ui .response .headers { display: block; overflow-x: auto; }
}
"""

# What is served beside the page; nothing else that the package brings is.
_OF_THE_PACKAGE = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
_OUR_OWN = {"page.css": ("text/css", _STYLE), "page.js": ("text/javascript", _SCRIPT)}
FILES = (*_OF_THE_PACKAGE, *_OUR_OWN)


def page(title: str) -> str:
    """Return the page."""
    return _PAGE.substitute(title=html.escape(title))


def content_of(file: str) -> tuple[str, bytes]:
    """Return the media type and the content of one of `FILES`."""
    if file in _OUR_OWN:
        media_type, text = _OUR_OWN[file]
        return media_type, text.encode()
    return _OF_THE_PACKAGE[file], (_swagger_ui() / file).read_bytes()


def _swagger_ui() -> Path:
    """Return where the files of Swagger UI are; the package that brings them is found, not imported."""
    found = importlib.util.find_spec("flask_swagger_ui")
    if found is None or found.origin is None:
        msg = "flask-swagger-ui is not installed; install what requirements.txt lists."
        raise ModuleNotFoundError(msg)
    return Path(found.origin).parent / "dist"
