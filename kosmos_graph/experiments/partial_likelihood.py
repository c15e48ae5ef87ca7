"""Cox's partial likelihood with Efron's treatment of ties: its maximum, residuals, and the check of proportional hazards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from kosmos_graph.experiments.design_matrix import DesignMatrix, FloatArray
from kosmos_graph.experiments.follow_up import BoolArray, FollowUp, IntArray
from kosmos_graph.experiments.method import NotApplicable

STEPS = 60
TOLERANCE = 1e-12
"""Newton decrement per event at which two more steps reach the maximum to the last digits."""
MONOTONE = 18.0
"""Distance of two fitted log hazards from which the likelihood has no maximum but rises for ever."""
NO_MAXIMUM = (
    "The likelihood has no maximum: some combination of the predictors always picks the row whose event comes first (as where a "
    "level has no events), so no finite hazard ratio fits best; leave that level out or compare with a log-rank test."
)


@dataclass(frozen=True)
class RiskSets:
    """The rows of one stratum in the order of time, with an entry per event.

    `rows` are their places in the sample. `first` is where an event's risk set begins, `ties` the event's number of the tied
    ones over their number (Efron's share, 0 where it stands alone), `time` the number of its time among the `times`.
    """

    rows: IntArray
    events: BoolArray
    row_time: IntArray
    times: FloatArray
    first: IntArray
    ties: FloatArray
    time: IntArray


@dataclass(frozen=True)
class CoxFit:
    """Maximum of the partial likelihood: `coefficients` of the matrix's standardised columns and the observed `information`."""

    matrix: DesignMatrix
    strata: tuple[RiskSets, ...]
    coefficients: FloatArray
    information: FloatArray
    log_likelihood: float

    @property
    def covariance(self) -> FloatArray:
        """Inverse of the information."""
        return np.asarray(np.linalg.inv(self.information), dtype=np.float64)


def risk_sets(follow_up: FollowUp, strata: IntArray) -> tuple[RiskSets, ...]:
    """The risk sets of every stratum that has an event."""
    found = []
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        rows = rows[np.argsort(follow_up.times[rows], kind="stable")]
        own, events = follow_up.times[rows], follow_up.events[rows]
        if not events.any():
            continue
        times, row_time = np.unique(own, return_inverse=True)
        deaths = np.bincount(row_time[events], minlength=times.size)
        time = row_time[events]
        place = np.arange(time.size) - np.concatenate([[0], np.cumsum(deaths)])[time]
        first = np.searchsorted(own, times[time], side="left")
        found.append(RiskSets(rows, events, row_time, times, first, place / deaths[time], time))
    return tuple(found)


@dataclass(frozen=True)
class Moments:
    """At given coefficients, per event of a stratum: the sum of risks and the mean of the columns under them."""

    risks: FloatArray
    sums: FloatArray
    means: FloatArray


def moments(columns: FloatArray, risks: FloatArray, sets: RiskSets) -> Moments:
    """Sums over each event's risk set, less Efron's share of the rows whose events are tied with it."""
    weighted = columns * risks[:, np.newaxis]
    whole = np.cumsum(np.column_stack([risks, weighted])[::-1], axis=0)[::-1]
    tied = np.zeros((sets.times.size, columns.shape[1] + 1))
    np.add.at(tied, sets.row_time[sets.events], np.column_stack([risks, weighted])[sets.events])
    sums = whole[sets.first] - sets.ties[:, np.newaxis] * tied[sets.time]
    return Moments(risks, sums[:, 0], sums[:, 1:] / sums[:, :1])


def parts(columns: FloatArray, at: FloatArray, strata: tuple[RiskSets, ...]) -> Iterator[tuple[RiskSets, FloatArray, Moments]]:
    """Stratum by stratum, its columns in the order of time and the moments at coefficients."""
    for sets in strata:
        own = columns[sets.rows]
        logs = own @ at
        yield sets, own, moments(own, np.exp(logs - np.max(logs)), sets)


def log_likelihood(columns: FloatArray, at: FloatArray, strata: tuple[RiskSets, ...]) -> float:
    """Efron's log partial likelihood (Efron 1977, JASA 72:557)."""
    total = 0.0
    for sets, own, found in parts(columns, at, strata):
        logs = own @ at
        total += float(np.sum(logs[sets.events] - np.max(logs)) - np.sum(np.log(found.sums)))
    return total


def score_and_information(columns: FloatArray, at: FloatArray, strata: tuple[RiskSets, ...]) -> tuple[FloatArray, FloatArray]:
    """First derivative of the log-likelihood, and less the second."""
    width = columns.shape[1]
    score, information = np.zeros(width), np.zeros((width, width))
    for sets, own, found in parts(columns, at, strata):
        score += np.sum(own[sets.events], axis=0) - np.sum(found.means, axis=0)
        share = found.risks * hazard_to(sets, 1 / found.sums)
        information += (own * share[:, np.newaxis]).T @ own - found.means.T @ found.means
    return score, information


def hazard_to(sets: RiskSets, jumps: FloatArray) -> FloatArray:
    """Per row, the sum of the events' `jumps` up to the row's time, less Efron's share of those at its own event."""
    by_time = np.zeros((sets.times.size, *jumps.shape[1:]))
    shares = np.zeros_like(by_time)
    np.add.at(by_time, sets.time, jumps)
    np.add.at(shares, sets.time, (sets.ties * jumps.T).T)
    total = np.cumsum(by_time, axis=0)[sets.row_time]
    total[sets.events] -= shares[sets.row_time[sets.events]]
    return np.asarray(total, dtype=np.float64)


def maximum(columns: FloatArray, strata: tuple[RiskSets, ...]) -> FloatArray:
    """Coefficients at the maximum, by Newton steps halved where they overshoot. Raises NotApplicable where there is none."""
    at = np.zeros(columns.shape[1])
    events = sum(sets.time.size for sets in strata)
    for _ in range(STEPS):
        score, information = score_and_information(columns, at, strata)
        step = np.linalg.lstsq(information, score, rcond=None)[0]
        if float(score @ step) < TOLERANCE * events:
            break
        before = log_likelihood(columns, at, strata)
        for halving in range(30):
            if log_likelihood(columns, at + step / 2**halving, strata) >= before:
                at = at + step / 2**halving
                break
        if float(np.ptp(columns @ at)) > MONOTONE:
            raise NotApplicable(NO_MAXIMUM)
    else:
        raise NotApplicable(NO_MAXIMUM)
    for _ in range(2):
        score, information = score_and_information(columns, at, strata)
        at = at + np.linalg.lstsq(information, score, rcond=None)[0]
    return np.asarray(at, dtype=np.float64)


def fit_cox(matrix: DesignMatrix, follow_up: FollowUp, strata: IntArray) -> CoxFit:
    """Fit the hazard on the matrix, with a baseline of its own for every stratum."""
    sets = risk_sets(follow_up, strata)
    at = maximum(matrix.columns, sets)
    information = score_and_information(matrix.columns, at, sets)[1]
    if not np.all(np.isfinite(information)) or np.linalg.cond(information) > 1e14:
        raise NotApplicable(f"No event tells what {matrix.focus.column} does apart from the other columns or the strata.")
    return CoxFit(matrix, sets, at, information, log_likelihood(matrix.columns, at, sets))


def likelihood_ratio(fit: CoxFit) -> float:
    """Twice the log-likelihood that the columns of the focus add."""
    kept = fit.matrix.columns[:, : -fit.matrix.focus.width]
    at = maximum(kept, fit.strata) if kept.shape[1] else np.zeros(0)
    return max(0.0, 2 * (fit.log_likelihood - log_likelihood(kept, at, fit.strata)))


def score_residuals(fit: CoxFit) -> FloatArray:
    """Each row's part of the score (n × width); they sum to 0 (Therneau and Grambsch 2000, Modeling Survival Data, 4.6)."""
    residuals = np.zeros(fit.matrix.columns.shape)
    for sets, own, found in parts(fit.matrix.columns, fit.coefficients, fit.strata):
        hazard = hazard_to(sets, 1 / found.sums)
        shifted = hazard_to(sets, found.means / found.sums[:, np.newaxis])
        part = -found.risks[:, np.newaxis] * (own * hazard[:, np.newaxis] - shifted)
        part[sets.events] += own[sets.events] - mean_of_ties(sets, found.means)[sets.row_time[sets.events]]
        residuals[sets.rows] = part
    return residuals


def mean_of_ties(sets: RiskSets, means: FloatArray) -> FloatArray:
    """Per time the mean of its events' expected columns, 0 where it has none."""
    total = np.zeros((sets.times.size, means.shape[1]))
    np.add.at(total, sets.time, means)
    return np.asarray(total / np.maximum(np.bincount(sets.time, minlength=sets.times.size), 1)[:, np.newaxis], dtype=np.float64)


def schoenfeld(fit: CoxFit) -> tuple[FloatArray, FloatArray]:
    """Times of the events and their Schoenfeld residuals (events × width): a row's columns less those expected at its event."""
    times, residuals = [], []
    for sets, own, found in parts(fit.matrix.columns, fit.coefficients, fit.strata):
        at = sets.row_time[sets.events]
        times.append(sets.times[at])
        residuals.append(own[sets.events] - mean_of_ties(sets, found.means)[at])
    return np.concatenate(times), np.concatenate(residuals)


@dataclass(frozen=True)
class Proportionality:
    """Correlation of the focus's scaled residuals with the rank of time (None for several columns), and the joint p."""

    correlation: float | None
    p_value: float


def proportionality(fit: CoxFit) -> Proportionality | None:
    """Whether the effect of the focus changes with the rank of time (Grambsch and Therneau 1994, Biometrika 81:515).

    None where the events come at fewer than three times.
    """
    times, residuals = schoenfeld(fit)
    if np.unique(times).size < 3:
        return None
    ranks = stats.rankdata(times)
    ranks = ranks - np.mean(ranks)
    width = fit.matrix.focus.width
    scaled = times.size * residuals @ fit.covariance
    slopes = (ranks @ scaled)[-width:]
    spread = times.size * float(ranks @ ranks) * fit.covariance[-width:, -width:]
    square = float(slopes @ np.linalg.pinv(spread, hermitian=True) @ slopes)
    own = scaled[:, -1] - np.mean(scaled[:, -1])
    norm = float(np.linalg.norm(own) * np.linalg.norm(ranks))
    correlation = float(ranks @ own) / norm if width == 1 and norm > 0 else None
    return Proportionality(correlation, float(stats.chi2.sf(square, width)))


def clustered_covariance(fit: CoxFit, clusters: IntArray) -> FloatArray:
    """Sandwich covariance from the sums of score residuals by cluster, times G / (G − 1) (Lin and Wei 1989, JASA 84:1074)."""
    n = int(clusters.max()) + 1
    sums = np.zeros((n, fit.matrix.width))
    np.add.at(sums, clusters, score_residuals(fit))
    moved = sums @ fit.covariance
    return np.asarray(moved.T @ moved * (n / (n - 1)), dtype=np.float64)
