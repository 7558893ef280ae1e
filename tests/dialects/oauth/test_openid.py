"""OpenID Connect: what an application is told of the person who let it in, and how it can be sure of it."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import AsyncClient
from joserfc import jwt
from joserfc.jwk import KeySet

from courtyard.core import clock
from courtyard.core.identity import sessions
from courtyard.core.oauth import codes, devices, id_tokens
from courtyard.core.oauth.scopes import Word
from tests.dialects.oauth.programs import (
    BEGIN,
    CHALLENGE,
    DEVICE,
    REDIRECT,
    TOKEN,
    Program,
    decide,
    denied,
    exchange,
    granted,
    opens,
    program,
    renewal,
)
from tests.world import ORIGIN, World

pytestmark = pytest.mark.parametrize("settings", [{"public_url": "https://courtyard.test/"}], indirect=True)
ALL: tuple[Word, ...] = ("read", "openid", "profile", "email")
USERINFO, JWKS = "/oauth/userinfo", "/oauth/jwks"


async def code(world: World, by: Program, *, scopes: str, nonce: str | None = "n-1", at: int = 0) -> str:
    """A code of Bob's, as the consent page gives it out."""
    new = codes.NewCode(
        person_id=(await world.person("bob")).id,
        redirect_uri=REDIRECT,
        scopes=scopes,
        challenge=CHALLENGE,
        nonce=nonce,
        authenticated_at=at or clock.now(),
    )
    async with world.database.write() as tx:
        return await codes.issue(tx, by.application, new)


async def told(client: AsyncClient, id_token: str) -> dict[str, Any]:
    """What an `id_token` says, checked with the keys that are published."""
    keys = (await client.get(JWKS)).json()
    token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=["RS256"])
    assert (token.header["alg"], token.header["kid"]) == ("RS256", keys["keys"][0]["kid"])
    return token.claims


async def test_the_id_token_says_who_signed_in_where_and_when(world: World, anonymous: AsyncClient) -> None:
    app, bob, at = await program(world, scopes=ALL), await world.person("bob"), clock.now() - clock.MINUTE
    issued = await granted(anonymous, exchange(app, await code(world, app, scopes=" ".join(ALL), at=at)))
    claims = await told(anonymous, issued["id_token"])
    assert claims == {
        "iss": "https://courtyard.test",
        "sub": bob.id,
        "aud": app.id,
        "iat": claims["iat"],
        "exp": claims["iat"] + 3600,
        "auth_time": at // 1000,
        "nonce": "n-1",
        "at_hash": id_tokens.half_hash(issued["access_token"]),
        "name": "bob",
        "preferred_username": "bob",
        "email": "bob@example.org",
        "email_verified": False,
    }
    # The example of OpenID Connect Core, appendix A.3.
    assert id_tokens.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"


async def test_it_tells_no_more_than_was_allowed(world: World, anonymous: AsyncClient) -> None:
    app = await program(world, scopes=ALL)
    plain = {"iss", "sub", "aud", "iat", "exp", "auth_time", "at_hash"}
    issued = await granted(anonymous, exchange(app, await code(world, app, scopes="openid", nonce=None)))
    assert set(await told(anonymous, issued["id_token"])) == plain
    issued = await granted(anonymous, exchange(app, await code(world, app, scopes="openid email", nonce=None)))
    assert set(await told(anonymous, issued["id_token"])) == plain | {"email", "email_verified"}
    without = await granted(anonymous, exchange(app, await code(world, app, scopes="read profile email")))
    assert "id_token" not in without


async def test_a_refresh_tells_the_same_person_and_the_same_sign_in(world: World, anonymous: AsyncClient) -> None:
    app, at = await program(world, scopes=ALL), clock.now() - clock.HOUR
    issued = await granted(anonymous, exchange(app, await code(world, app, scopes="read openid", at=at)))
    first = await told(anonymous, issued["id_token"])
    for _ in range(2):
        issued = await granted(anonymous, renewal(app, issued["refresh_token"]))
        later = await told(anonymous, issued["id_token"])
        assert {name: later[name] for name in ("iss", "sub", "aud", "auth_time")} == {
            name: first[name] for name in ("iss", "sub", "aud", "auth_time")
        }
        assert "nonce" not in later
        assert later["at_hash"] == id_tokens.half_hash(issued["access_token"])
    narrowed = await granted(anonymous, renewal(app, issued["refresh_token"], scope="read"))
    assert "id_token" not in narrowed


async def test_whoever_has_the_token_may_ask_who_it_is(world: World, anonymous: AsyncClient) -> None:
    app, bob = await program(world, scopes=ALL), await world.person("bob")
    async with world.database.write() as tx:
        await tx.run("update person set email_verified_at = 1 where id = :id", id=bob.id)
    issued = await granted(anonymous, exchange(app, await code(world, app, scopes="openid profile email")))
    headers = {"Authorization": f"Bearer {issued['access_token']}"}
    for method in ("GET", "POST"):
        answer = await anonymous.request(method, USERINFO, headers={**headers, "Origin": "https://app.example.org"})
        assert answer.status_code == 200
        assert answer.json() == {
            "sub": bob.id,
            "name": "bob",
            "preferred_username": "bob",
            "email": "bob@example.org",
            "email_verified": True,
        }
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers


