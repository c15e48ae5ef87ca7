"""Correlations."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from itertools import permutations

from mpmath import mp, mpf

from benchmarks.certification import made, nist
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import ranks as r
from benchmarks.certification.exact import regression as g

SOURCE = "all orders counted where they are few; mpmath, from the published formulas"
MOST_ORDERED = 8
"""Rows up to which the p of Spearman's rho counts all orders."""


def z_interval(value: mpf, error: mpf, alternative: str, df: mpf | None = None) -> Reference:
    """A correlation with the interval of its Fisher z, whose open end is ±1."""
    ends = {name: mp.tanh(end) for name, end in m.interval("effect", mp.atanh(value), error, df, alternative).items()}
    return {"effect low": mpf(-1), "effect high": mpf(1)} | ends


def t_test(value: mpf, df: mpf, alternative: str) -> Reference:
    """Student's t of a correlation."""
    t = value * mp.sqrt(df / (1 - value**2))
    return {"statistic": t, "df 1": df, "p": m.p_of(t, df, alternative)}


def detectable(error: mpf, alternative: str) -> mpf:
    """The correlation whose Fisher z is detected with 80 % power."""
    return mp.tanh(m.detectable(error, None, alternative))


def described(y: Sequence[str], x: Sequence[str]) -> Reference:
    """Both variables."""
    return m.description("y", m.numbers(y)) | m.description("x", m.numbers(x))


def pearson(y: list[str], x: list[str], alternative: str = "two-sided") -> Reference:
    """r with Student's t, and the slope with its HC3 interval."""
    value = g.correlations([m.numbers(y), m.numbers(x)])[0][1]
    error = 1 / mp.sqrt(mpf(len(y) - 3))
    fit = g.ols([m.numbers(x)], m.numbers(y))
    found = t_test(value, mpf(len(y) - 2), alternative) | z_interval(value, error, alternative)
    found |= slope(fit, "other slope", alternative)
    found |= {"detectable": detectable(error, alternative)}
    return found | described(y, x)


def slope(fit: g.Ols, name: str, alternative: str) -> Reference:
    """The last slope with its HC3 interval, and as a term with its two-sided test; whether the rows spread alike."""
    value, error, term = fit.coefficients[-1], mp.sqrt(fit.hc3()[-1][-1]), "term slope of y on x (HC3)"
    found = m.interval(name, value, error, fit.df, alternative) | m.interval(term, value, error, fit.df)
    found |= {f"{term} statistic": value / error, f"{term} p": m.p_of(value / error, fit.df)}
    return found | {"measure White p": g.white(fit)}


def ties(y: list[str], x: list[str]) -> Reference:
    """Shares of tied values."""
    return {f"measure share of tied values, {name}": r.share_of_ties(m.numbers(texts)) for name, texts in (("y", y), ("x", x))}


def spearman(y: list[str], x: list[str], alternative: str = "two-sided") -> Reference:
    """rho of the midranks, the interval of Bonett and Wright 2000; p by all orders of few rows."""
    first, second = (r.midranks(m.numbers(texts)) for texts in (x, y))
    n = len(y)
    rho = g.correlations([[r.real(rank) for rank in ranks] for ranks in (first, second)])[0][1]
    found = t_test(rho, mpf(n - 2), alternative) | z_interval(rho, mp.sqrt((1 + rho**2 / 2) / (n - 3)), alternative)
    if n <= MOST_ORDERED:
        doubled = [[int(2 * rank) for rank in ranks] for ranks in (first, second)]
        every = [Fraction(_products(doubled[0], order)) for order in permutations(doubled[1])]
        found["p"] = r.p_of_tails(*r.tail_shares(Fraction(_products(*doubled)), every), alternative)
    return {**found, "detectable": detectable(1 / mp.sqrt(mpf(n - 3)), alternative), **ties(y, x), **described(y, x)}


def perfect(y: list[str], x: list[str], *, tau: bool) -> Reference:
    """A rank correlation of 1 without ties: p is twice that of one order among all, and there is no interval."""
    n = len(y)
    error = mp.sqrt(mpf("0.437") / (n - 4)) if tau else 1 / mp.sqrt(mpf(n - 3))
    found = {"effect": mpf(1), "p": 2 / mp.factorial(n), "detectable": detectable(error, "two-sided")}
    return found | ({"statistic": mpf(1)} if tau else {}) | ties(y, x) | described(y, x)


def _products(a: Sequence[int], b: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(a, b, strict=True))


def sign(a: mpf, b: mpf) -> int:
    """Of a − b."""
    return int(a > b) - int(a < b)


