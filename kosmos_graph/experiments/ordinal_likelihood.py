"""Maximum likelihood of the proportional-odds model, refused where separation leaves it without a maximum, and Brant's check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from kosmos_graph.experiments.design_matrix import DesignMatrix, FloatArray
from kosmos_graph.experiments.follow_up import IntArray
from kosmos_graph.experiments.maximum_likelihood import maximum as logistic_maximum
from kosmos_graph.experiments.method import NotApplicable

STEPS = 100
TOLERANCE = 1e-12
"""Newton decrement per row at which two more steps reach the maximum to the last digits."""
SUSPICIOUS = 8.0
"""Distance of two fitted log odds from which separation is looked for."""


@dataclass(frozen=True)
class OrdinalFit:
    """Fit of the log odds of a value above each cut, slopes · columns − cut; `codes` are the values' places from 0.

    `covariance` is that of the cuts, then the slopes of the matrix's standardised columns, from the observed information.
    """

    matrix: DesignMatrix
    codes: IntArray
    cuts: FloatArray
    slopes: FloatArray
    covariance: FloatArray
    log_likelihood: float


def edges(codes: IntArray, cuts: FloatArray, fitted: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Per row the cut above its value and the cut below it, less what is fitted; infinite at the ends."""
    whole = np.concatenate([[-np.inf], cuts, [np.inf]])
    return whole[codes + 1] - fitted, whole[codes] - fitted


def log_likelihood(codes: IntArray, columns: FloatArray, at: FloatArray, n_cuts: int) -> float:
    """Sum over rows of the log of the probability of the value; −∞ where cuts are not in order."""
    cuts = at[:n_cuts]
    if np.any(np.diff(cuts) <= 0):
        return -np.inf
    above, below = edges(codes, cuts, columns @ at[n_cuts:])
    return float(np.sum(np.log(chances(above, below))))


def chances(above: FloatArray, below: FloatArray) -> FloatArray:
    """Probability between two edges, from the tail in which it keeps its digits."""
    flip = below > 0
    upper, lower = np.where(flip, -below, above), np.where(flip, -above, below)
    return np.asarray(special.expit(upper) - special.expit(lower), dtype=np.float64)


def score_and_information(codes: IntArray, columns: FloatArray, at: FloatArray, n_cuts: int) -> tuple[FloatArray, FloatArray]:
    """First derivative of the log-likelihood in cuts and slopes, and less the second (McCullagh 1980, J R Stat Soc B 42:109)."""
    above, below = edges(codes, at[:n_cuts], columns @ at[n_cuts:])
    chance = chances(above, below)
    density = [special.expit(edge) * special.expit(-edge) for edge in (above, below)]
    bend = [one * (special.expit(-edge) - special.expit(edge)) for one, edge in zip(density, (above, below), strict=True)]
    rows = np.arange(codes.size)
    moved = [np.zeros((codes.size, n_cuts + 1 + columns.shape[1])) for _ in range(2)]
    for place, shift in zip(moved, (1, 0), strict=True):
        cut = codes + shift - 1
        inside = (cut >= 0) & (cut < n_cuts)
        place[rows[inside], cut[inside]] = 1.0
        place[:, n_cuts + 1 :] = -columns
    keep = np.r_[0:n_cuts, n_cuts + 1 : n_cuts + 1 + columns.shape[1]]
    upper, lower = (place[:, keep] for place in moved)
    slope = upper * (density[0] / chance)[:, np.newaxis] - lower * (density[1] / chance)[:, np.newaxis]
    curve = (upper * (bend[0] / chance)[:, np.newaxis]).T @ upper - (lower * (bend[1] / chance)[:, np.newaxis]).T @ lower
    return np.sum(slope, axis=0), np.asarray(slope.T @ slope - curve, dtype=np.float64)


def maximum(codes: IntArray, columns: FloatArray, n_cuts: int) -> FloatArray:
    """Cuts and slopes at the maximum, by Newton steps halved where they overshoot. Raises NotApplicable where there is none."""
    shares = np.cumsum(np.bincount(codes, minlength=n_cuts + 1))[:-1] / codes.size
    at = np.concatenate([special.logit(shares), np.zeros(columns.shape[1])])
    for _ in range(STEPS):
        score, information = score_and_information(codes, columns, at, n_cuts)
        step = np.linalg.lstsq(information, score, rcond=None)[0]
        if float(score @ step) < TOLERANCE * codes.size:
            break
        before = log_likelihood(codes, columns, at, n_cuts)
        for halving in range(30):
            if log_likelihood(codes, columns, at + step / 2**halving, n_cuts) >= before:
                at = at + step / 2**halving
                break
        require_overlap(codes, columns, at, n_cuts)
    else:
        raise NotApplicable("The maximum of the likelihood was not reached; use fewer predictors.")
    for _ in range(2):
        score, information = score_and_information(codes, columns, at, n_cuts)
        at = at + np.linalg.lstsq(information, score, rcond=None)[0]
    return np.asarray(at, dtype=np.float64)


