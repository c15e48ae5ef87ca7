"""Logistic regression by Newton's steps in 50 digits."""

from __future__ import annotations

from collections.abc import Sequence

from mpmath import mp, mpf

from benchmarks.certification.exact import regression as g

STEPS = 60


def expit(value: mpf) -> mpf:
    """1 / (1 + e⁻ˣ)."""
    return 1 / (1 + mp.exp(-value))


def information(columns: Sequence[g.Column], shares: g.Column) -> g.Matrix:
    """X' diag(p(1 − p)) X."""
    weighted = [[value * share * (1 - share) for value, share in zip(column, shares, strict=True)] for column in columns]
    return [[g.dot(one, other) for other in columns] for one in weighted]


def logistic(columns: Sequence[g.Column], hits: g.Column) -> tuple[list[mpf], list[mpf]]:
    """Coefficients of `columns`, of which one is the intercept's, and the fitted probabilities."""
    coefficients = [mpf(0)] * len(columns)
    for _ in range(STEPS):
        shares = [expit(g.dot(row, coefficients)) for row in zip(*columns, strict=True)]
        score = [
            [mp.fsum(value * (hit - share) for value, hit, share in zip(column, hits, shares, strict=True))] for column in columns
        ]
        step = [row[0] for row in g.solved(information(columns, shares), score)]
        coefficients = [old + new for old, new in zip(coefficients, step, strict=True)]
        if max(map(abs, step)) < mpf(10) ** -40:
            break
    return coefficients, [expit(g.dot(row, coefficients)) for row in zip(*columns, strict=True)]
