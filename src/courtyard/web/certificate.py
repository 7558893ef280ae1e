"""The certificate for development: made at first start for this machine's own names, kept until it runs out."""

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

NAMES = ("localhost", "127.0.0.1", "::1")
# Browsers refuse certificates that are valid for longer than this.
VALID = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)


class Certificate(NamedTuple):
    """Where the chain, its key and the authority to trust lie."""

    cert: Path
    key: Path
    ca: Path


def development_certificate(folder: Path) -> Certificate:
    """The certificate in `folder`, made anew when it is missing, does not fit its key, or ends within 30 days."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = Certificate(folder / "localhost.pem", folder / "localhost.key", folder / "authority.pem")
    if not _is_good(files):
        _make(files)
    return files


def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 and newer, HTTP/1.1 only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _is_good(files: Certificate) -> bool:
    # Slow to import, and only a start with a development certificate needs it.
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    try:
        server_context(files.cert, files.key)
        known = load_pem_x509_certificate(files.cert.read_bytes())
        load_pem_x509_certificate(files.ca.read_bytes())
    except (OSError, ValueError):
        return False
    return known.not_valid_after_utc - datetime.now(UTC) > RENEW_BEFORE


def _make(files: Certificate) -> None:
    """The authority's own key is thrown away: whoever trusts it trusts nothing but this one certificate."""
    import trustme  # noqa: PLC0415 - see above

    authority = trustme.CA(organization_name="Courtyard development")
    leaf = authority.issue_cert(*NAMES, not_after=datetime.now(UTC) + VALID)
    _write(files.ca, authority.cert_pem.bytes())
    _write(files.key, leaf.private_key_pem.bytes())
    _write(files.cert, b"".join(blob.bytes() for blob in leaf.cert_chain_pems))


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
