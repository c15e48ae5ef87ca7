"""What calls used: counted where they are answered, asked for by model."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kosmos_graph.errors import BadInput

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True)
class Usage:
    """Answered calls, their tokens, and the sum in US dollars of the known prices, None when no price was known."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    unknown_price_calls: int = 0


class Meter:
    """Adds up answered calls, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sum = Usage()

    def add(self, input_tokens: int, output_tokens: int, cost: float | None) -> None:
        """Count one answered call; `cost` None is an unknown price."""
        with self._lock:
            known = self._sum.cost
            self._sum = Usage(
                self._sum.calls + 1,
                self._sum.input_tokens + input_tokens,
                self._sum.output_tokens + output_tokens,
                known if cost is None else (known or 0.0) + cost,
                self._sum.unknown_price_calls + (cost is None),
            )

    @property
    def total(self) -> Usage:
        """Everything added so far."""
        return self._sum


def price(reported: float | None) -> float | None:
    """LiteLLM's price, where it is one: it reports zero for models of which it knows no price."""
    return reported or None


def usage(model: BaseChatModel) -> Usage:
    """What a model made by `get_chat_model` has used so far, streams included. Raises BadInput for any other model."""
    meter = getattr(model, "meter", None)
    if not isinstance(meter, Meter):
        raise BadInput("usage is known only of models that get_chat_model made; bindings of one share its usage")
    return meter.total
