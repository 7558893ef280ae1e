"""Which blob store an installation has, by its URL."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from courtyard.storage.blobs import Blobs
from courtyard.storage.local import LocalBlobs

LOCAL = "local"
SCHEMES = ("s3", "gs", "az")
"""Amazon S3 and all that speak like it, Google Cloud Storage, Azure Blob Storage."""
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}


class WrongStore(Exception):
    """The settings name no store that can be used; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class Access:
    """How an object store is reached; what is empty comes from the variables that its own tools read."""

    endpoint: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    plain_http: bool = False


def open_blobs(url: str, data_dir: Path, access: Access) -> Blobs:
    """The store of that URL; empty or `local` are the files in the data directory. Raises WrongStore."""
    if url in ("", LOCAL):
        return LocalBlobs(data_dir / "blobs")
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES or not rest.strip("/") or "?" in url or "#" in url or "@" in url:
        raise WrongStore(
            "The blob store is none of `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`."
        )
    allow_http = _may_be_plain(_endpoint(scheme, access), access)
    try:
        # The library is an extra, and takes a while to load.
        from courtyard.storage.object_access import Bucket  # noqa: PLC0415
        from courtyard.storage.objects import ObjectBlobs  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "obstore":
            raise
        raise WrongStore("Files in an object store need the extra `s3`: pip install 'courtyard[s3]'.") from None
    return ObjectBlobs(Bucket(url, _options(scheme, access), allow_http=allow_http), data_dir / "blobs" / "spool")


def _options(scheme: str, access: Access) -> dict[str, Any]:
    endpoint = _endpoint(scheme, access)
    if scheme == "az":
        given = {"account_name": access.access_key_id, "account_key": access.secret_access_key, "endpoint": endpoint}
    elif scheme == "gs":
        given = {"service_account_key": access.secret_access_key}
    else:
        given = {
            "endpoint": endpoint,
            "region": access.region,
            "access_key_id": access.access_key_id,
            "secret_access_key": access.secret_access_key,
        }
    return {name: value for name, value in given.items() if value}


def _endpoint(scheme: str, access: Access) -> str:
    named = (os.environ.get(name, "") for name in _ENDPOINTS.get(scheme, ()))
    return access.endpoint or next(filter(None, named), "")


def _may_be_plain(endpoint: str, access: Access) -> bool:
    """Files and signatures in clear stay on this machine. Raises WrongStore."""
    if not endpoint:
        return False
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongStore("The endpoint of the blob store is no `https://host:port`.")
    if parts.scheme == "https":
        return False
    if not access.plain_http and not _loopback(parts.hostname):
        raise WrongStore("The endpoint of the blob store is plain http: use https, or set COURTYARD_BLOBS_PLAIN_HTTP.")
    return True


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
