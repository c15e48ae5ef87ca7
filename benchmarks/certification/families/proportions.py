"""Proportions of one group and of two."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import proportions as pr

SOURCE = "all tables counted; mpmath, from the published formulas"


def one_sample(hits: int, n: int, null: str, delta: str, alternative: str = "two-sided") -> Reference:
    """Exact binomial test with Wilson's interval and Cohen's h."""
    share, reference = mpf(hits) / n, mpf(null)
    low, high = pr.closed(pr.wilson(hits, n, pr.reach_of(alternative)), alternative, mpf(0), mpf(1))
    h = {name: pr.angle(value) - pr.angle(reference) for name, value in
         (("standardised", share), ("standardised low", low), ("standardised high", high))}  # fmt: skip
    inner = pr.wilson(hits, n, pr.reach_of("greater"))
    bounds = (
        pr.binomial_p(hits, n, reference - mpf(delta), "greater"),
        pr.binomial_p(hits, n, reference + mpf(delta), "less"),
    )
    return {
        "p": pr.binomial_p(hits, n, reference, alternative),
        "effect": share,
        "effect low": low,
        "effect high": high,
        **h,
        "group y n": mpf(n),
        "group y successes": mpf(hits),
        "equivalence p": max(bounds),
        "equivalence low": inner[0] - reference,
        "equivalence high": inner[1] - reference,
        "detectable": m.detectable(mp.sqrt(reference * (1 - reference) / n), None, alternative),
    }


def two_groups(a: tuple[int, int], b: tuple[int, int], p: mpf, alternative: str, delta: str | None) -> Reference:
    """What all tests of two proportions report, with their own p. `a` and `b` are hits and sizes."""
    (x, m_a), (y, n_b) = a, b
    first, second, pooled = mpf(x) / m_a, mpf(y) / n_b, mpf(x + y) / (m_a + n_b)
    null_error = mp.sqrt(pooled * (1 - pooled) * (mpf(1) / m_a + mpf(1) / n_b))
    low, high = pr.closed(pr.newcombe(x, m_a, y, n_b, pr.reach_of(alternative)), alternative, mpf(-1), mpf(1))
    found = {"p": p, "effect": first - second, "effect low": low, "effect high": high}
    found |= m.interval("standardised", pr.angle(first) - pr.angle(second), mp.sqrt(mpf(1) / m_a + mpf(1) / n_b), None, alternative)
    ratios = {
        "risk": (first / second, mpf(1) / x - mpf(1) / m_a + mpf(1) / y - mpf(1) / n_b),
        "odds": (first / (1 - first) / (second / (1 - second)), sum(mpf(1) / cell for cell in (x, m_a - x, y, n_b - y))),
    }
    for name, (value, variance) in ratios.items():
        logs = m.interval(f"other {name} ratio", mp.log(value), mp.sqrt(variance), None, alternative)
        found |= {key: mp.exp(one) for key, one in logs.items()}
    counts = {"group A n": m_a, "group A successes": x, "group B n": n_b, "group B successes": y}
    found |= {name: mpf(count) for name, count in counts.items()}
    found["measure smallest expected count"] = mpf(min(x + y, m_a + n_b - x - y) * min(m_a, n_b)) / (m_a + n_b)
    found["detectable"] = m.detectable(null_error, None, alternative)
    return found | (farrington_manning(a, b, mpf(delta)) if delta else {})


def farrington_manning(a: tuple[int, int], b: tuple[int, int], delta: mpf) -> Reference:
    """Score tests against ±δ, the constrained proportions by maximising the likelihood."""
    (x, m_a), (y, n_b) = a, b

    def z(difference: mpf) -> mpf:
        def slope(p: mpf) -> mpf:
            q = p - difference
            return x / p - (m_a - x) / (1 - p) + y / q - (n_b - y) / (1 - q)

        tiny = mpf(10) ** -45
        p = pr.likelihood_maximum(slope, max(mpf(0), difference) + tiny, min(mpf(1), 1 + difference) - tiny)
        q = p - difference
        return (mpf(x) / m_a - mpf(y) / n_b - difference) / mp.sqrt(p * (1 - p) / m_a + q * (1 - q) / n_b)

    low, high = pr.newcombe(x, m_a, y, n_b, pr.reach_of("greater"))
    p = max(d.normal_upper(z(-delta)), d.normal_upper(-z(delta)))
    return {"equivalence p": p, "equivalence low": low, "equivalence high": high}


def score(a: tuple[int, int], b: tuple[int, int], alternative: str = "two-sided", delta: str | None = None) -> Reference:
    """Pearson's score test."""
    (x, m_a), (y, n_b) = a, b
    pooled = mpf(x + y) / (m_a + n_b)
    z = (mpf(x) / m_a - mpf(y) / n_b) / mp.sqrt(pooled * (1 - pooled) * (mpf(1) / m_a + mpf(1) / n_b))
    return {"statistic": z, **two_groups(a, b, m.p_of(z, None, alternative), alternative, delta)}


