"""Standardised differences: Hedges g and its intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import optimize, special, stats

from kosmos_graph.domain.design import Alternative
from kosmos_graph.domain.results import Effect
from kosmos_graph.experiments.catalogue.tails import Ends, t_interval, tail_areas
from kosmos_graph.experiments.method import Context


def small_sample_correction(df: float) -> float:
    """Factor J that removes the bias of a standardised mean (Hedges 1981, J Educ Stat 6:107). `df` is above 1."""
    return math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) * math.sqrt(2 / df)


def _shift_at(probability: Callable[[float], float], area: float, start: float) -> float | None:
    """The noncentrality at which a falling `probability` is `area`, searched outwards from `start`; None where none is found."""
    width = 4.0 + abs(start)
    low, high = start - width, start + width
    if not probability(low) >= area >= probability(high):
        return None
    return float(optimize.brentq(lambda shift: probability(shift) - area, low, high, xtol=1e-12, rtol=1e-14))


def noncentral_t_ends(statistic: float, df: float, alternative: Alternative, level: float) -> Ends:
    """Interval of the noncentrality of an observed t statistic (Steiger and Fouladi 1997); None where it cannot be found."""

    def below(shift: float) -> float:
        return float(stats.nct.cdf(statistic, df, shift))

    lower, upper = tail_areas(alternative, level)
    low = None if lower is None else _shift_at(below, 1 - lower, statistic)
    high = None if upper is None else _shift_at(below, upper, statistic)
    return low, high


def hedges_g_one_sample(
    distance: float, spread: float, n: int, label: str, alternative: Alternative, context: Context, name: str = "Hedges g"
) -> Effect:
    """Bias-corrected `distance` from the null over the standard deviation, with its exact interval under normality."""
    correction = small_sample_correction(n - 1)
    value = distance / spread
    low, high = noncentral_t_ends(value * math.sqrt(n), n - 1, alternative, context.level)
    scale = correction / math.sqrt(n)
    return Effect(
        name=name,
        label=label,
        value=correction * value,
        low=None if low is None else low * scale,
        high=None if high is None else high * scale,
        level=context.level,
    )


def hedges_g_two_groups(
    difference: float,
    spreads: tuple[float, float],
    sizes: tuple[int, int],
    welch_df: float,
    label: str,
    alternative: Alternative,
    context: Context,
) -> Effect:
    """Bias-corrected `difference` over the pooled standard deviation, with an interval that lets the spreads differ.

    The standard error is the delta method's, without the assumption of equal variances (as Bonett 2008, Psychol Methods
    13:99, for the average variance); with equal variances it is Hedges's 1/n1 + 1/n2 + d²/(2·df).
    """
    df = sum(sizes) - 2
    terms = [(n - 1, spread) for n, spread in zip(sizes, spreads, strict=True)]
    widest = max(spreads)
    pooled = widest * math.sqrt(sum(free * (spread / widest) ** 2 for free, spread in terms) / df)
    ratios = [(n, free, spread / pooled) for n, (free, spread) in zip(sizes, terms, strict=True)]
    value = difference / pooled
    variance = sum(ratio**2 / n for n, _, ratio in ratios) + value**2 * sum(free * ratio**4 for _, free, ratio in ratios) / (
        2 * df**2
    )
    correction = small_sample_correction(df)
    low, high = t_interval(correction * value, correction * math.sqrt(variance), welch_df, alternative, context.level)
    return Effect(name="Hedges g", label=label, value=correction * value, low=low, high=high, level=context.level)
