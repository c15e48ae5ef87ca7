"""The signed-rank test and the pseudo-median that belongs to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from kosmos_graph.data.decimals import difference
from kosmos_graph.domain.design import Alternative
from kosmos_graph.domain.results import Equivalence
from kosmos_graph.experiments.catalogue.observed import FloatArray
from kosmos_graph.experiments.catalogue.order_statistics import interval_ends, middle, signed_rank_distribution, walsh_averages
from kosmos_graph.experiments.catalogue.tails import Ends
from kosmos_graph.experiments.method import NotApplicable

EXACT_BELOW = 51


@dataclass(frozen=True)
class SignedRank:
    """W⁺, the sum of the ranks of the positive differences, and p."""

    statistic: float
    p_value: float


def signed_rank(differences: FloatArray, alternative: Alternative) -> SignedRank:
    """Wilcoxon's test as scipy computes it: zeros dropped, exact up to 50 differences without ties, else normal.

    With ties in 13 differences or fewer, p is exact over all signs. Raises NotApplicable where every difference is zero.
    """
    if not np.any(differences):
        raise NotApplicable("All differences are zero, so there is nothing to rank.")
    found = stats.wilcoxon(differences, zero_method="wilcox", alternative=alternative, method="auto")
    nonzero = differences[differences != 0]
    positive = float(stats.rankdata(np.abs(nonzero))[nonzero > 0].sum())
    return SignedRank(positive, min(1.0, float(found.pvalue)))


class PseudoMedian:
    """Hodges–Lehmann estimate of the centre: the median of all Walsh averages, with intervals by inverting the test."""

    def __init__(self, values: FloatArray) -> None:
        self._select, self._size = walsh_averages(values)
        n = int(values.size)
        self._chances = signed_rank_distribution(n) if n < EXACT_BELOW else None
        self._normal = n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)

    @property
    def value(self) -> float:
        """The estimate."""
        return middle(self._select, self._size)

    def ends(self, alternative: Alternative, level: float) -> Ends:
        """Interval at `level` or, because ranks are discrete, a little above it."""
        return interval_ends(self._select, self._size, self._chances, self._normal, alternative, level)


def within(differences: FloatArray, centre: PseudoMedian, delta: float | None, alpha: float) -> Equivalence | None:
    """Two one-sided signed-rank tests that the pseudo-median of `differences` lies within ±`delta`.

    None where no delta was locked or the sample is too small for an interval at 1 − 2·alpha.
    """
    low, high = centre.ends("two-sided", 1 - 2 * alpha)
    if delta is None or delta <= 0 or low is None or high is None:
        return None
    shifted = difference(differences, -delta), difference(differences, delta)
    if not np.any(shifted[0]) or not np.any(shifted[1]):
        return None
    p_value = max(signed_rank(shifted[0], "greater").p_value, signed_rank(shifted[1], "less").p_value)
    return Equivalence(delta=delta, p_value=p_value, low=low, high=high)
