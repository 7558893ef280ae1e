"""A database that an older version has filled: it is brought up to date, and everything in it goes on."""

import shutil
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path
from typing import Any, LiteralString

import pytest

from courtyard.core import artifacts, indexing, queue, quota, search, spaces, streams
from courtyard.core.access.roles import RANK, Permission
from courtyard.core.actor import Actor, Origin
from courtyard.core.artifacts import Filters, history, versions
from courtyard.core.indexing import backlog
from courtyard.core.paging import Page
from courtyard.core.search import Narrowing
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Database
from courtyard.storage.migrate import migrate
from courtyard.storage.opening import open_database

AT = 1_700_000_000_000
ADA = Actor(Origin("test"), "ada", RANK["admin"])
WHOLE = Page(100)
# As version 2 of the schema has them. The artifact `b` lies in the trash; the job `k` of `a` waits.
ROWS: tuple[LiteralString, ...] = (
    (
        "insert into person (id, email, email_folded, username, username_folded, state, referral_code, created_at,"
        " updated_at) values ('ada', 'ada@example.org', 'ada@example.org', 'ada', 'ada', 'active', 'r', :at, :at)"
    ),
    (
        "insert into organization (id, handle, token, name, personal_of, created_at, updated_at)"
        " values ('home', 'ada', 'T', 'Ada', 'ada', :at, :at)"
    ),
    "insert into organization_member (organization_id, person_id, role, created_at) values ('home', 'ada', 'owner', :at)",
    (
        "insert into space (id, token, slug, name, name_folded, visibility, organization_id, owner_id, space_type,"
        " content_type, metadata, created_at, updated_at) values ('s', 'S', 'library', 'Library', 'library', 'private',"
        " 'home', 'ada', 'general', 'general', '{}', :at, :at)"
    ),
    "insert into member (space_id, person_id, role, created_at) values ('s', 'ada', 'owner', :at)",
    (
        "insert into thread (id, space_id, title, status, metadata, created_by, created_at, updated_at)"
        " values ('t', 's', 'Herons', 'open', '{}', 'ada', :at, :at)"
    ),
    (
        "insert into message (id, thread_id, role, content, metadata, created_by, created_at)"
        " values ('m', 't', 'user', 'Have you seen the heron?', '{}', 'ada', :at)"
    ),
    (
        "insert into artifact (id, space_id, name, document_type, status, content_type, size, sha256, blob_key, text_excerpt,"
        " version, metadata, tags, thread_ids, created_by, created_at, updated_at) values ('a', 's', 'Heron.txt', 'note',"
        " 'completed', 'text/plain', 5, 'sa', 'ka', 'grey', 1, '{}', '[]', '[\"t\"]', 'ada', :at, :at)"
    ),
    (
        "insert into artifact (id, space_id, name, document_type, status, content_type, size, sha256, blob_key, version,"
        " metadata, tags, thread_ids, created_by, created_at, updated_at, deleted_at) values ('b', 's', 'Old.txt', 'note',"
        " 'completed', 'text/plain', 7, 'sb', 'kb', 1, '{}', '[]', '[]', null, :at, :at, :at)"
    ),
    "insert into artifact_thread (artifact_id, thread_id) values ('a', 't')",
    (
        "insert into job (id, kind, space_id, artifact_id, payload, status, max_attempts, due_at, created_by, created_at)"
        " values ('k', 'inspect', 's', 'a', '{}', 'pending', 5, :at, 'ada', :at)"
    ),
    "insert into blob_garbage (key, at) values ('gone', :at)",
    # People who were invited: one is awaited, one was disabled before she came; another one has had nothing but keys.
    (
        "insert into person (id, email, email_folded, username, username_folded, state, referral_code, created_at, updated_at)"
        " select w.id, w.id, w.id, w.id, w.id, w.state, w.id, :at, :at from (select 'awaited' as id, 'invited' as state"
        " union all select 'early', 'disabled' union all select 'keys', 'disabled') w"
    ),
    (
        "insert into event (id, at, action, result, privileged, object_id, detail)"
        " values ('e', :at, 'person.invited', 'done', 0, 'early', '{}')"
    ),
    # An application that Ada let in, and a key that it made for another.
    (
        "insert into application (id, client_id, name, redirect_uris, scopes, public, owner_id, created_at, updated_at)"
        " values ('app', 'app', 'Reports', '[]', 'admin', 1, 'keys', :at, :at)"
    ),
    (
        "insert into credential (id, person_id, kind, name, hash, prefix, last4, scopes, created_at, application_id, family)"
        " values ('token', 'ada', 'access', 'Reports', 'h', '', '', 'admin', :at, 'app', 'family')"
    ),
    (
        "insert into credential (id, person_id, kind, name, hash, prefix, last4, scopes, created_at, application_id, family)"
        " values ('key', 'keys', 'key', 'robot', 'i', '', '', 'admin', :at, 'app', 'family')"
    ),
)


