"""Relabelling and bootstrap of two groups."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from itertools import combinations

import numpy as np
from mpmath import mp, mpf
from scipy.special import ndtr, ndtri

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference, Within
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import ranks as r

RESAMPLES = 9999
"""Of the method."""
MANY = 400_000
"""Of the reference."""
SPREADS = 5
"""Monte Carlo standard errors within which a number of the bootstrap is to lie: the errors of both are in them."""


def described(groups: dict[str, tuple[mpf, ...]]) -> Reference:
    """Groups and their shapes."""
    found = m.skewnesses(groups) | m.spread_ratio(groups)
    for label, values in groups.items():
        found |= m.description(label, values)
    return found


def permutation(y: list[str], g: list[str], alternative: str = "two-sided") -> Reference:
    """Welch's t over all labellings, its order found in fractions."""
    groups = m.grouped(y, g)
    a, b = groups.values()
    value, error, df = m.welch(a, b)
    pooled = [Fraction(text) for text in y]
    every = sorted(_signed_t([pooled[row] for row in first], [pooled[row] for row in range(len(y)) if row not in first])
                   for first in map(set, combinations(range(len(y)), len(a))))  # fmt: skip
    seen = _signed_t(pooled[: len(a)], pooled[len(a) :])
    p = r.p_of_tails(*r.tail_shares(seen, every), alternative)
    allowed = int(Fraction(25 if alternative == "two-sided" else 50, 1000) * len(every))

    def critical(ordered: list[Fraction]) -> mpf:
        square = r.real(ordered[len(ordered) - 1 - allowed])
        return mp.sign(square) * mp.sqrt(abs(square))

    low, high = value - critical(every) * error, value + critical([-one for one in reversed(every)]) * error
    if p > m.ALPHA:
        low, high = min(low, mpf(0)), max(high, mpf(0))
    found = {"statistic": value / error, "p": p, "effect": value}
    found |= {"effect low": low} if alternative != "less" else {}
    found |= {"effect high": high} if alternative != "greater" else {}
    return found | {"detectable": m.detectable(error, df, alternative), **m.hedges_two(a, b, alternative), **described(groups)}


def _signed_t(a: list[Fraction], b: list[Fraction]) -> Fraction:
    """The square of Welch's t under its sign."""

    def part(values: list[Fraction]) -> tuple[Fraction, Fraction]:
        centre = sum(values) / len(values)
        return centre, sum((value - centre) ** 2 for value in values) / (len(values) - 1) / len(values)

    (mean_a, part_a), (mean_b, part_b) = part(a), part(b)
    return (mean_a - mean_b) * abs(mean_a - mean_b) / (part_a + part_b)


def bootstrap(y: list[str], g: list[str], quantity: str) -> Reference:
    """The estimate exactly; the BCa interval and p by forty times as many resamples with another generator."""
    groups = m.grouped(y, g)
    a, b = groups.values()
    exact = m.mean(a) - m.mean(b) if quantity == "mean" else m.at(a, mpf(1) / 2) - m.at(b, mpf(1) / 2)
    found = {"statistic": exact, "effect": exact, **described(groups)}
    found |= m.hedges_two(a, b) if quantity == "mean" else {}
    return found | chance(np.array(a, dtype=float), np.array(b, dtype=float), float(exact), quantity)


def chance(a: np.ndarray, b: np.ndarray, observed: float, quantity: str) -> Reference:
    """What rests on resamples, with the Monte Carlo error of the method's 9,999."""
    generator = np.random.default_rng(made.SEED)
    statistic = {"mean": np.mean, "median": np.median}[quantity]

    def drawn(values: np.ndarray) -> np.ndarray:
        chunks = [statistic(values[generator.integers(0, values.size, (MANY // 20, values.size))], axis=1) for _ in range(20)]
        return np.concatenate(chunks)

    resampled = np.sort(drawn(a) - drawn(b))
    left_out = [np.array([statistic(np.delete(values, row)) for row in range(values.size)]) for values in (a, b)]
    moved = np.concatenate(
        [sign * (one.mean() - one) * (one.size - 1) / one.size for one, sign in zip(left_out, (1, -1), strict=True)]
    )
    acceleration = float(np.sum(moved**3) / (6 * np.sum(moved**2) ** 1.5))
    bias = float(ndtri(_place(resampled, observed)))
    reason = f"within {SPREADS} Monte Carlo standard errors of the method's {RESAMPLES:,} resamples"
    found: dict[str, Within] = {}
    for name, area in (("effect low", 0.025), ("effect high", 0.975)):
        z = bias + ndtri(area)
        level = float(ndtr(bias + z / (1 - acceleration * z)))
        reach = _noise(level)
        ends = [float(np.quantile(resampled, min(max(level + side * reach, 0), 1))) for side in (-1, 0, 1)]
        found[name] = Within(mpf(ends[1]), mpf(max(ends[2] - ends[1], ends[1] - ends[0])), reason)
    z = float(ndtri(_place(resampled, 0.0))) - bias
    area = float(ndtr(z / (1 + acceleration * z) - bias))
    p = min(1.0, 2 * min(area, 1 - area))
    found["p"] = Within(mpf(p), mpf(2 * _noise(area)), reason)
    detectable = mpf(float(np.std(resampled, ddof=1))) * (d.normal_quantile(mpf("0.975")) + d.normal_quantile(m.POWER))
    found["detectable"] = Within(detectable, detectable * SPREADS / mp.sqrt(2 * RESAMPLES), reason)
    return found


def _noise(area: float) -> float:
    """Monte Carlo errors of a share of the resamples, and of the bias correction, whose error is √(π/2)/√B, twice."""
    density = float(np.exp(-(ndtri(area) ** 2) / 2) / np.sqrt(2 * np.pi))
    return float(SPREADS * (np.sqrt(area * (1 - area)) + 2 * np.sqrt(np.pi / 2) * density) / np.sqrt(RESAMPLES))


def _place(ordered: np.ndarray, value: float) -> float:
    """Share of values below, ties half."""
    return float((np.searchsorted(ordered, value, "left") + np.searchsorted(ordered, value, "right")) / 2 / ordered.size)


def _entries() -> list[Entry]:
    small = {
        "y": [*made.normal("relabelled a", 6, 10, 2, 2), *made.normal("relabelled b", 7, 13, 4, 2)],
        "g": made.labels(A=6, B=7),
    }
    large = {"y": [*made.skewed("bootstrap a", 25, 10), *made.skewed("bootstrap b", 30, 15)], "g": made.labels(A=25, B=30)}
    two = {"outcome": "y", "predictors": "g", "levels": ("A", "B")}
    counted = "all labellings counted in fractions; mpmath"
    drawn = f"mpmath; interval and p by {MANY:,} resamples with another generator"
    return [
        Entry("permutation_test", "6 and 7 normal values", counted, small, two, partial(permutation, **small)),
        Entry("permutation_test", "6 and 7 normal values, less", counted, small, {**two, "alternative": "less"},
              partial(permutation, **small, alternative="less")),
        Entry("permutation_test", "6 and 7 normal values, greater", counted, small, {**two, "alternative": "greater"},
              partial(permutation, **small, alternative="greater")),
        Entry("bootstrap_interval", "25 and 30 log-normal values", drawn, large, two, partial(bootstrap, **large, quantity="mean")),
        Entry("bootstrap_interval", "25 and 30 log-normal values, medians", drawn, large,
              {**two, "quantity": "quantile", "quantile": 0.5}, partial(bootstrap, **large, quantity="median")),
    ]  # fmt: skip


ENTRIES = _entries()
