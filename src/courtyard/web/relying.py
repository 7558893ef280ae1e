"""Where passkeys are for (WebAuthn calls it the relying party): the site by the address that people use."""

import ipaddress

from courtyard.core.identity import passkeys
from courtyard.core.identity.passkeys import Site
from courtyard.web.call import Call

NAME = "Courtyard"
"""What authenticators call this site."""


def site(call: Call) -> Site:
    """The site behind the public URL."""
    return passkeys.site(call.services.policy.public_url, NAME)


def offered(call: Call) -> str:
    """The origin at which passkeys work, or nothing: browsers keep them for names of hosts, not for addresses."""
    found = site(call)
    try:
        ipaddress.ip_address(found.host)
    except ValueError:
        return found.origin if found.host else ""
    return ""
