"""Selection among all pairwise sums, and the exact distributions that say which of them end an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kosmos_graph.data.decimals import difference
from kosmos_graph.domain.design import Alternative
from kosmos_graph.experiments.catalogue.observed import FloatArray
from kosmos_graph.experiments.catalogue.tails import Ends, tail_areas
from kosmos_graph.experiments.power import quantile

Indices = npt.NDArray[np.intp]

MOST_SUMS = 200_000
"""Pairwise sums held in memory at once; of more, bisection finds a range of values that has so many."""

Select = Callable[[int], float]
"""The k-th smallest (from 1) of a collection."""


@dataclass(frozen=True)
class PairwiseSums:
    """All x_i + y_j with j ≥ `start_i`, without holding them; `x` and `y` are sorted."""

    x: FloatArray
    y: FloatArray
    start: Indices

    def select(self, k: int) -> float:
        """The k-th smallest (from 1), as a decimal."""
        low, high = (math.nextafter(float(self.x[end] + self.y[end]), away) for end, away in ((0, -math.inf), (-1, math.inf)))
        left, right = self.start, self._ends(high)
        while int((right - left).sum()) > MOST_SUMS:
            middle = low + (high - low) / 2
            if middle in (low, high):
                first = int(np.argmax(right > left))
                return _decimal(float(self.x[first]), float(self.y[left[first]]))
            ends = self._ends(middle)
            if int((ends - self.start).sum()) >= k:
                high, right = middle, ends
            else:
                low, left = middle, ends
        x, y = self._operands(left, right)
        place = int(np.argsort(x + y, kind="stable")[k - 1 - int((left - self.start).sum())])
        return _decimal(float(x[place]), float(y[place]))

    def _ends(self, most: float) -> Indices:
        """For each x_i, the end of the y_j, from `start_i`, whose sum with it is at most `most`."""
        return np.maximum(np.searchsorted(self.y, most - self.x, side="right"), self.start)

    def _operands(self, left: Indices, right: Indices) -> tuple[FloatArray, FloatArray]:
        """x_i and y_j for left_i ≤ j < right_i."""
        counts = right - left
        offsets = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(self.x, counts), self.y[np.repeat(left, counts) + offsets]


def _decimal(x: float, y: float) -> float:
    return float(difference(x, -y))


def walsh_averages(values: FloatArray) -> tuple[Select, int]:
    """Selection among the averages (x_i + x_j)/2 with i ≤ j, and how many there are."""
    halves = np.sort(values) / 2
    n = int(halves.size)
    return PairwiseSums(halves, halves, np.arange(n)).select, n * (n + 1) // 2


def pairwise_differences(a: FloatArray, b: FloatArray) -> tuple[Select, int]:
    """Selection among the differences a_i − b_j, and how many there are."""
    return PairwiseSums(np.sort(a), np.sort(-b), np.zeros(a.size, dtype=np.intp)).select, int(a.size) * int(b.size)


def middle(select: Select, size: int) -> float:
    """Median of a collection."""
    return select((size + 1) // 2) / 2 + select(size // 2 + 1) / 2


def signed_rank_distribution(n: int) -> FloatArray:
    """P(T⁺ = t) for t = 0 … n(n+1)/2 under the null without ties."""
    chances = np.zeros(n * (n + 1) // 2 + 1)
    chances[0] = 1.0
    for rank in range(1, n + 1):
        chances[rank:] = (chances[rank:] + chances[:-rank]) / 2
        chances[:rank] /= 2
    return chances


def rank_sum_distribution(m: int, n: int) -> FloatArray:
    """P(U = u) for u = 0 … m·n under the null without ties, as the Gaussian binomial coefficient."""
    counts = np.zeros(m * n + 1)
    counts[0] = 1.0
    for i in range(1, m + 1):
        counts[n + i :] -= counts[: max(0, counts.size - n - i)].copy()
        for u in range(i, counts.size):
            counts[u] += counts[u - i]
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def interval_ends(
    select: Select, size: int, chances: FloatArray | None, normal: tuple[float, float], alternative: Alternative, level: float
) -> Ends:
    """Ends of the interval that inverts a rank test: the C-th smallest and C-th largest of its `size` pairwise values.

    `chances` is the statistic's exact null distribution; where it is None the `normal` approximation's mean and SD stand in
    (Hollander and Wolfe 1999, Nonparametric Statistical Methods). None at an end that the sample is too small to bound.
    """
    below, above = tail_areas(alternative, level)
    low = None if below is None else _counted(chances, normal, below)
    high = None if above is None else _counted(chances, normal, above)
    return select(low) if low else None, select(size + 1 - high) if high else None


def _counted(chances: FloatArray | None, normal: tuple[float, float], tail: float) -> int:
    """The largest C with P(statistic < C) at most `tail`; 0 where there is none."""
    if chances is not None:
        return int(np.searchsorted(np.cumsum(chances), tail * (1 + 1e-12), side="right"))
    return max(0, math.floor(normal[0] + quantile(tail, None) * normal[1] + 0.5))
