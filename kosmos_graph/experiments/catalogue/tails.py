"""p-values and interval ends for two-sided and one-sided alternatives."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from scipy import stats

from kosmos_graph.domain.design import Alternative
from kosmos_graph.experiments.method import NotApplicable
from kosmos_graph.experiments.power import quantile

Ends = tuple[float | None, float | None]
"""Low and high end of an interval; None where the interval is unbounded on that side."""


def tail_areas(alternative: Alternative, level: float) -> Ends:
    """Probability left out below and above an interval at `level` that agrees with the test of `alternative`.

    None on the side where the interval of a one-sided test is unbounded.
    """
    outside = 1 - level
    match alternative:
        case "two-sided":
            return outside / 2, outside / 2
        case "greater":
            return outside, None
        case "less":
            return None, outside


@lru_cache(maxsize=256)
def student(df: float | None) -> Any:
    """Student's t distribution with `df` degrees of freedom, the standard normal where `df` is None.

    Kept, because scipy takes longer to freeze a distribution than to evaluate it, and a fit asks for one once a coefficient.
    """
    return stats.norm if df is None else stats.t(df)


def p_value(statistic: float, df: float | None, alternative: Alternative) -> float:
    """p of a t (or, with `df` None, z) statistic that is large where the effect is positive."""
    distribution = student(df)
    match alternative:
        case "two-sided":
            return min(1.0, 2 * float(distribution.sf(abs(statistic))))
        case "greater":
            return float(distribution.sf(statistic))
        case "less":
            return float(distribution.cdf(statistic))


def t_interval(estimate: float, standard_error: float, df: float | None, alternative: Alternative, level: float) -> Ends:
    """Interval around an estimate whose error is t (or normal) distributed."""
    below, above = tail_areas(alternative, level)
    low = None if below is None else estimate + quantile(below, df) * standard_error
    high = None if above is None else estimate - quantile(above, df) * standard_error
    return low, high


def clipped(ends: Ends, low: float, high: float) -> Ends:
    """`ends` kept within [low, high], the range that the quantity can have; an open end is closed by it."""
    return low if ends[0] is None else min(max(ends[0], low), high), high if ends[1] is None else max(min(ends[1], high), low)


def positive_error(standard_error: float, scale: float, what: str) -> float:
    """`standard_error`, or NotApplicable where `what` has no variation beyond floating-point noise at magnitude `scale`."""
    if not standard_error < float("inf") or not scale < float("inf"):
        raise NotApplicable(f"The values of {what} are too large to compute with; give the column in a larger unit.")
    if standard_error <= 1e-14 * scale:
        raise NotApplicable(f"The values of {what} do not vary, so there is nothing to test.")
    return standard_error
