"""Descriptions of groups, and measures of how far an assumption holds."""

from __future__ import annotations

import math

import numpy as np

from kosmos_graph.domain.results import Group, Measure
from kosmos_graph.experiments.catalogue.observed import Arm, FloatArray

SKEWED = 1.0
"""Skewness beyond which a small sample's mean gets a caveat."""
SMALL = 30
COCHRAN = 25


def spread(values: FloatArray) -> float | None:
    """Sample standard deviation, None for a single value; scaled by a power of two, so that no square leaves the floats."""
    if values.size < 2:
        return None
    centred = values - values[0]
    exponent = math.frexp(float(np.max(np.abs(centred))))[1]
    return math.ldexp(float(np.std(np.ldexp(centred, -exponent), ddof=1)), exponent)


def mean(values: FloatArray) -> float:
    """Arithmetic mean, computed around the first value so that a large common offset costs no digits."""
    return float(values[0] + np.mean(values - values[0]))


def describe(arm: Arm) -> Group:
    """n, mean, SD, median and range; n alone where the values are codes of ordered levels."""
    if not arm.numeric:
        return Group(label=arm.label, n=arm.n)
    values = arm.values
    return Group(
        label=arm.label,
        n=arm.n,
        mean=mean(values),
        sd=spread(values),
        median=float(np.median(values)),
        low=float(values.min()),
        high=float(values.max()),
    )


def skewness(values: FloatArray) -> float | None:
    """Third standardised moment (biased, g1); None where the values do not vary."""
    centred = values - mean(values)
    scale = float(np.max(np.abs(centred)))
    if not scale > 1e-14 * float(np.max(np.abs(values))):
        return None
    centred = centred / scale
    return float(np.mean(centred**3) / np.mean(centred**2) ** 1.5)


def skewness_measures(arms: tuple[Arm, ...]) -> tuple[Measure, ...]:
    """Skewness of each group that varies."""
    found = ((arm, skewness(arm.values)) for arm in arms)
    meaning = "0 for a symmetric distribution; beyond ±1 the mean of a small group is a poor summary"
    return tuple(Measure(name=f"skewness, {arm.label}", value=value, meaning=meaning) for arm, value in found if value is not None)


def skewness_caveats(measures: tuple[Measure, ...], smallest: int) -> tuple[str, ...]:
    """A sentence where a sample is too small for its skewness: fewer than 25 times its square (Cochran 1977, Sampling Techniques).

    40 rows of a log-normal outcome, whose skewness is about 2.5, miss their mean in 11 % of intervals at 95 %.
    """
    skews = [abs(measure.value) for measure in measures if measure.name.startswith("skewness")]
    if not any(skew > SKEWED and smallest < max(SMALL, COCHRAN * skew**2) for skew in skews):
        return ()
    return ("The sample is small for its skewness, so the interval of the mean is only approximate.",)


def spread_ratio(arms: tuple[Arm, ...]) -> tuple[Measure, ...]:
    """Ratio of the largest to the smallest standard deviation, where none is zero."""
    spreads = [value for arm in arms if (value := spread(arm.values))]
    if len(spreads) < len(arms):
        return ()
    meaning = "1 where all groups spread alike; this method does not assume that they do"
    return (Measure(name="ratio of the largest to the smallest SD", value=max(spreads) / min(spreads), meaning=meaning),)


def share_of_ties(values: FloatArray) -> Measure:
    """Share of values that equal another one."""
    _, counts = np.unique(values, return_counts=True)
    share = float(counts[counts > 1].sum() / values.size)
    return Measure(name="share of tied values", value=share, meaning="0 where all values differ; ranks are averaged within ties")
