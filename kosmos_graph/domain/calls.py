"""Calls to models: what they used, and how they failed."""

from __future__ import annotations

from typing import Literal

from kosmos_graph.domain.value import Value

AgentRole = Literal["designer", "analyst"]
FailureClass = Literal["transient", "malformed", "truncated", "configuration", "too long", "refused"]


class CallUsage(Value):
    """One answered request. `cost` is in US dollars, None when the price is unknown. `seconds` is a clock field."""

    model: str
    role: AgentRole
    input_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float = 0.0


class ModelFailure(Value):
    """A model of a role's chain gave up in a node. `link` is its place in the chain, from 0."""

    role: AgentRole
    node: str
    branch: str
    link: int
    model: str
    failure: FailureClass
    reason: str


class Fallback(Value):
    """The move from one link of a role's chain to the next, as a report tells it."""

    role: AgentRole
    node: str
    branch: str
    from_model: str
    to_model: str
    reason: str
