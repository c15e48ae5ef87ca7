"""What a run may cost, from the bounds of its loops and the prices of the models that are first in their chains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kosmos_graph.agents.batch import MAX_CLAIM_TRIES, MAX_DESIGNS
from kosmos_graph.agents.preamble import preamble
from kosmos_graph.agents.protocol import Material
from kosmos_graph.domain.calls import AgentRole
from kosmos_graph.domain.quote import Quote
from kosmos_graph.graph.views import MAX_REPAIRS
from kosmos_graph.providers.chat_asker import ASKED_AGAIN
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.prices import Price, prompt_tokens

ASK_TOKENS = (250, 2000)
"""Tokens of an ask beside the part that all prompts of a run share: at least, and at most with the replies it corrects."""
REPLY_TOKENS = 60
"""Tokens of a short reply."""
SENT_AT_MOST = ASKED_AGAIN + 3
"""How often one ask is sent at most: corrected, then with twice the room, then cut to the context window."""


@dataclass(frozen=True)
class Asks:
    """Asks of one role: at least, and at most."""

    low: int
    high: int


def asks_of(role: AgentRole, hypotheses: int, cycles: int) -> Asks:
    """How much is asked of a role in a run of so many hypotheses a cycle."""
    if role == "designer":
        plan = 3 + hypotheses
        return Asks(low=2, high=cycles * (plan + hypotheses * (3 * MAX_DESIGNS + MAX_REPAIRS)))
    return Asks(low=2, high=cycles * hypotheses * MAX_CLAIM_TRIES + MAX_CLAIM_TRIES)


def quote(
    material: Material, first: Mapping[AgentRole, str | ModelSpec], price_of: Callable[[ModelSpec], Price | None]
) -> Quote | None:
    """The quote for a run with these models first in their chains; None where no model is asked."""
    models: dict[AgentRole, ModelSpec] = {role: spec for role, spec in first.items() if not isinstance(spec, str)}
    if not models:
        return None
    options = material.options
    count = max(options.hypotheses, len(material.sheet.hypotheses))
    asks = {role: asks_of(role, count, options.cycles) for role in models}
    known = {role: price_of(spec) for role, spec in models.items()}
    shared = prompt_tokens([("system", preamble(material))])
    unknown = sorted({models[role].name for role, price in known.items() if price is None})
    ends = [_costs(models[role], price, asks[role], shared) for role, price in known.items() if price is not None]
    return Quote(
        hypotheses=count,
        calls_low=sum(one.low for one in asks.values()),
        calls_high=sum(one.high for one in asks.values()) * SENT_AT_MOST,
        cost_low=None if unknown else _sum([low for low, _ in ends]),
        cost_high=None if unknown else _sum([high for _, high in ends]),
        unknown=tuple(unknown),
    )


def _costs(spec: ModelSpec, price: Price, asks: Asks, shared: int) -> tuple[float, float]:
    least, most = ASK_TOKENS
    low = price.of(shared + least, min(REPLY_TOKENS, spec.max_tokens)) * asks.low
    return low, price.of(shared + most, spec.max_tokens) * asks.high * SENT_AT_MOST


def _sum(amounts: Sequence[float]) -> float:
    return float(sum(amounts))
