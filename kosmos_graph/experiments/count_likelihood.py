"""Maximum likelihood of counts with a log-linear mean: Poisson, and negative binomial whose variance is μ + α·μ²."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from kosmos_graph.experiments.design_matrix import DesignMatrix, FloatArray
from kosmos_graph.experiments.method import NotApplicable

STEPS = 100
TOLERANCE = 1e-12
"""Newton decrement per row at which two more steps reach the maximum to the last digits."""
SUSPICIOUS = 8.0
"""How far below the largest a fitted logarithm lies from which separation is looked for."""
LEAST_DISPERSION = 1e-6
"""α below which counts are not told from Poisson ones."""
LARGEST_DISPERSION = 1e6


@dataclass(frozen=True)
class CountFit:
    """Fit of `counts` on an intercept and the standardised columns of a matrix, with a known `offset` per row.

    `information` is Fisher's of the coefficients (the intercept's first) and `dispersion` is α, 0 for Poisson.
    """

    matrix: DesignMatrix
    columns: FloatArray
    counts: FloatArray
    offset: FloatArray
    coefficients: FloatArray
    information: FloatArray
    dispersion: float
    log_likelihood: float

    @property
    def means(self) -> FloatArray:
        """Expected count of each row."""
        return np.exp(self.columns @ self.coefficients + self.offset)

    @property
    def df(self) -> int:
        """Residual degrees of freedom."""
        return self.matrix.n - self.matrix.width - 1

    @property
    def variances(self) -> FloatArray:
        """Variance of each row by the model."""
        return self.means * (1 + self.dispersion * self.means)


def log_likelihood(counts: FloatArray, means: FloatArray, dispersion: float) -> float:
    """Sum over rows of the log of the probability of the count."""
    if dispersion == 0:
        return float(np.sum(special.xlogy(counts, means) - means - special.gammaln(counts + 1)))
    size = 1 / dispersion
    rising = special.gammaln(counts + size) - special.gammaln(size) - special.gammaln(counts + 1)
    return float(np.sum(rising + special.xlogy(counts, dispersion * means) - (counts + size) * np.log1p(dispersion * means)))


def information_at(columns: FloatArray, means: FloatArray, dispersion: float) -> FloatArray:
    """Fisher information of the coefficients at a known α."""
    weights = means / (1 + dispersion * means)
    return np.asarray((columns * weights[:, np.newaxis]).T @ columns, dtype=np.float64)


def scoring_step(
    columns: FloatArray, counts: FloatArray, offset: FloatArray, at: FloatArray, dispersion: float
) -> tuple[FloatArray, float]:
    """Fisher's step towards the maximum, and its decrement."""
    means = np.exp(columns @ at + offset)
    score = columns.T @ ((counts - means) / (1 + dispersion * means))
    step = np.linalg.lstsq(information_at(columns, means, dispersion), score, rcond=None)[0]
    return np.asarray(step, dtype=np.float64), float(score @ step)


def maximum(
    columns: FloatArray, counts: FloatArray, offset: FloatArray, dispersion: float, start: FloatArray | None = None
) -> FloatArray:
    """Coefficients at the maximum for a known α. Raises NotApplicable where there is none."""
    at = start if start is not None else flat(columns, counts, offset)
    for _ in range(STEPS):
        step, decrement = scoring_step(columns, counts, offset, at, dispersion)
        if decrement < TOLERANCE * len(counts):
            break
        before = log_likelihood(counts, np.exp(columns @ at + offset), dispersion)
        for halving in range(30):
            reached = at + step / 2**halving
            if log_likelihood(counts, np.exp(columns @ reached + offset), dispersion) >= before:
                at = reached
                break
    else:
        raise NotApplicable("The maximum of the likelihood was not reached; use fewer predictors.")
    require_counts_everywhere(columns, counts, at)
    for _ in range(2 if dispersion == 0 else 6):
        at = at + scoring_step(columns, counts, offset, at, dispersion)[0]
    return at


def flat(columns: FloatArray, counts: FloatArray, offset: FloatArray) -> FloatArray:
    """Coefficients of one rate for all rows."""
    start = np.zeros(columns.shape[1])
    start[0] = np.log(np.sum(counts) / np.sum(np.exp(offset)))
    return start


def require_counts_everywhere(columns: FloatArray, counts: FloatArray, at: FloatArray) -> None:
    """Raise NotApplicable where fitted means look like zero, and a linear programme shows that they are."""
    fitted = columns @ at
    if float(np.max(fitted) - np.min(fitted)) > SUSPICIOUS and only_zeros(columns, counts):
        raise NotApplicable(
            "Some combination of the predictors has no counts above zero at all, so no finite coefficient fits best; "
            "leave that level out or use fewer predictors."
        )


def only_zeros(columns: FloatArray, counts: FloatArray) -> bool:
    """Whether a direction lowers some rows of count 0 and touches no other (Santos Silva and Tenreyro 2010, Econ Lett 107:310)."""
    none, some = columns[counts == 0], columns[counts > 0]
    if not len(none):
        return False
    programme = optimize.linprog(
        none.sum(axis=0),
        A_ub=none,
        b_ub=np.zeros(len(none)),
        A_eq=some,
        b_eq=np.zeros(len(some)),
        bounds=[(-1, 1)] * columns.shape[1],
        method="highs",
    )
    return programme.status == 0 and float(programme.fun or 0.0) < -1e-6


