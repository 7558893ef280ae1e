"""Jobs: promised with their cause, leased, fenced, settled once; and what people see of them."""

import asyncio
from typing import Any

import pytest

from courtyard.core import artifacts, clock, events, hooks, jobs, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.errors import NotFound, Unauthenticated
from courtyard.core.jobs import Ended, Job, NotEnded
from courtyard.core.paging import Page, Slice
from tests.core.cast import JOINS, WRITES, cast, forward, outcomes
from tests.world import ANYBODY, World

WHOLE = Page(100)


async def claim(world: World) -> Job | None:
    async with world.database.write() as tx:
        return await jobs.claim(tx)


async def claimed(world: World) -> Job:
    job = await claim(world)
    assert job is not None
    return job


async def promise(world: World, count: int = 1) -> list[str]:
    async with world.database.write() as tx:
        return [await jobs.enqueue(tx, "count", number=number) for number in range(count)]


async def lose(world: World) -> int:
    """Time passes, and no worker said a word."""
    async with world.database.write() as tx:
        await tx.run("update job set lease_until = :past where status = 'processing'", past=clock.now() - 1)
        recovered = await jobs.recover(tx)
        await tx.run("update job set due_at = 0 where status = 'pending'")
        return recovered


async def complete(world: World, job: Job) -> bool:
    async with world.database.write() as tx:
        return await jobs.complete(tx, job)


async def fail(world: World, job: Job, *, final: bool = False) -> bool:
    async with world.database.write() as tx:
        return await jobs.fail(tx, job, "It broke.", final=final)


async def cancel(world: World, by: str, job: Job) -> Job:
    actor = await world.actor(by)
    async with world.database.write() as tx:
        return await jobs.cancel(tx, actor, job)


async def retry(world: World, by: str, job: Job) -> Job:
    actor = await world.actor(by)
    async with world.database.write() as tx:
        return await jobs.retry(tx, actor, job)


async def now(world: World, job: Job) -> Job:
    return next(known for known in await world.jobs() if known.id == job.id)


async def test_a_promise_falls_with_its_cause(world: World) -> None:
    with pytest.raises(ZeroDivisionError):
        await _promise_and_fall(world)
    assert await world.jobs() == []
    assert await claim(world) is None


async def _promise_and_fall(world: World) -> None:
    async with world.database.write() as tx:
        await jobs.enqueue(tx, "count")
        raise ZeroDivisionError


async def test_jobs_are_taken_in_line_and_each_once(world: World) -> None:
    promised = await promise(world, 8)
    first = await claimed(world)
    assert (first.id, first.status, first.attempt, first.fence) == (promised[0], "processing", 1, 1)
    assert first.payload == '{"number":0}'
    taken = await asyncio.gather(*(claim(world) for _ in range(12)))
    assert sorted(job.id for job in taken if job) == sorted(promised[1:])


async def test_a_document_that_somebody_waits_for_goes_first_and_old_jobs_before_new_ones(world: World) -> None:
    kinds = ["preview", "inspect", "hooks.deliver", "generate"]
    async with world.database.write() as tx:
        for kind in kinds:
            await jobs.enqueue(tx, kind)
    assert [(await claimed(world)).kind for _ in kinds] == kinds[::-1]
    async with world.database.write() as tx:
        await jobs.enqueue(tx, "preview")
        await tx.run("update job set turn = turn - :long where kind = 'preview'", long=clock.HOUR)
        await jobs.enqueue(tx, "generate")
    assert (await claimed(world)).kind == "preview"


async def test_ten_thousand_jobs_of_one_space_let_those_of_another_pass(world: World) -> None:
    busy, quiet = await world.space("ada"), await world.space("bob")
    async with world.database.write() as tx:
        for _ in range(200):
            await jobs.enqueue(tx, "inspect", space_id=busy.id)
        for _ in range(3):
            await jobs.enqueue(tx, "inspect", space_id=quiet.id)
    first = [(await claimed(world)).space_id for _ in range(8)]
    assert first.count(quiet.id) == 3
    async with world.database.read() as tx:
        last, soonest = (
            await tx.one(int, "select max(turn) from job") or 0,
            await tx.one(int, "select min(turn) from job"),
        )
    assert last - (soonest or 0) <= jobs.FARTHEST


