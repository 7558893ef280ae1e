"""A browser without a screen: it keeps cookies, reads forms, posts them, and looks at every page for what all pages owe."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

SITE = "https://courtyard.test"
LOOPBACK = "http://127.0.0.1:8080"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
VOID = frozenset(("meta", "link", "input", "br"))


@dataclass
class Form:
    """What would be sent, and the buttons by their words."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict[str, str])
    buttons: dict[str, tuple[str, str] | None] = field(default_factory=dict[str, "tuple[str, str] | None"])
    hidden: bool = False


class Page(HTMLParser):
    """A page as a reader and a keyboard meet it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lang = ""
        self.headings: list[str] = []
        self.links: dict[str, str] = {}
        self.forms: list[Form] = []
        self.alert = ""
        self.scripts: list[str] = []
        self.inline = ""
        self.inputs: list[dict[str, str]] = []
        self.labels: set[str] = set()
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self._open: list[tuple[str, dict[str, str]]] = []
        self._pieces: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"left open: {self._open}"

    @property
    def text(self) -> str:
        return " ".join("".join(self._pieces).split())

    @property
    def form(self) -> Form:
        """The one that is the page's own: others do something else, or wait for a script."""
        seen = [one for one in self.forms if not one.hidden]
        (only,) = seen if len(seen) == 1 else [one for one in seen if one.action == ""]
        return only

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes |= set(found)
        self._pieces.append(" " * (tag == "br"))
        if tag not in VOID:
            self._open.append((tag, found))
        self.ids += [found["id"]] if "id" in found else []
        self.scripts += [found.get("src", "")] if tag == "script" else []
        match tag:
            case "html":
                self.lang = found.get("lang", "")
            case "label":
                self.labels.add(found["for"])
            case "form":
                self.forms.append(Form(found.get("action", ""), found["method"], hidden="hidden" in found))
            case "input":
                self.inputs.append(found)
                self.forms[-1].fields[found["name"]] = found.get("value", "")
            case "h1":
                self.headings.append("")
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self._open.pop()
        assert opened == tag, f"<{opened}> ended by </{tag}>"

    def handle_data(self, data: str) -> None:
        tag, found = self._open[-1] if self._open else ("", {})
        if tag == "script":
            self.inline += data
        if "body" in (name for name, _ in self._open):
            self._pieces.append(data)
        if tag == "h1":
            self.headings[-1] += data
        elif tag == "a":
            self.links[data] = found["href"]
        elif tag == "button":
            named = (found["name"], found["value"]) if "name" in found else None
            self.forms[-1].buttons[found.get("aria-label", data)] = named
        elif found.get("role") == "alert":
            self.alert += data


@dataclass
class Seen:
    """An answer, and its page if it is one."""

    response: httpx2.Response
    page: Page

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def place(self) -> str:
        """Where it leads."""
        assert self.status == 303, self.page.text
        return self.response.headers["location"]

    @property
    def text(self) -> str:
        return self.page.text

    def form(self, action: str) -> Form:
        (only,) = [one for one in self.page.forms if one.action == action]
        return only


class Browser:
    """One browser of one person."""

    def __init__(self, app: Any, site: str = SITE, address: str = "127.0.0.1") -> None:
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app, client=(address, 40000)), base_url=site, headers={"User-Agent": AGENT}
        )
        self.site = site

    def cookie(self, name: str) -> str | None:
        return next((one.value for one in self.client.cookies.jar if one.name == name), None)

    async def get(self, path: str) -> Seen:
        return self._seen(await self.client.get(path))

    async def follow(self, seen: Seen) -> Seen:
        return await self.get(seen.place)

    async def submit(self, seen: Seen, form: Form | None = None, *, button: str | None = None, **fields: str) -> Seen:
        """Fill in and send a form of the page, as a browser would."""
        form = form or seen.page.form
        assert set(fields) <= set(form.fields), f"no such field: {set(fields) - set(form.fields)}"
        assert button is not None or len(form.buttons) == 1
        pressed = form.buttons[button] if button else None
        values = {**form.fields, **fields, **(dict([pressed]) if pressed else {})}
        target = urljoin(str(seen.response.url), form.action)
        if form.method == "get":
            return self._seen(await self.client.get(target, params=values))
        return await self.post(target, values)

    async def post(self, path: str, values: dict[str, str], **headers: str) -> Seen:
        own = {"Origin": self.site, "Sec-Fetch-Site": "same-origin"}
        return self._seen(await self.client.post(path, data=values, headers={**own, **headers}))

    async def sign_in(self, email: str, password: str, *, next: str = "") -> Seen:  # noqa: A002 - the field's name
        page = await self.get(f"/login?next={next}" if next else "/login")
        return await self.submit(page, email=email, password=password)

    def _seen(self, response: httpx2.Response) -> Seen:
        page = Page(response.text if response.headers.get("content-type", "").startswith("text/html") else "")
        if response.status_code == 303:
            assert response.content == b""
            assert response.headers["cache-control"] == "no-store"
        else:
            decent(response, page)
        return Seen(response, page)


def decent(response: httpx2.Response, page: Page) -> None:
    """What every page owes its reader."""
    headers, policy = response.headers, directives(response)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"].split()[0] == "'self'"
    scripts = page.scripts
    assert scripts in ([], ["/passkeys.js"])
    assert policy.get("script-src") == policy.get("connect-src") == ("'self'" if scripts else None)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert page.lang == "en"
    assert len(page.headings) == 1
    assert page.headings[0]
    assert page.inline == ""
    assert not {"style", "iframe", "object"} & set(page.tags)
    assert "style" not in page.attributes
    assert [name for name in page.attributes if name.startswith("on")] == []
    assert len(page.ids) == len(set(page.ids))
    asked = [one for one in page.inputs if one.get("type") != "hidden"]
    assert [one["name"] for one in asked if one.get("id") not in page.labels] == []
    assert all(form.buttons for form in page.forms)


def directives(response: httpx2.Response) -> dict[str, str]:
    """The content security policy, by directive."""
    parts = [part.strip().partition(" ") for part in response.headers["content-security-policy"].split(";")]
    return {name: value for name, _, value in parts}


def path_of(place: str) -> str:
    """A place without its query."""
    return urlsplit(place).path
