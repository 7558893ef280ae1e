"""Every OpenAPI document tells the truth: generated requests are answered as it says, and never by an error of ours."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from courtyard.app import DIALECTS
from tests.dialects.conftest import PUBLISHED
from tests.server.running import Server

PROTOCOLS = [module.SPEECH for module in DIALECTS if module.SPEECH.name in PUBLISHED]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 12
# What these take away would be missing for all the calls after them.
SPARED = {("DELETE", "space_id"), ("DELETE", "id"), ("DELETE", "handle"), ("PATCH", "handle")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With demo data, open to registration, the Spaces API over plain HTTP."""
    server = Server(tmp_path_factory.mktemp("schemas"), "--demo", registration="open", plain_http="true")
    yield server
    server.end()


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, str]:
    """Something that exists for each parameter in a path."""
    with server.client(server.line("Administrator key")) as client:
        space = client.get("/v1/spaces?q=water").json()["data"][0]
        inside = f"/v1/spaces/{space['id']}"

        def first(path: str) -> Any:
            return client.get(path).json()["data"][0]

        artifact = first(f"{inside}/artifacts")
        hook = {"event": "customer.created", "target_url": "https://hooks.example.org/"}
        basic = {**PUBLISHED["spaces_pe"](server.line("Administrator key"))}
        hooked = client.post("/api/v1/resource_subscriptions", json=hook, headers=basic)
        key = client.post("/v1/keys", json={"name": "spare", "scopes": ["read"]}).json()
        application = {
            "name": "spare",
            "redirect_uris": ["https://app.example.org/back"],
            "scopes": ["read"],
            "public": True,
        }
        return {
            "space_id": space["id"],
            "id": space["id"],
            "space_token": space["token"],
            "handle": space["organization"]["handle"],
            "artifact_id": artifact["id"],
            "thread_id": first(f"{inside}/threads")["id"],
            "customer_id": first(f"{inside}/customers")["id"],
            "user_id": first(f"{inside}/members")["user"]["id"],
            "guest": first(f"{inside}/members")["user"]["id"],
            "invitation_id": first(f"{inside}/invitations")["id"],
            "job_id": first(f"{inside}/artifacts/{artifact['id']}/jobs")["id"],
            "key_id": key["id"],
            "application_id": client.post("/v1/applications", json=application).json()["id"],
            "number": str(space["number"]),
            "hook": str(hooked.json()["id"]),
        }


# The bytes of an upload that can be resumed have a type of their own, and are bytes.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@pytest.mark.parametrize("speech", PROTOCOLS, ids=[speech.name for speech in PROTOCOLS])
def test_the_document_tells_the_truth(speech: Any, server: Server, known: dict[str, str]) -> None:
    document = schemathesis.openapi.from_url(server.http + speech.openapi_path)
    document.config.max_stream_events = 1  # the word that every stream begins with; then it may be silent for long
    headers = {**PUBLISHED[speech.name](server.line("Administrator key"))}
    if speech.name == "unpod":
        headers["Org-Handle"] = known["handle"]
    asked = 0
    for found in document.get_all_operations():
        attack(cast(Any, found).ok(), server.http, headers, known)
        asked += 1
    assert asked >= 5


def attack(operation: Any, url: str, headers: dict[str, str], known: dict[str, str]) -> None:
    """Ask for one operation in many ways: with what exists and what does not."""

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        database=None,
        report_multiple_bugs=False,
    )
    @hypothesis.given(case=operation.as_strategy(), existing=st.booleans())
    def ask(case: Any, existing: bool) -> None:
        if existing:
            here = {**known, "number": known["hook"]} if "resource_subscriptions" in operation.path else known
            for name in here.keys() & case.path_parameters.keys():
                if (case.method.upper(), name) not in SPARED or case.path.count("{") > 1:
                    case.path_parameters[name] = here[name]
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=20)

    run: Callable[[], None] = ask
    run()