def require_overlap(codes: IntArray, columns: FloatArray, at: FloatArray, n_cuts: int) -> None:
    """Raise NotApplicable where slopes look infinite, and a linear programme shows that they are."""
    if columns.shape[1] and float(np.ptp(columns @ at[n_cuts:])) > SUSPICIOUS and separated(codes, columns, n_cuts):
        raise NotApplicable(
            "Complete separation: some combination of the predictors puts the rows in the order of the outcome's levels without "
            "error, so no finite coefficient fits best; use ranks or fewer predictors."
        )


def separated(codes: IntArray, columns: FloatArray, n_cuts: int) -> bool:
    """Whether cuts and slopes can move so that no row's value becomes less likely and some row's more, as far as one likes.

    The condition of Albert and Anderson 1984, Biometrika 71:1, for the two edges of every row, by a linear programme.
    """
    sides = []
    for shift, sign in ((1, 1.0), (0, -1.0)):
        cut = codes + shift - 1
        inside = np.flatnonzero((cut >= 0) & (cut < n_cuts))
        side = np.zeros((inside.size, n_cuts + columns.shape[1]))
        side[np.arange(inside.size), cut[inside]] = sign
        side[:, n_cuts:] = -sign * columns[inside]
        sides.append(side)
    gains = np.vstack(sides)
    programme = optimize.linprog(
        -gains.sum(axis=0), A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=[(-1, 1)] * gains.shape[1], method="highs"
    )
    return programme.status == 0 and float(-(programme.fun or 0.0)) > 1e-6


def fit_ordinal(matrix: DesignMatrix, codes: IntArray) -> OrdinalFit:
    """Fit on the matrix; `codes` use every place from 0 to the largest."""
    n_cuts = int(codes.max())
    at = maximum(codes, matrix.columns, n_cuts)
    information = score_and_information(codes, matrix.columns, at, n_cuts)[1]
    likelihood = log_likelihood(codes, matrix.columns, at, n_cuts)
    return OrdinalFit(matrix, codes, at[:n_cuts], at[n_cuts:], np.asarray(np.linalg.inv(information)), likelihood)


def likelihood_ratio(fit: OrdinalFit) -> float:
    """Twice the log-likelihood that the columns of the focus add."""
    kept = fit.matrix.columns[:, : -fit.matrix.focus.width]
    at = maximum(fit.codes, kept, fit.cuts.size)
    return max(0.0, 2 * (fit.log_likelihood - log_likelihood(fit.codes, kept, at, fit.cuts.size)))


def brant(fit: OrdinalFit) -> float | None:
    """p of Brant's test that the focus has one slope at every cut (Brant 1990, Biometrics 46:1171).

    None with one cut, and where a cut separates the rows.
    """
    n_cuts, width = fit.cuts.size, fit.matrix.focus.width
    if n_cuts < 2:
        return None
    columns = np.column_stack([np.ones(fit.matrix.n), fit.matrix.columns])
    try:
        found = [logistic_maximum(columns, (fit.codes > cut).astype(np.float64)) for cut in range(n_cuts)]
    except NotApplicable:
        return None
    shares = [special.expit(columns @ one) for one in found]
    breads = [np.linalg.inv((columns * (share * (1 - share))[:, np.newaxis]).T @ columns) for share in shares]
    blocks = [[np.zeros((width, width)) for _ in range(n_cuts)] for _ in range(n_cuts)]
    for i in range(n_cuts):
        for j in range(i, n_cuts):
            meat = (columns * (shares[j] - shares[i] * shares[j])[:, np.newaxis]).T @ columns
            block = (breads[i] @ meat @ breads[j])[-width:, -width:]
            blocks[i][j], blocks[j][i] = block, block.T
    slopes = np.concatenate([one[-width:] for one in found])
    differences = np.kron(np.column_stack([np.ones(n_cuts - 1), -np.eye(n_cuts - 1)]), np.eye(width))
    apart = differences @ slopes
    spread = differences @ np.block(blocks) @ differences.T
    square = float(apart @ np.linalg.pinv(spread, hermitian=True) @ apart)
    return float(stats.chi2.sf(square, apart.size))
