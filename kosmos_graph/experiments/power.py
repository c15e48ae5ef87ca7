"""Power of tests whose estimate is about normal around the truth."""

from __future__ import annotations

import math

from scipy import stats

from kosmos_graph.domain.design import Alternative


def quantile(probability: float, df: float | None) -> float:
    """Quantile of Student's t with `df` degrees of freedom, of the normal distribution where `df` is None."""
    return float(stats.norm.ppf(probability) if df is None else stats.t.ppf(probability, df))


def minimum_detectable(
    standard_error: float, df: float | None, alpha: float, alternative: Alternative = "two-sided", power: float = 0.8
) -> float | None:
    """Smallest distance from the null that a test of size `alpha` detects with `power`, in units of the standard error.

    (t_{1−q} + t_{power})·SE with q = alpha/2 or alpha (Bloom 1995, Evaluation Review 19:547). None where the standard error
    is not a positive number.
    """
    if not math.isfinite(standard_error) or standard_error <= 0 or (df is not None and df <= 0):
        return None
    tail = alpha / 2 if alternative == "two-sided" else alpha
    return (quantile(1 - tail, df) + quantile(power, df)) * standard_error
