"""Maximum likelihood of logistic regression, refused where separation leaves it without a maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from kosmos_graph.experiments.design_matrix import DesignMatrix, FloatArray
from kosmos_graph.experiments.method import NotApplicable

STEPS = 100
TOLERANCE = 1e-12
"""Newton decrement per row at which two more steps reach the maximum to the last digits."""
SUSPICIOUS = 8.0
"""Log odds of a fitted row beyond which separation is looked for."""


@dataclass(frozen=True)
class LogisticFit:
    """Maximum-likelihood fit: `coefficients` (the intercept first) of the standardised columns, with their covariance."""

    matrix: DesignMatrix
    columns: FloatArray
    hits: FloatArray
    coefficients: FloatArray
    covariance: FloatArray
    log_likelihood: float

    @property
    def log_odds(self) -> FloatArray:
        """Fitted log odds of each row."""
        return np.asarray(self.columns @ self.coefficients, dtype=np.float64)

    @property
    def shares(self) -> FloatArray:
        """Fitted probability of each row."""
        return np.asarray(special.expit(self.log_odds), dtype=np.float64)


def log_likelihood(columns: FloatArray, hits: FloatArray, coefficients: FloatArray) -> float:
    """Sum over rows of the log of the probability of what was seen."""
    signs = 2 * hits - 1
    return float(np.sum(special.log_expit(signs * (columns @ coefficients))))


def information_at(columns: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Fisher information of the coefficients."""
    shares = special.expit(columns @ coefficients)
    return np.asarray((columns * (shares * (1 - shares))[:, np.newaxis]).T @ columns, dtype=np.float64)


def newton_step(columns: FloatArray, hits: FloatArray, coefficients: FloatArray) -> tuple[FloatArray, float]:
    """Newton's step towards the maximum, and the decrement: about twice the log-likelihood that is still to be gained."""
    score = columns.T @ (hits - special.expit(columns @ coefficients))
    step = np.linalg.lstsq(information_at(columns, coefficients), score, rcond=None)[0]
    return np.asarray(step, dtype=np.float64), float(score @ step)


def maximum(columns: FloatArray, hits: FloatArray) -> FloatArray:
    """Coefficients at the maximum of the likelihood, by Newton steps halved where they overshoot.

    The last two steps are full ones: so close to the maximum, each doubles the correct digits. Raises NotApplicable where
    separation leaves no maximum.
    """
    coefficients = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        step, decrement = newton_step(columns, hits, coefficients)
        if decrement < TOLERANCE * len(hits):
            break
        coefficients = climb(columns, hits, coefficients, step)
    else:
        raise NotApplicable("The maximum of the likelihood was not reached; use fewer predictors.")
    require_overlap(columns, hits, coefficients)
    for _ in range(2):
        coefficients = coefficients + newton_step(columns, hits, coefficients)[0]
    return coefficients


def climb(columns: FloatArray, hits: FloatArray, start: FloatArray, step: FloatArray) -> FloatArray:
    """`start` moved by `step`, halved until the likelihood does not fall."""
    before = log_likelihood(columns, hits, start)
    for halving in range(30):
        reached = start + step / 2**halving
        if log_likelihood(columns, hits, reached) >= before:
            return np.asarray(reached, dtype=np.float64)
    return start


def require_overlap(columns: FloatArray, hits: FloatArray, coefficients: FloatArray) -> None:
    """Raise NotApplicable where fitted log odds look infinite, and a linear programme shows that they are."""
    if float(np.max(np.abs(columns @ coefficients))) > SUSPICIOUS and separated(columns, hits):
        raise NotApplicable(
            "Complete separation: some combination of the predictors tells rows with and without the success level apart "
            "without error, so no finite coefficient fits best; use an exact test or fewer predictors."
        )


def separated(columns: FloatArray, hits: FloatArray) -> bool:
    """Whether a hyperplane has no row on its wrong side and some row off it (Albert and Anderson 1984, Biometrika 71:1).

    Found by the linear programme of Konis 2007: push all rows to their side, with coefficients bounded.
    """
    sides = columns * (2 * hits - 1)[:, np.newaxis]
    programme = optimize.linprog(
        -sides.sum(axis=0), A_ub=-sides, b_ub=np.zeros(len(hits)), bounds=[(-1, 1)] * columns.shape[1], method="highs"
    )
    return programme.status == 0 and float(-(programme.fun or 0.0)) > 1e-6


def fit_logistic(matrix: DesignMatrix, hits: npt.NDArray[np.bool_]) -> LogisticFit:
    """Fit the probability of `hits` on the matrix and an intercept."""
    columns = np.column_stack([np.ones(matrix.n), matrix.columns])
    numbers = hits.astype(np.float64)
    coefficients = maximum(columns, numbers)
    covariance = np.asarray(np.linalg.inv(information_at(columns, coefficients)), dtype=np.float64)
    return LogisticFit(matrix, columns, numbers, coefficients, covariance, log_likelihood(columns, numbers, coefficients))


def likelihood_ratio(fit: LogisticFit) -> float:
    """Twice the log-likelihood that the columns of the focus add."""
    kept = fit.columns[:, : -fit.matrix.focus.width]
    coefficients = maximum(kept, fit.hits)
    return max(0.0, 2 * (fit.log_likelihood - log_likelihood(kept, fit.hits, coefficients)))


def marginal_effect(fit: LogisticFit) -> tuple[float, float]:
    """Average effect of a focus of one column on the probability, and its delta-method standard error.

    For a numeric focus the derivative, per unit of the data; for levels the difference between all rows at the level and all rows
    at the reference.
    """
    value, gradient = level_effect(fit) if fit.matrix.focus.levels else derivative_effect(fit)
    return value, float(np.sqrt(gradient @ fit.covariance @ gradient))


def derivative_effect(fit: LogisticFit) -> tuple[float, FloatArray]:
    """Mean derivative of the probability in the focus, and its gradient in the coefficients."""
    shares, scale = fit.shares, float(fit.matrix.scales[-1])
    density = shares * (1 - shares)
    slope = float(fit.coefficients[-1]) / scale
    gradient = slope * np.mean((density * (1 - 2 * shares))[:, np.newaxis] * fit.columns, axis=0)
    gradient[-1] += float(np.mean(density)) / scale
    return slope * float(np.mean(density)), gradient


def level_effect(fit: LogisticFit) -> tuple[float, FloatArray]:
    """Mean difference of the probability between level and reference, and its gradient in the coefficients."""
    effects, gradients = [], []
    for value in (1.0, 0.0):
        moved = fit.columns.copy()
        moved[:, -1] = (value - fit.matrix.centres[-1]) / fit.matrix.scales[-1]
        shares = special.expit(moved @ fit.coefficients)
        effects.append(float(np.mean(shares)))
        gradients.append(np.mean((shares * (1 - shares))[:, np.newaxis] * moved, axis=0))
    return effects[0] - effects[1], gradients[0] - gradients[1]
