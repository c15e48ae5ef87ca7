"""Linear models with a random intercept for each cluster: restricted maximum likelihood and Satterthwaite's degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

from kosmos_graph.experiments.design_matrix import DesignMatrix, FloatArray, centred
from kosmos_graph.experiments.method import NotApplicable

RATIOS = np.concatenate([[0.0], np.geomspace(1e-6, 1e8, 57)])
"""Ratios of the variance between clusters to that within, between which the likelihood's score is seen to change sign."""
EXACT = 1e-18
"""Residual sum of squares within clusters, relative to the outcome's, that counts as none."""


@dataclass(frozen=True)
class Moments:
    """Generalised least squares at a `ratio` of variances, those within clusters being 1.

    `bread` is (X'V⁻¹X)⁻¹ with V = I + ratio·ZZ', `sums` (clusters × columns) Z'V⁻¹X, `middle` Z'PZ, `squares` y'Py, and `between`
    the sum of the squares of Z'Py.
    """

    ratio: float
    coefficients: FloatArray
    bread: FloatArray
    sums: FloatArray
    middle: FloatArray
    squares: float
    between: float
    log_determinants: float


@dataclass(frozen=True)
class InterceptFit:
    """Estimates at the restricted likelihood's maximum: `coefficients` of the intercept and the standardised columns."""

    at: Moments
    within: float
    sizes: npt.NDArray[np.int64]
    df: int

    @property
    def between(self) -> float:
        """Variance between clusters."""
        return self.at.ratio * self.within

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the coefficients, the variances being known."""
        return self.within * self.at.bread

    def satterthwaite(self, weights: FloatArray) -> float:
        """Degrees of freedom of the error of a weighted sum of coefficients, by the variances' expected information.

        Giesbrecht and Burns 1985, Biometrics 41:477: 2f² / g'Ag, with f the error's square, g its gradient by both variances
        (within, between), A their covariance.
        """
        slope = float(np.sum((self.at.sums @ self.at.bread @ weights) ** 2))
        square = float(weights @ self.at.bread @ weights)
        gradient = np.array([square - self.at.ratio * slope, slope])
        trace, quadratic = float(np.trace(self.at.middle)), float(np.sum(self.at.middle**2))
        crossed = trace - self.at.ratio * quadratic
        own = self.df - self.at.ratio * trace - self.at.ratio * crossed
        spread = np.linalg.inv(np.array([[own, crossed], [crossed, quadratic]]) / 2)
        return min(float(2 * square**2 / (gradient @ spread @ gradient)), float(self.df))


def moments(columns: FloatArray, outcome: FloatArray, ids: npt.NDArray[np.int64], ratio: float) -> Moments:
    """Generalised least squares at one ratio of variances; clusters are numbered from 0."""
    sizes = np.bincount(ids)
    shrunk = 1 - 1 / np.sqrt(1 + ratio * sizes)
    own = np.array([np.bincount(ids, column) for column in columns.T]).T
    turned = columns - (shrunk / sizes)[ids, np.newaxis] * own[ids]
    answer = outcome - (shrunk / sizes * np.bincount(ids, outcome))[ids]
    basis, triangle = np.linalg.qr(turned)
    inverse = np.linalg.inv(triangle)
    coefficients = inverse @ (basis.T @ answer)
    weight = 1 / (1 + ratio * sizes)
    sums = weight[:, np.newaxis] * own
    spread = sums @ inverse
    left = weight * np.bincount(ids, outcome - columns @ coefficients)
    return Moments(
        ratio=ratio,
        coefficients=coefficients,
        bread=inverse @ inverse.T,
        sums=sums,
        middle=np.diag(sizes * weight) - spread @ spread.T,
        squares=float(np.sum((answer - turned @ coefficients) ** 2)),
        between=float(np.sum(left**2)),
        log_determinants=float(np.sum(np.log1p(ratio * sizes)) + 2 * np.sum(np.log(np.abs(np.diag(triangle))))),
    )


def squares_within(columns: FloatArray, outcome: FloatArray, ids: npt.NDArray[np.int64]) -> float:
    """Residual sum of squares of the regression of deviations from the clusters' means."""
    every = np.column_stack([columns[:, 1:], outcome])
    means = np.array([np.bincount(ids, column) for column in every.T]).T / np.bincount(ids)[:, np.newaxis]
    own = every - means[ids]
    return float(np.sum((own[:, -1] - own[:, :-1] @ np.linalg.lstsq(own[:, :-1], own[:, -1])[0]) ** 2))


def fit_intercepts(matrix: DesignMatrix, outcome: FloatArray, ids: npt.NDArray[np.int64], name: str) -> InterceptFit:
    """Fit by restricted maximum likelihood (Patterson and Thompson 1971, Biometrika 58:545), profiled to the ratio of variances.

    Every root of the score is found between RATIOS and by Brent's method, and the best of them and zero is taken. Raises
    NotApplicable where the outcome does not vary within clusters beyond the predictors, and where the likelihood has no maximum.
    """
    columns = np.column_stack([np.ones(matrix.n), matrix.columns])
    deviations, _ = centred(outcome, name)
    df = matrix.n - matrix.width - 1

    def score(ratio: float) -> float:
        found = moments(columns, deviations, ids, ratio)
        return float(np.trace(found.middle)) - df * found.between / found.squares

    if squares_within(columns, deviations, ids) <= EXACT * float(np.sum(deviations**2)):
        raise NotApplicable(f"{name} does not vary within clusters beyond the predictors, so no variance within them is left.")
    scores = [score(float(ratio)) for ratio in RATIOS]
    roots = [0.0] if scores[0] >= 0 else []
    for low, high, before, after in zip(RATIOS[:-1], RATIOS[1:], scores[:-1], scores[1:], strict=True):
        if before < 0 <= after:
            roots.append(float(optimize.brentq(score, low, high, xtol=1e-300, rtol=1e-14)))
    if not roots:
        raise NotApplicable(f"The likelihood of {name} has no maximum: rows of one cluster are as good as equal.")
    found = [moments(columns, deviations, ids, root) for root in roots]
    best = min(found, key=lambda one: df * np.log(one.squares) + one.log_determinants)
    return InterceptFit(best, best.squares / df, np.bincount(ids), df)
