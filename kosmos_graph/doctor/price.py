"""What a model's tokens cost, as LiteLLM's price map has it."""

from __future__ import annotations

from kosmos_graph.providers import door
from kosmos_graph.providers.names import ModelSpec

_OWN_SERVERS = ("ollama", "ollama_chat", "lm_studio", "hosted_vllm")


def has_no_price(spec: ModelSpec) -> bool:
    """Whether the model runs on a server of one's own, for whose tokens nobody sends a bill."""
    return spec.loopback or spec.route.partition("/")[0] in _OWN_SERVERS


def price_of(spec: ModelSpec) -> tuple[float, float] | None:
    """US dollars for a million tokens in and out; None where no price is known. Nothing is contacted; LiteLLM is loaded."""
    package = door.litellm()
    try:
        found = package.get_model_info(spec.route)
    except package.exceptions.ModelNotMappedError:
        return None
    into, out = float(found.get("input_cost_per_token") or 0), float(found.get("output_cost_per_token") or 0)
    return (into * 1e6, out * 1e6) if into or out else None
