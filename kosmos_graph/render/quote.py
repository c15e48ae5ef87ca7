"""A quote in words."""

from __future__ import annotations

from decimal import Decimal

from kosmos_graph.domain.quote import Quote
from kosmos_graph.render.escape import plain


def render_quote(quote: Quote | None) -> str:
    """One or two lines: calls, and US dollars where every price is known."""
    if quote is None:
        return "No model is asked in this run, so it costs nothing."
    calls = f"Between {quote.calls_low} and {quote.calls_high} calls of models, for up to {quote.hypotheses} hypotheses a cycle."
    if quote.cost_low is None or quote.cost_high is None:
        names = [plain(name) for name in quote.unknown]
        ways = " ".join(f"--price {name}=IN/OUT" for name in names)
        return f"{calls}\nWhat they cost is not known, because the price of {' and '.join(names)} is not: give it with {ways}."
    return f"{calls}\nBetween {dollars(quote.cost_low)} and {dollars(quote.cost_high)}, fallbacks apart."


def dollars(amount: float) -> str:
    """US dollars; below a dollar with three digits that count."""
    return f"${amount:.2f}" if amount >= 1 or not amount else f"${Decimal(f'{amount:.3g}'):f}"
