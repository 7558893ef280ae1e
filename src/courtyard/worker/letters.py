"""A mail as bytes: headers of one line each, plain text in UTF-8."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from courtyard.core.mail import Mail, Text

LONGEST_LINE = 900
"""In bytes; SMTP allows 998 (RFC 5321, section 4.5.3.1.6)."""


class BadAddress(ValueError):
    """This is no address that a mail can go to or come from."""


def plain(address: str) -> str:
    """An address as SMTP takes it: its domain in ASCII (RFC 5890). Raises BadAddress."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise BadAddress(f"The domain of {address!r} cannot be written in ASCII.") from None


def sender(mail_from: str) -> Address:
    """`MAIL_FROM`, with or without a name before the address. Raises BadAddress."""
    name, address = parseaddr(mail_from)
    if "@" not in address or not mail_from.isprintable():
        raise BadAddress("MAIL_FROM is not an address such as 'Courtyard <courtyard@example.org>'.")
    return _address(address, name)


def compose(mail: Mail, text: Text, sender: Address, *, eight_bit: bool) -> bytes:
    """The whole message. The id of its row makes its Message-ID, so that the same mail is known as the same."""
    recipient = plain(mail.recipient)
    message = EmailMessage(policy=SMTP if recipient.isascii() else SMTPUTF8)
    message["From"] = sender
    message["To"] = _address(recipient)
    message["Subject"] = " ".join(text.subject.split())
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.body, charset="utf-8", cte=_encoding(text.body, eight_bit=eight_bit))
    return message.as_bytes()


def _address(address: str, name: str = "") -> Address:
    local, _, domain = plain(address).rpartition("@")
    return Address(display_name=name, username=local, domain=domain)


def _encoding(body: str, *, eight_bit: bool) -> str:
    """As it is wherever that can be: a link is then a link for whoever reads the bytes."""
    if max(map(len, body.encode().split(b"\n"))) > LONGEST_LINE:
        return "quoted-printable"
    if body.isascii():
        return "7bit"
    return "8bit" if eight_bit else "quoted-printable"
