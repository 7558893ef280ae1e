"""Bad input of any kind, aimed at the routes of any dialect: whatever it is, it is answered, and never by a 5xx."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints
from urllib.parse import quote, quote_from_bytes

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from httpx2 import AsyncClient, Response
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from courtyard.web.route import Route

Header = tuple[bytes, bytes]
LISTENING = 0.5
PATIENCE = 60.0

# Fixtures live as long as the whole search; what one attack leaves behind is the next one's world.
bad_input = settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""How long to search: `@fuzz.bad_input` above `@given(attack=fuzz.attacks(ROUTERS))`."""


@dataclass(frozen=True)
class Attack:
    """One request. Segments in braces stand for a thing that exists, which the test knows."""

    method: str
    segments: tuple[str, ...]
    query: str
    headers: tuple[Header, ...]
    content: bytes
    listens: bool = False
    """Aimed at a stream of events, whose answer has no end."""

    def url(self, known: Mapping[str, str]) -> str:
        path = "/".join(
            known.get(segment[1:-1], segment) if segment[:1] == "{" else segment for segment in self.segments
        )
        return f"{path}?{self.query}" if self.query else path


async def bear(
    client: AsyncClient, attack: Attack, known: Mapping[str, str], speaks: Callable[[Response], None]
) -> None:
    """The attack gets an answer below 500; a refusal is what `speaks` asserts of the dialect's refusals."""
    try:
        async with asyncio.timeout(LISTENING if attack.listens else PATIENCE):
            response = await client.request(
                attack.method, attack.url(known), headers=list(attack.headers), content=attack.content
            )
    except TimeoutError:
        assert attack.listens, f"no answer within {PATIENCE} s"
        return
    event(f"{response.status_code}")
    assert response.status_code < 500, response.text
    if response.status_code >= 400 and attack.method != "HEAD":
        speaks(response)


def attacks(routers: Sequence[APIRouter]) -> st.SearchStrategy[Attack]:
    """Requests to the routes of a dialect, wrong in every place where a request can be wrong, or in none."""
    return st.sampled_from(sorted(_targets(routers), key=repr)).flatmap(_attack)


@dataclass(frozen=True)
class _Target:
    method: str
    path: str
    members: tuple[str, ...]
    parameters: tuple[str, ...]
    listens: bool


def _targets(routers: Sequence[APIRouter]) -> Iterator[_Target]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, Route):
                hints = get_type_hints(route.endpoint, include_extras=True).values()
                members = _fields([hint for hint in hints if _is_model(hint)])
                parameters = _fields([get_args(hint)[0] for hint in hints if _is_model((get_args(hint) or (0,))[0])])
                listens = route.response_class is StreamingResponse
                for method in sorted(route.methods or ()):
                    yield _Target(method, route.path, members, parameters, listens)


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def _fields(models: Sequence[type[BaseModel]]) -> tuple[str, ...]:
    return tuple(name for model in models for name in model.model_fields)


def _attack(target: _Target) -> st.SearchStrategy[Attack]:
    return st.builds(
        Attack,
        method=_mostly(target.method, st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])),
        segments=st.tuples(*(_segment(segment) for segment in target.path.split("/"))),
        query=_query(target.parameters),
        headers=_headers,
        content=_content(target.members),
        listens=st.just(target.listens),
    )


