"""The rows of the pages: by the sessions of browsers.

+  +  +  3  +  +  +  +  +
|  |  |  |  |  |  |  |  +- disabled: a session of somebody whose account was disabled
|  |  |  |  |  |  |  +---- revoked: one that was ended
|  |  |  |  |  |  +------- expired
|  |  |  |  |  +---------- halfway: one that waits for the second factor
|  |  |  |  +------------- stale: the owner's, confirmed more than ten minutes ago
|  |  |  +---------------- forged: the owner's, from a page of another site
|  |  +------------------- owner
|  +---------------------- stranger
+------------------------- nobody
"""

from tests.dialects.access.table import Row
from tests.dialects.v1.browsing import OTHER, PASSWORD

BROWSERS = ("nobody", "stranger", "owner", "forged", "stale", "halfway", "expired", "revoked", "disabled")
CLAIM = {"username": "{new_name}", "password": PASSWORD}
ASKED = (
    "?response_type=code&client_id={client_id}&redirect_uri=https%3A%2F%2Fapp.example.org%2Fback&scope=read"
    "&state=s&code_challenge={challenge}&code_challenge_method=S256"
)


#        nobody, stranger, owner
#        |   forged, stale, halfway
#        |   |   expired, revoked, disabled
ENTRANCES = [
    Row("+++ +++ +++", "GET /setup", query="?token={setup_token}"),
    Row(
        "+++ 3++ +++",
        "POST /setup",
        query="?token={setup_token}",
        form={"email": "{new_email}", "username": "{new_name}", "password": PASSWORD},
    ),
    Row(">++ ++> >>>", "GET /setup/space"),
    Row(">++ 3?> >>>", "POST /setup/space", form={"space": "First"}),
    Row("+++ +++ +++", "GET /login"),
    Row("+++ 3++ +++", "POST /login", form={"email": "{owner_email}", "password": PASSWORD}),
    Row(">>> >>+ >>>", "GET /login/second"),
    Row(">>> 3>+ >>>", "POST /login/second", form={"code": "{halfway_code}"}, ends=True),
    Row(">>> 3>> >>>", "POST /logout", form={}, ends=True),
    Row("+++ +++ +++", "GET /register"),
    Row("+++ 3++ +++", "POST /register", form={"email": "{new_email}", "username": "{new_name}", "password": PASSWORD}),
    Row("+++ +++ +++", "GET /reset"),
    Row("+++ 3++ +++", "POST /reset", form={"email": "{owner_email}"}),
    Row("+++ +++ +++", "GET /passkeys.js"),
    Row("+++ +++ +++", "GET /pages/style.css"),
    Row("+++ 3++ +++", "POST /login/passkey/ask", form={}),
    Row("+++ 3++ +++", "POST /login/passkey", form={"answer": "{first_answer}", "challenge": "{first_challenge}"}),
    Row("111 31+ 111", "POST /login/second/passkey/ask", form={}),
    Row(
        ">>> 3>+ >>>",
        "POST /login/second/passkey",
        form={"answer": "{halfway_answer}", "challenge": "{halfway_challenge}"},
        ends=True,
    ),
    Row("+++ +++ +++", "GET /p/{slug}"),
]
LINKS = [
    Row("+++ +++ +++", "GET /invite/{token}", uses={"token": "invitation"}),
    Row("+++ 3++ +++", "POST /invite/{token}", uses={"token": "invitation"}, form=CLAIM),
    Row("+++ 3++ +++", "POST /invite/{token}/decline", uses={"token": "invitation"}, form={}),
    Row("+++ +++ +++", "GET /reset/{token}", uses={"token": "reset_token"}),
    Row("+++ 3++ +++", "POST /reset/{token}", uses={"token": "reset_token"}, form={"password": OTHER}),
    Row("+++ +++ +++", "GET /verify/{token}", uses={"token": "verify_token"}),
    Row("+++ 3++ +++", "POST /verify/{token}", uses={"token": "verify_token"}, form={}),
    Row("+++ +++ +++", "GET /email/{token}", uses={"token": "email_token"}),
    Row("+++ 3++ +++", "POST /email/{token}", uses={"token": "email_token"}, form={}),
]
ASKING = [
    Row(">++ ++> >>>", "GET /oauth/authorize", query=ASKED),
    Row(">++ 3+> >>>", "POST /oauth/authorize", query=ASKED, form={"decision": "allow"}),
    Row(">++ ++> >>>", "GET /device", query="?user_code={user_code}"),
    Row(">++ 3+> >>>", "POST /device", form={"user_code": "{user_code}", "decision": "allow"}),
]
ACCOUNT = [
    Row(">++ ++> >>>", "GET /account"),
    Row(">4+ 3+> >>>", "POST /account/sessions/{session_id}/end", form={}),
    Row(">++ 3+> >>>", "POST /account/sessions/end", form={}, ends=True),
    Row(">4+ 3+> >>>", "POST /account/consents/{consent_id}/withdraw", form={}),
    Row(">++ ++> >>>", "GET /account/confirm"),
    Row(">++ 3+> >>>", "POST /account/confirm", form={"password": PASSWORD}, ends=True),
    Row(">9+ 3+> >>>", "POST /account/confirm/passkey/ask", form={}, query="{owner_passkey}"),
    Row(
        ">1+ 3+> >>>",
        "POST /account/confirm/passkey",
        form={"answer": "{again_answer}", "challenge": "{again_challenge}"},
        ends=True,
    ),
    Row(">++ +?> >>>", "GET /account/password"),
    Row(">++ 3?> >>>", "POST /account/password", form={"password": OTHER}, ends=True),
    Row(">++ +?> >>>", "GET /account/email"),
    Row(">++ 3?> >>>", "POST /account/email", form={"email": "{new_email}"}),
    Row(">++ 3+> >>>", "POST /account/email/verify", form={}, ends=True),
    Row(">++ ++> >>>", "GET /account/username"),
    Row(">++ 3+> >>>", "POST /account/username", form={"username": "{new_name}"}),
    Row(">++ +?> >>>", "GET /account/delete"),
    Row(">++ 3?> >>>", "POST /account/delete", form={"username": "{my_username}"}, ends=True),
    Row(">++ ++> >>>", "GET /account/second-factor"),
    Row(">++ 3?> >>>", "POST /account/second-factor/app", form={}, ends=True),
    Row(">++ 3?> >>>", "POST /account/second-factor/app/confirm", form={"code": "{my_app}"}, ends=True),
    Row(">++ 3?> >>>", "POST /account/second-factor/app/remove", form={}, query="{my_used_app}", ends=True),
    Row(">++ 3?> >>>", "POST /account/second-factor/codes", form={}, query="{my_used_app}", ends=True),
    Row(">++ ++> >>>", "GET /account/passkeys"),
    Row(">++ 3?> >>>", "POST /account/passkeys/ask", form={}),
    Row(
        ">++ 3?> >>>",
        "POST /account/passkeys",
        form={"name": "Laptop", "answer": "{my_answer_text}", "challenge": "{my_challenge}"},
        ends=True,
    ),
    Row(">4+ 3+> >>>", "POST /account/passkeys/{passkey_id}/name", form={"name": "Phone"}),
    Row(">4+ 3?> >>>", "POST /account/passkeys/{passkey_id}/remove", form={}),
    Row(">++ ++> >>>", "GET /account/events"),
    Row(">++ ++> >>>", "GET /account/providers"),
]
OUTSIDE = [
    Row("+++ +++ +++", "GET /login/with/{name}", uses={"name": "provider"}),
    Row("+++ +++ +++", "GET /login/with/{name}/return", uses={"name": "provider"}, query="{journey}"),
    Row(">++ 3?> >>>", "POST /account/providers/{name}/link", uses={"name": "provider"}, form={}),
    Row(">4+ 3?> >>>", "POST /account/providers/{link_id}/unlink", form={}),
]
PUBLIC_LINKS = [
    Row("+++ +++ +++", "GET /l/{token}", uses={"token": "link_token"}),
    Row("+++ +++ +++", "POST /l/{token}", uses={"token": "link_token"}, form={}),
    Row("+++ +++ +++", "GET /l/{token}/preview", uses={"token": "link_token"}),
    Row("+++ +++ +++", "GET /l/{token}/download", uses={"token": "link_token"}),
    Row("+++ +++ +++", "POST /l/{token}/download", uses={"token": "link_token"}, form={}),
    Row("+++ +++ +++", "GET /l/{token}/download/{ticket}", uses={"token": "link_token"}, ends=True),
]
