"""Restricted maximum likelihood of linear mixed models and Kenward and Roger's errors, from each cluster's whole covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mpmath import mp, mpf

from benchmarks.certification.exact import regression as g
from benchmarks.certification.exact.wald import newton

Forms = Sequence[g.Matrix]
"""Of each variance the matrix A with which it is φ'Aφ."""


@dataclass(frozen=True)
class Cluster:
    """Rows of the design, outcomes, and the derivatives of the rows' covariance by each variance."""

    rows: g.Matrix
    outcome: g.Column
    parts: list[g.Matrix]


@dataclass(frozen=True)
class Reml:
    """At the variances: coefficients, (X'V⁻¹X)⁻¹, score (of minus twice the log-likelihood), its Hessian, tr(PVₖPVₗ),
    X'V⁻¹VₖV⁻¹X and X'V⁻¹VₖV⁻¹VₗV⁻¹X.
    """

    variances: list[mpf]
    coefficients: list[mpf]
    bread: g.Matrix
    score: list[mpf]
    hessian: g.Matrix
    traces: g.Matrix
    first: list[g.Matrix]
    second: list[list[g.Matrix]]

    def covariance(self) -> tuple[g.Matrix, g.Matrix]:
        """Kenward and Roger's covariance of the coefficients, and the covariance of the variances."""
        spread = [[2 * value for value in row] for row in g.inverse(self.traces)]
        k, width = range(len(spread)), range(len(self.bread))
        middle = [[mpf(0) for _ in width] for _ in width]
        for i in k:
            for j in k:
                bent = g.product(g.product(self.first[i], self.bread), self.first[j])
                for a in width:
                    for b in width:
                        middle[a][b] += spread[i][j] * (self.second[i][j][a][b] - bent[a][b])
        wider = g.product(g.product(self.bread, middle), self.bread)
        return [[one + 2 * more for one, more in zip(*rows, strict=True)] for rows in zip(self.bread, wider, strict=True)], spread

    def df(self, weights: g.Column) -> mpf:
        """2f²/g'Wg of a weighted sum of coefficients."""
        _, spread = self.covariance()
        turned = [g.dot(row, weights) for row in self.bread]
        slopes = [g.dot(turned, [g.dot(row, turned) for row in one]) for one in self.first]
        return 2 * g.dot(weights, turned) ** 2 / g.dot(slopes, [g.dot(row, slopes) for row in spread])

    def joint(self, width: int) -> tuple[mpf, mpf]:
        """F of the last coefficients and its denominator's degrees of freedom: Kenward and Roger 1997, section 3."""
        wider, spread = self.covariance()
        inner = g.inverse([row[-width:] for row in self.bread[-width:]])
        left = [row[-width:] for row in self.bread]
        theta = g.product(g.product(left, inner), self.bread[-width:])
        turned = [g.product(theta, one) for one in self.first]
        k = range(len(spread))
        one = mp.fsum(spread[i][j] * trace(turned[i]) * trace(turned[j]) for i in k for j in k)
        two = mp.fsum(spread[i][j] * trace_of(turned[i], turned[j]) for i in k for j in k)
        b = (one + 6 * two) / (2 * width)
        h = ((width + 1) * one - (width + 4) * two) / ((width + 2) * two)
        c = [value / (3 * width + 2 * (1 - h)) for value in (h, width - h, width + 2 - h)]
        mean = 1 / (1 - two / width)
        variance = mpf(2) / width * (1 + c[0] * b) / ((1 - c[1] * b) ** 2 * (1 - c[2] * b))
        df = 4 + (width + 2) / (width * variance / (2 * mean**2) - 1)
        own = self.coefficients[-width:]
        square = g.dot(own, [row[0] for row in g.solved([row[-width:] for row in wider[-width:]], [[value] for value in own])])
        return df / (mean * (df - 2)) * square / width, df


def trace(matrix: g.Matrix) -> mpf:
    """Sum of the diagonal."""
    return mp.fsum(matrix[place][place] for place in range(len(matrix)))


def trace_of(a: g.Matrix, b: g.Matrix) -> mpf:
    """Sum of the diagonal of a · b."""
    return mp.fsum(g.dot(row, column) for row, column in zip(a, transposed(b), strict=True))


def transposed(matrix: g.Matrix) -> g.Matrix:
    """Columns as rows."""
    return [list(column) for column in zip(*matrix, strict=True)]


