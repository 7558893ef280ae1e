"""An OpenID provider of the tests on loopback: it says what it is told to say, right or wrong."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

Answer = tuple[int, bytes] | Callable[[asyncio.StreamWriter], Awaitable[None]]
CLIENT, SECRET, CODE, ACCESS = "courtyard", "s3cr t:%", "a-code", "an-access-token"


class Outsider:
    """`claims` and `header` go over what a good token says (None leaves a claim out); `answers` over whole answers."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
        self.published = [self.key]
        self.signer: Any = self.key
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.answers: dict[str, Answer] = {}
        self.asked: dict[str, str] = {}
        self.posted: list[tuple[dict[str, str], dict[str, str]]] = []
        self.calls: list[str] = []
        self._server: asyncio.Server | None = None
        self.issuer = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.issuer = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    def settings(self, **more: Any) -> dict[str, Any]:
        """How an administrator names it."""
        named = {
            "name": "acme",
            "title": "Acme ID",
            "issuer": self.issuer,
            "client_id": CLIENT,
            "client_secret": SECRET,
        }
        return {**named, **more}

    def send(self, place: str) -> dict[str, str]:
        """What a browser was sent there with; the tokens that follow are for this request."""
        parts = urlsplit(place)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        self.asked = dict(parse_qsl(parts.query))
        return self.asked

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "outside-7",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": self.asked["nonce"],
            "email": "grace@example.org",
            "email_verified": True,
            "preferred_username": "grace",
            **self.claims,
        }
        told = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": "k1", **self.header}
        if header["alg"] == "none":
            parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in (header, told)]
            return ".".join([*parts, ""])
        return jwt.encode(
            {name: value for name, value in header.items() if value is not None},
            told,
            self.signer,
            algorithms=[header["alg"]],
        )

    def _tokens(self, form: dict[str, str], headers: dict[str, str]) -> tuple[int, Any]:
        self.posted.append((form, headers))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        if form["code"] != CODE or challenge.rstrip("=") != self.asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": ACCESS, "token_type": "Bearer", "id_token": self.id_token()}

    def _answer(self, path: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, Any]:
        match path:
            case "/.well-known/openid-configuration":
                places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
                named = {name: f"{self.issuer}/{place}" for name, place in places.items()}
                extra = {"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.userinfo else {}
                return 200, {"issuer": self.issuer, **named, **extra, **self.metadata}
            case "/keys":
                return 200, {"keys": [key.as_dict(private=False) for key in self.published]}
            case "/token":
                return self._tokens(form, headers)
            case "/userinfo" if headers.get("authorization") == f"Bearer {ACCESS}":
                return 200, self.userinfo
            case _:
                return 404, {}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            path = head[0].split()[1]
            self.calls.append(path)
            answer = self.answers.get(path)
            if callable(answer):
                await answer(writer)
                return
            status, value = answer or self._answer(path, dict(parse_qsl(body.decode())), headers)
            content = value if isinstance(value, bytes) else json.dumps(value).encode()
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\nConnection: close\r\n"
                f"Content-Type: application/json\r\n{'Location: /keys' if status == 302 else 'X-Y: z'}\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
