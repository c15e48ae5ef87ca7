"""Studentised statistics of two groups held against their values over relabellings, or against Student's t."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from kosmos_graph.domain.design import Alternative
from kosmos_graph.experiments.catalogue.bootstrap import RESAMPLES
from kosmos_graph.experiments.catalogue.observed import FloatArray
from kosmos_graph.experiments.catalogue.order_statistics import Indices
from kosmos_graph.experiments.catalogue.tails import student
from kosmos_graph.experiments.power import quantile

BATCH = 1_000_000
"""Labels held at once."""
TIED = 1e-9
"""Difference of statistics that counts as none; ties count against significance."""

Statistic = Callable[[FloatArray], FloatArray]
"""A statistic of each row of labels, which are 1 for the first group and 0 for the second."""


@dataclass(frozen=True)
class Reference:
    """What a statistic is held against: its sorted values over relabellings, or Student's t with `df` where there are none.

    `complete` where every relabelling is among them, with the one observed; else they were drawn, and the one observed counts
    beside them (Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39).
    """

    df: float
    relabelled: FloatArray | None = None
    complete: bool = False

    def upper(self, statistic: float) -> float:
        """Probability of a statistic as high or higher."""
        if self.relabelled is None:
            return float(student(self.df).sf(statistic))
        reached = self.relabelled.size - int(np.searchsorted(self.relabelled, _nearly(statistic), side="left"))
        return (reached + self._beside) / (self.relabelled.size + self._beside)

    def mirrored(self) -> Reference:
        """The reference of the statistic with the other sign."""
        if self.relabelled is None:
            return self
        return Reference(self.df, -self.relabelled[::-1], self.complete)

    def critical(self, tail: float, statistic: float) -> float:
        """The largest value whose upper probability is above `tail`; what was observed where not even the highest is below."""
        if self.relabelled is None:
            return quantile(1 - tail, self.df)
        size = self.relabelled.size
        allowed = math.floor(tail * (size + self._beside) + TIED) - self._beside
        return max(float(self.relabelled[-1]), statistic) if allowed < 0 else float(self.relabelled[size - 1 - allowed])

    def p_value(self, statistic: float, alternative: Alternative) -> float:
        """p; two-sided it is twice the smaller tail."""
        above, below = self.upper(statistic), self.mirrored().upper(-statistic)
        match alternative:
            case "two-sided":
                return min(1.0, 2 * min(above, below))
            case "greater":
                return above
            case "less":
                return below

    @property
    def basis(self) -> str | None:
        """How many relabellings there are, in words; None where Student's t stands in for them."""
        if self.relabelled is None:
            return None
        return f"{self.relabelled.size:,} relabellings ({'all' if self.complete else 'random'})"

    @property
    def _beside(self) -> int:
        return 0 if self.complete else 1


def _nearly(statistic: float) -> float:
    return statistic - TIED * (1 + abs(statistic))


def first_by_size(x: FloatArray, y: FloatArray) -> bool:
    """Whether x comes first in an order of groups that does not depend on which is called the first."""
    return (x.size, *np.sort(x)) <= (y.size, *np.sort(y))


def relabelled(m: int, size: int, statistic: Statistic, seed: int) -> tuple[FloatArray, bool]:
    """Sorted statistics of all labellings of `m` among `size` rows where these are at most 9,999, else of 9,999 drawn ones; and
    whether of all.
    """
    complete = math.comb(size, m) <= RESAMPLES
    batches = every_labelling(m, size) if complete else drawn_labellings(m, size, seed)
    return np.sort(np.concatenate([statistic(labels) for labels in batches])), complete


def every_labelling(m: int, size: int) -> Iterator[FloatArray]:
    """Every way to give `m` of `size` rows to the first group."""
    number = math.comb(size, m)
    flat: Indices = np.fromiter(chain.from_iterable(combinations(range(size), m)), dtype=np.intp, count=number * m)
    labels = np.zeros((number, size))
    np.put_along_axis(labels, flat.reshape(number, m), 1, axis=1)
    yield labels


def drawn_labellings(m: int, size: int, seed: int) -> Iterator[FloatArray]:
    """RESAMPLES random ways, in batches."""
    generator = np.random.default_rng(seed)
    rows = max(1, BATCH // size)
    for begin in range(0, RESAMPLES, rows):
        labels = np.zeros((min(rows, RESAMPLES - begin), size))
        labels[:, :m] = 1
        yield generator.permuted(labels, axis=1)
