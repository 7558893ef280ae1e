"""Accounts: how people come, sign in, change what they are known by, and go."""

from courtyard.core.accounts.addresses import (
    AlreadyVerified,
    ask_email_change,
    ask_verification,
    change_email,
    verify_email,
)
from courtyard.core.accounts.by_passkey import confirm_with_passkey, pass_second_with_passkey, sign_in_with_passkey
from courtyard.core.accounts.confirming import ask_for_passkey, confirm_with_code, needs_session, prove_by_code
from courtyard.core.accounts.forgetting import forget
from courtyard.core.accounts.leaving import Outlook, OwnsTogether, outlook, remove
from courtyard.core.accounts.password_changes import ask_reset, ask_reset_of, change_password, reset_password
from courtyard.core.accounts.proofs import Proof, WrongPassword, prove
from courtyard.core.accounts.registering import (
    InvitedOnly,
    Registration,
    RegistrationClosed,
    admit,
    first_administrator,
    register,
    remind,
    sign_up,
)
from courtyard.core.accounts.signing_in import (
    SecondFactorNeeded,
    WrongSecond,
    confirm,
    enter,
    log_in,
    pass_second,
    sign_in,
    sign_out_everywhere,
)

__all__ = [
    "AlreadyVerified",
    "InvitedOnly",
    "Outlook",
    "OwnsTogether",
    "Proof",
    "Registration",
    "RegistrationClosed",
    "SecondFactorNeeded",
    "WrongPassword",
    "WrongSecond",
    "admit",
    "ask_email_change",
    "ask_for_passkey",
    "ask_reset",
    "ask_reset_of",
    "ask_verification",
    "change_email",
    "change_password",
    "confirm",
    "confirm_with_code",
    "confirm_with_passkey",
    "enter",
    "first_administrator",
    "forget",
    "log_in",
    "needs_session",
    "outlook",
    "pass_second",
    "pass_second_with_passkey",
    "prove",
    "prove_by_code",
    "register",
    "remind",
    "remove",
    "reset_password",
    "sign_in",
    "sign_in_with_passkey",
    "sign_out_everywhere",
    "sign_up",
    "verify_email",
]
