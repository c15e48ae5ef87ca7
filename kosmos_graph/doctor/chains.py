"""The models of both chains, each once, with what a missing key takes away from none of the others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kosmos_graph.domain.calls import AgentRole
from kosmos_graph.errors import MissingKey
from kosmos_graph.providers.names import RULES, ModelSpec
from kosmos_graph.settings import Settings
from kosmos_graph.wiring.models import chain_of
from kosmos_graph.wiring.servers import ROLES

FALLBACKS = "kosmos_fallback_models"


@dataclass(frozen=True)
class Place:
    """A model's place in the chains: its name as the user wrote it, the settings that name it, and its parts.

    `spec` is None for `rules`, and for a model of which `missing` says what has to be set first.
    """

    name: str
    fields: tuple[str, ...]
    parts: tuple[str, ...]
    spec: ModelSpec | None = None
    missing: str | None = None

    @property
    def identity(self) -> object:
        """The same for two names of one model at one server."""
        return self.name if self.spec is None else self.spec.same_model

    @property
    def subject(self) -> str:
        """The model and its parts, such as "ollama/llama3.1:8b as designer and analyst"."""
        return f"{self.name if self.spec is None else self.spec.name} as {' and '.join(self.parts)}"


@dataclass(frozen=True)
class Chains:
    """Every model once, and the chain of each role as subjects in order."""

    places: tuple[Place, ...]
    orders: tuple[tuple[str, ...], ...]


def chains_of(settings: Settings) -> Chains:
    """The chains of the settings. Raises UnknownModel or BadInput; a missing key is a finding, not an error."""
    for role in ROLES:
        with contextlib.suppress(MissingKey):
            chain_of(settings, role)
    chains = [[_resolved(settings, place) for place in _named(settings, role)] for role in ROLES]
    merged: dict[object, Place] = {}
    for place in (place for chain in chains for place in chain):
        known = merged.get(place.identity, place)
        fields, parts = (*known.fields, *place.fields), (*known.parts, *place.parts)
        merged[place.identity] = replace(known, fields=_once(fields), parts=_once(parts))
    orders = tuple(_once(tuple(merged[place.identity].subject for place in chain)) for chain in chains)
    return Chains(tuple(merged.values()), orders)


def _named(settings: Settings, role: AgentRole) -> Iterator[Place]:
    own = f"kosmos_{role}_model"
    name = getattr(settings, own)
    yield Place(name or settings.litellm_model or RULES, (own if name else "litellm_model",), (role,))
    for fallback in settings.fallbacks:
        yield Place(fallback, (FALLBACKS,), ("fallback",))


def _resolved(settings: Settings, place: Place) -> Place:
    """The place with its specification, found as if the model stood alone."""
    alone = {"kosmos_designer_model": place.name, "kosmos_analyst_model": place.name, FALLBACKS: None}
    try:
        link = chain_of(settings.model_copy(update=alone), "designer")[0]
    except MissingKey as error:
        return replace(place, missing=str(error))
    return replace(place, name=RULES) if isinstance(link, str) else replace(place, spec=link)


def _once(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
