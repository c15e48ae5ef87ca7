"""The probability that a value of one group exceeds one of another, tested and bounded after Brunner and Munzel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from kosmos_graph.domain.design import Alternative
from kosmos_graph.experiments.catalogue.bootstrap import RESAMPLES
from kosmos_graph.experiments.catalogue.observed import FloatArray
from kosmos_graph.experiments.catalogue.order_statistics import Indices
from kosmos_graph.experiments.catalogue.tails import Ends, student, tail_areas
from kosmos_graph.experiments.power import quantile

STUDENT_FROM = 20
"""Size of the smaller group from which Student's t stands in for the relabellings: below, its far tail is too light."""
MOST_RELABELLED = 2000
"""Rows of both groups up to which labels are reshuffled."""
BATCH = 1_000_000
"""Labels held at once."""
TIED = 1e-9
"""Difference of statistics that counts as none; ties count against significance."""


@dataclass(frozen=True)
class Superiority:
    """P(X > Y) + ½ P(X = Y) with its standard error; error 0 and `df` None where the groups do not overlap."""

    value: float
    standard_error: float
    df: float | None
    sizes: tuple[int, int]

    @property
    def statistic(self) -> float:
        """Distance from ½ in standard errors, of which groups that do not overlap get the least that others can have."""
        return (self.value - 0.5) / max(self.standard_error, least_error(*self.sizes))


def least_error(m: int, n: int) -> float:
    """Smallest standard error of groups that touch: one value of each is tied, all others lie apart."""
    return 1 / (math.sqrt(2) * m * n)


@dataclass(frozen=True)
class Order:
    """All values in one order: whether each is of the first group, and where its ties begin and end."""

    first: FloatArray
    start: Indices
    end: Indices

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of values of both groups."""
        m = int(self.first.sum())
        return m, self.first.size - m


def order_of(x: FloatArray, y: FloatArray) -> Order:
    """The order of the values of both groups."""
    values = np.concatenate([x, y])
    places = np.argsort(values, kind="stable")
    ordered = values[places]
    start, end = (np.searchsorted(ordered, ordered, side=side) for side in ("left", "right"))
    return Order((places < x.size).astype(np.float64), start, end)


def placed(order: Order, labels: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per row of `labels` (1 for the first group): P(X > Y) + ½ P(X = Y), and what each group adds to its squared error.

    From placements, the number of the other group's values below each (Brunner and Munzel 2000, Biometrical Journal 42:17), valid
    with ties and unequal spreads. Placements are counted in halves, so that equal orders give equal bits.
    """
    m, n = order.sizes
    counted = np.concatenate([np.zeros((len(labels), 1)), np.cumsum(labels, axis=1)], axis=1)
    below = counted[:, order.start] + counted[:, order.end]
    above = (order.start + order.end - below) * labels
    below *= 1 - labels
    total = above.sum(axis=1)
    errors = (
        _sum_of_squares(placements, size) / (4 * (size - 1) * size * other**2)
        for placements, size, other in ((above, m, n), (below, n, m))
    )
    return (total / (2 * m * n), *errors)


def _sum_of_squares(placements: FloatArray, size: int) -> FloatArray:
    """Sum of squared deviations from the mean of `size` values per row; the other entries are 0."""
    squares = size * np.einsum("ij,ij->i", placements, placements) - placements.sum(axis=1) ** 2
    return np.asarray(squares / size, dtype=np.float64)


def superiority(x: FloatArray, y: FloatArray) -> Superiority:
    """The estimate with its error and Satterthwaite's degrees of freedom. Both groups have two values or more."""
    order = order_of(x, y)
    m, n = order.sizes
    value, *parts = (float(found[0]) for found in placed(order, order.first[np.newaxis]))
    total = sum(parts)
    if total <= 0:
        return Superiority(value, 0.0, None, (m, n))
    df = total**2 / (parts[0] ** 2 / (m - 1) + parts[1] ** 2 / (n - 1))
    return Superiority(value, math.sqrt(total), df, (m, n))


