"""Two one-sided t tests."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import moments as m

SOURCE = "mpmath, from the published formulas"


def tost(value: mpf, error: mpf, df: mpf, delta: str, null: mpf = m.ZERO) -> Reference:
    """The two tests of a distance from `null`, and its interval at level 1 − 2α."""
    found = m.equivalence(value, error, df, mpf(delta))
    nearer = value - mpf(delta) if value >= 0 else value + mpf(delta)
    low, high = found["equivalence low"] + null, found["equivalence high"] + null
    effect = {"effect": value + null, "effect low": low, "effect high": high}
    return {"statistic": nearer / error, "df 1": df, "p": found["equivalence p"], **effect, **found}


def one_sample(texts: list[str], null: str, delta: str) -> Reference:
    """A mean against a reference."""
    values = m.numbers(texts)
    distance, error = m.mean(values) - mpf(null), m.sd(values) / mp.sqrt(len(values))
    groups = m.description("all rows", values) | m.skewnesses({"all rows": values})
    return {**tost(distance, error, mpf(len(values) - 1), delta, mpf(null)), **groups}


def paired(after: list[str], before: list[str], delta: str) -> Reference:
    """A mean change."""
    a, b = m.numbers(after), m.numbers(before)
    change = [x - y for x, y in zip(a, b, strict=True)]
    groups = m.description("after", a) | m.description("before", b) | m.description("difference", change)
    found = tost(m.mean(change), m.sd(change) / mp.sqrt(len(change)), mpf(len(change) - 1), delta)
    return {**found, **groups, **m.skewnesses({"difference": change})}


def two_groups(y: list[str], g: list[str], delta: str) -> Reference:
    """A difference of means."""
    groups = m.grouped(y, g)
    (first, a), (second, b) = groups.items()
    described = m.description(first, a) | m.description(second, b) | m.skewnesses(groups) | m.spread_ratio(groups)
    return {**tost(*m.welch(a, b), delta), **described}


def _entries() -> list[Entry]:
    before = made.normal("tost before", 15, 20, 4)
    after = [f"{float(one) + float(move):.3f}" for one, move in zip(before, made.normal("tost change", 15, 0.3, 1), strict=True)]
    pairs = {"after": after, "before": before}
    one, two = made.normal("tost one", 20, 5, 1), made.normal("tost a", 12, 8, 2) + made.normal("tost b", 14, 8.4, 1)
    sides = made.labels(A=12, B=14)
    change = {"outcome": "after", "baseline": "before", "delta": 1.5, "about": {"design": "before-after"}}
    return [
        Entry("one_sample_tost", "20 normal values", SOURCE, {"y": one}, {"outcome": "y", "reference": 5.25, "delta": 0.75},
              partial(one_sample, one, "5.25", "0.75")),
        Entry("paired_tost", "15 normal pairs", SOURCE, pairs, change, partial(paired, **pairs, delta="1.5")),
        Entry("tost", "12 and 14 normal values", SOURCE, {"y": two, "g": sides},
              {"outcome": "y", "predictors": "g", "levels": ("A", "B"), "delta": 2.0}, partial(two_groups, two, sides, "2")),
    ]  # fmt: skip


ENTRIES = _entries()
