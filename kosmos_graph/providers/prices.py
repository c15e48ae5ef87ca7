"""What tokens cost: as the user says, else as LiteLLM's price map says. An unknown price is unknown, never zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kosmos_graph.errors import BadInput
from kosmos_graph.providers import door
from kosmos_graph.providers.names import ModelSpec

BYTES_PER_TOKEN = 3
"""Fewer than English text has, so that an estimate is rather too high."""

_MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """US dollars for each token of the prompt, and of the reply."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """US dollars for so many tokens."""
        return self.input * input_tokens + self.output * output_tokens


def parse_prices(texts: Sequence[str]) -> Mapping[str, Price]:
    """Prices by the model's name, from texts `MODEL=IN/OUT`, in US dollars for a million tokens in and out. Raises BadInput."""
    return dict(_parsed(text) for text in texts)


def _parsed(text: str) -> tuple[str, Price]:
    model, _, numbers = text.rpartition("=")
    given, slash, asked = numbers.partition("/")
    try:
        price = Price(float(given) / _MILLION, float(asked) / _MILLION)
    except ValueError:
        price = Price(-1, -1)
    if not model.strip() or not slash or not all(0 <= each < float("inf") for each in (price.input, price.output)):
        raise BadInput(
            "a price is given as MODEL=IN/OUT, in US dollars for a million tokens in and out, such as my/model=0.5/1.5; "
            f"{text!r} is none"
        )
    return model.strip(), price


def price_of(spec: ModelSpec, given: Mapping[str, Price]) -> Price | None:
    """The price of a model: the one that was given for its name, else the map's, else None. May load LiteLLM."""
    return given[spec.name] if spec.name in given else known_price(spec.route)


def known_price(route: str) -> Price | None:
    """The price that LiteLLM's map has for a route. An entry of zeros, which it has for many models, is no price."""
    prices = door.litellm().model_cost
    provider, _, model = route.partition("/")
    entries = (prices.get(route), prices.get(model))
    for entry in entries:
        if entry and entry.get("litellm_provider", "").partition("_")[0] == provider.partition("_")[0]:
            price = Price(float(entry.get("input_cost_per_token") or 0), float(entry.get("output_cost_per_token") or 0))
            return price if price.input or price.output else None
    return None


def prompt_tokens(messages: Sequence[tuple[str, str]]) -> int:
    """Tokens of a prompt, estimated from its length, rather too many than too few."""
    return sum(len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN + 8 for _, text in messages)


def most_of(price: Price, messages: Sequence[tuple[str, str]], max_tokens: int) -> float:
    """The highest price of a request, in US dollars: of its texts, and of a reply as long as allowed."""
    return price.of(prompt_tokens(messages), max_tokens)