@pytest.fixture
async def old(empty_address: str, tmp_path: Path) -> AsyncIterator[Database]:
    """A database as version 2 of the schema left it, brought up to date."""
    folder = tmp_path / "old"
    folder.mkdir()
    with resources.as_file(resources.files("courtyard.storage") / "schema") as schema:
        for file in sorted(schema.glob("000[12]_*.sql")):
            shutil.copy(file, folder)
    opened = await open_database(empty_address)
    await migrate(opened, folder)
    async with opened.write() as tx:
        for row in ROWS:
            await tx.run(row, **({"at": AT} if ":at" in row else {}))
    assert "0003_openid" in await migrate(opened)
    while True:
        async with opened.write() as tx:
            if not await backlog.step(tx):
                break
    yield opened
    await opened.close()


async def changed(old: Database, name: str) -> Any:
    async with old.write() as tx:
        space = await spaces.find(tx, ADA, "s", Permission.WRITE)
        artifact = await artifacts.find(tx, ADA, space, "a", hold=True)
        changed = await artifacts.change(tx, ADA, space, artifact, artifacts.Changes(name=name))
        return await versions.replace(tx, ADA, space, changed, Blob("kc", 3, "sc"), "text/plain")


async def test_what_was_stored_is_counted_and_found(old: Database) -> None:
    async with old.read() as tx:
        usage = await quota.usage(tx, "s")
        found = await search.everywhere(tx, ADA, search.parse("heron"), WHOLE, Narrowing())
        assert sorted(hit.id for hit in found.items) == ["a", "m", "t"]
        assert (await search.everywhere(tx, ADA, search.parse("library"), WHOLE, Narrowing())).items[0].id == "s"
        assert await streams.head(tx) == streams.Place(0, 0)
    assert (usage.bytes, usage.artifacts) == (12, 2)


async def test_what_was_stored_has_a_past_and_versions_from_now_on(old: Database) -> None:
    now = await changed(old, "Grey heron.txt")
    async with old.read() as tx:
        space = await spaces.find(tx, ADA, "s", Permission.JOIN)
        then = await history.page(tx, space, AT, WHOLE, Filters(thread_id="t"))
        assert [(was.id, was.name, was.version) for was in then.items] == [("a", "Heron.txt", 1)]
        listed = await versions.page(tx, now, WHOLE)
        assert [(each.number, each.blob_key, each.created_at == AT) for each in listed.items] == [
            (2, "kc", False),
            (1, "ka", True),
        ]
        assert listed.items[1].created_by == "ada"
    assert (now.version, now.name) == (2, "Grey heron.txt")


async def test_waiting_jobs_run_and_all_of_it_can_end(old: Database) -> None:
    async with old.write() as tx:
        job = await queue.claim(tx)
        assert job is not None
        assert job.id == "k"
        assert await artifacts.inspected(tx, job, artifacts.Inspection(content_type="text/plain", text="blue"))
        await indexing.artifact(tx, "a")
    async with old.write() as tx:
        space = await spaces.find(tx, ADA, "s", Permission.OWN)
        trashed = await artifacts.find_trashed(tx, ADA, space, "b", hold=True)
        await artifacts.purge(tx, ADA, trashed)
        assert (await quota.usage(tx, "s")).bytes == 5
        await spaces.remove(tx, ADA, space)
    async with old.read() as tx:
        assert await tx.all(str, "select key from blob_garbage order by key") == ["gone", "ka", "kb"]
        for table in ("artifact", "search_document", "space_usage", "job"):
            assert await tx.one(int, f"select count(*) from {table}") == 0


async def test_the_sources_of_what_is_still_to_be_made_take_room(empty_address: str, tmp_path: Path) -> None:
    with resources.as_file(resources.files("courtyard.storage") / "schema") as schema:
        for file in sorted(schema.glob("00*.sql")):
            if file.name < "0011":
                shutil.copy(file, tmp_path)
    opened = await open_database(empty_address)
    try:
        await migrate(opened, tmp_path)
        async with opened.write() as tx:
            for row in ROWS:
                await tx.run(row, **({"at": AT} if ":at" in row else {}))
            await tx.run("insert into space_usage (space_id, bytes, artifacts) values ('s', 12, 2)")
            for artifact, size in (("a", 30), ("b", 4)):
                await tx.run(
                    "insert into generation (artifact_id, source_key, source_size, source_sha256, terms, created_at)"
                    " values (:id, 'source ' || cast(:id as text), :size, 'x', '{}', :at)",
                    id=artifact,
                    size=size,
                    at=AT,
                )
        assert "0011_sources" in await migrate(opened)
        async with opened.read() as tx:
            usage = await quota.usage(tx, "s")
        assert (usage.bytes, usage.artifacts, usage.reserved_bytes) == (12, 2, 34)
    finally:
        await opened.close()


async def test_it_is_known_who_never_came_and_who_stands_behind_a_key(old: Database) -> None:
    async with old.read() as tx:
        assert await tx.all(str, "select id from person where unclaimed = 1 order by id") == ["awaited", "early"]
        assert await tx.all(str, "select id || ' ' || allowed_by from credential where allowed_by <> ''") == ["key ada"]
