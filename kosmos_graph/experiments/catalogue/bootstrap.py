"""BCa bootstrap of a statistic's difference between two groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from kosmos_graph.data.decimals import difference
from kosmos_graph.domain.design import Alternative
from kosmos_graph.experiments.catalogue.observed import FloatArray
from kosmos_graph.experiments.catalogue.tails import Ends, tail_areas
from kosmos_graph.experiments.method import NotApplicable

RESAMPLES = 9999
BATCH = 4_000_000
"""Values drawn at once."""

Statistic = Callable[[FloatArray], FloatArray]
"""A statistic of each row of a matrix."""


@dataclass(frozen=True)
class Bca:
    """Sorted bootstrap differences with the bias correction z₀ and the acceleration a (Efron 1987, JASA 82:171)."""

    sorted: FloatArray
    bias: float
    acceleration: float

    def _adjusted(self, area: float) -> float:
        z = self.bias + float(stats.norm.ppf(area))
        return float(stats.norm.cdf(self.bias + z / (1 - self.acceleration * z)))

    def ends(self, alternative: Alternative, level: float) -> Ends:
        """The interval's ends."""
        below, above = tail_areas(alternative, level)
        low = None if below is None else float(np.quantile(self.sorted, self._adjusted(below)))
        high = None if above is None else float(np.quantile(self.sorted, self._adjusted(1 - above)))
        return low, high

    def p_value(self, null: float, alternative: Alternative) -> float:
        """The largest alpha at which the interval leaves `null` out; resamples bound it away from 0."""
        ordered = self.sorted
        below = (np.searchsorted(ordered, null, side="left") + np.searchsorted(ordered, null, side="right")) / 2
        share = min(max(float(below), 0.5), ordered.size - 0.5) / ordered.size
        z = float(stats.norm.ppf(share)) - self.bias
        area = float(stats.norm.cdf(z / (1 + self.acceleration * z) - self.bias))
        match alternative:
            case "greater":
                return area
            case "less":
                return 1 - area
            case "two-sided":
                return min(1.0, 2 * min(area, 1 - area))


def resampled(values: FloatArray, statistic: Statistic, generator: np.random.Generator) -> FloatArray:
    """The statistic of RESAMPLES samples drawn with replacement."""
    rows = max(1, BATCH // values.size)
    parts = [
        statistic(values[generator.integers(0, values.size, (min(rows, RESAMPLES - start), values.size))])
        for start in range(0, RESAMPLES, rows)
    ]
    return np.concatenate(parts)


def _influence(left_out: FloatArray) -> FloatArray:
    """Jackknife influence values, scaled as one of two samples needs them (Efron and Tibshirani 1993, eq. 14.15)."""
    return np.asarray((left_out.mean() - left_out) * (left_out.size - 1) / left_out.size, dtype=np.float64)


def bca(a: FloatArray, b: FloatArray, statistic: Statistic, left_out: tuple[FloatArray, FloatArray], seed: int) -> Bca:
    """Bootstrap of statistic(a) − statistic(b); `left_out` are each group's statistics with one value left out."""
    generator = np.random.default_rng(seed)
    drawn = np.sort(difference(resampled(a, statistic, generator), resampled(b, statistic, generator)))
    if not np.isfinite(drawn[-1] - drawn[0]):
        raise NotApplicable("The values are too large to compute with; give the column in a larger unit.")
    if drawn[0] == drawn[-1]:
        raise NotApplicable("The difference is the same in every bootstrap sample, so it has no interval.")
    observed = float(difference(statistic(a[np.newaxis]), statistic(b[np.newaxis]))[0])
    below = (np.searchsorted(drawn, observed, side="left") + np.searchsorted(drawn, observed, side="right")) / 2
    share = min(max(float(below), 0.5), drawn.size - 0.5) / drawn.size
    influence = np.concatenate([_influence(left_out[0]), -_influence(left_out[1])])
    return Bca(drawn, float(stats.norm.ppf(share)), _acceleration(influence))


def _acceleration(influence: FloatArray) -> float:
    """Skewness of the influence values over six; 0 where none differs from zero."""
    largest = float(np.max(np.abs(influence)))
    if largest == 0:
        return 0.0
    scaled = influence / largest
    return float(np.sum(scaled**3) / (6 * np.sum(scaled**2) ** 1.5))


def means_left_out(values: FloatArray) -> FloatArray:
    """Mean of all values but one, for each."""
    return np.asarray((values.sum() - values) / (values.size - 1), dtype=np.float64)


def quantiles_left_out(values: FloatArray, probability: float) -> FloatArray:
    """Quantile (linear interpolation) of all values but one, for each of the sorted values."""
    ordered = np.sort(values)
    place = (values.size - 2) * probability
    lower = int(np.floor(place))
    upper = min(lower + 1, values.size - 2)
    ranks = np.arange(values.size)
    at = [np.where(ranks > index, ordered[index], ordered[index + 1]) for index in (lower, upper)]
    return np.asarray(at[0] + (place - lower) * (at[1] - at[0]), dtype=np.float64)