async def test_a_job_that_loses_its_worker_again_waits_a_little_so_that_others_do_not_meet_it(world: World) -> None:
    await promise(world)
    for attempt in range(1, 4):
        job = await claimed(world)
        async with world.database.write() as tx:
            assert not await jobs.any_lost(tx)
            await tx.run("update job set lease_until = :past", past=clock.now() - 1)
            assert await jobs.any_lost(tx)
            before = clock.now()
            assert await jobs.recover(tx) == 1
        due = (await now(world, job)).due_at - before
        assert (due < 1_000) if attempt == 1 else (1_000 < due <= 5_000)
        async with world.database.write() as tx:
            await tx.run("update job set due_at = 0")


async def test_a_zombie_cannot_settle_what_another_worker_has_taken(world: World) -> None:
    await promise(world)
    zombie = await claimed(world)
    assert await lose(world) == 1
    assert not await complete(world, zombie)
    heir = await claimed(world)
    assert (heir.id, heir.attempt) == (zombie.id, 2)
    assert heir.fence > zombie.fence
    async with world.database.write() as tx:
        assert not await jobs.beat(tx, zombie, 50)
        assert not await jobs.fail(tx, zombie, "late")
        await jobs.release(tx, zombie)
    assert not await complete(world, zombie)
    assert (await now(world, heir)).status == "processing"
    assert await complete(world, heir)
    assert not await complete(world, heir)
    assert (await now(world, heir)).status == "completed"


async def test_of_all_who_settle_at_the_same_time_one_does(world: World) -> None:
    space = await world.space("ada")
    for _ in range(5):
        await world.artifact(space)
        job = await claimed(world)
        done = await asyncio.gather(
            complete(world, job), fail(world, job, final=True), cancel(world, "ada", job), complete(world, job),
            return_exceptions=True,
        )  # fmt: skip
        won = [result for result in done if result is True or isinstance(result, Job)]
        assert len(won) == 1, done
        assert all(result is False or isinstance(result, Ended) for result in done if result not in won), done


async def test_a_beat_keeps_the_lease_and_tells_how_far_it_is(world: World) -> None:
    await promise(world)
    job = await claimed(world)
    async with world.database.write() as tx:
        assert await jobs.beat(tx, job, 40, "Half of it.")
        assert await jobs.beat(tx, job)
        assert await jobs.recover(tx) == 0
    told = await now(world, job)
    assert (told.progress, told.message) == (40, "Half of it.")


async def test_a_failure_is_tried_again_later_and_five_times(world: World) -> None:
    await promise(world)
    for attempt in range(1, jobs.ATTEMPTS):
        job = await claimed(world)
        assert job.attempt == attempt
        before = clock.now()
        assert await fail(world, job)
        failed = await now(world, job)
        assert (failed.status, failed.error, failed.completed_at) == ("pending", "It broke.", None)
        assert failed.due_at >= before + 0.75 * 2**attempt * clock.SECOND
        assert await claim(world) is None
        async with world.database.write() as tx:
            assert await jobs.next_due(tx) == failed.due_at
            await tx.run("update job set due_at = 0")
    last = await claimed(world)
    assert await fail(world, last)
    failed = await now(world, last)
    assert (failed.status, failed.attempt, failed.completed_at is not None) == ("failed", jobs.ATTEMPTS, True)


async def test_a_final_failure_is_not_tried_again(world: World) -> None:
    await promise(world)
    job = await claimed(world)
    assert await fail(world, job, final=True)
    assert ((await now(world, job)).status, await claim(world)) == ("failed", None)


