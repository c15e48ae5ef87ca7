"""Ordinal logistic regression."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import regression as r
from benchmarks.certification.exact import wald
from benchmarks.certification.exact.logistic import information, logistic
from benchmarks.certification.families.count_regression import slashed
from benchmarks.certification.families.logistic import joint
from benchmarks.certification.families.regression import Blocks, numeric

LEVELS = ("low", "middle", "high")


def share(log_odds: mpf) -> mpf:
    """Probability of log odds."""
    return 1 / (1 + mp.exp(-log_odds))


def derivatives(codes: list[int], rows: list[list[mpf]], at: list[mpf]) -> tuple[list[mpf], r.Matrix]:
    """Score and observed information in two cuts and the slopes, row by row from the chain rule."""
    size = len(at)
    score, information = [mpf(0)] * size, [[mpf(0)] * size for _ in at]
    for code, row in zip(codes, rows, strict=True):
        fitted = r.dot(row, at[2:])
        sides = []
        for cut, sign in ((code, 1), (code - 1, -1)):
            if 0 <= cut < 2:
                p = share(at[cut] - fitted)
                sides.append((sign, p, [mpf(cut == 0), mpf(cut == 1), *(-value for value in row)]))
        chance = mp.fsum(sign * p for sign, p, _ in sides) + (1 if code == 2 else 0)
        first = [mp.fsum(sign * p * (1 - p) * move[k] for sign, p, move in sides) / chance for k in range(size)]
        for k in range(size):
            score[k] += first[k]
            for q in range(size):
                bend = mp.fsum(sign * p * (1 - p) * (1 - 2 * p) * move[k] * move[q] for sign, p, move in sides)
                information[k][q] += first[k] * first[q] - bend / chance
    return score, information


def likelihood(codes: list[int], rows: list[list[mpf]], at: list[mpf]) -> mpf:
    """Its logarithm."""
    total = mpf(0)
    for code, row in zip(codes, rows, strict=True):
        below = [mpf(0), *(share(cut - r.dot(row, at[2:])) for cut in at[:2]), mpf(1)]
        total += mp.log(below[code + 1] - below[code])
    return total


def maximum(codes: list[int], rows: list[list[mpf]]) -> tuple[list[mpf], mpf]:
    """Cuts and slopes at the maximum, and the likelihood's logarithm there."""

    def step(at: list[mpf]) -> list[mpf]:
        score, information = derivatives(codes, rows, at)
        return [one[0] for one in r.solved(information, [[value] for value in score])]

    at = wald.newton(step, [mpf(-1), mpf(1), *[mpf(0)] * len(rows[0])])
    return at, likelihood(codes, rows, at)


def brant(codes: list[int], blocks: Blocks) -> mpf:
    """Brant's p of the first variable, with two cuts."""
    columns = [[mpf(1)] * len(codes), *(column for block in blocks.values() for column in block.values())]
    (a, p), (b, s) = (logistic(columns, [mpf(code > cut) for code in codes]) for cut in (0, 1))
    first, second = (r.inverse(information(columns, shares)) for shares in (p, s))
    weighted = [[value * (v - u * v) for value, u, v in zip(column, p, s, strict=True)] for column in columns]
    meat = [[r.dot(one, other) for other in columns] for one in weighted]
    crossed, own = r.product(r.product(first, meat), second), range(1, 1 + len(next(iter(blocks.values()))))
    spread = [[first[k][j] + second[k][j] - crossed[k][j] - crossed[j][k] for j in own] for k in own]
    apart = [a[k] - b[k] for k in own]
    turned = [row[0] for row in r.solved(spread, [[one] for one in apart])]
    return d.chi_square_upper(r.dot(apart, turned), mpf(len(apart)))


def ordinal(grade: list[str], blocks: Blocks, alternative: str = "two-sided", labels: list[str] | None = None) -> Reference:
    """The proportional-odds model."""
    codes = [LEVELS.index(one) for one in grade]
    first, *others = blocks.values()
    rest = [column for block in others for column in block.values()]
    rows = [list(row) for row in zip(*first.values(), *rest, strict=True)]
    at, most = maximum(codes, rows)
    covariance = [row[2:] for row in r.inverse(derivatives(codes, rows, at)[1])[2:]]

    def tested(slopes: list[mpf], _: r.Matrix) -> Reference:
        q = len(slopes)
        return joint(2 * (most - maximum(codes, [row[q:] for row in rows])[1]), q, len(codes))

    return {
        **wald.ratios("odds ratio", blocks, at[2:], covariance, None, alternative, tested),
        **{f"group {label} n": mpf((labels or [label] * len(codes)).count(label)) for label in set(labels or ["all rows"])},
        "measure rows in the rarest level": mpf(min(codes.count(code) for code in range(3))),
        "measure proportional odds p (Brant)": brant(codes, blocks),
    }


def _entries() -> list[Entry]:
    draw = made.generator("ordinal")
    x, w = made.normal("ordinal x", 70, 0, 1), made.normal("ordinal w", 70, 0, 2)
    latent = [float(one) + draw.gauss(0, 1.5) for one in x]
    grade = [LEVELS[(value > -0.8) + (value > 0.9)] for value in latent]
    about = {"dictionary": {"grade": {"order": list(LEVELS)}}}
    arm = ["abc"[place**2 % 7 % 3] for place in range(70)]
    slopes, levels = numeric(x=x) | numeric(w=w), slashed("arm", arm, "a") | numeric(x=x)
    told = {"outcome": "grade", "predictors": "x", "covariates": ("w",), "about": about}
    sets = (
        ("70 rows of 3 levels", told, partial(ordinal, grade, slopes)),
        ("70 rows of 3 levels, greater", {**told, "alternative": "greater"}, partial(ordinal, grade, slopes, "greater")),
        ("70 rows of 3 levels in three groups, numeric covariate", {**told, "predictors": "arm", "covariates": ("x",)},
         partial(ordinal, grade, levels, labels=arm)),
    )  # fmt: skip
    columns = {"grade": grade, "x": x, "w": w, "arm": arm}
    source = "mpmath, Newton's method on the likelihood"
    return [Entry("ordinal_logistic", data, source, columns, asked, reference) for data, asked, reference in sets]


ENTRIES = _entries()
