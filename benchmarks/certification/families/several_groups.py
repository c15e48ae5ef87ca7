"""Three and more groups: Welch's F, the linear contrast, and the F of relative effects."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from math import sqrt

from mpmath import mp, mpf

from benchmarks.certification import made, nist
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import ranks as r
from benchmarks.certification.exact.studentised_range import games_howell_p, range_quantile

MOST_PAIRED = 8
"""Groups up to which the method compares pairs."""


def share(noncentrality: mpf, n: int) -> mpf:
    """Share of variance that a noncentrality of `n` rows stands for."""
    return noncentrality / (noncentrality + n)


def detectable_share(df: tuple[mpf, mpf], n: int) -> mpf:
    """Share of variance at which F has 80 % power."""
    critical = d.f_quantile(1 - m.ALPHA, *df)
    return share(d.noncentrality(lambda shift: d.noncentral_f_lower(critical, *df, shift), 1 - m.POWER), n)


def share_ends(f: mpf, df: tuple[mpf, mpf], n: int) -> tuple[mpf, ...]:
    """Interval of the share of variance."""
    ends = d.noncentrality_ends(lambda shift: d.noncentral_f_lower(f, *df, shift), m.ALPHA, max(mpf(1), df[0] * (f - 1)))
    return tuple(share(end, n) for end in ends)


def welch_f(groups: dict[str, list[mpf]]) -> tuple[mpf, tuple[mpf, mpf]]:
    """Welch 1951."""
    k, weights = len(groups), [len(values) / m.variance(values) for values in groups.values()]
    total = mp.fsum(weights)
    means = [m.mean(values) for values in groups.values()]
    centre = mp.fsum(weight * one for weight, one in zip(weights, means, strict=True)) / total
    between = mp.fsum(weight * (one - centre) ** 2 for weight, one in zip(weights, means, strict=True)) / (k - 1)
    sizes = [len(values) for values in groups.values()]
    slack = mp.fsum((1 - weight / total) ** 2 / (n - 1) for weight, n in zip(weights, sizes, strict=True))
    return between / (1 + 2 * (k - 2) * slack / (k**2 - 1)), (mpf(k - 1), (k**2 - 1) / (3 * slack))


def games_howell(groups: dict[str, list[mpf]]) -> Reference:
    """Pairs of means (Games and Howell 1976)."""
    found, k = {}, len(groups)
    for (first, a), (second, b) in combinations(groups.items(), 2):
        value, error, df = m.welch(a, b)
        reach = mpf(range_quantile(0.95, k, float(df)) / sqrt(2)) * error
        name = f"term {first} − {second}"
        found |= {name: value, f"{name} low": value - reach, f"{name} high": value + reach, f"{name} n": mpf(len(a) + len(b))}
        found |= {f"{name} statistic": value / error, f"{name} p": games_howell_p(value / error, k, df)}
    return found


def described(groups: dict[str, list[mpf]]) -> Reference:
    """Groups and the measures of their shapes and spreads."""
    found = m.skewnesses(groups) | m.spread_ratio(groups)
    for label, values in groups.items():
        found |= m.description(label, values)
    return found


def welch_anova(y: list[str], g: list[str], ordered: bool = False) -> Reference:
    """F, ω² and the pairs."""
    groups, n = m.grouped(y, g), len(y)
    f, df = welch_f(groups)
    low, high = share_ends(f, df, n)
    found = {"statistic": f, "df 1": df[0], "df 2": df[1], "p": d.f_upper(f, *df), "detectable": detectable_share(df, n)}
    found |= {"effect": share(max(mpf(0), df[0] * (f - 1)), n), "effect low": low, "effect high": high}
    found |= described(groups) | (games_howell(groups) if len(groups) <= MOST_PAIRED else {})
    if ordered:
        trend = contrast(groups)
        first, *_, last = groups
        name = f"term linear contrast, {last} − {first}, along the trend"
        found |= {name: trend["effect"], f"{name} low": trend["effect low"], f"{name} high": trend["effect high"]}
        found |= {f"{name} statistic": trend["statistic"], f"{name} p": trend["p"], f"{name} n": mpf(n)}
    return found


def contrast(groups: dict[str, list[mpf]], alternative: str = "two-sided") -> Reference:
    """Change along the least-squares line through the means of equally spaced groups, with Satterthwaite's df."""
    k = len(groups)
    centre = mpf(k - 1) / 2
    squares = mp.fsum((place - centre) ** 2 for place in range(k))
    weights = [(place - centre) * (k - 1) / squares for place in range(k)]
    value = mp.fsum(weight * m.mean(values) for weight, values in zip(weights, groups.values(), strict=True))
    parts = [weight**2 * m.variance(values) / len(values) for weight, values in zip(weights, groups.values(), strict=True)]
    sizes = [len(values) for values in groups.values()]
    df = mp.fsum(parts) ** 2 / mp.fsum(part**2 / (n - 1) for part, n in zip(parts, sizes, strict=True))
    return m.tested(value, mp.sqrt(mp.fsum(parts)), df, alternative)