@dataclass(frozen=True)
class Reference:
    """What the statistic is held against: its sorted values over relabellings, or Student's t with `df` where there are none.

    `complete` where every relabelling is among them, with the one observed; else they were drawn, and the one observed counts
    beside them.
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

    @property
    def _beside(self) -> int:
        return 0 if self.complete else 1


def _nearly(statistic: float) -> float:
    return statistic - TIED * (1 + abs(statistic))


def reference_for(x: FloatArray, y: FloatArray, found: Superiority, seed: int) -> Reference:
    """Relabellings while the smaller group is small (Neubert and Brunner 2007, Comput Stat Data Anal 51:5192), else Student's t.

    Groups are relabelled in an order of their own, so that it does not matter which is called the first.
    """
    df = min(found.sizes) - 1.0 if found.df is None else found.df
    if min(found.sizes) >= STUDENT_FROM or sum(found.sizes) > MOST_RELABELLED:
        return Reference(df)
    swapped = (y.size, *np.sort(y)) < (x.size, *np.sort(x))
    relabelled, complete = _relabelled(order_of(*((y, x) if swapped else (x, y))), seed)
    drawn = Reference(df, relabelled, complete)
    return drawn.mirrored() if swapped else drawn


def _relabelled(order: Order, seed: int) -> tuple[FloatArray, bool]:
    """Sorted statistics over all relabellings where these are at most 9,999, else over 9,999 drawn ones; and whether all."""
    m, n = order.sizes
    number = math.comb(m + n, m)
    complete = number <= RESAMPLES
    members = _every_choice(m + n, m, number) if complete else None
    generator = np.random.default_rng(seed)
    rows = max(1, BATCH // (m + n))
    parts = []
    for begin in range(0, number if complete else RESAMPLES, rows):
        end = min(begin + rows, number if complete else RESAMPLES)
        labels = np.zeros((end - begin, m + n))
        if members is None:
            labels[:, :m] = 1
            labels = generator.permuted(labels, axis=1)
        else:
            np.put_along_axis(labels, members[begin:end], 1, axis=1)
        value, *errors = placed(order, labels)
        parts.append((value - 0.5) / np.sqrt(np.maximum(errors[0] + errors[1], least_error(m, n) ** 2)))
    return np.sort(np.concatenate(parts)), complete


def _every_choice(size: int, chosen: int, number: int) -> Indices:
    """Every way to choose members, one a row."""
    flat = np.fromiter(chain.from_iterable(combinations(range(size), chosen)), dtype=np.intp, count=number * chosen)
    return flat.reshape(number, chosen)


def least_p(sizes: tuple[int, int], alternative: Alternative) -> float:
    """The smallest p that groups of these sizes allow: that of as many pairs as the smaller has rows, all pointing one way.

    If the larger group's values lie close together between the others, the probability of groups that do not overlap is just
    this where P(X > Y) = ½; so no smaller p holds for all shapes and spreads.
    """
    return math.ldexp(1.0, -min(sizes) + (1 if alternative == "two-sided" else 0))


def superiority_p(found: Superiority, reference: Reference, alternative: Alternative) -> float:
    """p against P(X > Y) + ½ P(X = Y) = ½."""
    tails = {"greater": reference.upper(found.statistic), "less": reference.mirrored().upper(-found.statistic)}
    p = min(1.0, 2 * min(tails.values())) if alternative == "two-sided" else tails[alternative]
    return max(p, least_p(found.sizes, alternative))


def superiority_ends(found: Superiority, reference: Reference, alternative: Alternative, level: float) -> Ends:
    """The interval that leaves out ½ where p is at most 1 − `level`; it reaches at least as far as that of `least_p`'s pairs."""
    below, above = tail_areas(alternative, level)
    low = 0.0 if below is None else _low(found.value, found, reference, below)
    mirror = Superiority(1 - found.value, found.standard_error, found.df, found.sizes)
    high = 1.0 if above is None else 1 - _low(mirror.value, mirror, reference.mirrored(), above)
    if superiority_p(found, reference, alternative) > (1 - level) * (1 + TIED):
        low, high = min(low, 0.5), max(high, 0.5)
    return low, high


def _low(value: float, found: Superiority, reference: Reference, tail: float) -> float:
    error = max(found.standard_error, least_error(*found.sizes))
    reached = value - reference.critical(tail, found.statistic) * error
    return max(0.0, min(reached, math.pow(tail, 1 / min(found.sizes))))


def null_error(x: FloatArray, y: FloatArray) -> float:
    """Standard error of the estimate if both groups had one distribution, allowing for ties."""
    size = x.size + y.size
    _, counts = np.unique(np.concatenate([x, y]), return_counts=True)
    ties = float(np.sum(counts.astype(np.float64) ** 3 - counts)) / (size * (size - 1))
    return math.sqrt((size + 1 - ties) / (12 * x.size * y.size))
