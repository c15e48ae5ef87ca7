"""The probability that a value of one group exceeds one of another, after Brunner and Munzel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from kosmos_graph.experiments.catalogue.observed import FloatArray


@dataclass(frozen=True)
class Superiority:
    """P(X > Y) + ½ P(X = Y) with its standard error; error 0 and `df` None where the groups do not overlap."""

    value: float
    standard_error: float
    df: float | None


def superiority(x: FloatArray, y: FloatArray) -> Superiority:
    """Estimate from placements (Brunner and Munzel 2000, Biometrical Journal 42:17), valid with ties and unequal spreads."""
    m, n = x.size, y.size
    ranks = stats.rankdata(np.concatenate([x, y]))
    above = ranks[:m] - stats.rankdata(x)
    below = ranks[m:] - stats.rankdata(y)
    value = float(above.mean()) / n
    errors = float(np.var(above, ddof=1)) / (m * n**2), float(np.var(below, ddof=1)) / (n * m**2)
    total = sum(errors)
    if total <= 0:
        return Superiority(value, 0.0, None)
    df = total**2 / (errors[0] ** 2 / (m - 1) + errors[1] ** 2 / (n - 1))
    return Superiority(value, math.sqrt(total), df)
