"""Least squares by normal equations in 50 digits, with robust covariances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mpmath import mp, mpf

from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m

Column = Sequence[mpf]
Matrix = list[list[mpf]]


def solved(matrix: Matrix, right: Matrix) -> Matrix:
    """matrix⁻¹ · right by Gauss and Jordan with the largest pivot."""
    size, rows = len(matrix), [[*left, *more] for left, more in zip(matrix, right, strict=True)]
    for place in range(size):
        pivot = max(range(place, size), key=lambda row: abs(rows[row][place]))
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for row in range(size):
            if row != place and rows[row][place]:
                factor = rows[row][place]
                rows[row] = [value - factor * pivotal for value, pivotal in zip(rows[row], rows[place], strict=True)]
    return [row[size:] for row in rows]


def identity(size: int) -> Matrix:
    """The unit matrix."""
    return [[mpf(i == j) for j in range(size)] for i in range(size)]


def inverse(matrix: Matrix) -> Matrix:
    """matrix⁻¹."""
    return solved(matrix, identity(len(matrix)))


def product(a: Matrix, b: Matrix) -> Matrix:
    """a · b."""
    turned = list(zip(*b, strict=True))
    return [[dot(row, column) for column in turned] for row in a]


def dot(a: Column, b: Column) -> mpf:
    """Inner product."""
    return mp.fdot(zip(a, b, strict=True))


@dataclass(frozen=True)
class Ols:
    """Coefficients of `columns` (the intercept's first), residuals, (X'X)⁻¹ and leverages."""

    columns: list[Column]
    outcome: Column
    coefficients: list[mpf]
    residuals: list[mpf]
    bread: Matrix
    leverage: list[mpf]

    @property
    def df(self) -> mpf:
        """Residual degrees of freedom."""
        return mpf(len(self.outcome) - len(self.columns))

    @property
    def rss(self) -> mpf:
        """Residual sum of squares."""
        return dot(self.residuals, self.residuals)

    def sandwich(self, weights: Column) -> Matrix:
        """(X'X)⁻¹ · X' diag(weights) X · (X'X)⁻¹."""
        weighted = [[value * weight for value, weight in zip(column, weights, strict=True)] for column in self.columns]
        meat = [[dot(one, other) for other in self.columns] for one in weighted]
        return product(product(self.bread, meat), self.bread)

    def hc3(self) -> Matrix:
        """MacKinnon and White's HC3 covariance of the coefficients."""
        return self.sandwich([(e / (1 - h)) ** 2 for e, h in zip(self.residuals, self.leverage, strict=True)])

    def satterthwaite(self, place: int) -> mpf:
        """tr(G)²/tr(G²) of a coefficient's HC3 error e'Ge = y'M W M y, under rows of equal spread; M is the residual maker."""
        rows = list(zip(*self.columns, strict=True))
        solver = [dot(self.bread[place], row) for row in rows]
        weights = [(one / (1 - h)) ** 2 for one, h in zip(solver, self.leverage, strict=True)]
        turned = product(rows, self.bread)
        total = mpf(0)
        for i, one in enumerate(turned):
            total += weights[i] * dot(weights, [((i == j) - dot(one, row)) ** 2 for j, row in enumerate(rows)])
        return dot(weights, [1 - h for h in self.leverage]) ** 2 / total


def ols(variables: Sequence[Column], outcome: Column) -> Ols:
    """Least squares on the variables and an intercept."""
    columns = [[mpf(1)] * len(outcome), *variables]
    bread = inverse([[dot(one, other) for other in columns] for one in columns])
    coefficients = [row[0] for row in product(bread, [[dot(column, outcome)] for column in columns])]
    rows = list(zip(*columns, strict=True))
    residuals = [y - dot(row, coefficients) for row, y in zip(rows, outcome, strict=True)]
    leverage = [dot(row, [line[0] for line in product(bread, [[value] for value in row])]) for row in rows]
    return Ols(columns, outcome, coefficients, residuals, bread, leverage)


def correlations(variables: Sequence[Column]) -> Matrix:
    """Pearson's correlations."""
    centred = [[value - m.mean(column) for value in column] for column in variables]
    lengths = [mp.sqrt(dot(column, column)) for column in centred]
    return [[dot(a, b) / (p * q) for b, q in zip(centred, lengths, strict=True)] for a, p in zip(centred, lengths, strict=True)]


def condition(variables: Sequence[Column]) -> mpf:
    """Condition number of the columns in units of their standard deviations."""
    eigenvalues = mp.eigsy(mp.matrix(correlations(variables)), eigvals_only=True)
    return mp.sqrt(max(eigenvalues) / min(eigenvalues))


def determinant(matrix: Matrix) -> mpf:
    """Determinant, 1 of an empty matrix."""
    return mp.det(mp.matrix(matrix)) if matrix else mpf(1)


def largest_inflation(blocks: Sequence[Sequence[Column]]) -> mpf:
    """Largest generalised variance inflation factor to the power 1/width (Fox and Monette 1992)."""
    owner = [place for place, block in enumerate(blocks) for _ in block]
    whole = correlations([column for block in blocks for column in block])

    def part(kept: list[int]) -> mpf:
        return determinant([[whole[i][j] for j in kept] for i in kept])

    everyone = range(len(owner))
    found = []
    for place, block in enumerate(blocks):
        own, rest = [i for i in everyone if owner[i] == place], [i for i in everyone if owner[i] != place]
        found.append((part(own) * part(rest) / part(list(everyone))) ** (mpf(1) / len(block)))
    return max(found)


def breusch_pagan(fit: Ols) -> mpf:
    """p of Koenker's test: n·R² of the squared residuals."""
    return spread_p(fit, fit.columns[1:])


def white(fit: Ols) -> mpf:
    """The same with the square of the last column, cleared of the others."""
    cleared = ols(fit.columns[1:-1], fit.columns[-1]).residuals
    return spread_p(fit, [*fit.columns[1:], [value**2 for value in cleared]])


def spread_p(fit: Ols, columns: Sequence[Column]) -> mpf:
    """p of n·R² of the squared residuals on the columns."""
    squares = [e**2 for e in fit.residuals]
    explained = 1 - ols(columns, squares).rss / (m.variance(squares) * (len(squares) - 1))
    return d.chi_square_upper(len(squares) * explained, mpf(len(columns)))


def holm(p_values: Sequence[mpf]) -> list[mpf]:
    """Holm 1979."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, reached = [mpf(0)] * len(p_values), mpf(0)
    for rank, place in enumerate(order):
        reached = max(reached, min(mpf(1), (len(p_values) - rank) * p_values[place]))
        adjusted[place] = reached
    return adjusted


def indicators(labels: Sequence[str], reference: str) -> dict[str, list[mpf]]:
    """A 0/1 column for each level but the reference."""
    return {level: [mpf(label == level) for label in labels] for level in sorted(set(labels)) if level != reference}