def kendall(y: list[str], x: list[str], alternative: str = "two-sided") -> Reference:
    """tau-b by all pairs; its error by each row's influence, at least Fieller's."""
    a, b = m.numbers(x), m.numbers(y)
    n, everyone = len(a), range(len(a))
    first, second = ([[sign(values[i], values[j]) for j in everyone] for i in everyone] for values in (a, b))
    alike = [sum(p * q for p, q in zip(first[i], second[i], strict=True)) for i in everyone]
    untied = [[sum(map(abs, row)) for row in signs] for signs in (first, second)]
    totals = [sum(one) for one in untied]
    scale = mp.sqrt(mpf(totals[0]) * totals[1])
    tau = mpf(sum(alike)) / scale
    moved = [alike[i] / scale - tau / 2 * (mpf(untied[0][i]) / totals[0] + mpf(untied[1][i]) / totals[1]) for i in everyone]
    error = max(mp.sqrt(mpf("0.437") / (n - 4)), 2 * n * m.sd(moved) / mp.sqrt(mpf(n)) / (1 - tau**2))
    found = {"statistic": tau, "p": kendall_p(a, b, sum(alike) // 2, alternative), "detectable": detectable(error, alternative)}
    return {**found, **z_interval(tau, error, alternative, mpf(n - 2)), **ties(y, x), **described(y, x)}


def kendall_p(a: m.Numbers, b: m.Numbers, score: int, alternative: str) -> mpf:
    """p of concordant less discordant pairs: by counting inversions without ties, else normal with the variance under ties."""
    n = len(a)
    if len(set(a)) == n and len(set(b)) == n:
        counts = [1]
        for size in range(2, n + 1):
            longer = [0] * (len(counts) + size - 1)
            for place, count in enumerate(counts):
                for step in range(size):
                    longer[place + step] += count
            counts = longer
        discordant = (n * (n - 1) // 2 - score) // 2
        below = Fraction(sum(counts[: discordant + 1]), sum(counts))
        return r.p_of_tails(below, Fraction(sum(counts[discordant:]), sum(counts)), alternative)
    sizes = [[values.count(value) for value in set(values)] for values in (a, b)]

    def total(power: int) -> list[mpf]:
        terms = {2: lambda t: t * (t - 1), 3: lambda t: t * (t - 1) * (t - 2), 5: lambda t: t * (t - 1) * (2 * t + 5)}
        return [mpf(sum(map(terms[power], one))) for one in sizes]

    pairs, triples, fives, m_n = total(2), total(3), total(5), mpf(n * (n - 1))
    variance = (m_n * (2 * n + 5) - sum(fives)) / 18
    variance += 2 * pairs[0] / 2 * pairs[1] / 2 / m_n + triples[0] * triples[1] / (9 * m_n * (n - 2))
    return m.p_of(mpf(score) / mp.sqrt(variance), None, alternative)


def partial_correlation(y: list[str], x: list[str], c: list[str], k: list[str], alternative: str = "two-sided") -> Reference:
    """Correlation of what least squares on the covariates leaves over."""
    others = [m.numbers(c), *g.indicators(k, min(k)).values()]
    left = [g.ols(others, m.numbers(texts)).residuals for texts in (y, x)]
    value = g.dot(*left) / mp.sqrt(g.dot(left[0], left[0]) * g.dot(left[1], left[1]))
    df = mpf(len(y) - 2 - len(others))
    error = 1 / mp.sqrt(df - 1)
    found = t_test(value, df, alternative) | z_interval(value, error, alternative)
    found |= slope(g.ols([*others, m.numbers(x)], m.numbers(y)), "other adjusted slope", alternative)
    return {**found, "detectable": detectable(error, alternative), **described(y, x)}


def related(name: str, n: int, share: float) -> dict[str, list[str]]:
    """Two correlated columns."""
    x, noise = made.normal(f"{name} x", n, 50, 10), made.normal(f"{name} noise", n, 0, 10)
    return {"y": [f"{share * float(a) + float(e):.3f}" for a, e in zip(x, noise, strict=True)], "x": x}


def _entries() -> list[Entry]:
    line = {name: list(texts) for name, texts in nist.norris().columns.items()}
    many, few, mid = related("pearson", 31, 0.6), related("seven", 7, 0.9), related("kendall", 15, 0.7)
    scored = {"y": made.scores("score y", 26, 6), "x": made.scores("score x", 26, 5)}
    cleared = related("partial", 33, 0.5)
    beside = {"c": made.normal("partial c", 33, 0, 1), "k": ["a", "b", "c"] * 11}
    ordered = sorted(map(float, made.normal("one order", 11, 20, 5)))
    one = {"y": [f"{value:.3f}" for value in ordered], "x": [f"{value**2:.3f}" for value in ordered]}
    asked = {"outcome": "y", "predictors": "x"}

    def entry(method: str, data: str, columns: dict[str, list[str]], reference: object, *side: str) -> Entry:
        told = {"alternative": side[0]} if side else {}
        return Entry(method, ", ".join((data, *side)), SOURCE, columns, {**asked, **told}, partial(reference, **columns, **told))

    return [
        entry("pearson", "31 normal rows", many, pearson),
        entry("pearson", "31 normal rows", many, pearson, "greater"),
        entry("pearson", "Norris", line, pearson),
        entry("spearman", "31 normal rows", many, spearman),
        entry("spearman", "7 normal rows", few, spearman),
        entry("spearman", "7 normal rows", few, spearman, "greater"),
        entry("spearman", "26 rows of scores", scored, spearman),
        entry("spearman", "26 rows of scores", scored, spearman, "less"),
        entry("spearman", "11 rows in one order", one, partial(perfect, tau=False)),
        entry("kendall", "11 rows in one order", one, partial(perfect, tau=True)),
        entry("kendall", "15 normal rows", mid, kendall),
        entry("kendall", "15 normal rows", mid, kendall, "less"),
        entry("kendall", "26 rows of scores", scored, kendall),
        entry("kendall", "26 rows of scores", scored, kendall, "greater"),
        Entry("partial_correlation", "33 rows, a numeric and a nominal covariate", SOURCE, {**cleared, **beside},
              {**asked, "covariates": ("c", "k")}, partial(partial_correlation, **cleared, **beside)),
        Entry("partial_correlation", "33 rows, a numeric and a nominal covariate, less", SOURCE, {**cleared, **beside},
              {**asked, "covariates": ("c", "k"), "alternative": "less"},
              partial(partial_correlation, **cleared, **beside, alternative="less")),
    ]  # fmt: skip


ENTRIES = _entries()