def fit_poisson(matrix: DesignMatrix, counts: FloatArray, offset: FloatArray) -> CountFit:
    """Poisson's likelihood."""
    columns = np.column_stack([np.ones(matrix.n), matrix.columns])
    at = maximum(columns, counts, offset, 0.0)
    return fit_at(matrix, columns, counts, offset, at, 0.0)


def fit_at(
    matrix: DesignMatrix, columns: FloatArray, counts: FloatArray, offset: FloatArray, at: FloatArray, dispersion: float
) -> CountFit:
    """The fit at given coefficients and α."""
    means = np.exp(columns @ at + offset)
    return CountFit(
        matrix,
        columns,
        counts,
        offset,
        at,
        information_at(columns, means, dispersion),
        dispersion,
        log_likelihood(counts, means, dispersion),
    )


def dispersion_score(counts: FloatArray, means: FloatArray, dispersion: float) -> float:
    """Derivative of the log-likelihood in α."""
    if dispersion == 0:
        return float(np.sum((counts - means) ** 2 - counts)) / 2
    size = 1 / dispersion
    harmonic = special.digamma(counts + size) - special.digamma(size)
    logs = np.log1p(dispersion * means)
    return float(np.sum(size**2 * (logs - harmonic) + size * (counts - means) / (1 + dispersion * means)))


def fit_negative_binomial(matrix: DesignMatrix, counts: FloatArray, offset: FloatArray) -> CountFit:
    """Negative binomial likelihood; α is 0 where the counts spread no more than Poisson's.

    The profile's derivative in log α is brought to zero; given α the coefficients are at their maximum.
    """
    columns = np.column_stack([np.ones(matrix.n), matrix.columns])
    at = maximum(columns, counts, offset, 0.0)
    if dispersion_score(counts, np.exp(columns @ at + offset), 0.0) <= 0:
        return fit_at(matrix, columns, counts, offset, at, 0.0)

    def profile(log_dispersion: float) -> float:
        nonlocal at
        dispersion = float(np.exp(log_dispersion))
        at = maximum(columns, counts, offset, dispersion, at)
        return dispersion * dispersion_score(counts, np.exp(columns @ at + offset), dispersion)

    low, high = np.log(LEAST_DISPERSION), 0.0
    while profile(high) > 0:
        high += 2.0
        if high > np.log(LARGEST_DISPERSION):
            raise NotApplicable("The counts spread too far for a negative binomial distribution; use robust errors instead.")
    if profile(low) <= 0:
        return fit_at(matrix, columns, counts, offset, maximum(columns, counts, offset, 0.0), 0.0)
    log_dispersion = float(optimize.brentq(profile, low, high, xtol=1e-13, rtol=8.9e-16))
    dispersion = float(np.exp(log_dispersion))
    return fit_at(matrix, columns, counts, offset, maximum(columns, counts, offset, dispersion, at), dispersion)


def robust_covariance(fit: CountFit) -> FloatArray:
    """Sandwich covariance of all coefficients, each residual divided by one less its leverage, as HC3 does in least squares.

    Long and Ervin 2000, Am Stat 54:217 (HC3); leverages of a generalised linear model: Pregibon 1981, Ann Stat 9:705. Raises
    NotApplicable where a row decides a coefficient by itself.
    """
    bread = np.linalg.inv(fit.information)
    leverage = np.sum((fit.columns @ bread) * fit.columns, axis=1) * fit.means / (1 + fit.dispersion * fit.means)
    if float(np.max(leverage)) >= 1 - 1e-9:
        raise NotApplicable("A single row decides a coefficient by itself, so its error is unknown; leave its level out.")
    residuals = (fit.counts - fit.means) / (1 + fit.dispersion * fit.means) / (1 - leverage)
    scores = (fit.columns * residuals[:, np.newaxis]) @ bread
    return np.asarray(scores.T @ scores, dtype=np.float64)


def average_change(fit: CountFit) -> tuple[float, FloatArray]:
    """Average change of the expected count per unit of exposure with the focus's one column, and its gradient in the coefficients.

    For a numeric focus the derivative per unit of the data; for levels the difference between all rows at the level and all at
    the reference.
    """
    scale = float(fit.matrix.scales[-1])
    if not fit.matrix.focus.levels:
        rates = np.exp(fit.columns @ fit.coefficients)
        by = float(fit.coefficients[-1]) / scale
        gradient = by * np.mean(rates[:, np.newaxis] * fit.columns, axis=0)
        gradient[-1] += float(np.mean(rates)) / scale
        return by * float(np.mean(rates)), gradient
    means, gradients = [], []
    for value in (1.0, 0.0):
        moved = fit.columns.copy()
        moved[:, -1] = (value - fit.matrix.centres[-1]) / scale
        rates = np.exp(moved @ fit.coefficients)
        means.append(float(np.mean(rates)))
        gradients.append(np.mean(rates[:, np.newaxis] * moved, axis=0))
    return means[0] - means[1], gradients[0] - gradients[1]
