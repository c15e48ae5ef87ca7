"""Means, proportions and quantiles with their intervals."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made, nist
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import proportions as pr

SOURCE = "mpmath, from the published formulas"


def mean(values: m.Numbers) -> tuple[mpf, mpf, mpf]:
    """Mean with Student's interval."""
    error = m.sd(values) / mp.sqrt(len(values))
    reach = d.t_quantile(1 - m.ALPHA / 2, mpf(len(values) - 1)) * error
    return m.mean(values), m.mean(values) - reach, m.mean(values) + reach


def quantile(values: m.Numbers, probability: mpf) -> tuple[mpf, mpf, mpf]:
    """Quantile with the order statistics that leave out at most α/2 on each side."""
    ordered, n = sorted(values), len(values)

    def left_out(share: mpf) -> int:
        return next(r for r in range(n) if 1 - d.binomial_upper(r + 1, n, share) > m.ALPHA / 2)

    return m.at(values, probability), ordered[left_out(probability) - 1], ordered[n - left_out(1 - probability)]


def of_groups(y: list[str], g: list[str] | None, probability: str | None = None) -> Reference:
    """The mean, or the quantile, over all rows and by group."""
    whole = m.numbers(y)
    groups = m.grouped(y, g) if g else {}
    estimator = partial(quantile, probability=mpf(probability)) if probability else mean
    found = dict(zip(("effect", "effect low", "effect high"), estimator(whole), strict=True))
    for label, values in groups.items():
        name = f"term {label}"
        found |= dict(zip((name, f"{name} low", f"{name} high"), estimator(values), strict=True)) | {f"{name} n": mpf(len(values))}
    for label, values in (groups or {"all rows": whole}).items():
        found |= m.description(label, values)
    return found


def proportion(hits: int, n: int) -> Reference:
    """Proportion with Wilson's interval."""
    low, high = pr.wilson(hits, n, pr.reach_of())
    groups = {"group all rows n": mpf(n), "group all rows successes": mpf(hits)}
    return {"effect": mpf(hits) / n, "effect low": low, "effect high": high, **groups}


def _nist(name: str) -> Entry:
    columns = {"y": list(nist.anova(name).columns["response"]), "g": list(nist.anova(name).columns["treatment"])}
    asked = {"outcome": "y", "predictors": "g", "quantity": "mean"}
    if name in ("SmLs07", "SmLs08", "SmLs09"):
        return Entry("estimate", name, "refusal", columns, asked, refusal="ill-conditioned: ")
    return Entry("estimate", name, f"{SOURCE}; data NIST StRD", columns, asked, partial(of_groups, **columns))


def _entries() -> list[Entry]:
    values = made.skewed("estimate", 37, 12)
    asked = {"outcome": "y", "quantity": "quantile"}
    return [
        *(_nist(name) for name in nist.ANOVA),
        Entry("estimate", "median of 37 log-normal values", SOURCE, {"y": values}, {**asked, "quantile": 0.5},
              partial(of_groups, values, None, "0.5")),
        Entry("estimate", "20 % quantile of 37 log-normal values", SOURCE, {"y": values}, {**asked, "quantile": 0.2},
              partial(of_groups, values, None, "0.2")),
        Entry("estimate", "share of 23 in 71", SOURCE, {"y": made.labels(yes=23, no=48)},
              {"outcome": "y", "quantity": "proportion", "success": "yes"}, partial(proportion, 23, 71)),
    ]  # fmt: skip


ENTRIES = _entries()
