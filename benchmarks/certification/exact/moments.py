"""Means, spreads and shapes of groups, and the tests and intervals that are about t distributed, from the numbers' texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from mpmath import mp, mpf

from benchmarks.certification.exact.distributions import noncentral_t_lower, normal_upper, quantile, root, t_upper

Numbers = Sequence[mpf]
ALPHA = mpf("0.05")
POWER = mpf("0.8")
ZERO = mpf(0)


def numbers(texts: Sequence[str]) -> tuple[mpf, ...]:
    """The numbers that decimal texts stand for."""
    return tuple(mpf(text) for text in texts)


def grouped(values: Sequence[str], labels: Sequence[str]) -> dict[str, tuple[mpf, ...]]:
    """The numbers by label, labels in their alphabetical order."""
    pairs = list(zip(numbers(values), labels, strict=True))
    return {name: tuple(value for value, label in pairs if label == name) for name in sorted(set(labels))}


@lru_cache
def moment(values: tuple[mpf, ...], power: int) -> mpf:
    """Sum of a power of the deviations from the mean; of power 0 the mean itself."""
    if power == 0:
        return mp.fsum(values) / len(values)
    centre = moment(values, 0)
    return mp.fsum((value - centre) ** power for value in values)


def mean(values: Numbers) -> mpf:
    """Arithmetic mean."""
    return moment(tuple(values), 0)


def variance(values: Numbers) -> mpf:
    """Sample variance."""
    return moment(tuple(values), 2) / (len(values) - 1)


def sd(values: Numbers) -> mpf:
    """Sample standard deviation."""
    return mp.sqrt(variance(values))


def skewness(values: Numbers) -> mpf:
    """g1."""
    second, third = (moment(tuple(values), power) / len(values) for power in (2, 3))
    return third / second ** (mpf(3) / 2)


def at(values: Numbers, probability: mpf) -> mpf:
    """Quantile by linear interpolation between the order statistics (Hyndman and Fan 1996, definition 7)."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * probability
    lower = int(mp.floor(place))
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (place - lower) * (ordered[upper] - ordered[lower])


def description(label: str, values: Numbers) -> dict[str, mpf]:
    """n, mean, SD, median and range of a group."""
    found = {"n": mpf(len(values)), "mean": mean(values), "median": at(values, mpf(1) / 2), "low": min(values), "high": max(values)}
    if len(values) > 1:
        found["sd"] = sd(values)
    return {f"group {label} {name}": value for name, value in found.items()}


def skewnesses(groups: Mapping[str, Numbers]) -> dict[str, mpf]:
    """The measures of skewness."""
    return {f"measure skewness, {label}": skewness(values) for label, values in groups.items()}


def spread_ratio(groups: Mapping[str, Numbers]) -> dict[str, mpf]:
    """The measure of unequal spreads."""
    spreads = [sd(values) for values in groups.values()]
    return {"measure ratio of the largest to the smallest SD": max(spreads) / min(spreads)}


def tails(alternative: str) -> tuple[mpf | None, mpf | None]:
    """Area left out below and above the interval that goes with an alternative."""
    return {"two-sided": (ALPHA / 2, ALPHA / 2), "greater": (ALPHA, None), "less": (None, ALPHA)}[alternative]


def interval(prefix: str, value: mpf, error: mpf, df: mpf | None, alternative: str = "two-sided") -> dict[str, mpf]:
    """An estimate with the ends of its interval."""
    below, above = tails(alternative)
    found = {prefix: value}
    if below is not None:
        found[f"{prefix} low"] = value - quantile(1 - below, df) * error
    if above is not None:
        found[f"{prefix} high"] = value + quantile(1 - above, df) * error
    return found


def p_of(statistic: mpf, df: mpf | None, alternative: str = "two-sided") -> mpf:
    """p of a t (or, without df, z) statistic."""

    def upper(x: mpf) -> mpf:
        return normal_upper(x) if df is None else t_upper(x, df)

    return {"two-sided": 2 * upper(abs(statistic)), "greater": upper(statistic), "less": upper(-statistic)}[alternative]


def detectable(error: mpf, df: mpf | None, alternative: str = "two-sided") -> mpf:
    """Bloom's minimum detectable effect, (t₁₋α + t₀.₈)·SE."""
    tail = ALPHA / 2 if alternative == "two-sided" else ALPHA
    return (quantile(1 - tail, df) + quantile(POWER, df)) * error


def equivalence(value: mpf, error: mpf, df: mpf | None, delta: mpf) -> dict[str, mpf]:
    """Two one-sided tests against ±δ."""
    reach = quantile(1 - ALPHA, df) * error
    p = max(p_of((value + delta) / error, df, "greater"), p_of((value - delta) / error, df, "less"))
    return {"equivalence p": p, "equivalence low": value - reach, "equivalence high": value + reach}


def tested(value: mpf, error: mpf, df: mpf, alternative: str = "two-sided", null: mpf = ZERO) -> dict[str, mpf]:
    """Statistic, p, interval and detectable distance of an estimate at a `value` from the null with a t distributed error."""
    return {
        "statistic": value / error,
        "df 1": df,
        "p": p_of(value / error, df, alternative),
        **interval("effect", value + null, error, df, alternative),
        "detectable": detectable(error, df, alternative),
    }


def hedges_j(df: mpf) -> mpf:
    """The factor that removes the bias of a standardised mean (Hedges 1981)."""
    return mp.gamma(df / 2) / (mp.gamma((df - 1) / 2) * mp.sqrt(df / 2))


def hedges_one(distance: mpf, spread: mpf, n: int, alternative: str = "two-sided") -> dict[str, mpf]:
    """Hedges g of one sample with the interval that inverts the noncentral t distribution."""
    df, root_n = mpf(n - 1), mp.sqrt(n)
    factor, t = hedges_j(df), distance / spread * root_n
    below, above = tails(alternative)
    found = {"standardised": factor * distance / spread}
    for name, area in (("low", None if below is None else 1 - below), ("high", above)):
        if area is not None:
            shift = root(lambda d, area=area: noncentral_t_lower(t, df, d) - area, t - 3, t + 3)
            found[f"standardised {name}"] = shift * factor / root_n
    return found


def welch(a: Numbers, b: Numbers) -> tuple[mpf, mpf, mpf]:
    """Difference of means, its error and Satterthwaite's degrees of freedom."""
    parts = variance(a) / len(a), variance(b) / len(b)
    df = sum(parts) ** 2 / (parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1))
    return mean(a) - mean(b), mp.sqrt(sum(parts)), df


def hedges_two(a: Numbers, b: Numbers, alternative: str = "two-sided") -> dict[str, mpf]:
    """Hedges g over the pooled SD; its error by the delta method with each group's own variance."""
    value, _, welch_df = welch(a, b)
    df = mpf(len(a) + len(b) - 2)
    pooled = ((len(a) - 1) * variance(a) + (len(b) - 1) * variance(b)) / df
    d = value / mp.sqrt(pooled)
    of_mean = (variance(a) / len(a) + variance(b) / len(b)) / pooled
    of_spread = ((len(a) - 1) * variance(a) ** 2 + (len(b) - 1) * variance(b) ** 2) / pooled**2
    error = mp.sqrt(of_mean + d**2 * of_spread / (2 * df**2))
    return interval("standardised", hedges_j(df) * d, hedges_j(df) * error, welch_df, alternative)
