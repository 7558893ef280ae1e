"""The page that holds the console, and the plain ones in its place; what browsers are told that these may do."""

from html import escape

from courtyard.web.answer import Answer

HTML = "text/html; charset=utf-8"
FILE_POLICY = (
    "default-src 'none'; script-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self';"
    " worker-src 'self'; frame-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types default"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers would then post our own forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PLACEHOLDER = "__NONCE__"
ADVICE = (
    "<p>In a clone of the repository run <code>make console</code>. It takes Node 20.19 or newer from the path, or"
    " fetches one for itself; then start the server again. The APIs are served all the while, and so are the"
    ' <a href="/account">pages for your account</a>.</p>'
)


def index(page: str, nonce: str) -> Answer:
    """The page of the console. Style sheets that the kit writes while it runs carry this answer's nonce."""
    policy = f"{FILE_POLICY}; style-src 'self' 'nonce-{nonce}'"
    return Answer(200, page.replace(PLACEHOLDER, nonce).encode(), HTML, {**HEADERS, "Content-Security-Policy": policy})


def not_built(reason: str) -> Answer:
    """What is here instead of a console that could not be built."""
    why = f"<p>The last try ended so:</p><pre>{escape(reason.strip())}</pre>" if reason.strip() else ""
    return _plain(503, "The console is not built", f"{ADVICE}{why}")


def told(status: int, message: str, request_id: str) -> Answer:
    """A page that says one thing."""
    return _plain(
        status, "This did not work", f"<p>{escape(message)}</p><p><small>Request {escape(request_id)}</small></p>"
    )


def _plain(status: int, title: str, content: str) -> Answer:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title} · Courtyard</title><link rel="stylesheet" href="/pages/style.css"><link rel="icon" href="data:,">'
        f'</head><body><header></header><main id="main" class="broad"><h1>{title}</h1>{content}</main></body></html>'
    )
    policy = "default-src 'none'; style-src 'self'; font-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return Answer(status, html.encode(), HTML, {**HEADERS, "Content-Security-Policy": policy})