def _mostly(usual: Any, other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One that is right in everything else gets deeper."""
    return st.one_of(st.just(usual), st.just(usual), st.just(usual), other)


def _segment(segment: str) -> st.SearchStrategy[str]:
    return _mostly(segment, _hostile.map(_quoted)) if segment.startswith("{") else st.just(segment)


def _quoted(value: str) -> str:
    # Dots too: the client would resolve them, and speak to somebody else.
    return quote(value.encode("utf-8", "surrogatepass"), safe="").replace(".", "%2E")


_any_text = st.text(st.characters(exclude_categories=()), max_size=40)
_hostile = st.one_of(
    _any_text,
    # Numbers that are none, ends of text, other people's quotes, half characters, what grows or turns when it is folded.
    st.sampled_from("- . .. % ' ' or/**/1=1/**/-- null -1 0 1e999 ٣ 1_0 +1 \u202e x@y {id} 💣 ﬀ //// ====".split()),
    st.sampled_from(["", " 1", "\n", "\0", "a\0b", "\ud800", "9" * 400, "a" * 5000, "0" * 36]),
    # An id that nobody has, and Base64 of JSON that is no index of ours.
    st.sampled_from(["01890000-0000-7000-8000-000000000000", "eyJpZCI6Im5leHQifQ==", "e30=", "bnVsbA=="]),
)
_wrong_utf8 = st.sampled_from([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80"])


def _query(parameters: tuple[str, ...]) -> st.SearchStrategy[str]:
    names = st.sampled_from([*parameters, *parameters, "limit", "unknown", ""]) | _hostile
    pairs = st.lists(
        st.tuples(names.map(_quoted), _hostile.map(_quoted) | _wrong_utf8.map(quote_from_bytes)), max_size=3
    )
    return pairs.map(lambda found: "&".join("=".join(pair) for pair in found)) | st.sampled_from(["&", "=", "&=&", "%"])


_json = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([2**53 + 1, -(2**63), 2**64, 10**400, 0.1, 1e308, -0.0]),
        st.floats(),
        _hostile,
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_any_text, inner, max_size=3),
    max_leaves=8,
)


def _content(members: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    names = st.sampled_from(members) if members else _any_text
    objects = st.dictionaries(names, _json, max_size=len(members) + 1)
    return st.one_of(
        objects.map(_dumped),
        objects.map(_dumped),
        objects.map(lambda value: "&".join(f"{_quoted(k)}={_quoted(str(v))}" for k, v in value.items()).encode()),
        _json.map(_dumped),
        st.binary(max_size=60),
        st.builds(_nested, st.sampled_from([30, 32, 33, 200, 5000]), st.booleans()),
        st.builds(
            lambda name, wrong: b'{"' + name.encode() + b'": "' + wrong + b'"}',
            st.sampled_from(members or ("a",)),
            _wrong_utf8,
        ),
        st.sampled_from(
            [b"", b"{", b"[]", b"null", b"NaN", b'{"a":1,"a":2}', b"\xef\xbb\xbf{}", b"{}{}", b"--x\r\n", b"1" * 5000]
        ),
    )


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _nested(depth: int, of_objects: bool) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth if of_objects else b"[" * depth + b"]" * depth


def _field_value(value: str) -> bytes:
    """What a server lets through in a header: anything but the ends of lines."""
    return value.encode("utf-8", "surrogatepass").translate(None, b"\r\n\0").strip()[:4000]


_types = st.sampled_from(
    b"application/json|application/json; charset=utf-16|application/problem+json|application/x-www-form-urlencoded"
    b"|text/plain|multipart/form-data|multipart/form-data; boundary=x||/|\xff".split(b"|")
)
_credentials = st.sampled_from(
    b"|Bearer|Bearer |Bearer \xff|Basic|Basic !!!|Basic /w==|Token|Token x|Digest a=b".split(b"|")
) | st.sampled_from([b"Bearer cyk_" + b"a" * 36, b"bearer  " + b"x" * 3000])
_more = st.sampled_from(
    b"idempotency-key if-match if-none-match range org-handle x-request-id accept cookie x-api-key".split()
)
_headers = st.builds(
    lambda kind, credential, more: tuple(
        ([(b"content-type", kind)] if kind is not None else [])
        + ([(b"authorization", credential)] if credential is not None else [])
        + more
    ),
    kind=_mostly(b"application/json", _types | st.none()),
    credential=_mostly(None, _mostly(None, _credentials)),
    more=st.lists(st.tuples(_more, _hostile.map(_field_value)), max_size=2),
)
