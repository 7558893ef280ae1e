"""Accounts: register, log in, who am I."""

from fastapi import APIRouter
from starlette.responses import Response

from courtyard.core import accounts
from courtyard.core.identity import passwords, people
from courtyard.dialects.workspaces import shapes
from courtyard.dialects.workspaces.doors import Anybody, Registering
from courtyard.dialects.workspaces.errors import RESPONSES
from courtyard.dialects.workspaces.models import Login, Registration
from courtyard.dialects.workspaces.workspaces import Said
from courtyard.web.answer import answer
from courtyard.web.route import Route, issues_secret
from courtyard.web.suppliers import Caller, Read, Whole

router = APIRouter(route_class=Route, tags=["Accounts"], responses=RESPONSES)


class OneAccount(Said):
    user: shapes.AccountShape


class LoggedIn(OneAccount):
    """`token` is a credential for the Bearer form; it is shown here only."""

    token: str


@router.post("/auth/register/", summary="Register", response_model=Said)
async def register(caller: Anybody, call: Whole, leave: Registering, body: Registration) -> Response:
    """Makes an account, where the installation lets everybody make one. Any credential that was sent is ignored."""
    services = call.services
    services.rates.take("login", call.arrival.client, "register")
    password_hash = await passwords.hashed(body.password)
    try:
        async with services.database.write() as tx:
            await accounts.register(
                tx,
                caller,
                services.policy.registration,
                email=body.email,
                username=body.username,
                password_hash=password_hash,
                phone=body.phone,
            )
    except people.EmailTaken:
        await accounts.remind(services.database, body.email, caller.origin)
        raise
    return answer(200, {"message": "Registered successfully"})


@router.post("/auth/login/", summary="Log in", response_model=LoggedIn)
@issues_secret
async def log_in(caller: Anybody, call: Whole, body: Login) -> Response:
    """A credential with all scopes. A wrong password and an unknown address sound alike.

    Any credential that was sent is ignored: clients go on sending one that has expired, and come here because it has.
    """
    with call.services.rates.signing_in(call.arrival.client, body.email):
        person, token = await accounts.log_in(call.services.database, body.email, body.password, caller.origin)
    content = {"message": "Logged in successfully", "user": shapes.account(person), "token": token}
    return answer(200, content, {"Cache-Control": "no-store"})


@router.get("/users/me", summary="Who am I", response_model=OneAccount)
async def get_me(tx: Read, caller: Caller) -> Response:
    """The account behind the credential."""
    person = await people.find(tx, caller.person_id)
    return answer(200, {"message": "User retrieved successfully", "user": shapes.account(person)})
