"""Two-sided intervals of a mean, a proportion and a quantile."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from kosmos_graph.experiments.catalogue.describe import mean, spread
from kosmos_graph.experiments.catalogue.observed import FloatArray
from kosmos_graph.experiments.catalogue.proportion_intervals import wilson
from kosmos_graph.experiments.catalogue.tails import Ends, t_interval
from kosmos_graph.experiments.power import quantile


def mean_with_ends(values: FloatArray, level: float) -> tuple[float, Ends]:
    """Mean and Student's interval; no ends for a single value."""
    sd = spread(values)
    if sd is None:
        return mean(values), (None, None)
    error = sd / math.sqrt(values.size)
    return mean(values), t_interval(mean(values), error, float(values.size - 1), "two-sided", level)


def proportion_with_ends(successes: int, n: int, level: float) -> tuple[float, Ends]:
    """Proportion and Wilson's score interval."""
    return successes / n, wilson(successes, n, quantile((1 + level) / 2, None))


def quantile_with_ends(values: FloatArray, probability: float, level: float) -> tuple[float, Ends]:
    """Quantile (linear interpolation) and the order statistics that cover it with at least `level`, each tail apart.

    The r-th smallest is the low end for the largest r with P(Binomial(n, probability) < r) ≤ (1 − level)/2; None at an end that
    the sample is too small to bound (Conover 1999, section 3.2).
    """
    ordered = np.sort(values)
    n = int(ordered.size)
    tail = (1 - level) / 2
    below = _most_left_out(n, probability, tail)
    above = _most_left_out(n, 1 - probability, tail)
    low = float(ordered[below - 1]) if below else None
    high = float(ordered[n - above]) if above else None
    return float(np.quantile(ordered, probability)), (low, high)


def _most_left_out(n: int, probability: float, tail: float) -> int:
    """The largest r with P(Binomial(n, probability) ≤ r − 1) at most `tail`."""
    r = int(stats.binom.ppf(tail, n, probability))
    while r > 0 and stats.binom.cdf(r - 1, n, probability) > tail * (1 + 1e-12):
        r -= 1
    while stats.binom.cdf(r, n, probability) <= tail * (1 + 1e-12):
        r += 1
    return r
