"""Score intervals and exact tests of proportions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import comb

from mpmath import mp, mpf

from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact.moments import ALPHA


def reach_of(alternative: str = "two-sided") -> mpf:
    """Standard errors to the bounded side or sides."""
    return d.normal_quantile(1 - (ALPHA / 2 if alternative == "two-sided" else ALPHA))


def wilson(hits: int, n: int, z: mpf) -> tuple[mpf, mpf]:
    """The two roots p of n·(p̂ − p)² = z²·p·(1 − p), which is Wilson's interval."""
    a, b, c = n + z**2, -(2 * hits + z**2), mpf(hits) ** 2 / n
    half = mp.sqrt(b**2 - 4 * a * c)
    return (-b - half) / (2 * a), (-b + half) / (2 * a)


def newcombe(hits_a: int, n_a: int, hits_b: int, n_b: int, z: mpf) -> tuple[mpf, mpf]:
    """Newcombe's hybrid score interval of a difference."""
    a, b = mpf(hits_a) / n_a, mpf(hits_b) / n_b
    (low_a, high_a), (low_b, high_b) = wilson(hits_a, n_a, z), wilson(hits_b, n_b, z)
    return a - b - mp.sqrt((a - low_a) ** 2 + (high_b - b) ** 2), a - b + mp.sqrt((high_a - a) ** 2 + (b - low_b) ** 2)


def closed(ends: tuple[mpf, mpf], alternative: str, low: mpf, high: mpf) -> tuple[mpf, mpf]:
    """The side that a one-sided test leaves open ends where the quantity does."""
    return (low if alternative == "less" else max(low, ends[0])), (high if alternative == "greater" else min(high, ends[1]))


def angle(share: mpf) -> mpf:
    """Cohen's arcsine transform."""
    return 2 * mp.asin(mp.sqrt(share))


def binomial_p(hits: int, n: int, share: mpf, alternative: str = "two-sided") -> mpf:
    """Exact p; two-sided it sums what is no more likely than what was seen."""
    if alternative == "greater":
        return d.binomial_upper(hits, n, share)
    if alternative == "less":
        return 1 - d.binomial_upper(hits + 1, n, share)
    chances = [d.binomial_chance(k, n, share) for k in range(n + 1)]
    return mp.fsum(chance for chance in chances if chance <= chances[hits] * (1 + mpf(10) ** -7))


def hypergeometric(hits: int, n_a: int, n_b: int, total: int) -> mpf:
    """P(hits among the first group) given the margins."""
    return mp.binomial(n_a, hits) * mp.binomial(n_b, total - hits) / mp.binomial(n_a + n_b, total)


def fisher_p(hits_a: int, n_a: int, hits_b: int, n_b: int, alternative: str = "two-sided") -> mpf:
    """Conditional exact p."""
    total = hits_a + hits_b
    chances = {k: hypergeometric(k, n_a, n_b, total) for k in range(max(0, total - n_b), min(n_a, total) + 1)}
    kept = {
        "two-sided": lambda k: chances[k] <= chances[hits_a] * (1 + mpf(10) ** -14),
        "greater": lambda k: k >= hits_a,
        "less": lambda k: k <= hits_a,
    }[alternative]
    return mp.fsum(chance for k, chance in chances.items() if kept(k))


def boschloo_p(hits_a: int, n_a: int, hits_b: int, n_b: int, alternative: str = "two-sided") -> mpf:
    """The largest chance, over the common proportion, of tables whose one-sided Fisher p is no larger; twice the smaller one."""
    if alternative == "two-sided":
        return min(mpf(1), 2 * min(boschloo_p(hits_a, n_a, hits_b, n_b, side) for side in ("greater", "less")))
    seen = _one_sided(hits_a, n_a, hits_b, n_b, alternative)
    region = product(range(n_a + 1), range(n_b + 1))
    ways = [0] * (n_a + n_b + 1)
    for a, b in region:
        if _one_sided(a, n_a, b, n_b, alternative) <= seen:
            ways[a + b] += comb(n_a, a) * comb(n_b, b)
    return _maximum([(k, w) for k, w in enumerate(ways) if w], n_a + n_b)


def _one_sided(hits_a: int, n_a: int, hits_b: int, n_b: int, alternative: str) -> Fraction:
    """One-sided Fisher p as a fraction."""
    total = hits_a + hits_b
    places = range(hits_a, min(n_a, total) + 1) if alternative == "greater" else range(max(0, total - n_b), hits_a + 1)
    return Fraction(sum(comb(n_a, k) * comb(n_b, total - k) for k in places), comb(n_a + n_b, total))


def _maximum(ways: list[tuple[int, int]], n: int) -> mpf:
    """The largest value on [0, 1] of Σ w·p^k·(1 − p)^(n − k): the best of a grid, by golden section from there."""

    def chance(share: mpf) -> mpf:
        odds = share / (1 - share)
        return (1 - share) ** n * mp.fsum(w * odds**k for k, w in ways)

    grid = [step / 400 for step in range(1, 400)]
    best = max(grid, key=lambda share: float((1 - share) ** n) * sum(w * (share / (1 - share)) ** k for k, w in ways))
    low, high = mpf(best) - mpf(1) / 400, mpf(best) + mpf(1) / 400 - mpf(10) ** -9
    golden = (mp.sqrt(5) - 1) / 2
    for _ in range(45):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if chance(left) >= chance(right) else (left, high)
    return chance((low + high) / 2)


def likelihood_maximum(derivative: Callable[[mpf], mpf], low: mpf, high: mpf) -> mpf:
    """Where the derivative of a concave log-likelihood is zero inside (low, high), by bisection and then secants."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if derivative(middle) > 0 else (low, middle)
    return d.root(derivative, low, high)
