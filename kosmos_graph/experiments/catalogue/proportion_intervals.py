"""Score intervals and score tests of proportions and of their differences."""

from __future__ import annotations

import math

from scipy import stats

from kosmos_graph.domain.design import Alternative
from kosmos_graph.domain.results import Equivalence
from kosmos_graph.experiments.catalogue.counts import Tally
from kosmos_graph.experiments.catalogue.tails import Ends, tail_areas
from kosmos_graph.experiments.power import quantile

PairedCounts = tuple[int, int, int, int]


def normal_quantile(alternative: Alternative, level: float) -> float:
    """How many standard errors an interval at `level` reaches to the side or sides that `alternative` bounds."""
    area = next(area for area in tail_areas(alternative, level) if area is not None)
    return quantile(1 - area, None)


def open_ended(ends: tuple[float, float], alternative: Alternative, low: float, high: float) -> Ends:
    """`ends` within [low, high], the quantity's range, which closes the side that `alternative` leaves open."""
    below, above = tail_areas(alternative, 0.5)
    return (low if below is None else max(low, ends[0])), (high if above is None else min(high, ends[1]))


def wilson(hits: int, n: int, z: float) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927, J Am Stat Assoc 22:209) reaching `z` standard errors."""
    share, scale = hits / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == n else middle + half)


def newcombe(a: Tally, b: Tally, z: float) -> tuple[float, float]:
    """Hybrid score interval of the difference a − b (Newcombe 1998, Stat Med 17:873, method 10)."""
    (low_a, high_a), (low_b, high_b) = wilson(a.hits, a.n, z), wilson(b.hits, b.n, z)
    difference = a.share - b.share
    below = math.hypot(a.share - low_a, high_b - b.share)
    above = math.hypot(high_a - a.share, b.share - low_b)
    return difference - below, difference + above


def paired_phi(counts: PairedCounts) -> float:
    """Correlation of paired outcomes with Newcombe's continuity correction; 0 where a margin is empty."""
    both, first, second, neither = counts
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if margins == 0:
        return 0.0
    product = both * neither - first * second
    corrected = max(product - sum(counts) / 2, 0.0) if product > 0 else float(product)
    return corrected / math.sqrt(margins)


def newcombe_paired(counts: PairedCounts, z: float) -> tuple[float, float]:
    """Interval of the difference of paired proportions, first − second (Newcombe 1998, Stat Med 17:2635, method 10)."""
    both, first, second, _ = counts
    n = sum(counts)
    a, b, phi = (both + first) / n, (both + second) / n, paired_phi(counts)
    (low_a, high_a), (low_b, high_b) = wilson(both + first, n, z), wilson(both + second, n, z)

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(one * one - 2 * phi * one * other + other * other, 0.0))

    return a - b - reach(a - low_a, high_b - b), a - b + reach(high_a - a, b - low_b)


def score_statistic(a: Tally, b: Tally, difference: float) -> float:
    """z of the score test that a − b equals `difference`, −1 < difference < 1 (Farrington and Manning 1990, Stat Med 9:1447).

    Raises ZeroDivisionError at difference 0 where all outcomes are equal.
    """
    share = constrained_share(a, b, difference)
    other = min(max(share - difference, 0.0), 1.0)
    variance = share * (1 - share) / a.n + other * (1 - other) / b.n
    return (a.share - b.share - difference) / math.sqrt(variance)


def constrained_share(a: Tally, b: Tally, difference: float) -> float:
    """Maximum-likelihood proportion in a, given that a − b equals `difference`: the root of a cubic, in closed form."""
    ratio = b.n / a.n
    c3 = 1 + ratio
    c2 = -(1 + ratio + a.share + ratio * b.share + difference * (ratio + 2))
    c1 = difference**2 + difference * (2 * a.share + ratio + 1) + a.share + ratio * b.share
    c0 = -a.share * difference * (1 + difference)
    v = (c2 / (3 * c3)) ** 3 - c2 * c1 / (6 * c3**2) + c0 / (2 * c3)
    u = math.copysign(math.sqrt(max((c2 / (3 * c3)) ** 2 - c1 / (3 * c3), 0.0)), v)
    angle = 0.0 if u == 0 else math.acos(min(max(v / u**3, -1.0), 1.0))
    root = 2 * u * math.cos((math.pi + angle) / 3) - c2 / (3 * c3)
    return min(max(root, 0.0, difference), 1.0, 1 + difference)


def tango_statistic(counts: PairedCounts, difference: float) -> float:
    """z of the score test that paired proportions differ by `difference`, 0 < |difference| < 1 (Tango 1998, Stat Med 17:891)."""
    _, first, second, _ = counts
    n = sum(counts)
    b = -first - second + (2 * n - first + second) * difference
    c = -second * difference * (1 - difference)
    share = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
    return (first - second - n * difference) / math.sqrt(n * (2 * share + difference * (1 - difference)))


def equivalence_of(below: float, above: float, ends: tuple[float, float], delta: float) -> Equivalence:
    """Two one-sided tests from the z statistics against −δ and +δ; a bound of 1 or more cannot be reached, so its p is 0."""
    reachable = delta < 1
    p_value = max(float(stats.norm.sf(below)), float(stats.norm.cdf(above))) if reachable else 0.0
    return Equivalence(delta=delta, p_value=p_value, low=max(ends[0], -1.0), high=min(ends[1], 1.0))


def difference_equivalence(a: Tally, b: Tally, delta: float | None, alpha: float) -> Equivalence | None:
    """Score tests of a − b against ±δ, with Newcombe's interval."""
    if delta is None or delta <= 0:
        return None
    inside = min(delta, 0.5)
    bounds = (-delta, delta) if delta < 1 else (-inside, inside)
    below, above = (score_statistic(a, b, bound) for bound in bounds)
    return equivalence_of(below, above, newcombe(a, b, quantile(1 - alpha, None)), delta)


def paired_equivalence(counts: PairedCounts, delta: float | None, alpha: float) -> Equivalence | None:
    """Tango's score tests of first − second against ±δ, with Newcombe's interval."""
    if delta is None or delta <= 0:
        return None
    inside = min(delta, 0.5)
    bounds = (-delta, delta) if delta < 1 else (-inside, inside)
    below, above = (tango_statistic(counts, bound) for bound in bounds)
    return equivalence_of(below, above, newcombe_paired(counts, quantile(1 - alpha, None)), delta)
