"""A mail from end to end: invited by one API, delivered by SMTP, accepted by its token, and signed in by another API."""

import asyncio
import re
from email.message import EmailMessage
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from tests.server.running import PASSWORD, PATIENCE, Server
from tests.smtp import Mailbox, mail_server

TOKEN = re.compile(r"cyi_[0-9A-Za-z]{36}")


async def test_who_is_invited_by_mail_claims_the_account_and_signs_in(
    where: dict[str, str], folder: Path, request: pytest.FixtureRequest
) -> None:
    async with mail_server() as mailbox:
        server = Server(
            folder,
            **where,
            smtp_url=mailbox.url,
            mail_from="Courtyard <yard@example.org>",
            public_url="https://yard.test",
        )
        request.addfinalizer(server.end)
        async with AsyncClient(base_url=server.http, timeout=PATIENCE) as client:
            key = await signed_in(client, "root@example.org")
            space = await invite(client, key, "grace@example.org")
            message = await delivered(mailbox)
            assert message["To"] == "grace@example.org"
            assert message["From"] == "Courtyard <yard@example.org>"
            assert "https://yard.test/" in message.get_content()
            token = TOKEN.findall(message.get_content())[0]
            refused = await client.post("/auth/login/", json={"email": "grace@example.org", "password": PASSWORD})
            assert refused.status_code == 401
            accepted = await client.post("/v1/invitations/accept", json={"token": token, "password": PASSWORD})
            assert accepted.status_code == 200
            again = await client.post("/v1/invitations/accept", json={"token": token, "password": PASSWORD})
            assert again.status_code == 410
            grace = await signed_in(client, "grace@example.org")
            shared = await client.get("/workspaces/share/", headers={"Authorization": f"Bearer {grace}"})
            [listed] = shared.json()["workspaces"]["workspaces"]
            assert (listed["id"], listed["rol"]) == (space, "editor")
        assert len(mailbox.messages) == 1


async def signed_in(client: AsyncClient, email: str) -> str:
    """A credential by address and password."""
    answer = await client.post("/auth/login/", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.json()["token"]


async def invite(client: AsyncClient, key: str, email: str) -> str:
    """Somebody as editor to a new space; its id."""
    headers = {"Authorization": f"Bearer {key}"}
    made = await client.post("/workspaces/", json={"name": "Library"}, headers=headers)
    space = made.json()["data"]["id"]
    guest = await client.post(f"/workspaces/{space}/guest/", json={"guest": email, "rol": "editor"}, headers=headers)
    assert guest.status_code == 200, guest.text
    return space


async def delivered(mailbox: Mailbox) -> EmailMessage:
    async with asyncio.timeout(PATIENCE):
        while not mailbox.messages:  # noqa: ASYNC110 - what it waits for is another process
            await asyncio.sleep(0.05)
    return mailbox.messages[0]