async def test_a_worker_lost_in_the_last_attempt_fails_the_job(world: World) -> None:
    await promise(world)
    job = await claimed(world)
    for _ in range(jobs.ATTEMPTS - 1):
        assert await lose(world) == 1
        job = await claimed(world)
    assert await lose(world) == 1
    lost = await now(world, job)
    assert (lost.status, lost.error) == ("failed", "The worker was lost.")


async def test_a_job_given_back_has_lost_no_attempt(world: World) -> None:
    await promise(world)
    job = await claimed(world)
    async with world.database.write() as tx:
        await jobs.release(tx, job)
    again = await claimed(world)
    assert (again.id, again.attempt) == (job.id, 1)
    assert not await complete(world, job)


async def test_a_waiting_job_that_is_cancelled_never_runs(world: World) -> None:
    space = await world.space("ada")
    await world.artifact(space)
    (job,) = await world.jobs()
    cancelled = await cancel(world, "ada", job)
    assert (cancelled.status, cancelled.completed_at is not None) == ("cancelled", True)
    assert await claim(world) is None
    with pytest.raises(Ended):
        await cancel(world, "ada", job)
    assert (await world.events())[-1] == "job.cancelled"


async def test_a_running_job_that_is_cancelled_has_its_result_refused(world: World) -> None:
    await world.artifact(await world.space("ada"))
    job = await claimed(world)
    assert (await cancel(world, "ada", job)).fence == job.fence + 1
    assert not await complete(world, job)
    async with world.database.write() as tx:
        assert not await jobs.beat(tx, job)
    assert (await now(world, job)).status == "cancelled"


async def test_a_failed_or_cancelled_job_starts_over_with_all_its_attempts(world: World) -> None:
    await world.artifact(await world.space("ada"))
    job = await claimed(world)
    for ended in (True, False):
        if ended:
            await fail(world, job, final=True)
        else:
            await cancel(world, "ada", job)
        again = await retry(world, "ada", job)
        assert (again.status, again.attempt, again.progress, again.error) == ("pending", 0, 0, None)
        assert (again.started_at, again.completed_at) == (None, None)
        with pytest.raises(NotEnded):
            await retry(world, "ada", job)
        job = await claimed(world)
    with pytest.raises(NotEnded):
        await retry(world, "ada", job)
    assert await complete(world, job)
    with pytest.raises(NotEnded):
        await retry(world, "ada", job)
    assert (await world.events()).count("job.retried") == 2


async def test_a_job_is_cancelled_once_and_retried_once_whoever_asks_at_the_same_time(world: World) -> None:
    await world.artifact(await world.space("ada"))
    (job,) = await world.jobs()
    for verb, refusal in ((cancel, Ended), (retry, NotEnded)):
        done = await asyncio.gather(*(verb(world, "ada", job) for _ in range(5)), return_exceptions=True)
        assert len([result for result in done if isinstance(result, Job)]) == 1
        assert all(isinstance(result, Job | refusal) for result in done), done


async def test_members_see_a_job_and_writers_steer_it(world: World) -> None:
    space, actors = await cast(world, "private")
    await world.artifact(space)
    (job,) = await world.jobs()

    async def look(actor: Actor) -> None:
        async with world.database.read() as tx:
            assert await jobs.find(tx, actor, job.id) == job

    async def steer(actor: Actor) -> None:
        async with world.database.read() as tx:
            await jobs.find(tx, actor, job.id, Permission.WRITE)

    for visibility in ("private", "public"):
        async with world.database.write() as tx:
            await tx.run("update space set visibility = :visibility", visibility=visibility)
        assert await outcomes(actors, look) == JOINS
        assert await outcomes(actors, steer) == WRITES


