"""Equivalence by two one-sided tests."""

from __future__ import annotations

import math

from scipy import stats

from kosmos_graph.domain.results import Equivalence
from kosmos_graph.experiments.power import quantile


def two_one_sided_tests(
    difference: float, standard_error: float, df: float | None, delta: float | None, alpha: float
) -> Equivalence | None:
    """Test that a `difference` from the null lies within ±`delta` (Schuirmann 1987, J Pharmacokinet Biopharm 15:657).

    Student's t with `df` degrees of freedom, normal where None. The interval is the difference's at level 1 − 2·alpha. None
    where no delta was locked or the standard error is not a positive number.
    """
    if delta is None or not math.isfinite(standard_error) or standard_error <= 0:
        return None
    distribution = stats.norm if df is None else stats.t(df)
    below = float(distribution.sf((difference + delta) / standard_error))
    above = float(distribution.cdf((difference - delta) / standard_error))
    margin = quantile(1 - alpha, df) * standard_error
    return Equivalence(delta=delta, p_value=max(below, above), low=difference - margin, high=difference + margin)
