"""Addresses of servers: what may be one, whether it is this machine, and whether two are the same server."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from kosmos_graph.errors import BadInput

_PORTS = {"http": 80, "https": 443}


def checked_address(text: str) -> str:
    """An `http(s)://host…` address without a trailing slash. Raises BadInput for anything else, or one that carries a password."""
    address = text.strip().rstrip("/")
    parts = _split(address)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname or any(mark.isspace() for mark in address):
        raise BadInput("an API base must be an address such as http://localhost:11434 or https://host/v1; the one given is not")
    if parts.username is not None or parts.password is not None:
        raise BadInput(f"the API base on {parts.hostname} carries a name or password; give the key as the API key instead")
    return address


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts


def is_loopback(address: str | None) -> bool:
    """Whether the server runs on this machine, as the address says it: no name is looked up."""
    host = urlsplit(address or "").hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    return number.is_loopback or number.is_unspecified


def server_of(address: str) -> str:
    """`host:port`, the same for all ways to write one server; every name of this machine counts as `localhost`."""
    parts = urlsplit(address)
    host = "localhost" if is_loopback(address) else (parts.hostname or "")
    return f"{host}:{parts.port or _PORTS.get(parts.scheme, 0)}"


def same_server(one: str | None, other: str | None) -> bool:
    """Whether two addresses name one server reached by one scheme."""
    if one is None or other is None:
        return False
    return server_of(one) == server_of(other) and urlsplit(one).scheme == urlsplit(other).scheme
