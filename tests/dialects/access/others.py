"""The rows of the dialects that others published."""

from tests.dialects.access.table import Row
from tests.dialects.v1.browsing import PASSWORD

HOOK = {"event": "customer.created", "target_url": "https://hooks.example.org/"}
HOOKED = {"number": "hook"}

#        nobody
#        | stranger, viewer, editor, admin, owner
#        | |     root
#        | |     | reader, identity, elsewhere
#        | |     | |   expired, revoked, disabled
SPACES_PE = [
    Row("1 +++++ + +4+ 111", "GET /api/v1/customers"),
    Row("1 00+++ + 440 111", "POST /api/v1/customers", form={"name": "Lake Board", "space": "{number}"}),
    Row("1 4++++ + +44 111", "GET /api/v1/customers/{customer_id}"),
    Row("1 +++++ + +4+ 111", "GET /api/v1/spaces"),
    Row("1 4++++ + +44 111", "GET /api/v1/spaces/{number}"),
    Row("1 +++++ + +4+ 111", "GET /api/v1/account"),
    Row("1 +++++ + +44 111", "GET /api/v1/resource_subscriptions"),
    Row("1 +++++ + 444 111", "POST /api/v1/resource_subscriptions", form=HOOK),
    Row("1 4444+ 4 +44 111", "GET /api/v1/resource_subscriptions/{number}", uses=HOOKED),
    Row("1 4444+ 4 444 111", "DELETE /api/v1/resource_subscriptions/{number}", uses=HOOKED),
    Row("1 +++++ + +4+ 111", "GET /api/v1/events"),
    Row("1 +++++ + +4+ 111", "GET /api/v1/webhooks"),
    Row("1 +++++ + +4+ 111", "GET /api/v1/captured_emails"),
    Row("1 +++++ + +4+ 111", "GET /api/v1/invoices"),
    Row("1 +++++ + +4+ 111", "GET /api/v1/subscriptions"),
]
UNPOD = [
    Row("1 +++++ + +3+ 111", "GET /api/v2/platform/organizations/"),
    Row("1 3++++ + +3+ 111", "GET /api/v2/platform/spaces/"),
    Row("1 3++++ + +34 111", "GET /api/v2/platform/spaces/{space_token}/"),
    Row("1 3++++ + +34 111", "GET /api/v2/platform/spaces/{space_token}/tasks/"),
    Row("1 3++++ + +34 111", "GET /api/v2/platform/spaces/{space_token}/runs/"),
]
WORKSPACE = {"name": "Reading room", "type": "private"}
REGISTRATION = {"email": "{new_email}", "username": "{new_name}", "password": PASSWORD}
OPEN = {"id": "open_space"}
WORKSPACES = [
    Row("1 +++++ + +3+ 111", "GET /workspaces/"),
    Row("1 33333 + 333 111", "GET /workspaces/all/"),
    Row("1 +++++ + +3+ 111", "GET /workspaces/share/"),
    Row("+ +++++ + +++ +++", "GET /workspaces/public/"),
    Row("+ +++++ + +++ +++", "GET /workspaces/public/{id}", uses=OPEN),
    Row("1 4++++ + +34 111", "GET /workspaces/{id}"),
    Row("1 +++++ + 332 111", "POST /workspaces/", json=WORKSPACE),
    Row("1 4333+ + 334 111", "PUT /workspaces/{id}", json=WORKSPACE),
    Row("1 4333+ + 334 111", "DELETE /workspaces/{id}"),
    Row("1 4333+ + +34 111", "GET /workspaces/{id}/guest/"),
    Row("1 4333+ + 334 111", "POST /workspaces/{id}/guest/", json={"guest": "{known_email}", "rol": "editor"}),
    Row("1 4333+ + 334 111", "PUT /workspaces/{id}/guest/{guest}", json={"rol": "editor"}),
    Row("1 4333+ + 334 111", "DELETE /workspaces/{id}/guest/{guest}"),
    Row("+ +++++ + +++ +++", "POST /auth/register/", json=REGISTRATION),
    Row("+ +++++ + +++ ++1", "POST /auth/login/", json={"email": "{my_email}", "password": PASSWORD}),
    Row("1 +++++ + +3+ 111", "GET /users/me"),
]
