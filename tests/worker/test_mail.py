"""Mails: to a real SMTP server or a file, at most once, again when refused for now, never when refused for good."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from courtyard.core import clock, events, mail
from courtyard.core.access.roles import Permission
from courtyard.core.membership import invitations
from courtyard.storage.database import Database
from courtyard.worker import Setup
from courtyard.worker.outlets import Smtp
from courtyard.worker.postman import Postman
from courtyard.worker.work import Tools
from tests.smtp import Mailbox, mail_server
from tests.world import ANYBODY, World

LINK = re.compile(r"https://courtyard\.example/invite/(cyi_[0-9A-Za-z]{36})")


def postman(tools: Tools, url: str = "") -> Postman:
    return Postman(dataclasses.replace(tools, setup=dataclasses.replace(tools.setup, smtp_url=url)))


async def invited(world: World, address: str = "bob@example.org", name: str = "Library") -> str:
    """An unknown address, invited by ada to a space; the id of the invitation."""
    ada, space = await world.actor("ada"), await world.space(name=name)
    place = await world.meet(ada, space, Permission.MANAGE)
    async with world.database.write() as tx:
        return (await invitations.invite(tx, ada, place, address, "editor")).invitation.id


async def rows(database: Database) -> list[tuple[Any, ...]]:
    async with database.read() as tx:
        return await tx.all(tuple, "select state, attempt, due_at - created_at from mail order by number")


async def hurry(database: Database) -> None:
    async with database.write() as tx:
        await tx.run("update mail set due_at = :now where state = 'waiting'", now=clock.now())


def body(mailbox: Mailbox, index: int = -1) -> str:
    return str(mailbox.messages[index].get_content())


async def test_an_invitation_carries_a_link_that_works(world: World, tools: Tools) -> None:
    await invited(world)
    async with mail_server() as mailbox:
        assert await postman(tools, mailbox.url).empty_outbox() == 1
        assert await postman(tools, mailbox.url).empty_outbox() == 0
    [message] = mailbox.messages
    assert mailbox.envelopes[0].rcpt_tos == ["bob@example.org"]
    assert mailbox.envelopes[0].mail_from == "yard@example.org"
    assert message["To"] == "bob@example.org"
    assert message["From"] == "Courtyard <yard@example.org>"
    assert message["Subject"] == 'ada invites you to "Library"'
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert message["Date"].datetime.tzinfo is not None
    assert re.fullmatch(r"<[0-9a-f-]{36}@example\.org>", message["Message-ID"])
    assert "POST https://courtyard.example/v1/invitations/accept" in body(mailbox)
    found = LINK.search(body(mailbox))
    assert found
    async with world.database.write() as tx:
        accepted = await invitations.accept(tx, ANYBODY, found[1], username="bob", password_hash="hash")
    assert accepted.person.username == "bob"
    assert [row[0] for row in await rows(world.database)] == ["sent"]


async def test_somebody_with_an_account_hears_where_they_are_now(world: World, tools: Tools) -> None:
    await world.person("bob")
    await invited(world)
    async with mail_server() as mailbox:
        await postman(tools, mailbox.url).empty_outbox()
    assert mailbox.messages[0]["Subject"] == 'You were added to "Library"'
    assert 'ada added you to "Library" at https://courtyard.example as editor.' in body(mailbox)
    assert not LINK.search(body(mailbox))


async def test_names_never_break_out_of_a_header(world: World, tools: Tools) -> None:
    await invited(world, name="Books\nBcc: eve@example.org\n\tünd Mäuse " + "x" * 200)
    async with mail_server() as mailbox:
        await postman(tools, mailbox.url).empty_outbox()
    [message] = mailbox.messages
    assert message["Bcc"] is None
    assert message["Subject"].startswith('ada invites you to "Books Bcc: eve@example.org ünd Mäuse xxx')
    assert LINK.search(body(mailbox))
    assert LINK.search(mailbox.raw[0].decode())


async def test_without_a_mail_server_it_is_a_file_for_its_administrator(
    world: World, tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    await invited(world)
    await postman(tools).empty_outbox()
    [file] = list((tools.setup.data_dir / "mail").iterdir())
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    found = LINK.search(file.read_text())
    assert found
    said = capsys.readouterr()
    assert file.name in said.out + said.err
    assert found[1] not in said.out + said.err
    assert [row[0] for row in await rows(world.database)] == ["sent"]


@pytest.mark.parametrize("where", ["refuse_recipient", "refuse_text"])
async def test_what_is_refused_for_now_is_tried_again_with_growing_pauses(
    world: World, tools: Tools, where: str
) -> None:
    await invited(world)
    async with mail_server() as mailbox:
        setattr(mailbox, where, "450 greylisted")
        sender = postman(tools, mailbox.url)
        pauses: list[int] = []
        for attempt in range(1, 4):
            assert await sender.empty_outbox() == 1
            [(state, counted, pause)] = await rows(world.database)
            assert (state, counted) == ("waiting", attempt)
            pauses.append(pause)
            assert await sender.empty_outbox() == 0
            await hurry(world.database)
        assert [round(pause / clock.MINUTE) for pause in pauses] == [1, 2, 4]
        setattr(mailbox, where, None)
        assert await sender.empty_outbox() == 1
    assert len(mailbox.messages) == 1
    assert LINK.search(body(mailbox))
    assert [row[0] for row in await rows(world.database)] == ["sent"]


@pytest.mark.parametrize("where", ["refuse_recipient", "refuse_text"])
async def test_what_is_refused_for_good_is_dropped_and_told(world: World, tools: Tools, where: str) -> None:
    await invited(world)
    async with mail_server() as mailbox:
        setattr(mailbox, where, "550 no such person")
        assert await postman(tools, mailbox.url).empty_outbox() == 1
    assert [row[0] for row in await rows(world.database)] == ["dropped"]
    assert "mail.dropped" in await world.events()


async def test_a_server_that_is_away_is_tried_for_a_day(world: World, tools: Tools) -> None:
    await invited(world)
    async with mail_server() as mailbox:
        url = mailbox.url
    sender = postman(tools, url)
    await sender.empty_outbox()
    assert [row[0] for row in await rows(world.database)] == ["waiting"]
    async with world.database.write() as tx:
        await tx.run(
            "update mail set created_at = :at, due_at = :now", at=clock.now() - 25 * clock.HOUR, now=clock.now()
        )
    await sender.empty_outbox()
    assert [row[0] for row in await rows(world.database)] == ["dropped"]


async def test_when_nobody_knows_whether_it_was_taken_it_is_not_sent_again(world: World, tools: Tools) -> None:
    await invited(world)
    async with mail_server() as mailbox:
        mailbox.hang_up = True
        sender = postman(tools, mailbox.url)
        await sender.empty_outbox()
        await hurry(world.database)
        await sender.empty_outbox()
    assert len(mailbox.messages) == 1
    assert [row[0] for row in await rows(world.database)] == ["dropped"]


async def test_a_sender_lost_before_the_handover_is_followed_by_another_one_lost_in_it_by_none(
    world: World, tools: Tools
) -> None:
    await invited(world)
    async with world.database.write() as tx:
        lost = await mail.claim(tx)
        assert lost
        assert await mail.claim(tx) is None
    await hurry(world.database)
    async with world.database.write() as tx:
        found = await mail.claim(tx)
        assert found
        assert found.id == lost.id
        assert await mail.hand(tx, lost, "https://courtyard.example") is None
        assert await mail.hand(tx, found, "https://courtyard.example") is not None
    async with world.database.write() as tx:
        assert await mail.give_up(tx) == 0
        await tx.run("update mail set due_at = :now", now=clock.now())
        assert await mail.claim(tx) is None
        assert await mail.give_up(tx) == 1
    async with mail_server() as mailbox:
        await postman(tools, mailbox.url).empty_outbox()
    assert mailbox.messages == []


async def test_an_invitation_that_is_over_is_not_mailed(world: World, tools: Tools) -> None:
    invitation_id = await invited(world)
    async with world.database.write() as tx:
        await tx.run("update invitation set state = 'revoked' where id = :id", id=invitation_id)
    async with mail_server() as mailbox:
        await postman(tools, mailbox.url).empty_outbox()
    assert mailbox.messages == []
    assert [row[0] for row in await rows(world.database)] == ["dropped"]


async def test_one_bad_row_does_not_hold_up_the_others(world: World, tools: Tools) -> None:
    async with world.database.write() as tx:
        await events.post(tx, "from-the-future", "bob@example.org")
    await invited(world)
    async with mail_server() as mailbox:
        assert await postman(tools, mailbox.url).empty_outbox() == 2
    assert len(mailbox.messages) == 1
    assert [row[0] for row in await rows(world.database)] == ["waiting", "sent"]


async def test_addresses_in_other_scripts(world: World, tools: Tools) -> None:
    await invited(world, "bob@bücher.example")
    await invited(world, "böb@example.org", "Archive")
    async with mail_server(enable_SMTPUTF8=True) as mailbox:
        await postman(tools, mailbox.url).empty_outbox()
    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [["bob@xn--bcher-kva.example"], ["böb@example.org"]]


async def test_an_address_that_the_server_cannot_take_is_dropped(world: World, tools: Tools) -> None:
    await invited(world, "böb@example.org")
    async with mail_server() as mailbox:
        await postman(tools, mailbox.url).empty_outbox()
    assert [row[0] for row in await rows(world.database)] == ["dropped"]


async def test_the_user_and_password_of_the_url_are_used(world: World, tools: Tools) -> None:
    await invited(world)
    async with mail_server(auth_required=True) as mailbox:
        url = f"smtp://ada%40example.org:p%40ss%20word@127.0.0.1:{mailbox.port}?starttls=never"
        await postman(tools, url).empty_outbox()
    assert mailbox.logins == [(b"ada@example.org", b"p@ss word")]
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "smtp://mail.example?starttls=maybe", "nonsense"])
def test_a_url_that_makes_no_sense_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL"):
        Smtp(url, "here")


@pytest.mark.parametrize("sender", ["", "nobody", "a@b.example\nBcc: eve@example.org"])
def test_a_sender_that_is_no_address_is_refused_at_the_start(tmp_path: Path, sender: str) -> None:
    setup = Setup(data_dir=tmp_path, public_url="", mail_from=sender)
    nothing: Any = None
    with pytest.raises(ValueError, match="MAIL_FROM"):
        Postman(Tools(nothing, nothing, setup))
