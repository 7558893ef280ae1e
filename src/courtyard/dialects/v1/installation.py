"""What clients may know of the installation itself."""

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.web.answer import answer
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Whole

router = APIRouter(route_class=Route, tags=["Self"])


class InstallationShape(TypedDict):
    """`mail`: whether it sends mail; without that, mails are files that its administrators find. `https_port` is where it
    speaks HTTPS itself, null behind a proxy that does. `request_log_days`: for how long requests are noted. The limits are bytes of
    one file, sent in one piece or by tus.
    """

    public_url: str
    https_port: int | None
    mail: bool
    registration: Literal["open", "invited", "closed"]
    request_log_days: int
    upload_limit: int
    tus_limit: int


@router.get("/v1/installation", summary="About this installation", response_model=InstallationShape)
async def get_installation(caller: Caller, call: Whole) -> Response:
    """For everybody with a credential."""
    caller.needs("read")
    policy = call.services.policy
    return answer(
        200,
        {
            "public_url": policy.public_url,
            "https_port": policy.tls_port or None,
            "mail": policy.mail,
            "registration": policy.registration,
            "request_log_days": policy.request_log_days,
            "upload_limit": policy.upload_limit,
            "tus_limit": policy.tus_limit,
        },
    )
