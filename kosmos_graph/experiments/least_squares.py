"""Ordinary least squares with errors that allow for unequal spread (HC3) or autocorrelation (Newey–West)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.linalg import matmul_toeplitz, solve_toeplitz

from kosmos_graph.experiments.design_matrix import DesignMatrix, FloatArray, centred
from kosmos_graph.experiments.method import NotApplicable

EXACT = 1e-11
"""Residuals, relative to the outcome's variation, that count as none."""
DEPENDENT = 1e-9
"""Length, relative to its own, of what other columns leave of a column that they already say."""
ALONE = 1e-9
"""Distance of a leverage from 1 at which a row decides a coefficient by itself."""
STRONGEST_MEMORY = 0.97
"""Autocorrelation at which prewhitening stops (Andrews and Monahan 1992)."""
FEW_IN_LEVEL = 10
"""Rows of a level below which its effect has degrees of freedom of its own: with those of all rows 18, 12, 8 and 5 % of the effects
of a level of 2, 3, 5 and 9 rows among 60 are significant at 5 % where there are none, with its own 0, 2, 3 and 3 %."""
ORDER = 3
"""Order of the autoregression that a series' errors are taken for."""
SHRUNKEN = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5, 0.0)
"""Factors tried on autocorrelations, the first that makes a stationary autoregression of them."""


@dataclass(frozen=True)
class Fit:
    """Least squares of `outcome` (centred) on a design matrix and an intercept.

    `coefficients` are those of the standardised columns, `solver` (width × n) is what maps outcomes to them, `basis` (n × width)
    the orthonormal columns of the QR factorisation.
    """

    matrix: DesignMatrix
    outcome: FloatArray
    mean: float
    coefficients: FloatArray
    residuals: FloatArray
    leverage: FloatArray
    solver: FloatArray
    basis: FloatArray

    @property
    def df(self) -> int:
        """Residual degrees of freedom."""
        return self.matrix.n - self.matrix.width - 1

    @property
    def slopes(self) -> FloatArray:
        """Coefficients of the columns as they were before standardising."""
        return self.coefficients / self.matrix.scales

    @property
    def intercept(self) -> float:
        """Fitted outcome where every column as it was is 0."""
        return self.mean - float(self.slopes @ self.matrix.centres)

    @property
    def focus_sum_of_squares(self) -> float:
        """Sum of squares that the focus explains beyond all other columns."""
        return float(np.sum((self.basis[:, -self.matrix.focus.width :].T @ self.outcome) ** 2))

    @property
    def residual_sum_of_squares(self) -> float:
        """Sum of squared residuals."""
        return float(np.sum(self.residuals**2))


def least_squares(matrix: DesignMatrix, outcome: FloatArray, name: str) -> Fit:
    """Fit by QR. Raises NotApplicable where the outcome (`name`) is constant or reproduced without any residual."""
    deviations, mean = centred(outcome, name)
    basis, triangle = np.linalg.qr(matrix.columns)
    solver = np.linalg.solve(triangle, basis.T)
    coefficients = solver @ deviations
    residuals = deviations - matrix.columns @ coefficients
    residuals = residuals - basis @ (basis.T @ residuals)
    if float(np.linalg.norm(residuals)) <= EXACT * float(np.linalg.norm(deviations)):
        raise NotApplicable(f"{name} follows exactly from the predictors, so no residual variation is left to judge by.")
    leverage = 1 / matrix.n + np.sum(basis**2, axis=1)
    return Fit(matrix, deviations, mean, coefficients, residuals, leverage, solver, basis)


def alone(fit: Fit) -> FloatArray:
    """Row by row, whether the row decides some coefficient by itself (leverage 1), so that its residual is 0 whatever it says."""
    return np.asarray(fit.leverage >= 1 - ALONE)


def hc3_covariance(fit: Fit, rows: FloatArray) -> FloatArray:
    """HC3 covariance of the coefficients that the `rows` of a solver give (MacKinnon and White 1985, J Econometrics 29:305).

    A row that stands alone counts nothing: it informs no other coefficient. Raises NotApplicable where it informs the focus.
    """
    single = alone(fit)
    require_not_alone(fit.solver[-fit.matrix.focus.width :], single, fit.matrix.focus.column)
    deleted = np.where(single, 0.0, fit.residuals / np.where(single, 1.0, 1 - fit.leverage))
    scores = rows * deleted
    return np.asarray(scores @ scores.T, dtype=np.float64)


def require_not_alone(solver: FloatArray, single: FloatArray, column: str) -> None:
    """Raise NotApplicable where a row that stands alone informs the focus, whose rows of the solver are given."""
    if np.any(np.abs(solver[:, single]) > ALONE * np.max(np.abs(solver))):
        raise NotApplicable(f"A single row decides the effect of {column} by itself, so its error is unknown.")


