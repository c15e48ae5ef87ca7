"""What a run may cost, before it begins."""

from __future__ import annotations

from kosmos_graph.domain.value import Value


class Quote(Value):
    """Calls of models, and US dollars, of a run of `hypotheses` hypotheses a cycle: at least and at most.

    At least: one hypothesis, every reply valid at first and short. At most: every hypothesis allowed, every bounded loop run to
    its end, every reply as long as allowed. Dollars are None where the price of a model that is first in its chain is unknown;
    `unknown` names these models. Fallbacks are not in it.
    """

    hypotheses: int
    calls_low: int
    calls_high: int
    cost_low: float | None
    cost_high: float | None
    unknown: tuple[str, ...] = ()
