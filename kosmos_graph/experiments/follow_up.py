"""Durations that ended with the event or were cut off before it: how a sample tells them, and Kaplan–Meier curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from kosmos_graph.domain.design import Design
from kosmos_graph.experiments.design_matrix import FloatArray, numeric_values
from kosmos_graph.experiments.method import NotApplicable, Sample

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FollowUp:
    """Per row how long it was followed, and whether the event had happened by then; else it was censored."""

    times: FloatArray
    events: BoolArray

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.times.size)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(np.count_nonzero(self.events))

    def where(self, chosen: BoolArray) -> FollowUp:
        """Some of the rows."""
        return FollowUp(self.times[chosen], self.events[chosen])


def follow_up_of(sample: Sample, design: Design) -> FollowUp:
    """The outcome as a duration, with the target's event. Raises NotApplicable where it is none, or no event happened."""
    target = design.target
    if target.event is None or target.event_level is None:
        raise NotApplicable("A duration needs the column that says whether the event happened, and its level that says so.")
    times = numeric_values(sample.frame, target.outcome)
    if times.size == 0:
        raise NotApplicable("No complete row is left after exclusions.")
    short = int(np.count_nonzero(~(times > 0)))
    if short:
        raise NotApplicable(
            f"{target.outcome} is zero or below in {short} rows, and a duration is above zero: exclude these rows, or give them "
            "the time that passed."
        )
    levels = sample.card.column(target.event)
    if levels is not None and levels.levels and levels.n_of(target.event_level) == 0:
        raise NotApplicable(f"{target.event} has no level called {target.event_level}.")
    events = np.asarray(sample.frame[target.event].astype(object).to_numpy() == target.event_level, dtype=np.bool_)
    if not events.any():
        raise NotApplicable(
            f"No row has the event ({target.event} = {target.event_level}), so nothing is known of when it happens."
        )
    return FollowUp(times, events)


def numbered(sample: Sample, column: str | None) -> IntArray:
    """Per row the number of its value of a column that parts the rows, 0 for all where none is named."""
    if column is None:
        return np.zeros(len(sample.frame), dtype=np.int64)
    values = sample.frame[column].astype(str).to_numpy()
    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.int64)


@dataclass(frozen=True)
class Curve:
    """Kaplan–Meier: after each of the distinct `times` the `survival`, with `at_risk` rows before it and Greenwood's sum.

    `greenwood` is the variance of the logarithm of the survival, infinite where that is 0.
    """

    times: FloatArray
    at_risk: FloatArray
    deaths: FloatArray
    survival: FloatArray
    greenwood: FloatArray

    @property
    def last(self) -> float:
        """The longest time of follow-up."""
        return float(self.times[-1])

    def place(self, time: float) -> int:
        """Number of the last distinct time at or before `time`, −1 where there is none."""
        return int(np.searchsorted(self.times, time, side="right")) - 1

    def at(self, time: float) -> tuple[float, float]:
        """Survival beyond `time`, and the variance of its logarithm."""
        place = self.place(time)
        return (1.0, 0.0) if place < 0 else (float(self.survival[place]), float(self.greenwood[place]))


def kaplan_meier_curve(follow_up: FollowUp) -> Curve:
    """Kaplan and Meier 1958, JASA 53:457; variance of Greenwood 1926."""
    times, place = np.unique(follow_up.times, return_inverse=True)
    left = np.bincount(place, minlength=times.size)
    deaths = np.bincount(place[follow_up.events], minlength=times.size).astype(np.float64)
    at_risk = (follow_up.n - np.concatenate([[0], np.cumsum(left)[:-1]])).astype(np.float64)
    survival = np.cumprod((at_risk - deaths) / at_risk)
    gaps = at_risk - deaths
    steps = np.where(gaps > 0, deaths / (at_risk * np.where(gaps > 0, gaps, 1.0)), np.where(deaths > 0, np.inf, 0.0))
    return Curve(times, at_risk, deaths, np.asarray(survival, dtype=np.float64), np.cumsum(steps))


def survival_ends(survival: float, greenwood: float, n: int, z: float) -> tuple[float, float]:
    """Interval of a survival on the scale of log(−log S) (Kalbfleisch and Prentice 1980).

    Where the survival is 1 or 0 that scale has no error, and the interval is Wilson's of `n` rows.
    """
    if survival >= 1:
        return n / (n + z * z), 1.0
    if survival <= 0:
        return 0.0, z * z / (n + z * z)
    reach = z * np.sqrt(greenwood) / abs(np.log(survival))
    return float(survival ** np.exp(reach)), float(survival ** np.exp(-reach))


def survival_quantile(curve: Curve, probability: float) -> float | None:
    """First time at which survival is at most 1 − `probability`; None where it stays above."""
    reached = np.flatnonzero(curve.survival <= 1 - probability + 1e-12)
    return float(curve.times[reached[0]]) if reached.size else None


def quantile_ends(curve: Curve, probability: float, level: float) -> tuple[float | None, float | None]:
    """Times at which the log(−log) interval of survival holds 1 − `probability` (Brookmeyer and Crowley 1982, Biometrics 38:29)."""
    z = float(stats.norm.isf((1 - level) / 2))
    ends = [survival_ends(s, v, 1, z) if 0 < s < 1 else (s, s) for s, v in zip(curve.survival, curve.greenwood, strict=True)]
    wanted = 1 - probability
    low = next((float(t) for t, (below, _) in zip(curve.times, ends, strict=True) if below <= wanted), None)
    high = next((float(t) for t, (_, above) in zip(curve.times, ends, strict=True) if above < wanted), None)
    return low, high


def restricted_mean(curve: Curve, horizon: float) -> tuple[float, float]:
    """Area under the curve up to `horizon` and its variance, with Greenwood's sums times d / (d − 1) of the events before it.

    Klein and Moeschberger 2003, Survival Analysis, 4.5.
    """
    inside = curve.times < horizon
    edges = np.concatenate([[0.0], curve.times[inside], [horizon]])
    heights = np.concatenate([[1.0], curve.survival[inside]])
    areas = np.diff(edges) * heights
    beyond = np.cumsum(areas[::-1])[::-1][1:]
    deaths, at_risk = curve.deaths[inside], curve.at_risk[inside]
    gaps = at_risk - deaths
    known = (deaths > 0) & (gaps > 0)
    variance = float(np.sum(beyond[known] ** 2 * deaths[known] / (at_risk[known] * gaps[known])))
    events = float(np.sum(deaths))
    return float(np.sum(areas)), variance * (events / (events - 1) if events > 1 else 1.0)
