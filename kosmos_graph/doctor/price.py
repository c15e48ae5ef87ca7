"""What a model's tokens cost, by the same rule as in a run."""

from __future__ import annotations

from collections.abc import Mapping

from kosmos_graph.doctor.diagnosis import Finding
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.prices import Price, price_of

_OWN_SERVERS = ("ollama", "ollama_chat", "lm_studio", "hosted_vllm")


def price_finding(subject: str, spec: ModelSpec, given: Mapping[str, Price]) -> Finding:
    """Whether the price is known: as the user gave it, else as LiteLLM's map has it. Nothing is contacted.

    A server of one's own needs none, and LiteLLM is not loaded for it.
    """
    own = spec.loopback or spec.route.partition("/")[0] in _OWN_SERVERS
    if own and spec.name not in given:
        detail = f"a server of one's own sends no bill; for a run with a budget, set KOSMOS_PRICES to {spec.name}=0/0"
        return Finding(subject=subject, check="price", status="ok", detail=detail)
    price = price_of(spec, given)
    if price is None:
        remedy = f"give it in US dollars for a million tokens in and out: set KOSMOS_PRICES to {spec.name}=IN/OUT"
        detail = "no price is known of it, so that costs stay unknown and a run with a budget cannot begin"
        return Finding(subject=subject, check="price", status="warning", detail=detail, remedy=remedy)
    source = "as it was given" if spec.name in given else "as LiteLLM's price map has it"
    dollars = f"{price.input * 1e6:g} US dollars for a million tokens in, {price.output * 1e6:g} out, {source}"
    return Finding(subject=subject, check="price", status="ok", detail=dollars)
