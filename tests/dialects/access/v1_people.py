"""The rows of v1: one's own account, keys, applications, and what administrators do."""

from tests.dialects.access.table import Row
from tests.dialects.v1.browsing import OTHER, PASSWORD

PROOF = {"password": PASSWORD}
APPLICATION = {"name": "Reports", "redirect_uris": ["https://app.example.org/back"], "scopes": ["read"]}

#        nobody
#        | stranger, viewer, editor, admin, owner
#        | |     root
#        | |     | reader, identity, elsewhere
#        | |     | |   expired, revoked, disabled
SELF = [
    Row("1 +++++ + +3+ 111", "GET /v1/me"),
    Row("1 +++++ + +3+ 111", "GET /v1/installation"),
    Row("1 +++++ + 333 111", "PATCH /v1/me", json={"username": "{new_name}"}, ends=True),
    Row("1 +++++ + 333 111", "DELETE /v1/me", json=PROOF, ends=True),
    Row(
        "1 +++++ + 333 111",
        "POST /v1/me/password",
        ends=True,
        json={"current_password": PASSWORD, "new_password": OTHER},
    ),
    Row("1 +++++ + 333 111", "POST /v1/me/email", json={"email": "{new_email}", **PROOF}),
    Row("1 +++++ + 333 111", "POST /v1/me/email/verification", ends=True),
    Row("1 33333 3 333 111", "POST /v1/me/confirm", json=PROOF, ends=True, coat="1 +++++ + 3 111"),
    Row("1 33333 3 333 111", "POST /v1/me/confirm/options", query="{my_passkey}", coat="1 +++++ + 3 111"),
    Row("1 +++++ + 333 111", "GET /v1/me/second-factor"),
    Row("1 +++++ + 333 111", "POST /v1/me/second-factor/totp", json=PROOF),
    Row("1 +++++ + 333 111", "POST /v1/me/second-factor/totp/confirm", json={"code": "{my_app}", **PROOF}),
    Row("1 +++++ + 333 111", "DELETE /v1/me/second-factor/totp", json=PROOF, query="{my_used_app}"),
    Row("1 +++++ + 333 111", "POST /v1/me/second-factor/recovery-codes", json=PROOF, query="{my_used_app}"),
    Row("1 +++++ + 333 111", "GET /v1/me/passkeys"),
    Row("1 +++++ + 333 111", "POST /v1/me/passkeys/options", json=PROOF),
    Row(
        "1 +++++ + 333 111",
        "POST /v1/me/passkeys",
        json={"name": "Laptop", "challenge_id": "{my_challenge}", "answer": "{my_answer}", **PROOF},
    ),
    Row("1 4444+ 4 333 111", "GET /v1/me/passkeys/{passkey_id}"),
    Row("1 4444+ 4 333 111", "PATCH /v1/me/passkeys/{passkey_id}", json={"name": "Phone"}),
    Row("1 4444+ 4 333 111", "DELETE /v1/me/passkeys/{passkey_id}", json=PROOF),
    Row("1 +++++ + +33 111", "GET /v1/me/invitations"),
    Row("1 +++++ + 333 111", "GET /v1/me/events"),
    Row("1 +++++ + 333 111", "GET /v1/me/requests"),
    Row("1 +++++ + +3+ 111", "GET /v1/me/stream"),
    Row("1 +++++ + 333 111", "GET /v1/me/sessions"),
    Row("1 +++++ + 333 111", "DELETE /v1/me/sessions", ends=True),
    Row("1 4444+ 4 333 111", "DELETE /v1/me/sessions/{session_id}"),
]
KEYS = [
    Row("1 +++++ + 33+ 111", "GET /v1/keys"),
    Row("1 +++++ + 333 111", "POST /v1/keys", json={"name": "Night", "scopes": ["read"]}),
    Row("1 4444+ 4 33+ 111", "GET /v1/keys/{key_id}"),
    Row("1 4444+ 4 333 111", "PATCH /v1/keys/{key_id}", json={"name": "Day"}),
    Row("1 4444+ 4 333 111", "DELETE /v1/keys/{key_id}"),
    Row("1 4444+ 4 333 111", "POST /v1/keys/{key_id}/rotate", json={}),
]
APPLICATIONS = [
    Row("1 +++++ + 33+ 111", "GET /v1/applications"),
    Row("1 +++++ + 333 111", "POST /v1/applications", json=APPLICATION, program="3"),
    Row("1 4444+ 4 33+ 111", "GET /v1/applications/{application_id}"),
    Row("1 4444+ 4 333 111", "PATCH /v1/applications/{application_id}", json={"name": "Notes"}),
    Row("1 4444+ 4 333 111", "DELETE /v1/applications/{application_id}"),
    Row("1 4444+ 4 333 111", "POST /v1/applications/{application_id}/secret"),
    Row("1 +++++ + 33+ 111", "GET /v1/consents"),
    Row("1 4444+ 4 333 111", "DELETE /v1/consents/{consent_id}", ends=True),
    Row(
        "+ 33333 3 333 111",
        "POST /v1/invitations/accept",
        json={"token": "{invitation}", "username": "{new_name}", "password": PASSWORD},
    ),
]
ADMINISTRATION = [
    Row("1 33333 + 333 111", "GET /v1/people"),
    Row("1 44444 + 334 111", "GET /v1/people/{person_id}"),
    Row("1 44444 + 334 111", "PATCH /v1/people/{person_id}", json={"disabled": True}),
    Row("1 44444 + 334 111", "POST /v1/people/{person_id}/reset"),
    Row("1 44444 + 334 111", "DELETE /v1/people/{person_id}/second-factor"),
    Row("1 33333 + 333 111", "GET /v1/events"),
    Row("1 33333 + 333 111", "GET /v1/statistics"),
    Row("1 33333 + 333 111", "GET /v1/statistics/series"),
    Row("1 33333 + 333 111", "GET /v1/health"),
    Row("1 33333 + 333 111", "GET /v1/settings"),
]