async def test_a_job_without_a_space_and_one_in_the_trash_are_unknown(world: World) -> None:
    space, root = await world.space("ada"), await world.administrator("root")
    artifact = await world.artifact(space)
    (promised,) = await promise(world)
    async with world.database.write() as tx:
        await artifacts.trash(tx, root, artifact)
    for known in await world.jobs():
        async with world.database.read() as tx:
            with pytest.raises(NotFound):
                await jobs.find(tx, root, known.id)
            with pytest.raises(Unauthenticated):
                await jobs.find(tx, ANYBODY, known.id)
    async with world.database.read() as tx:
        found = await spaces.find(tx, root, space.id, Permission.JOIN)
        assert await jobs.of_space(tx, found, WHOLE) == (0, Slice([], more=False))
        assert await jobs.runs(tx, found, WHOLE) == (0, Slice([], more=False))
    assert promised in [job.id for job in await world.jobs()]


async def test_a_space_lists_and_counts_its_jobs_with_what_they_are_about(world: World) -> None:
    space, other = await world.space("ada"), await world.space("ada", "Attic")
    made = [await world.artifact(space, f"{number}.txt") for number in range(5)]
    await world.artifact(other)
    await promise(world)

    async def listing(page: Page) -> Slice[Any]:
        async with world.database.read() as tx:
            count, rows = await jobs.of_space(tx, space, page)
        assert count == 5
        return rows

    walked = await forward(listing, 2)
    found = (await listing(WHOLE)).items
    assert walked == [job.id for job in found]
    assert [(job.artifact_id, job.artifact_name) for job in found] == [(row.id, row.name) for row in made[::-1]]
    assert found[0].changed_at == found[0].created_at


async def test_an_artifact_lists_its_jobs_newest_first(world: World) -> None:
    space = await world.space("ada")
    artifact = await world.artifact(space)
    await world.artifact(space)
    async with world.database.write() as tx:
        later = [
            await jobs.enqueue(tx, "generate", space_id=space.id, artifact_id=artifact.id, number=number)
            for number in range(3)
        ]

    async def listing(page: Page) -> Slice[Job]:
        async with world.database.read() as tx:
            return await jobs.of_artifact(tx, artifact.id, page)

    walked = await forward(listing, 2)
    assert (walked[:3], len(walked)) == (later[::-1], 4)


async def test_a_run_says_what_goes_on_with_an_artifact(world: World) -> None:
    space = await world.space("ada")
    quiet, busy = await world.artifact(space, "quiet.txt"), await world.artifact(space, "busy.txt")
    async with world.database.write() as tx:
        await jobs.enqueue(tx, "inspect", space_id=space.id, artifact_id=busy.id)

    async def statuses() -> list[tuple[str, str, int]]:
        async with world.database.read() as tx:
            count, rows = await jobs.runs(tx, space, WHOLE)
        assert count == 2
        return [(run.artifact_name, run.status, run.jobs) for run in rows.items]

    assert await statuses() == [("busy.txt", "pending", 2), ("quiet.txt", "pending", 1)]
    inspection = await claimed(world)
    assert inspection.artifact_id == quiet.id
    assert await statuses() == [("busy.txt", "pending", 2), ("quiet.txt", "processing", 1)]
    await complete(world, inspection)
    await fail(world, await claimed(world), final=True)
    assert await statuses() == [("busy.txt", "pending", 2), ("quiet.txt", "completed", 1)]
    await complete(world, await claimed(world))
    assert await statuses() == [("busy.txt", "completed", 2), ("quiet.txt", "completed", 1)]
    async with world.database.read() as tx:
        _, rows = await jobs.runs(tx, space, Page(1))
    assert ([run.artifact_id for run in rows.items], rows.more) == ([busy.id], True)
    assert rows.items[0].changed_at >= rows.items[0].created_at


async def test_the_news_that_a_space_is_gone_outlives_it_and_no_member_sees_it(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    async with world.database.write() as tx:
        await hooks.create(tx, ada, "space.deleted", "https://example.org/hook")
        await events.record(tx, ada, "customer.created", space_id=space.id)
    assert await world.jobs() == []
    async with world.database.write() as tx:
        await spaces.remove(tx, ada, space)
    (job,) = await world.jobs()
    assert (job.kind, job.space_id) == ("hooks.deliver", None)
    assert space.id in job.payload