async def test_userinfo_refuses_as_bearer_tokens_are_refused(world: World, anonymous: AsyncClient) -> None:
    app = await program(world, scopes=ALL)
    issued = await granted(anonymous, exchange(app, await code(world, app, scopes="read profile")))
    refresh, key = issued["refresh_token"], await world.key("bob")
    bad = 'Bearer realm="courtyard", error="invalid_token"'
    for header, status, challenge in (
        (None, 401, 'Bearer realm="courtyard"'),
        (f"Bearer {key}", 401, bad),
        (f"Bearer {refresh}", 401, bad),
        ("Bearer nothing", 401, bad),
        ("Bearer", 401, bad),
        ("Basic eDp5", 401, bad),
        (
            f"Bearer {issued['access_token']}",
            403,
            'Bearer realm="courtyard", error="insufficient_scope", scope="openid"',
        ),
    ):
        answer = await anonymous.get(USERINFO, headers={} if header is None else {"Authorization": header})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (status, challenge), header
    wide = await granted(anonymous, exchange(app, await code(world, app, scopes="openid")))
    headers = {"Authorization": f"Bearer {wide['access_token']}"}
    assert (await anonymous.get(USERINFO, headers=headers)).status_code == 200
    await anonymous.post("/oauth/revoke", data={"token": wide["refresh_token"], **app.proof()})
    assert (await anonymous.get(USERINFO, headers=headers)).status_code == 401


async def test_a_token_that_only_tells_opens_nothing(world: World, anonymous: AsyncClient) -> None:
    app, space = await program(world, scopes=ALL), await world.space(owner="bob")
    issued = await granted(anonymous, exchange(app, await code(world, app, scopes="openid profile email")))
    token = issued["access_token"]
    assert await opens(anonymous, token) == 404
    for path in ("/v1/spaces", f"/v1/spaces/{space.id}", "/v1/me", "/v1/organizations", "/v1/keys", "/workspaces/"):
        answer = await anonymous.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 403, path
    made = await anonymous.post("/v1/spaces", json={"name": "Mine"}, headers={"Authorization": f"Bearer {token}"})
    assert made.status_code == 403


async def test_a_program_that_acts_for_itself_is_told_of_nobody(world: World, anonymous: AsyncClient) -> None:
    app, silent = await program(world, scopes=ALL), await program(world, scopes=("openid",))
    form = {"grant_type": "client_credentials", **app.proof()}
    issued = await granted(anonymous, form)
    assert issued["scope"] == "read"
    assert "id_token" not in issued
    denied(await anonymous.post(TOKEN, data={**form, "scope": "openid"}), 400, "invalid_scope")
    denied(
        await anonymous.post(TOKEN, data={"grant_type": "client_credentials", **silent.proof()}), 400, "invalid_scope"
    )


async def test_a_device_is_told_who_let_it_in_when_a_browser_did(world: World, anonymous: AsyncClient) -> None:
    app = await program(world, scopes=ALL)
    begun = (await anonymous.post(BEGIN, data={**app.proof(), "scope": "openid"})).json()
    await decide(world, begun["user_code"], allow=True)
    issued = await granted(anonymous, {"grant_type": DEVICE, "device_code": begun["device_code"], **app.proof()})
    # Without a session nobody knows since when it is them, and nothing is claimed.
    assert "id_token" not in issued
    assert issued["scope"] == "openid"

    begun = (await anonymous.post(BEGIN, data={**app.proof(), "scope": "openid"})).json()
    async with world.database.write() as tx:
        session, secret = await sessions.begin(tx, await world.person("bob"), ORIGIN, "test", second=False)
        actor, _ = await sessions.authenticate(tx, secret, ORIGIN)
        device = await devices.seek(tx, begun["user_code"])
        assert device is not None
        assert await devices.decide(tx, actor, device, allow=True)
    issued = await granted(anonymous, {"grant_type": DEVICE, "device_code": begun["device_code"], **app.proof()})
    claims = await told(anonymous, issued["id_token"])
    assert (claims["sub"], claims["auth_time"]) == (actor.person_id, session.confirmed_at // 1000)


async def test_applications_are_made_with_these_scopes(v1: Callable[[str], AsyncClient]) -> None:
    made = await v1("ada").post("/v1/applications", json={"name": "Wiki", "scopes": ["email", "openid", "read"]})
    assert (made.status_code, made.json()["scopes"]) == (201, ["read", "openid", "email"])
    wrong = await v1("ada").post("/v1/applications", json={"name": "Wiki", "scopes": ["groups"]})
    assert wrong.status_code == 422


async def test_discovery_and_metadata_say_the_same(anonymous: AsyncClient) -> None:
    config = (await anonymous.get("/.well-known/openid-configuration")).json()
    metadata = (await anonymous.get("/.well-known/oauth-authorization-server")).json()
    assert {name: config[name] for name in metadata} == metadata
    assert config["issuer"] == "https://courtyard.test"
    assert config["id_token_signing_alg_values_supported"] == ["RS256"]
    assert config["subject_types_supported"] == ["public"]
    assert config["request_uri_parameter_supported"] is False
    for name in ("jwks_uri", "userinfo_endpoint", "token_endpoint", "authorization_endpoint"):
        assert config[name].startswith("https://courtyard.test/oauth/")


async def test_only_public_halves_are_published(anonymous: AsyncClient) -> None:
    answer = await anonymous.get(JWKS)
    assert answer.headers["cache-control"] == "public, max-age=3600"
    (key,) = answer.json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}
    assert (await anonymous.get(JWKS)).json() == answer.json()
