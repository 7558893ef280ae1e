"""The rows of v1: spaces, what is in them, and who is in them."""

from tests.dialects.access.table import Row

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe"
    "0def46b80000000049454e44ae426082"
)
REPLACED = {"artifact_id": "replaced_id"}
REPORT = {"name": "Report", "type": "document", "content": "cGggNy4yCg=="}

SPACE = "/v1/spaces/{space_id}"
ONE = SPACE + "/artifacts/{artifact_id}"
VERSION = ONE + "/versions/{version}"
UPLOAD = SPACE + "/uploads/{upload_id}"

#        nobody
#        | stranger, viewer, editor, admin, owner
#        | |     root
#        | |     | reader, identity, elsewhere
#        | |     | |   expired, revoked, disabled
SPACES = [
    Row("+ +++++ + +3+ 111", "GET /v1/spaces"),
    Row("1 +++++ + 332 111", "POST /v1/spaces", json={"name": "Reading room"}),
    Row("1 4++++ + +34 111", "GET " + SPACE),
    Row("1 433++ + 334 111", "PATCH " + SPACE, json={"name": "Reading room"}),
    Row("1 4333+ + 334 111", "DELETE " + SPACE),
    Row("1 4++++ + +34 111", "GET " + SPACE + "/usage"),
    Row("1 4333+ + 334 111", "POST " + SPACE + "/transfer", json={"user_id": "{user_id}"}),
    Row("1 4++++ + +34 111", "GET " + SPACE + "/background", uses={"space_id": "shown_id"}),
    Row("1 43+++ + 334 111", "PUT " + SPACE + "/background", raw=PIXEL, headers={"Content-Type": "image/png"}),
    Row("1 43+++ + 334 111", "DELETE " + SPACE + "/background", uses={"space_id": "shown_id"}),
    Row("1 4++++ + +34 111", "GET " + SPACE + "/events"),
    Row("1 433++ + +34 111", "GET " + SPACE + "/activity"),
    Row("1 433++ + +34 111", "GET " + SPACE + "/export"),
    Row("1 +++++ + 332 111", "POST /v1/spaces/import", raw=b"PK", headers={"Content-Type": "application/zip"}),
]
ARTIFACTS = [
    Row("1 4++++ + +34 111", "GET " + SPACE + "/artifacts"),
    Row(
        "1 43+++ + 334 111",
        "POST " + SPACE + "/artifacts",
        raw=b"ph 7.2",
        query="?name=ph.txt",
        headers={"Content-Type": "text/plain"},
    ),
    Row("1 43+++ + 334 111", "POST " + SPACE + "/artifacts/generate", json=REPORT),
    Row("1 43+++ + +34 111", "GET " + SPACE + "/trash"),
    Row("1 4++++ + +34 111", "GET " + ONE),
    Row("1 43+++ + 334 111", "PATCH " + ONE, json={"name": "Levels"}),
    Row("1 43+++ + 334 111", "DELETE " + ONE),
    Row("1 43+++ + 334 111", "POST " + ONE + "/restore", uses={"artifact_id": "trashed_id"}),
    Row("1 4++++ + +34 111", "GET " + ONE + "/download"),
    Row("1 4++++ + +34 111", "GET " + ONE + "/jobs"),
    Row("1 4++++ + +34 111", "GET " + ONE + "/properties"),
    Row("1 4++++ + +34 111", "GET " + ONE + "/preview", uses={"artifact_id": "pictured_id"}, query="?size=320"),
    Row("1 43+++ + 334 111", "PUT " + ONE + "/content", raw=b"ph 7.3", headers={"Content-Type": "text/plain"}),
    Row("1 4++++ + +34 111", "GET " + ONE + "/versions", uses=REPLACED),
    Row("1 4++++ + +34 111", "GET " + VERSION, uses=REPLACED),
    Row("1 4++++ + +34 111", "GET " + VERSION + "/download", uses=REPLACED),
    Row("1 43+++ + 334 111", "POST " + VERSION + "/restore", uses=REPLACED),
    Row("1 43+++ + 334 111", "PUT " + ONE + "/aliases/{alias}", uses=REPLACED, json={"version": 2}),
    Row("1 43+++ + 334 111", "DELETE " + ONE + "/aliases/{alias}", uses=REPLACED),
]
LINK = ONE + "/links/{link_id}"
LINKED = {"link_id": "open_link_id"}
PUBLIC_LINKS = [
    Row("1 43+++ + +34 111", "GET " + SPACE + "/links"),
    Row("1 43+++ + +34 111", "GET " + ONE + "/links"),
    Row("1 43+++ + 334 111", "POST " + ONE + "/links", json={}),
    Row("1 43+++ + +34 111", "GET " + LINK, uses=LINKED),
    Row("1 43+++ + 334 111", "PATCH " + LINK, uses=LINKED, json={"name": "For the board"}),
    Row("1 43+++ + 334 111", "DELETE " + LINK, uses=LINKED),
]
UPLOADS = [
    Row("+ +++++ + +++ +++", "OPTIONS " + SPACE + "/uploads"),
    Row(
        "1 43+++ + 334 111",
        "POST " + SPACE + "/uploads",
        headers={**TUS, "Upload-Length": "5", "Upload-Metadata": "filename cGgudHh0"},
    ),
    Row("1 43+++ + 334 111", "GET " + UPLOAD),
    Row("1 43+++ + 334 111", "HEAD " + UPLOAD, headers=TUS),
    Row("1 43+++ + 334 111", "PATCH " + UPLOAD, headers=PIECE, raw=b"ph 7.3"[:5]),
    Row("1 43+++ + 334 111", "DELETE " + UPLOAD, headers=TUS),
    Row("1 43+++ + 334 111", "POST " + UPLOAD, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}),
]
JOBS = [
    Row("1 +++++ + +3+ 111", "GET /v1/jobs"),
    Row("1 4++++ + +34 111", "GET /v1/jobs/{job_id}"),
    Row("1 4++++ + +34 111", "GET /v1/jobs/{job_id}/events", uses={"job_id": "over_job"}),
    Row("1 43+++ + 334 111", "POST /v1/jobs/{job_id}/cancel"),
    Row("1 43+++ + 334 111", "POST /v1/jobs/{job_id}/retry", uses={"job_id": "over_job"}),
]
SEARCH = [
    Row("1 +++++ + +3+ 111", "GET /v1/search", query="?q=lake"),
    Row("1 4++++ + +34 111", "GET " + SPACE + "/search", query="?q=lake"),
]
INSIDE = [
    Row("1 4++++ + +34 111", "GET " + SPACE + "/threads"),
    Row("1 43+++ + 334 111", "POST " + SPACE + "/threads", json={"title": "Levels"}),
    Row("1 4++++ + +34 111", "GET " + SPACE + "/threads/{thread_id}"),
    Row("1 43+++ + 334 111", "PATCH " + SPACE + "/threads/{thread_id}", json={"title": "Levels"}),
    Row("1 43+++ + 334 111", "DELETE " + SPACE + "/threads/{thread_id}"),
    Row("1 4++++ + +34 111", "GET " + SPACE + "/threads/{thread_id}/messages"),
    Row("1 43+++ + 334 111", "POST " + SPACE + "/threads/{thread_id}/messages", json={"content": "Higher"}),
    Row("1 4++++ + +34 111", "GET " + SPACE + "/customers"),
    Row("1 43+++ + 334 111", "POST " + SPACE + "/customers", json={"name": "Lake Board"}),
    Row("1 4++++ + +34 111", "GET " + SPACE + "/customers/{customer_id}"),
    Row("1 43+++ + 334 111", "PATCH " + SPACE + "/customers/{customer_id}", json={"name": "Lake Board"}),
    Row("1 43+++ + 334 111", "DELETE " + SPACE + "/customers/{customer_id}"),
]
INVITED = SPACE + "/invitations/{invitation_id}"
PEOPLE = [
    Row("1 4++++ + +34 111", "GET " + SPACE + "/members"),
    Row("1 4++++ + +34 111", "GET " + SPACE + "/members/{user_id}"),
    Row("1 433++ + 334 111", "PUT " + SPACE + "/members/{user_id}", json={"role": "editor"}),
    Row("1 433++ + 334 111", "DELETE " + SPACE + "/members/{user_id}"),
    Row("1 433++ + +34 111", "GET " + SPACE + "/invitations"),
    Row("1 433++ + 334 111", "POST " + SPACE + "/invitations", json={"email": "{new_email}", "role": "viewer"}),
    Row("1 433++ + 334 111", "POST " + INVITED + "/resend"),
    Row("1 433++ + 334 111", "DELETE " + INVITED),
]
HOUSE = "/v1/organizations/{handle}"
HOUSE_INVITED = HOUSE + "/invitations/{invitation_id}"
IN_HOUSE = {"invitation_id": "house_invitation_id"}
ORGANIZATIONS = [
    Row("1 +++++ + +3+ 111", "GET /v1/organizations"),
    Row("1 +++++ + 333 111", "POST /v1/organizations", json={"name": "Lake Board"}),
    Row("1 4++++ + +3+ 111", "GET " + HOUSE),
    Row("1 4++++ + +3+ 111", "GET " + HOUSE + "/usage"),
    Row("1 433++ + 333 111", "PATCH " + HOUSE, json={"name": "Lake Board"}),
    Row("1 4333+ + 333 111", "DELETE " + HOUSE),
    Row("1 4++++ + +3+ 111", "GET " + HOUSE + "/members"),
    Row("1 4++++ + +3+ 111", "GET " + HOUSE + "/members/{user_id}"),
    Row("1 433++ + 333 111", "PUT " + HOUSE + "/members/{user_id}", json={"role": "admin"}),
    Row("1 433++ + 333 111", "DELETE " + HOUSE + "/members/{user_id}"),
    Row("1 433++ + 333 111", "GET " + HOUSE + "/requests"),
    Row("1 433++ + 333 111", "GET " + HOUSE + "/invitations"),
    Row("1 433++ + 333 111", "POST " + HOUSE + "/invitations", json={"email": "{new_email}", "role": "member"}),
    Row("1 433++ + 333 111", "POST " + HOUSE_INVITED + "/resend", uses=IN_HOUSE),
    Row("1 433++ + 333 111", "DELETE " + HOUSE_INVITED, uses=IN_HOUSE),
]
