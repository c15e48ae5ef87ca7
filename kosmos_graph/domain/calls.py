"""Calls to models: what they used, and how they failed."""

from __future__ import annotations

from typing import Literal

from kosmos_graph.domain.value import Value
from kosmos_graph.errors import FailureClass

AgentRole = Literal["designer", "analyst"]


class CallUsage(Value):
    """One answered request. `cost` is in US dollars, None when the price is unknown. `seconds` is a clock field.

    `repaired`: the value that was wanted stood among other text (fences, words, a list of one), which was left out.
    """

    model: str
    role: AgentRole
    input_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float = 0.0
    repaired: bool = False


class CallSite(Value):
    """One execution of one node for one link of a role's chain."""

    run: str
    node: str
    branch: str
    attempt: str = ""


class Call(Value):
    """One request to a model and what came of it: a line of the journal and of a recording.

    `digest` covers everything that was sent; `number`, from 1, tells equal requests of one execution apart, so that requests
    which are under way together keep their keys in whatever order their answers come. `outcome` is "answered", whatever the
    reply is worth, or the class of the failure; then `error` and `status` say more. `at` (when the reply was received) and
    `seconds` are clock fields. `reused` marks an answer that another run paid for.
    """

    site: CallSite
    number: int
    digest: str
    role: AgentRole
    model: str
    messages: tuple[tuple[str, str], ...]
    max_tokens: int
    outcome: Literal["answered"] | FailureClass
    reply: str = ""
    finish_reason: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    error: str | None = None
    status: int | None = None
    seconds: float = 0.0
    at: str = ""
    reused: bool = False

    @property
    def settled(self) -> bool:
        """Whether the request was answered, and so paid for: with a reply, or with one so garbled that nothing could be read."""
        return self.outcome in ("answered", "malformed")

    @property
    def usage(self) -> CallUsage:
        """What the request used."""
        return CallUsage(
            model=self.model,
            role=self.role,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost=self.cost,
            seconds=self.seconds,
        )


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
