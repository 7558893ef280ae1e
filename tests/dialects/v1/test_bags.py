"""Whole spaces over HTTP: out as a ZIP by whoever may, in by a job that everybody concerned can watch."""

from collections.abc import AsyncGenerator, Callable

import pytest
from httpx2 import AsyncClient
from structlog.testing import capture_logs

from courtyard.core.spaces import Space
from courtyard.storage.database import Down
from courtyard.storage.local import LocalBlobs
from courtyard.web.dialect import Services
from courtyard.worker import Pace, Setup, Worker
from tests.bags.parcels import bagged, content, read, zipped
from tests.dialects.v1.answers import problem, walk
from tests.storage.stored import put
from tests.worker.conftest import until
from tests.world import World

V1 = Callable[[str], AsyncClient]
PARCEL = zipped(bagged({"a.txt": b"lake", "b/c.txt": b"shore"}))
ZIP = {"Content-Type": "application/zip"}


@pytest.fixture
async def worker(services: Services, setup: Setup) -> AsyncGenerator[Worker]:
    """The worker of the installation."""
    async with Worker(services.database, services.blobs, setup, pace=Pace(lanes=1)) as one:
        yield one


@pytest.fixture
def setup(settings: object, tmp_path: object) -> Setup:
    return Setup(data_dir=tmp_path, public_url="https://courtyard.example")  # pyright: ignore[reportArgumentType] - a path


async def filled(world: World, services: Services) -> Space:
    space = await world.space("ada", "Water quality", admins=["bob"], editors=["cleo"], visibility="public")
    await world.artifact(space, "Ünïcödé.txt", blob=await put(services.blobs, b"lake"), content_type="text/plain")
    await world.customer(space, "Lake Board", "board@example.org")
    return space


async def ended(client: AsyncClient, job_id: str) -> dict[str, str]:
    async def over() -> bool:
        return (await client.get(f"/v1/jobs/{job_id}")).json()["status"] in ("completed", "failed")

    await until(over)
    return (await client.get(f"/v1/jobs/{job_id}")).json()


async def test_a_space_goes_out_and_comes_in_as_another(
    world: World, services: Services, v1: V1, worker: Worker
) -> None:
    space = await filled(world, services)
    out = await v1("bob").get(f"/v1/spaces/{space.id}/export")
    assert (out.status_code, out.headers["content-type"]) == (200, "application/zip")
    assert out.headers["content-disposition"].startswith(f'attachment; filename="{space.slug}.zip"')
    assert out.headers["cache-control"] == "private, no-store"
    promised = await v1("dora").post("/v1/spaces/import?name=Copy", content=out.content, headers=ZIP)
    job = promised.json()
    assert (promised.status_code, job["kind"], job["space_id"]) == (202, "import", None)
    assert promised.headers["location"] == f"/v1/jobs/{job['id']}"
    done = await ended(v1("dora"), job["id"])
    assert (done["status"], done["progress"], done["error"]) == ("completed", 100, None)
    copy = (await v1("dora").get(f"/v1/spaces/{done['space_id']}")).json()
    assert (copy["name"], copy["visibility"], copy["role"]) == ("Copy", "private", "owner")
    again = await v1("dora").get(f"/v1/spaces/{copy['id']}/export?versions=true&trash=true")
    before, after = content(out.content), content(again.content)
    assert after == {**before, "space": {**before["space"], "name": "Copy"}}
    assert {"space.exported", "space.import_promised", "space.imported"} <= set(await world.events())


