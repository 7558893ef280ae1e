"""How v1 shows passkeys and what browsers are asked, and the bodies that answer."""

from typing import Any

from typing_extensions import TypedDict

from courtyard.core.clock import rfc3339
from courtyard.core.identity.passkeys import Challenge, Passkey
from courtyard.dialects.v1.account_proofs import Shown
from courtyard.dialects.v1.models import Body
from courtyard.dialects.v1.shapes import time
from courtyard.web.answer import raw


class PasskeyShape(TypedDict):
    """A passkey; its public half stays here."""

    id: str
    name: str
    created_at: str
    last_used_at: str | None


class NewPasskeyShape(PasskeyShape):
    """`recovery_codes` come with the first second factor and are shown here only; else the list is empty."""

    recovery_codes: list[str]


class ChallengeShape(TypedDict):
    """`options` are for `navigator.credentials`; its answer comes back with `challenge_id`."""

    challenge_id: str
    options: dict[str, Any]


def passkey(fact: Passkey) -> PasskeyShape:
    return {
        "id": fact.id,
        "name": fact.name,
        "created_at": rfc3339(fact.created_at),
        "last_used_at": time(fact.last_used_at),
    }


def challenge(fact: Challenge) -> ChallengeShape:
    return {
        "challenge_id": fact.id,
        "options": raw(fact.options),  # pyright: ignore[reportReturnType] - JSON text goes out as it rests
    }


class NewPasskey(Shown):
    """What the browser made of the options, and what to call it."""

    challenge_id: str
    answer: dict[str, Any]
    name: str


class PasskeyPatch(Body):
    """What is absent stays."""

    name: str = ""

    def asked(self) -> str | None:
        """The new name; None when it stays."""
        return self.name if self.model_fields_set else None
