"""Where the models of a run are asked: addresses to record, and whether a server on this machine answers at all."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from kosmos_graph.domain.calls import AgentRole
from kosmos_graph.providers.breaker import forget
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.settings import Settings
from kosmos_graph.wiring.models import chain_of

ROLES: tuple[AgentRole, ...] = ("designer", "analyst")
CONNECT_SECONDS = 2.0


def specs_of(settings: Settings) -> tuple[ModelSpec, ...]:
    """The models of both chains, `rules` apart."""
    return tuple(link for role in ROLES for link in chain_of(settings, role) if not isinstance(link, str))


def place_of(spec: ModelSpec) -> str:
    """The model's address, or its provider's name where LiteLLM knows the address."""
    return spec.api_base or spec.provider


def places_of(settings: Settings) -> dict[str, str]:
    """Where each model is asked, by its name as the user wrote it."""
    return {spec.name: place_of(spec) for spec in specs_of(settings)}


def hosts_of(settings: Settings) -> tuple[str, ...]:
    """Where the chains' models are asked, apart from this machine: hosts, or the provider's name."""
    away = (spec for spec in specs_of(settings) if not spec.loopback)
    return tuple(sorted({(urlsplit(spec.api_base).hostname if spec.api_base else None) or spec.provider for spec in away}))


def forget_outages(settings: Settings) -> None:
    """Ask the chains' servers again that were left alone for a while: whoever resumes a run means that they are mended."""
    for spec in specs_of(settings):
        forget(spec.server)


def silent_servers(settings: Settings) -> tuple[str, ...]:
    """One sentence for each role whose first model is on this machine and refuses a connection, and that has no fallback."""
    found = []
    for role in ROLES:
        first, *rest = chain_of(settings, role)
        if rest or isinstance(first, str) or not first.loopback or not first.api_base or _answers(first.api_base):
            continue
        where = f"no server answers at {first.api_base}, where {first.name} is to be asked as {role}"
        found.append(f"{where}: start it, or set another address")
    return tuple(dict.fromkeys(found))


def _answers(address: str) -> bool:
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False
