"""`/docs`: the OpenAPI documents of all dialects in Swagger UI, from files that came with the installation."""

import hashlib
from html import escape
from importlib import resources
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from courtyard.web.answer import Answer

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILES = {"swagger-ui.js": ("swagger-ui-bundle.js", "text/javascript"), "swagger-ui.css": ("swagger-ui.css", "text/css")}
STYLE = """body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1d2b28; background: #fff }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; padding: .75rem 1.25rem; background: #123c37 }
nav strong { color: #fff; font-size: 1.1rem }
nav a { color: #d5efe9; text-underline-offset: .2em }
nav a[aria-current] { color: #fff; font-weight: 600 }
noscript p { margin: 1.25rem }
"""
SCRIPT = """const name = new URLSearchParams(location.search).get("api");
const links = [...document.querySelectorAll("nav a")];
const link = links.find((one) => one.dataset.name === name) ?? links[0];
link.setAttribute("aria-current", "page");
SwaggerUIBundle({
  url: link.dataset.document, dom_id: "#reference", deepLinking: true, docExpansion: "list",
  defaultModelsExpandDepth: 0, persistAuthorization: false, validatorUrl: null,
});
"""


class Document(NamedTuple):
    """A dialect's document: its short name, its title, its address."""

    name: str
    title: str
    path: str


def reference(documents: list[Document]) -> dict[str, ASGIApp]:
    """The page and its files, by path."""
    served = {
        "/docs": _file(_page(documents).encode(), "text/html; charset=utf-8"),
        "/docs/page.css": _file(STYLE.encode(), "text/css; charset=utf-8"),
        "/docs/page.js": _file(SCRIPT.encode(), "text/javascript; charset=utf-8"),
    }
    folder = resources.files("fastapi_swagger") / "resources"
    for name, (file, kind) in FILES.items():
        served[f"/docs/{name}"] = _file((folder / file).read_bytes(), f"{kind}; charset=utf-8")
    return served


def _page(documents: list[Document]) -> str:
    links = "".join(
        f'<a href="/docs?api={escape(one.name)}" data-name="{escape(one.name)}" data-document="{escape(one.path)}">'
        f"{escape(one.title)}</a>"
        for one in documents
    )
    plain = " ".join(f'<a href="{escape(one.path)}">{escape(one.title)}</a>' for one in documents)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Courtyard APIs</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="stylesheet" href="/docs/page.css">'
        '<link rel="icon" href="data:,"></head>'
        f'<body><nav aria-label="APIs"><strong>Courtyard</strong>{links}</nav><main id="reference"></main>'
        f"<noscript><p>The documents themselves: {plain}</p></noscript>"
        '<script src="/docs/swagger-ui.js"></script><script src="/docs/page.js"></script></body></html>'
    )


def _file(content: bytes, content_type: str) -> ASGIApp:
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            response = Answer(405, b"", None, {"Allow": "GET, HEAD"})
        elif (b"if-none-match", tag.encode()) in scope["headers"]:
            response = Answer(304, b"", None, headers)
        else:
            response = Answer(200, content, content_type, headers)
        await response(scope, receive, send)

    return serve