def summed(matrices: Sequence[g.Matrix]) -> g.Matrix:
    """Cell by cell."""
    return [[mp.fsum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]


def reml(clusters: Sequence[Cluster], variances: list[mpf]) -> Reml:
    """Generalised least squares with V = Σ variances · parts, cluster by cluster."""
    k = range(len(variances))
    inverses = [
        g.inverse(
            summed([[[value * cell for cell in row] for row in part] for value, part in zip(variances, own.parts, strict=True)])
        )
        for own in clusters
    ]
    weighted = [g.product(inverse, own.rows) for inverse, own in zip(inverses, clusters, strict=True)]
    turned = [[g.product(inverse, part) for part in own.parts] for inverse, own in zip(inverses, clusters, strict=True)]
    bread = g.inverse(summed([g.product(transposed(own.rows), w) for own, w in zip(clusters, weighted, strict=True)]))
    right = summed([g.product(transposed(w), [[y] for y in own.outcome]) for own, w in zip(clusters, weighted, strict=True)])
    coefficients = [row[0] for row in g.product(bread, right)]
    moved = [[g.product(one, w) for one in own] for own, w in zip(turned, weighted, strict=True)]
    first = [summed([g.product(transposed(own.rows), one[i]) for own, one in zip(clusters, moved, strict=True)]) for i in k]
    bent = [[g.product(part, w) for part in own.parts] for own, w in zip(clusters, weighted, strict=True)]
    second = [[summed([g.product(transposed(one[i]), two[j]) for one, two in zip(bent, moved, strict=True)]) for j in k] for i in k]
    left = [[y - g.dot(row, coefficients) for row, y in zip(own.rows, own.outcome, strict=True)] for own in clusters]
    held = [[g.dot(row, e) for row in inverse] for inverse, e in zip(inverses, left, strict=True)]
    pushed = [[[g.dot(row, e) for row in part] for part in own.parts] for own, e in zip(clusters, held, strict=True)]
    onto = [[mp.fsum(w[row][p] * one[i][row] for w, one in zip(weighted, pushed, strict=True) for row in range(len(w)))
             for p in range(len(bread))] for i in k]  # fmt: skip
    shrunk = [g.product(bread, one) for one in first]
    plain = [[mp.fsum(trace_of(one[i], one[j]) for one in turned) for j in k] for i in k]
    traces = [[plain[i][j] - 2 * trace_of(bread, second[i][j]) + trace_of(shrunk[i], shrunk[j]) for j in k] for i in k]

    def crossed(i: int, j: int) -> mpf:
        whole = mp.fsum(
            g.dot(one[i], [g.dot(row, one[j]) for row in inverse]) for one, inverse in zip(pushed, inverses, strict=True)
        )
        return whole - g.dot(onto[i], [g.dot(row, onto[j]) for row in bread])

    score = [
        mp.fsum(trace(one[i]) for one in turned) - trace(shrunk[i])
        - mp.fsum(g.dot(e, one[i]) for e, one in zip(held, pushed, strict=True))
        for i in k
    ]  # fmt: skip
    hessian = [[2 * crossed(i, j) - traces[i][j] for j in k] for i in k]
    return Reml(variances, coefficients, bread, score, hessian, traces, first, second)


def maximum(clusters: Sequence[Cluster], forms: Forms, start: Sequence[mpf], zero: Sequence[int] = ()) -> Reml:
    """The minimum by φ, to 45 digits; φ that are `zero` stay so, and no variance could grow from there."""
    free = [place for place in range(len(start)) if place not in zero]

    def at(place: Sequence[mpf]) -> tuple[Reml, list[list[mpf]]]:
        bent = [[g.dot(row, place) for row in form] for form in forms]
        return reml(clusters, [g.dot(place, one) for one in bent]), [[2 * value for value in one] for one in bent]

    def filled(own: Sequence[mpf]) -> list[mpf]:
        known = dict(zip(free, own, strict=True))
        return [known.get(place, mpf(0)) for place in range(len(start))]

    def slopes(own: Sequence[mpf]) -> tuple[g.Matrix, g.Matrix]:
        found, turn = at(filled(own))
        score = [[mp.fsum(s * one[a] for s, one in zip(found.score, turn, strict=True))] for a in free]
        bent = g.product(g.product(transposed(turn), found.hessian), turn)
        hessian = [
            [bent[a][b] + 2 * mp.fsum(s * form[a][b] for s, form in zip(found.score, forms, strict=True)) for b in free]
            for a in free
        ]
        return score, hessian

    def step(own: list[mpf]) -> list[mpf]:
        score, hessian = slopes(own)
        return [-row[0] for row in g.solved(hessian, score)]

    reached = newton(step, [start[place] for place in free])
    mp.cholesky(mp.matrix(slopes(reached)[1]))
    found, _ = at(filled(reached))
    downhill = [mp.fsum(s * form[a][a] for s, form in zip(found.score, forms, strict=True)) for a in zero]
    if any(value < 0 for value in downhill):
        raise ArithmeticError("A variance that is held at zero would grow")
    return found
