"""Least squares of a series with the errors that allow for autocorrelation, written out with whole matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from mpmath import mp, mpf

from benchmarks.certification.exact import regression as g

STRONGEST = mpf("0.97")
STATIONARY = mpf("0.999")
"""Below which the roots of a stationary autoregression lie."""
SHRUNKEN = ("1", "0.95", "0.9", "0.8", "0.7", "0.5", "0")
"""Factors of autocorrelations that no stationary autoregression has, the first that makes them such."""


def lag_for(n: int) -> int:
    """Newey and West's rule."""
    return int(mp.floor(4 * (mpf(n) / 100) ** (mpf(2) / 9)))


def first(values: g.Column) -> mpf:
    """First autocorrelation of residuals, over all but the last."""
    return mp.fsum(one * other for one, other in pairwise(values)) / mp.fsum(value**2 for value in values[:-1])


def clipped(value: mpf, low: mpf | int = -STRONGEST) -> mpf:
    """Within ±0.97."""
    return min(max(value, low), STRONGEST)


def memory(fit: g.Ols) -> mpf:
    """The first autocorrelation less its bias (Kendall 1954)."""
    r = first(fit.residuals)
    return clipped(r + (1 + 4 * r) / len(fit.residuals))


def solver(fit: g.Ols) -> g.Matrix:
    """What maps outcomes to coefficients."""
    return g.product(fit.bread, [list(column) for column in fit.columns])


def newey_west(fit: g.Ols, lag: int, whitening: mpf | int = 0) -> g.Matrix:
    """Newey and West's covariance of the coefficients (1987), prewhitened and recoloured (Andrews and Monahan 1992)."""
    n = len(fit.residuals)
    scores = [[weight * e for weight, e in zip(row, fit.residuals, strict=True)] for row in solver(fit)]
    if whitening:
        scores = [[later - whitening * earlier for earlier, later in pairwise(row)] for row in scores]
    factor = (mpf(n) / (n - 1) / (1 - whitening) ** 2 if whitening else mpf(1)) * n / fit.df
    return [[bartlett(one, other, lag) * factor for other in scores] for one in scores]


def bartlett(one: g.Column, other: g.Column, lag: int) -> mpf:
    """Long-run sum of products."""
    total = g.dot(one, other)
    for step in range(1, lag + 1):
        crossed = g.dot(one[step:], other[:-step]) + g.dot(other[step:], one[:-step])
        total += (1 - mpf(step) / (lag + 1)) * crossed
    return total


def left_over(fit: g.Ols) -> g.Matrix:
    """M = I − X(X'X)⁻¹X'."""
    rows = [list(row) for row in zip(*fit.columns, strict=True)]
    hat = g.product(rows, solver(fit))
    return [[mpf(i == j) - value for j, value in enumerate(row)] for i, row in enumerate(hat)]


def correlated(fit: g.Ols, correlations: Sequence[mpf]) -> g.Matrix:
    """Covariance of the coefficients for errors with these autocorrelations."""
    n = len(fit.residuals)
    whole = [[correlations[abs(i - j)] for j in range(n)] for i in range(n)]
    scale = g.dot(fit.residuals, fit.residuals) / mp.fsum(
        g.dot(row, other) for row, other in zip(left_over(fit), whole, strict=True)
    )
    spread = [[g.dot(row, line) for line in whole] for row in solver(fit)]
    return [[g.dot(row, other) * scale for other in spread] for row in solver(fit)]


def first_order(fit: g.Ols) -> g.Matrix:
    """Covariance under a first-order autoregression."""
    n, k, r = len(fit.residuals), len(fit.columns), first(fit.residuals)
    rho = clipped(r + 2 * k * (1 + 2 * r) / n, 0)
    return correlated(fit, [rho**lag for lag in range(n)])


def third_order(fit: g.Ols) -> g.Matrix:
    """Covariance under an autoregression of order three, freed of what the fit took out (Worsley and others 2002)."""
    n, k, m = len(fit.residuals), len(fit.columns), left_over(fit)
    moved = [
        [[(row[j - lag] if j >= lag else 0) + (row[j + lag] if lag and j + lag < n else 0) for j in range(n)] for row in m]
        for lag in range(4)
    ]
    turned = [[list(column) for column in zip(*one, strict=True)] for one in moved]
    expected = [[mp.fsum(map(g.dot, one, other)) / (2 if lag else 1) for other in turned] for lag, one in enumerate(moved)]
    seen = [[g.dot(fit.residuals[lag:], fit.residuals[: n - lag])] for lag in range(4)]
    true = [row[0] for row in g.solved(expected, seen)]
    rho = [clipped(value / true[0] + k * (1 + 2 * max(value / true[0], mpf(0))) / n) for value in true[1:]]
    for factor in SHRUNKEN:
        found = [mpf(1), *(mpf(factor) * one for one in rho)]
        table = [[found[abs(i - j)] for j in range(3)] for i in range(3)]
        weights = [row[0] for row in g.solved(table, [[one] for one in found[1:]])]
        if mpf(factor) == 0 or all(abs(root) < STATIONARY for root in mp.polyroots([1, *(-one for one in weights)])):
            break
    while len(found) < n:
        found.append(mp.fsum(weight * found[-1 - back] for back, weight in enumerate(weights)))
    return correlated(fit, found)


def errors(fit: g.Ols) -> list[mpf]:
    """The largest of the three errors of each coefficient."""
    covariances = newey_west(fit, lag_for(len(fit.residuals)), memory(fit)), first_order(fit), third_order(fit)
    return [mp.sqrt(max(one[place][place] for one in covariances)) for place in range(len(fit.columns))]


def measures(fit: g.Ols, focus: int, gaps: Sequence[mpf]) -> Mapping[str, mpf]:
    """What a series' method reports of its errors and of its spacing; `focus` is the place of the coefficient."""
    ordered = sorted(gaps)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    lag = lag_for(len(fit.residuals))
    return {
        "measure lag": mpf(lag),
        "measure residual autocorrelation": memory(fit),
        "measure standard error without prewhitening": mp.sqrt(newey_west(fit, lag)[focus][focus]),
        "measure largest gap over median gap": max(gaps) / median,
    }
