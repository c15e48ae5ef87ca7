"""Means and differences of means with their standard errors and degrees of freedom."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kosmos_graph.experiments.catalogue.describe import mean, spread
from kosmos_graph.experiments.catalogue.observed import Arm, FloatArray
from kosmos_graph.experiments.catalogue.tails import positive_error


@dataclass(frozen=True)
class Location:
    """An estimate in outcome units whose error is t distributed. `spread` is the SD of the values, 0 where there are two groups."""

    value: float
    standard_error: float
    df: float
    spread: float = 0.0


def largest(values: FloatArray) -> float:
    """Largest absolute value: the magnitude against which floating-point noise is judged."""
    return float(np.max(np.abs(values)))


def mean_location(values: FloatArray, what: str, magnitude: float | None = None) -> Location:
    """Mean of `values`. Raises NotApplicable where they do not vary; `magnitude` is that of the numbers they were made from."""
    sd = positive_error(spread(values) or 0.0, largest(values) if magnitude is None else magnitude, what)
    return Location(mean(values), sd / math.sqrt(values.size), float(values.size - 1), sd)


def welch_location(a: Arm, b: Arm) -> Location:
    """Difference of means A − B, its unpooled standard error and the Welch–Satterthwaite degrees of freedom (Welch 1947)."""
    errors = [(spread(arm.values) or 0.0) / math.sqrt(arm.n) for arm in (a, b)]
    magnitude = max(largest(a.values), largest(b.values))
    error = positive_error(math.hypot(*errors), magnitude, "both groups")
    shares = [(one / error) ** 2 for one in errors]
    df = 1 / sum(share**2 / (arm.n - 1) for share, arm in zip(shares, (a, b), strict=True))
    return Location(mean_difference(a.values, b.values), error, df)


def mean_difference(a: FloatArray, b: FloatArray) -> float:
    """Mean of `a` minus mean of `b`, computed around a common value so that a large offset costs no digits."""
    return float(np.mean(a - b[0]) - np.mean(b - b[0]))
