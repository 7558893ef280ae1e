"""Bad input of any kind is a client error in the words of OAuth."""

from urllib.parse import urlencode

from httpx2 import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from courtyard.dialects.oauth import ROUTERS
from courtyard.dialects.oauth.clients import GRANTS
from tests.dialects import fuzz
from tests.dialects.oauth.programs import BEGIN, INTROSPECT, REVOKE, TOKEN, Form, program, refused
from tests.world import World


@fuzz.bad_input
@given(attack=fuzz.attacks(ROUTERS))
async def test_whatever_is_sent_is_answered_in_the_words_of_oauth(
    attack: fuzz.Attack, anonymous: AsyncClient, world: World
) -> None:
    await fuzz.bear(anonymous, attack, {}, speaks=refused)


values = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    [
        "",
        " ",
        "read",
        "read_write read",
        "cya_" + "a" * 36,
        "cyr_" + "0" * 36,
        "v" * 43,
        "v" * 43 + "\n",
        "\ufeff",
        "%00",
    ]
)
names = "code redirect_uri code_verifier refresh_token device_code scope token token_type_hint state resource".split()
forms = st.dictionaries(st.sampled_from(names) | values, values, max_size=6)


@fuzz.bad_input
@given(
    path=st.sampled_from([TOKEN, TOKEN, REVOKE, INTROSPECT, BEGIN]),
    grant=st.sampled_from([*GRANTS, ""]) | values,
    form=forms,
)
async def test_forms_of_an_application_that_proves_itself(
    path: str, grant: str, form: Form, anonymous: AsyncClient, world: World
) -> None:
    app = await program(world)
    body = urlencode({**form, "grant_type": grant, **app.proof()})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await anonymous.post(path, content=body, headers=headers)
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        refused(response)