def exact(a: tuple[int, int], b: tuple[int, int], test: str, alternative: str = "two-sided") -> Reference:
    """Fisher's or Boschloo's test."""
    p = {"fisher": pr.fisher_p, "boschloo": pr.boschloo_p}[test](*a, *b, alternative)
    return two_groups(a, b, p, alternative, None)


def table(a: tuple[int, int], b: tuple[int, int]) -> dict[str, list[str]]:
    """A file with these hits and sizes."""
    y = [*made.labels(yes=a[0], no=a[1] - a[0]), *made.labels(yes=b[0], no=b[1] - b[0])]
    return {"y": y, "g": made.labels(A=a[1], B=b[1])}


def _two(method: str, a: tuple[int, int], b: tuple[int, int], reference: object, **more: object) -> Entry:
    arguments = {"outcome": "y", "predictors": "g", "levels": ("A", "B"), "success": "yes", **more}
    data = f"{a[0]} of {a[1]} and {b[0]} of {b[1]}" + (f", {more['alternative']}" if "alternative" in more else "")
    return Entry(method, data, SOURCE, table(a, b), arguments, reference)


def _entries() -> list[Entry]:
    few, some, many = ((7, 12), (3, 15)), ((9, 21), (4, 25)), ((48, 120), (61, 110))
    single = {"y": made.labels(yes=17, no=43)}
    asked = {"outcome": "y", "success": "yes", "reference": 0.35, "delta": 0.15}
    return [
        Entry("one_sample_proportion", "17 of 60", SOURCE, single, asked, partial(one_sample, 17, 60, "0.35", "0.15")),
        Entry("one_sample_proportion", "17 of 60, less", SOURCE, single, {**asked, "alternative": "less"},
              partial(one_sample, 17, 60, "0.35", "0.15", "less")),
        Entry("one_sample_proportion", "17 of 60, greater", SOURCE, single, {**asked, "alternative": "greater"},
              partial(one_sample, 17, 60, "0.35", "0.15", "greater")),
        _two("risk_difference", *many, partial(score, *many, delta="0.3"), delta=0.3),
        _two("risk_difference", *many, partial(score, *many, "less"), alternative="less"),
        _two("risk_difference", *some, partial(score, *some, "greater"), alternative="greater"),
        _two("fisher_exact", *few, partial(exact, *few, "fisher")),
        _two("fisher_exact", *few, partial(exact, *few, "fisher", "less"), alternative="less"),
        _two("fisher_exact", *some, partial(exact, *some, "fisher", "greater"), alternative="greater"),
        _two("boschloo_exact", *few, partial(exact, *few, "boschloo")),
        _two("boschloo_exact", *some, partial(exact, *some, "boschloo", "greater"), alternative="greater"),
    ]  # fmt: skip


ENTRIES = _entries()