def satterthwaite_df(columns: FloatArray, last: int) -> tuple[float, ...]:
    """Degrees of freedom of the HC3 errors of the `last` coefficients of a design (n × k, with its intercept).

    Twice the squared mean of the squared error over its variance, rows being independent with equal spread (Bell and McCaffrey
    2002, Survey Methodology 28:169; Imbens and Kolesár 2016, Rev Econ Stat 98:701): about one less than the rows of a small level.
    """
    basis, triangle = np.linalg.qr(columns)
    leverage = np.sum(basis**2, axis=1)
    single = leverage >= 1 - ALONE
    solver = np.linalg.solve(triangle, basis.T)[-last:]
    found = []
    for row in solver:
        weights = np.where(single, 0.0, row**2 / np.where(single, 1.0, 1 - leverage) ** 2)
        inner = basis.T @ (weights[:, np.newaxis] * basis)
        variance = float(np.sum(weights**2 * (1 - 2 * leverage)) + np.sum(inner**2))
        found.append(float(weights @ (1 - leverage)) ** 2 / variance)
    return tuple(found)


def intercept_solver(fit: Fit) -> FloatArray:
    """The row that maps outcomes to the intercept."""
    return 1 / fit.matrix.n - (fit.matrix.centres / fit.matrix.scales) @ fit.solver


def breusch_pagan(fit: Fit) -> float:
    """p of the studentised test of constant spread (Koenker 1981, J Econometrics 17:107)."""
    return _spread_p(fit, fit.basis)


def white(fit: Fit) -> float:
    """The same with the square of the last column, cleared of all others: spread may grow on both sides of the middle.

    With one column it is the test of White 1980, Econometrica 48:817. A square that the columns already say is left out.
    """
    square = fit.basis[:, -1] ** 2
    bent = square - np.mean(square)
    size = float(np.linalg.norm(bent))
    bent = bent - fit.basis @ (fit.basis.T @ bent)
    bent = bent - fit.basis @ (fit.basis.T @ bent)
    left = float(np.linalg.norm(bent))
    if left <= DEPENDENT * max(size, float(np.linalg.norm(square))):
        return breusch_pagan(fit)
    return _spread_p(fit, np.column_stack([fit.basis, bent / left]))


def _spread_p(fit: Fit, basis: FloatArray) -> float:
    """p of n·R² of the squared residuals on an orthonormal basis of centred columns."""
    squares = (fit.residuals / np.max(np.abs(fit.residuals))) ** 2
    squares = squares - np.mean(squares)
    total = float(np.sum(squares**2))
    if total == 0:
        return 1.0
    explained = float(np.sum((basis.T @ squares) ** 2))
    return float(stats.chi2.sf(fit.matrix.n * explained / total, basis.shape[1]))


def lag_for(n: int) -> int:
    """Newey and West's rule of thumb: the whole part of 4·(n/100)^(2/9)."""
    return int(4 * (n / 100) ** (2 / 9))


def bartlett_sum(scores: FloatArray, lag: int) -> FloatArray:
    """Long-run sum of products of the scores (n × width) with Bartlett weights (Newey and West 1987, Econometrica 55:703)."""
    total = scores.T @ scores
    for step in range(1, lag + 1):
        crossed = scores[step:].T @ scores[:-step]
        total = total + (1 - step / (lag + 1)) * (crossed + crossed.T)
    return np.asarray(total, dtype=np.float64)


def memory(fit: Fit) -> float:
    """First-order autocorrelation of the residuals, corrected for its bias by (1 + 4ρ)/n (Kendall 1954), ±0.97 at most."""
    residuals = fit.residuals / np.max(np.abs(fit.residuals))
    found = float(residuals[1:] @ residuals[:-1]) / float(residuals[:-1] @ residuals[:-1])
    return min(max(found + (1 + 4 * found) / fit.matrix.n, -STRONGEST_MEMORY), STRONGEST_MEMORY)


def newey_west_covariance(fit: Fit, lag: int, whitening: float = 0.0) -> FloatArray:
    """Newey–West covariance of the coefficients, with the small-sample factor n/df; rows of the fit are in the order of time.

    With `whitening` ρ the scores enter as s(t) − ρ·s(t−1), and the sum is recoloured by 1/(1 − ρ)² (Andrews and Monahan 1992,
    Econometrica 60:953).
    """
    n = fit.matrix.n
    scores = (fit.solver * fit.residuals).T
    if whitening == 0:
        return bartlett_sum(scores, lag) * (n / fit.df)
    innovations = scores[1:] - whitening * scores[:-1]
    recoloured = bartlett_sum(innovations, lag) / (1 - whitening) ** 2 * (n / (n - 1))
    return np.asarray(recoloured * (n / fit.df), dtype=np.float64)


