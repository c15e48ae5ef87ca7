"""Linear regression by Huber's M-estimator: rows far off the line count less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kosmos_graph.experiments.design_matrix import FloatArray
from kosmos_graph.experiments.method import NotApplicable
from kosmos_graph.experiments.quantile_fit import QuantileFit

TURN = 1.345
"""Residual in units of the scale beyond which a row counts less; 95 % efficiency for normal residuals (Huber 1964)."""
NORMAL = 1.482602218505602
"""Standard deviation of a normal distribution over its median absolute deviation."""
STEPS = 500


@dataclass(frozen=True)
class RobustFit:
    """M-estimate around the median regression `start`, whose median absolute residual gives the `scale`."""

    start: QuantileFit
    scale: float
    coefficients: FloatArray

    @property
    def residuals(self) -> FloatArray:
        """Outcome less what is fitted, in units of the scale."""
        return np.asarray((self.start.outcome - self.start.columns @ self.coefficients) / self.scale, dtype=np.float64)

    @property
    def weights(self) -> FloatArray:
        """Weight of each row, 1 within the turn."""
        return np.asarray(np.minimum(1.0, TURN / np.maximum(np.abs(self.residuals), TURN)), dtype=np.float64)


def fit_robust(start: QuantileFit) -> RobustFit:
    """Huber's M-estimate with the scale held at 1.4826 times the median absolute residual of the median regression.

    Huber 1964, Ann Math Stat 35:73. Newton's method on the convex loss, reweighting where a step would overshoot. Raises
    NotApplicable where half of the rows lie on one plane, so that there is no scale.
    """
    residuals = np.abs(start.residuals)
    residuals = np.sort(residuals)[start.columns.shape[1] :]
    scale = NORMAL * float(np.median(residuals))
    if not scale > 1e-12 * float(np.max(np.abs(start.outcome))):
        raise NotApplicable("Half of the rows or more lie on one line, so what the others' distance is to be measured by is zero.")
    fit = RobustFit(start, scale, start.coefficients)
    columns = start.columns
    for _ in range(STEPS):
        weights = fit.weights
        weighted = columns * weights[:, np.newaxis]
        step = np.linalg.solve(weighted.T @ columns, weighted.T @ fit.residuals) * scale
        fit = RobustFit(start, scale, fit.coefficients + step)
        if float(np.max(np.abs(columns @ step))) <= 1e-10 * scale:
            return polished(fit)
    raise NotApplicable("The robust fit did not settle; use a median regression.")


def polished(fit: RobustFit) -> RobustFit:
    """One Newton step, which is exact while the same rows are within the turn."""
    columns, inside = fit.start.columns, np.abs(fit.residuals) <= TURN
    if np.linalg.matrix_rank(columns[inside]) < columns.shape[1]:
        return fit
    score = columns.T @ np.clip(fit.residuals, -TURN, TURN)
    step = np.linalg.solve(columns[inside].T @ columns[inside], score) * fit.scale
    return RobustFit(fit.start, fit.scale, fit.coefficients + step)


def robust_covariance(fit: RobustFit) -> FloatArray:
    """Sandwich covariance that lets the spread differ between rows, each score over one less its row's leverage, as in HC3.

    Huber 1981, Robust Statistics, 7.6; leverage as in least squares over the rows within the turn.
    """
    columns = fit.start.columns
    inside = (np.abs(fit.residuals) <= TURN).astype(np.float64)
    bread = columns.T @ (columns * inside[:, np.newaxis])
    if np.linalg.cond(bread) > 1e12:
        raise NotApplicable("Too few rows near the line tell the coefficients apart, so their errors are unknown.")
    inverse = np.linalg.inv(bread)
    leverage = np.sum((columns @ inverse) * columns, axis=1) * inside
    if float(np.max(leverage)) >= 1 - 1e-9:
        raise NotApplicable("A single row decides a coefficient by itself, so its error is unknown; leave its level out.")
    scores = columns * (np.clip(fit.residuals, -TURN, TURN) / (1 - leverage))[:, np.newaxis]
    moved = scores @ inverse * fit.scale
    return np.asarray(moved.T @ moved, dtype=np.float64)
