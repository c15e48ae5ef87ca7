"""Pairwise comparisons of means with unequal spreads, adjusted for their number by the studentised range."""

from __future__ import annotations

import math
from itertools import combinations

from scipy import optimize, stats

from kosmos_graph.domain.results import Term
from kosmos_graph.experiments.catalogue.location import welch_location
from kosmos_graph.experiments.catalogue.observed import Arm

MOST_GROUPS = 8
"""Groups up to which pairs are compared: the studentised range is slow, and a table of more than 28 pairs is not read."""


def games_howell(arms: tuple[Arm, ...], level: float) -> tuple[Term, ...]:
    """Every pair's difference of means with simultaneous interval and adjusted p (Games and Howell 1976, J Educ Stat 1:113).

    Each group has two values at least, and no pair is constant in both groups. The statistic is Welch's t.
    """
    return tuple(_compare(a, b, len(arms), level) for a, b in combinations(arms, 2))


def _compare(a: Arm, b: Arm, k: int, level: float) -> Term:
    found = welch_location(a, b)
    statistic = found.value / found.standard_error
    margin = range_quantile(level, k, found.df) * found.standard_error / math.sqrt(2)
    return Term(
        name=f"{a.label} − {b.label}",
        estimate=found.value,
        low=found.value - margin,
        high=found.value + margin,
        statistic=statistic,
        p_value=range_p(abs(statistic) * math.sqrt(2), k, found.df),
        adjustment="Games–Howell",
        n=a.n + b.n,
    )


def range_p(q: float, k: int, df: float) -> float:
    """Upper tail of the studentised range of `k` means."""
    return min(1.0, max(0.0, float(stats.studentized_range.sf(q, k, df))))


def range_quantile(probability: float, k: int, df: float) -> float:
    """Quantile of the studentised range, between the one for two means and Bonferroni's bound."""
    low = math.sqrt(2) * float(stats.t.ppf((1 + probability) / 2, df))
    bound = 1 - (1 - probability) / (k * (k - 1))
    high = math.sqrt(2) * float(stats.t.ppf(bound, df)) * (1 + 1e-9)
    if k == 2:
        return low
    return float(
        optimize.brentq(lambda q: float(stats.studentized_range.cdf(q, k, df)) - probability, low, high, xtol=1e-11, rtol=1e-13)
    )