def first_order_covariance(fit: Fit) -> FloatArray:
    """Covariance of the coefficients if the errors were a first-order autoregression, rows in the order of time.

    P·R·P'·σ² with R(i, j) = ρ^|i−j| and σ² made unbiased for that R. The residuals' own autocorrelation lies below the errors',
    by about k(1 + 2ρ)/n for k coefficients; ρ is raised by twice that, and is at least 0, because a ρ that is too small makes
    false trends: at 40 points of white noise Newey–West errors alone gave twelve false trends in a hundred at a level of five.
    """
    n, k = fit.matrix.n, fit.matrix.width + 1
    residuals = fit.residuals / np.max(np.abs(fit.residuals))
    found = float(residuals[1:] @ residuals[:-1]) / float(residuals[:-1] @ residuals[:-1])
    rho = min(max(found + 2 * k * (1 + 2 * found) / n, 0.0), STRONGEST_MEMORY)
    return correlated_covariance(fit, rho ** np.arange(n, dtype=np.float64))


def correlated_covariance(fit: Fit, correlations: FloatArray) -> FloatArray:
    """Covariance P·R·P'·σ² of the coefficients for errors with these autocorrelations by lag; σ² is made unbiased for them."""
    n, width = fit.matrix.n, fit.matrix.width
    spread = matmul_toeplitz(correlations, np.column_stack([fit.solver.T, np.ones(n), fit.matrix.columns]))
    explained = float(np.sum(spread[:, width])) / n + float(np.trace(fit.solver @ spread[:, width + 1 :]))
    scale = float(fit.residuals @ fit.residuals) / (n - explained)
    return np.asarray(fit.solver @ spread[:, :width] * scale, dtype=np.float64)


def autoregressive_covariance(fit: Fit) -> FloatArray:
    """Covariance of the coefficients if the errors were an autoregression of order three, rows in the order of time.

    Autocovariances of the residuals are freed of what the fit took out of them (Worsley and others 2002, NeuroImage 15:1); the
    autocorrelations are raised by k(1 + 2ρ)/n for k coefficients, because ones that are too small make false effects, and the
    autoregression is that of Yule and Walker.
    """
    n, k = fit.matrix.n, fit.matrix.width + 1
    residuals = fit.residuals / np.max(np.abs(fit.residuals))
    seen = np.array([residuals[lag:] @ residuals[: n - lag] for lag in range(ORDER + 1)])
    true = np.linalg.solve(expected_autocovariances(fit), seen)
    found = (true if true[0] > 0 else seen)[1:] / (true[0] if true[0] > 0 else seen[0])
    raised = np.clip(found + k * (1 + 2 * np.maximum(found, 0.0)) / n, -STRONGEST_MEMORY, STRONGEST_MEMORY)
    return correlated_covariance(fit, autocorrelations(raised, n))


def expected_autocovariances(fit: Fit) -> FloatArray:
    """What each autocovariance of the errors, to the order of ORDER, adds to the residuals' sums of products at each lag.

    tr(M·D·M·T) with M = I − Q·Q', D the half-sum of the shifts by one lag and its transpose, T their sum for the other.
    """
    n = fit.matrix.n
    basis = np.column_stack([np.full(n, 1 / np.sqrt(n)), fit.basis])
    shifted = [0.5 * (_ahead(basis, lag) + _back(basis, lag)) for lag in range(ORDER + 1)]
    found = np.zeros((ORDER + 1, ORDER + 1))
    for row in range(ORDER + 1):
        for column in range(ORDER + 1):
            twice = 2.0 if column else 1.0
            own = (n if row == 0 else n - row) if row == column else 0.0
            inner, outer = basis.T @ shifted[row], basis.T @ shifted[column]
            crossed = 2 * float(np.sum(shifted[row] * shifted[column]))
            found[row, column] = own - twice * (crossed - float(np.sum(inner * outer.T)))
    return found


def _ahead(values: FloatArray, lag: int) -> FloatArray:
    """Rows moved up by a lag, with zeros at the end."""
    return np.vstack([values[lag:], np.zeros((lag, values.shape[1]))])


def _back(values: FloatArray, lag: int) -> FloatArray:
    """Rows moved down by a lag, with zeros at the beginning."""
    return np.vstack([np.zeros((lag, values.shape[1])), values[: len(values) - lag]])


def autocorrelations(first: FloatArray, n: int) -> FloatArray:
    """Autocorrelations at lags 0 to n − 1 of the autoregression whose first ones are given, shrunk where there is none."""
    order = first.size
    for factor in SHRUNKEN:
        start = np.concatenate([[1.0], factor * first])
        try:
            weights = solve_toeplitz(start[:-1], start[1:])
        except np.linalg.LinAlgError:
            continue
        if np.all(np.abs(np.roots(np.concatenate([[1.0], -weights]))) < 0.999):
            break
    found = np.concatenate([start, np.zeros(max(0, n - order - 1))])
    for lag in range(order + 1, n):
        found[lag] = weights @ found[lag - 1 : lag - order - 1 : -1]
    return np.asarray(found[:n], dtype=np.float64)