def linear_contrast(y: list[str], g: list[str], alternative: str = "two-sided") -> Reference:
    """The trend over ordered groups."""
    groups = m.grouped(y, g)
    return {**contrast(groups, alternative), **described(groups)}


def kruskal_wallis(y: list[str], g: list[str]) -> Reference:
    """F of relative effects, ε², and H."""
    groups, n = m.grouped(y, g), len(y)
    k = len(groups)
    f, df = r.relative_f(list(groups.values()))
    h = r.kruskal_h(list(groups.values()))
    epsilon = h / (n - 1)
    low, high = share_ends(f, df, n)
    smallest = min(map(len, groups.values()))
    p = max(d.f_upper(f, *df), mpf(2) ** (1 - smallest))
    name = "term Kruskal–Wallis H, if all groups spread alike"
    found = {"statistic": f, "df 1": df[0], "df 2": df[1], "p": p, "effect": epsilon}
    found |= {"effect low": mpf(0) if p > m.ALPHA else low, "effect high": max(high, epsilon)}
    found |= {"measure share of tied values": r.share_of_ties(m.numbers(y))}
    found |= {name: epsilon, f"{name} statistic": h, f"{name} p": d.chi_square_upper(h, mpf(k - 1)), f"{name} n": mpf(n)}
    found |= {"detectable": detectable_share((mpf(k - 1), mpf(n - k)), n)}
    for label, values in groups.items():
        found |= m.description(label, values)
    return found


def _nist(name: str) -> Entry:
    columns = {"y": list(nist.anova(name).columns["response"]), "g": list(nist.anova(name).columns["treatment"])}
    data, source = f"{name}", "mpmath, from the published formulas; data NIST StRD"
    if name in ("SmLs07", "SmLs08", "SmLs09"):
        return Entry("welch_anova", data, "refusal", columns, {"outcome": "y", "predictors": "g"}, refusal="ill-conditioned: ")
    return Entry("welch_anova", data, source, columns, {"outcome": "y", "predictors": "g"}, partial(welch_anova, **columns))


def _entries() -> list[Entry]:
    source = "mpmath, from the published formulas"
    y = [value for name, centre, spread, n in (("low", 20, 3, 11), ("middle", 22, 5, 15), ("high", 25, 9, 9))
         for value in made.normal(name, n, centre, spread)]  # fmt: skip
    columns = {"y": y, "g": made.labels(a=11, b=15, c=9)}
    ties = {"y": made.scores("ties", 36, 7), "g": made.labels(a=10, b=12, c=14)}
    apart = {
        "y": [str(float(value) + 2 * (place > 20)) for place, value in enumerate(made.normal("apart", 36, 5, 1))],
        "g": ties["g"],
    }
    order = {"dictionary": {"g": {"order": ["a", "b", "c"]}}}
    grouped = {"outcome": "y", "predictors": "g"}
    return [
        *(_nist(name) for name in nist.ANOVA if name not in ("AtmWtAg", "SmLs03", "SmLs06")),
        Entry("welch_anova", "three normal groups, in order", source, columns, {**grouped, "about": order},
              partial(welch_anova, **columns, ordered=True)),
        Entry("linear_contrast", "three normal groups, in order", source, columns, {**grouped, "about": order},
              partial(linear_contrast, **columns)),
        *(Entry("linear_contrast", f"three normal groups, in order, {side}", source, columns,
                {**grouped, "about": order, "alternative": side}, partial(linear_contrast, **columns, alternative=side))
          for side in ("greater", "less")),
        Entry("kruskal_wallis", "36 scores of 7 levels", source, ties, grouped, partial(kruskal_wallis, **ties)),
        Entry("kruskal_wallis", "36 normal values, shifted", source, apart, grouped, partial(kruskal_wallis, **apart)),
    ]  # fmt: skip


ENTRIES = _entries()
