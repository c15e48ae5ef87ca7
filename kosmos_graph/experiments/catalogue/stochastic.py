"""The probability that a value of one group exceeds one of another, tested and bounded after Brunner and Munzel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kosmos_graph.domain.design import Alternative
from kosmos_graph.experiments.catalogue.observed import FloatArray
from kosmos_graph.experiments.catalogue.order_statistics import Indices
from kosmos_graph.experiments.catalogue.relabelling import TIED, Reference, first_by_size, relabelled
from kosmos_graph.experiments.catalogue.tails import Ends, tail_areas

STUDENT_FROM = 20
"""Size of the smaller group from which Student's t stands in for the relabellings: below, its far tail is too light."""
MOST_RELABELLED = 2000
"""Rows of both groups up to which labels are reshuffled."""


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


def reference_for(x: FloatArray, y: FloatArray, found: Superiority, seed: int) -> Reference:
    """Relabellings while the smaller group is small (Neubert and Brunner 2007, Comput Stat Data Anal 51:5192), else Student's t.

    Groups are relabelled in an order of their own, so that it does not matter which is called the first.
    """
    df = min(found.sizes) - 1.0 if found.df is None else found.df
    if min(found.sizes) >= STUDENT_FROM or sum(found.sizes) > MOST_RELABELLED:
        return Reference(df)
    if first_by_size(x, y):
        return _by_relabelling(x, y, df, seed)
    return _by_relabelling(y, x, df, seed).mirrored()


def _by_relabelling(x: FloatArray, y: FloatArray, df: float, seed: int) -> Reference:
    order = order_of(x, y)
    least = least_error(*order.sizes) ** 2

    def statistic(labels: FloatArray) -> FloatArray:
        value, *errors = placed(order, labels)
        return np.asarray((value - 0.5) / np.sqrt(np.maximum(errors[0] + errors[1], least)), dtype=np.float64)

    return Reference(df, *relabelled(x.size, order.first.size, statistic, seed))


def least_p(sizes: tuple[int, int], alternative: Alternative) -> float:
    """The smallest p that groups of these sizes allow: that of as many pairs as the smaller has rows, all pointing one way.

    If the larger group's values lie close together between the others, the probability of groups that do not overlap is just
    this where P(X > Y) = ½; so no smaller p holds for all shapes and spreads.
    """
    return math.ldexp(1.0, -min(sizes) + (1 if alternative == "two-sided" else 0))


def superiority_p(found: Superiority, reference: Reference, alternative: Alternative) -> float:
    """p against P(X > Y) + ½ P(X = Y) = ½."""
    p = reference.p_value(found.statistic, alternative)
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
