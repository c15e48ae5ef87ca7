"""Linear quantile regression as an exact linear programme, and the covariance of its coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from kosmos_graph.experiments.design_matrix import DesignMatrix, FloatArray, centred
from kosmos_graph.experiments.method import NotApplicable

BESIDE = 1e-6
"""Distance in probability at which the solutions just below and just above a quantile are taken."""
ON = 1e-9
"""Share by which the loss of the plane through the rows may exceed the programme's, and of the outcome that counts as none."""
SINGULAR = 1e10
"""Condition number of the rows that a plane goes through from which the programme's own solution is kept."""
MOST_ROWS = 50_000


@dataclass(frozen=True)
class QuantileFit:
    """Conditional quantile of `outcome` (less its mean): `coefficients` of an intercept and the standardised columns."""

    matrix: DesignMatrix
    columns: FloatArray
    outcome: FloatArray
    mean: float
    probability: float
    coefficients: FloatArray

    @property
    def residuals(self) -> FloatArray:
        """Outcome less its fitted quantile."""
        return np.asarray(self.outcome - self.columns @ self.coefficients, dtype=np.float64)

    @property
    def df(self) -> int:
        """Residual degrees of freedom."""
        return self.matrix.n - self.matrix.width - 1

    @property
    def loss(self) -> float:
        """Sum of the check losses."""
        return check_loss(self.residuals, self.probability)


def check_loss(residuals: FloatArray, probability: float) -> float:
    """Koenker and Bassett's loss, which a quantile makes smallest."""
    return float(np.sum(residuals * (probability - (residuals < 0))))


def fit_quantile(matrix: DesignMatrix, outcome: FloatArray, name: str, probability: float) -> QuantileFit:
    """The fit (Koenker and Bassett 1978, Econometrica 46:33).

    Where several planes fit equally well, as for the median of an even number of values, the middle of the lowest and the highest.
    """
    if matrix.n > MOST_ROWS:
        raise NotApplicable(f"A quantile regression takes at most {MOST_ROWS} rows, and there are {matrix.n}; select some of them.")
    deviations, mean = centred(outcome, name)
    columns = np.column_stack([np.ones(matrix.n), matrix.columns])
    sides = [solution(columns, deviations, probability + side) for side in (-BESIDE, BESIDE)]
    return QuantileFit(matrix, columns, deviations, mean, probability, (sides[0] + sides[1]) / 2)


def solution(columns: FloatArray, outcome: FloatArray, probability: float) -> FloatArray:
    """Coefficients of the plane through as many rows as there are coefficients, by the dual programme."""
    scale = float(np.max(np.abs(outcome)))
    wanted = (1 - probability) * np.sum(columns, axis=0)
    programme = optimize.linprog(-outcome / scale, A_eq=columns.T, b_eq=wanted, bounds=(0, 1), method="highs-ds")
    if programme.status != 0:
        raise NotApplicable("The linear programme of the quantile regression was not solved; use fewer predictors.")
    near = -np.asarray(programme.eqlin.marginals, dtype=np.float64) * scale
    inside = np.minimum(programme.x, 1 - programme.x)
    rows = np.argsort(-inside, kind="stable")[: columns.shape[1]]
    if np.linalg.cond(columns[rows]) > SINGULAR:
        return near
    exact = np.linalg.solve(columns[rows], outcome[rows])
    losses = [check_loss(outcome - columns @ one, probability) for one in (exact, near)]
    return np.asarray(exact if losses[0] <= losses[1] * (1 + ON) else near, dtype=np.float64)


def bandwidth(probability: float, n: int, alpha: float) -> float:
    """Hall and Sheather's distance in probability (1988, J R Stat Soc B 50:381), kept within the open unit interval."""
    z = float(stats.norm.ppf(probability))
    density = float(stats.norm.pdf(z))
    found = n ** (-1 / 3) * float(stats.norm.isf(alpha / 2)) ** (2 / 3) * (1.5 * density**2 / (2 * z**2 + 1)) ** (1 / 3)
    return float(min(found, 0.9 * min(probability, 1 - probability)))


def sandwich(fit: QuantileFit, alpha: float) -> FloatArray:
    """Covariance of all coefficients with a density of each row's own, from the fits on both sides of the quantile.

    Hendricks and Koenker 1992, J Am Stat Assoc 87:58, times n over the residual degrees of freedom. Where the sides cross or
    touch, the row's density is taken from the average distance.
    """
    h = bandwidth(fit.probability, fit.matrix.n, alpha)
    apart = solution(fit.columns, fit.outcome, fit.probability + h) - solution(fit.columns, fit.outcome, fit.probability - h)
    distance = fit.columns @ apart
    middle = float(np.mean(distance))
    if not middle > ON * float(np.max(np.abs(fit.outcome))):
        raise NotApplicable("Too many values of the outcome are equal around that quantile, so its error is unknown.")
    density = 2 * h / np.maximum(distance, middle / 10)
    bread = np.linalg.inv((fit.columns * density[:, np.newaxis]).T @ fit.columns)
    meat = fit.probability * (1 - fit.probability) * (fit.columns.T @ fit.columns)
    return np.asarray(bread @ meat @ bread * (fit.matrix.n / fit.df), dtype=np.float64)