async def test_an_export_that_breaks_off_with_the_store_is_no_mistake_of_ours(
    world: World, services: Services, v1: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = await filled(world, services)
    path = f"/v1/spaces/{space.id}/export"
    # Made before: a request whose answer breaks off is answered by nobody.
    assert (await v1("ada").get(path)).status_code == 200

    async def gone(*_: object) -> bytes:
        raise Down("the disk is gone")

    monkeypatch.setattr(LocalBlobs, "read", gone)
    with capture_logs() as logs, pytest.raises(AssertionError):
        await v1("ada").get(path)
    assert [(line["event"], line.get("reason")) for line in logs if line["log_level"] in ("error", "critical")] == [
        ("broken off", "the disk is gone")
    ]


async def test_who_may_take_a_space_out(world: World, services: Services, v1: V1, anonymous: AsyncClient) -> None:
    space = await filled(world, services)
    path = f"/v1/spaces/{space.id}/export"
    told = {name: (await v1(name).get(path)).status_code for name in ("ada", "bob", "cleo", "zoe")}
    assert told == {"ada": 200, "bob": 200, "cleo": 403, "zoe": 403}
    assert (await anonymous.get(path)).status_code == 401
    private = await world.space("ada")
    problem(await v1("zoe").get(f"/v1/spaces/{private.id}/export"), 404)
    head = await v1("ada").head(path)
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", "application/zip")
    problem(await v1("ada").get(f"{path}?versions=perhaps"), 422)


async def test_a_form_serves_as_well_as_a_raw_body(world: World, v1: V1, worker: Worker) -> None:
    promised = await v1("ada").post("/v1/spaces/import", files={"file": ("old.zip", PARCEL, "application/zip")})
    assert promised.status_code == 202
    done = await ended(v1("ada"), promised.json()["id"])
    found = (await v1("ada").get(f"/v1/spaces/{done['space_id']}/artifacts")).json()["data"]
    assert sorted((one["name"], one["metadata"]["path"]) for one in found) == [("a.txt", "a.txt"), ("c.txt", "b/c.txt")]


async def test_a_repeated_key_makes_one_space(world: World, v1: V1, worker: Worker) -> None:
    answers = [
        await v1("ada").post("/v1/spaces/import", content=PARCEL, headers={**ZIP, "Idempotency-Key": "once"})
        for _ in range(2)
    ]
    assert [answer.json()["id"] for answer in answers] == [answers[0].json()["id"]] * 2
    assert answers[1].headers["idempotent-replayed"] == "true"
    other = await v1("ada").post("/v1/spaces/import", content=zipped({}), headers={**ZIP, "Idempotency-Key": "once"})
    problem(other, 422, "idempotency_key_reused")
    await ended(v1("ada"), answers[0].json()["id"])
    assert len((await v1("ada").get("/v1/spaces")).json()["data"]) == 1


async def test_an_import_is_among_the_jobs_of_whoever_asked_for_it(
    world: World, v1: V1, anonymous: AsyncClient
) -> None:
    space = await world.space("ada")
    artifact = await world.artifact(space)
    job = (await v1("ada").post("/v1/spaces/import", content=PARCEL, headers=ZIP)).json()
    later = await world.artifact(space)

    async def listed(**query: str) -> list[tuple[str, str | None]]:
        rows = await walk(v1("ada"), "/v1/jobs", limit=1, **query)
        return [(row["kind"], row["artifact_id"]) for row in rows]

    everything = [("inspect", later.id), ("import", None), ("inspect", artifact.id)]
    assert await listed() == await listed(status="pending") == everything
    assert await listed(kind="import") == [("import", None)]
    assert await listed(kind="import", status="failed") == await listed(kind="generate") == []
    assert await listed(space=space.id) == [everything[0], everything[2]]
    key = await world.key("ada", spaces=[space])
    limited = await anonymous.get("/v1/jobs", headers={"X-API-Key": key})
    assert job["id"] not in [row["id"] for row in limited.json()["data"]]
    assert (await v1("bob").get("/v1/jobs")).json()["data"] == []


async def test_what_is_no_bag_fails_with_a_reason_and_can_be_tried_again(world: World, v1: V1, worker: Worker) -> None:
    job = (await v1("ada").post("/v1/spaces/import", content=b"no zip", headers=ZIP)).json()
    done = await ended(v1("ada"), job["id"])
    assert (done["status"], done["error"], done["space_id"]) == ("failed", "This is no ZIP.", None)
    assert (await v1("ada").post(f"/v1/jobs/{job['id']}/retry")).status_code == 200
    assert (await ended(v1("ada"), job["id"]))["status"] == "failed"
    problem(await v1("bob").get(f"/v1/jobs/{job['id']}"), 404)


async def test_what_cannot_be_is_refused_before_a_byte_is_kept(
    world: World, services: Services, v1: V1, anonymous: AsyncClient
) -> None:
    await world.organization("hills", owner="cleo")
    for query, code in (("organization=hills", "unknown"), ("visibility=secret", "choice"), ("members=perhaps", "")):
        refused = await v1("ada").post(f"/v1/spaces/import?{query}", content=PARCEL, headers=ZIP)
        assert code in str(problem(refused, 422)["errors"])
    key = await world.key("ada", spaces=[await world.space("ada")])
    problem(await anonymous.post("/v1/spaces/import", content=PARCEL, headers={"X-API-Key": key, **ZIP}), 422)
    reader = await world.key("ada", scopes=["read"])
    problem(await anonymous.post("/v1/spaces/import", content=PARCEL, headers={"X-API-Key": reader, **ZIP}), 403)
    problem(await anonymous.post("/v1/spaces/import", content=PARCEL, headers=ZIP), 401)
    assert [key async for key in services.blobs.keys(older_than=2**53)] == []


@pytest.mark.parametrize("settings", [{"import_limit": 1_000}], indirect=True)
async def test_a_zip_over_the_limit_is_refused(v1: V1) -> None:
    problem(await v1("ada").post("/v1/spaces/import", content=bytes(2_000), headers=ZIP), 413)


async def test_bytes_that_are_not_as_stored_break_the_transfer(world: World, services: Services, v1: V1) -> None:
    space = await filled(world, services)
    lake = await put(services.blobs, bytes(5_000_000))
    await world.artifact(space, "lake.bin", blob=lake)
    assert read((await v1("ada").get(f"/v1/spaces/{space.id}/export")).content)
    await services.blobs.delete(lake.key)
    # The transport in the test's own process says it so when an answer has begun and has no end.
    with pytest.raises(AssertionError):
        await v1("ada").get(f"/v1/spaces/{space.id}/export")
