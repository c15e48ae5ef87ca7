"""Quantile regression and Huber's."""

from __future__ import annotations

from functools import partial
from itertools import combinations

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as r
from benchmarks.certification.exact import wald

NAMES = ("x",)
ALPHA = m.ALPHA
TURN = mpf("1.345")


def plane(x: list[mpf], y: list[mpf], probability: mpf) -> list[mpf]:
    """The best line through two of the points, by trying all of them."""

    def loss(line: list[mpf]) -> mpf:
        residuals = [v - line[0] - line[1] * u for u, v in zip(x, y, strict=True)]
        return mp.fsum(e * (probability - (e < 0)) for e in residuals)

    lines = []
    for i, j in combinations(range(len(x)), 2):
        if x[i] != x[j]:
            slope = (y[i] - y[j]) / (x[i] - x[j])
            lines.append((float_loss(x, y, slope, y[i] - slope * x[i], float(probability)), slope, y[i] - slope * x[i]))
    lines.sort(key=lambda one: one[0])
    return min(([one[2], one[1]] for one in lines[:8]), key=loss)


def float_loss(x: list[mpf], y: list[mpf], slope: mpf, intercept: mpf, probability: float) -> float:
    """The loss in double precision, to find the few lines that are worth fifty digits."""
    a, b = float(intercept), float(slope)
    total = 0.0
    for u, v in zip(x, y, strict=True):
        e = float(v) - a - b * float(u)
        total += e * (probability - (e < 0))
    return total


def information(rows: list[list[mpf]], weights: list[mpf]) -> r.Matrix:
    """X' diag(weights) X."""
    return [[mp.fsum(w * row[i] * row[j] for w, row in zip(weights, rows, strict=True)) for j in range(2)] for i in range(2)]


def quantile(y: list[str], x: list[str], probability: str, alternative: str = "two-sided", delta: str | None = None) -> Reference:
    """Koenker and Bassett's line with the errors of Hendricks and Koenker."""
    u, v, tau = list(m.numbers(x)), list(m.numbers(y)), mpf(probability)
    n, rows = len(u), [[mpf(1), one] for one in u]
    line = plane(u, v, tau)
    z = d.normal_quantile(tau)
    density = mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)
    third = mpf(1) / 3
    h = n**-third * d.normal_quantile(1 - ALPHA / 2) ** (2 * third) * (mpf("1.5") * density**2 / (2 * z**2 + 1)) ** third
    h = min(h, mpf("0.9") * min(tau, 1 - tau))
    above, below = plane(u, v, tau + h), plane(u, v, tau - h)
    distance = [r.dot(row, above) - r.dot(row, below) for row in rows]
    middle = m.mean(distance)
    bread = r.inverse(information(rows, [2 * h / max(one, middle / 10) for one in distance]))
    covariance = r.product(r.product(bread, information(rows, [tau * (1 - tau)] * n)), bread)
    covariance = [[value * n / (n - 2) for value in row] for row in covariance]
    found = wald.differences(NAMES, [u], line[1:], wald.without_intercept(covariance), mpf(n - 2), alternative, delta)
    loss = mp.fsum(e * (tau - (e < 0)) for e in (b - r.dot(row, line) for row, b in zip(rows, v, strict=True)))
    centre = m.at(v, tau)
    alone = mp.fsum(e * (tau - (e < 0)) for e in (b - centre for b in v))
    return {**found, **m.description("all rows", v), "measure R¹": 1 - loss / alone}


def huber(y: list[str], x: list[str], alternative: str = "two-sided", delta: str | None = None) -> Reference:
    """Huber's M-estimate with the scale of the median regression."""
    u, v = list(m.numbers(x)), list(m.numbers(y))
    n, rows = len(u), [[mpf(1), one] for one in u]
    start = plane(u, v, mpf("0.5"))
    sizes = sorted(abs(b - r.dot(row, start)) for row, b in zip(rows, v, strict=True))[2:]
    scale = m.at(sizes, mpf("0.5")) / d.normal_quantile(mpf("0.75"))
    at = start
    for _ in range(400):
        residuals = [(b - r.dot(row, at)) / scale for row, b in zip(rows, v, strict=True)]
        weights = [min(mpf(1), TURN / abs(e)) if e else mpf(1) for e in residuals]
        score = [[scale * mp.fsum(w * e * row[i] for w, e, row in zip(weights, residuals, rows, strict=True))] for i in range(2)]
        step = [one[0] for one in r.solved(information(rows, weights), score)]
        at = [value + move for value, move in zip(at, step, strict=True)]
        if max(map(abs, step)) < mpf(10) ** -40:
            break
    residuals = [(b - r.dot(row, at)) / scale for row, b in zip(rows, v, strict=True)]
    inside = [mpf(abs(e) <= TURN) for e in residuals]
    bread, parts = r.inverse(information(rows, inside)), []
    for e, near, row in zip(residuals, inside, rows, strict=True):
        moved = [r.dot(one, row) for one in bread]
        parts.append([max(-TURN, min(TURN, e)) / (1 - near * r.dot(moved, row)) * one * scale for one in moved])
    covariance = [[mp.fsum(part[i] * part[j] for part in parts) for j in range(2)] for i in range(2)]
    found = wald.differences(NAMES, [u], at[1:], wald.without_intercept(covariance), mpf(n - 2), alternative, delta)
    return {
        **found,
        **m.description("all rows", v),
        "measure scale of the residuals": scale,
        "measure share of rows that count less": 1 - m.mean(inside),
        "measure smallest weight": min(TURN / max(TURN, abs(e)) for e in residuals),
    }


def _entries() -> list[Entry]:
    x = made.normal("robust x", 51, 10, 3)
    y = [f"{2 * float(one) + float(noise):.3f}" for one, noise in zip(x, made.skewed("robust noise", 51, 6, 3), strict=True)]
    columns, told = {"y": y, "x": x}, {"outcome": "y", "predictors": "x"}
    lines, one = "mpmath, the best of all lines through two points", {"quantity": "quantile", "quantile": 0.7}
    return [
        Entry("quantile_regression", "51 skewed values, median", lines, columns, told,
              partial(quantile, **columns, probability="0.5")),
        Entry("quantile_regression", "51 skewed values, 70 %", lines, columns, {**told, **one},
              partial(quantile, **columns, probability="0.7")),
        Entry("quantile_regression", "51 skewed values, median, greater, δ", lines, columns,
              {**told, "alternative": "greater", "delta": 4.0},
              partial(quantile, **columns, probability="0.5", alternative="greater", delta="4")),
        Entry("robust_regression", "51 skewed values", "mpmath, reweighting to 40 digits", columns, told,
              partial(huber, **columns)),
        Entry("robust_regression", "51 skewed values, less, δ", "mpmath, reweighting to 40 digits", columns,
              {**told, "alternative": "less", "delta": 4.0}, partial(huber, **columns, alternative="less", delta="4")),
    ]  # fmt: skip


ENTRIES = _entries()
