"""Ordinal logistic regression."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as r
from benchmarks.certification.exact import wald

LEVELS = ("low", "middle", "high")


def share(log_odds: mpf) -> mpf:
    """Probability of log odds."""
    return 1 / (1 + mp.exp(-log_odds))


def derivatives(codes: list[int], rows: list[list[mpf]], at: list[mpf]) -> tuple[list[mpf], r.Matrix]:
    """Score and observed information in two cuts and two slopes, row by row from the chain rule."""
    score, information = [mpf(0)] * 4, [[mpf(0)] * 4 for _ in range(4)]
    for code, row in zip(codes, rows, strict=True):
        fitted = r.dot(row, at[2:])
        sides = []
        for cut, sign in ((code, 1), (code - 1, -1)):
            if 0 <= cut < 2:
                p = share(at[cut] - fitted)
                sides.append((sign, p, [mpf(cut == 0), mpf(cut == 1), -row[0], -row[1]]))
        chance = mp.fsum(sign * p for sign, p, _ in sides) + (1 if code == 2 else 0)
        first = [mp.fsum(sign * p * (1 - p) * move[k] for sign, p, move in sides) / chance for k in range(4)]
        for k in range(4):
            score[k] += first[k]
            for q in range(4):
                bend = mp.fsum(sign * p * (1 - p) * (1 - 2 * p) * move[k] * move[q] for sign, p, move in sides)
                information[k][q] += first[k] * first[q] - bend / chance
    return score, information


def binary(hits: list[int], rows: list[list[mpf]]) -> tuple[list[mpf], list[mpf], r.Matrix]:
    """Logistic regression: coefficients, fitted shares and covariance."""

    def information(shares: list[mpf]) -> r.Matrix:
        return [[mp.fsum(p * (1 - p) * x[k] * x[q] for p, x in zip(shares, rows, strict=True)) for q in range(3)] for k in range(3)]

    def step(at: list[mpf]) -> list[mpf]:
        shares = [share(r.dot(row, at)) for row in rows]
        score = [[mp.fsum((hit - p) * row[k] for hit, p, row in zip(hits, shares, rows, strict=True))] for k in range(3)]
        return [one[0] for one in r.solved(information(shares), score)]

    at = wald.newton(step, [mpf(0)] * 3)
    shares = [share(r.dot(row, at)) for row in rows]
    return at, shares, r.inverse(information(shares))


def brant(codes: list[int], rows: list[list[mpf]]) -> mpf:
    """Brant's p of the first variable, with two cuts."""
    full = [[mpf(1), *row] for row in rows]
    (a, p, first), (b, q, second) = (binary([int(code > cut) for code in codes], full) for cut in (0, 1))
    meat = [[mp.fsum((v - u * v) * x[k] * x[s] for u, v, x in zip(p, q, full, strict=True)) for s in range(3)] for k in range(3)]
    crossed = r.product(r.product(first, meat), second)[1][1]
    return d.chi_square_upper((a[1] - b[1]) ** 2 / (first[1][1] + second[1][1] - 2 * crossed), mpf(1))


def ordinal(grade: list[str], x: list[str], w: list[str], alternative: str = "two-sided") -> Reference:
    """The proportional-odds model."""
    codes = [LEVELS.index(one) for one in grade]
    columns = [list(m.numbers(x)), list(m.numbers(w))]
    rows = [list(row) for row in zip(*columns, strict=True)]

    def step(at: list[mpf]) -> list[mpf]:
        score, information = derivatives(codes, rows, at)
        return [one[0] for one in r.solved(information, [[value] for value in score])]

    at = wald.newton(step, [mpf(-1), mpf(1), mpf(0), mpf(0)])
    covariance = [row[2:] for row in r.inverse(derivatives(codes, rows, at)[1])[2:]]
    return {
        **wald.ratios("odds ratio", ("x", "w"), columns, at[2:], covariance, None, alternative),
        "group all rows n": mpf(len(codes)),
        "measure rows in the rarest level": mpf(min(codes.count(code) for code in range(3))),
        "measure proportional odds p (Brant)": brant(codes, rows),
    }


def _entries() -> list[Entry]:
    draw = made.generator("ordinal")
    x, w = made.normal("ordinal x", 70, 0, 1), made.normal("ordinal w", 70, 0, 2)
    latent = [float(one) + draw.gauss(0, 1.5) for one in x]
    grade = [LEVELS[(value > -0.8) + (value > 0.9)] for value in latent]
    about = {"dictionary": {"grade": {"order": list(LEVELS)}}}
    columns, told = {"grade": grade, "x": x, "w": w}, {"outcome": "grade", "predictors": "x", "covariates": ("w",), "about": about}
    return [
        Entry("ordinal_logistic", "70 rows of 3 levels", "mpmath, Newton's method on the likelihood", columns, told,
              partial(ordinal, **columns)),
        Entry("ordinal_logistic", "70 rows of 3 levels, greater", "mpmath, Newton's method on the likelihood", columns,
              {**told, "alternative": "greater"}, partial(ordinal, **columns, alternative="greater")),
    ]  # fmt: skip


ENTRIES = _entries()
