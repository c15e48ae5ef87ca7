"""Regressions of counts."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as r
from benchmarks.certification.exact import wald

NAMES = ("x", "w")


def rows_of(x: list[str], w: list[str]) -> list[list[mpf]]:
    """An intercept and the two variables, row by row."""
    return [[mpf(1), a, b] for a, b in zip(m.numbers(x), m.numbers(w), strict=True)]


def information(rows: list[list[mpf]], weights: list[mpf]) -> r.Matrix:
    """X' diag(weights) X."""
    return [[mp.fsum(w * row[i] * row[j] for w, row in zip(weights, rows, strict=True)) for j in range(3)] for i in range(3)]


def fitted(rows: list[list[mpf]], at: list[mpf], offset: list[mpf]) -> list[mpf]:
    """Expected counts."""
    return [mp.exp(r.dot(row, at) + one) for row, one in zip(rows, offset, strict=True)]


def glm(rows: list[list[mpf]], y: list[mpf], offset: list[mpf], alpha: mpf, start: list[mpf]) -> list[mpf]:
    """Coefficients at the maximum for a known α."""

    def step(at: list[mpf]) -> list[mpf]:
        means = fitted(rows, at, offset)
        score = [mp.fsum((v - mu) / (1 + alpha * mu) * row[i] for v, mu, row in zip(y, means, rows, strict=True)) for i in range(3)]
        weights = [mu * (1 + alpha * v) / (1 + alpha * mu) ** 2 for v, mu in zip(y, means, strict=True)]
        return [one[0] for one in r.solved(information(rows, weights), [[value] for value in score])]

    return wald.newton(step, start)


def shared(
    word: str,
    y: list[str],
    x: list[str],
    w: list[str],
    at: list[mpf],
    covariance: r.Matrix,
    offset: list[mpf],
    alpha: mpf,
    alternative: str,
) -> dict[str, mpf]:
    """What both methods report."""
    rows, counts = rows_of(x, w), m.numbers(y)
    df, n = mpf(len(rows) - 3), len(rows)
    columns = [list(m.numbers(x)), list(m.numbers(w))]
    found = wald.ratios(word, NAMES, columns, at[1:], wald.without_intercept(covariance), df, alternative)
    means = fitted(rows, at, offset)
    rates = [mu / mp.exp(one) for mu, one in zip(means, offset, strict=True)]
    change = at[1] * m.mean(rates)
    gradient = [at[1] * mp.fsum(rate * row[i] for rate, row in zip(rates, rows, strict=True)) / n for i in range(3)]
    gradient[1] += m.mean(rates)
    error = mp.sqrt(mp.fsum(gradient[i] * covariance[i][j] * gradient[j] for i in range(3) for j in range(3)))
    name = "average change of the expected count" if word == "ratio of means" else "average change of the rate per unit of days"
    found |= m.interval(f"other {name}", change, error, df, alternative) | m.description("all rows", counts)
    none = [mp.exp(-mu) if not alpha else (1 + alpha * mu) ** (-1 / alpha) for mu in means]
    squares = [(v - mu) ** 2 / (mu * (1 + alpha * mu)) for v, mu in zip(counts, means, strict=True)]
    return found | {
        "measure Pearson dispersion": mp.fsum(squares) / df,
        "measure share of zeros": mpf(sum(v == 0 for v in counts)) / n,
        "measure share of zeros that the model expects": m.mean(none),
        "measure counted per coefficient": mp.fsum(counts) / 2,
    }


def poisson(y: list[str], x: list[str], w: list[str], days: list[str] | None = None, alternative: str = "two-sided") -> Reference:
    """Poisson's fit with the sandwich of residuals over one less their leverage."""
    rows, counts = rows_of(x, w), list(m.numbers(y))
    offset = [mp.log(one) for one in m.numbers(days)] if days else [mpf(0)] * len(rows)
    at = glm(rows, counts, offset, mpf(0), [mp.log(m.mean(counts)) - m.mean(offset), mpf(0), mpf(0)])
    means = fitted(rows, at, offset)
    bread = r.inverse(information(rows, means))
    parts = []
    for v, mu, row in zip(counts, means, rows, strict=True):
        moved = [r.dot(line, row) for line in bread]
        parts.append([(v - mu) / (1 - mu * r.dot(moved, row)) * one for one in moved])
    covariance = [[mp.fsum(part[i] * part[j] for part in parts) for j in range(3)] for i in range(3)]
    return shared("rate ratio" if days else "ratio of means", y, x, w, at, covariance, offset, mpf(0), alternative)


def negative_binomial(
    y: list[str], x: list[str], w: list[str], days: list[str] | None = None, alternative: str = "two-sided"
) -> Reference:
    """Maximum likelihood of NB2: the profile's derivative in α is zero."""
    rows, counts = rows_of(x, w), list(m.numbers(y))
    offset = [mp.log(one) for one in m.numbers(days)] if days else [mpf(0)] * len(rows)
    at = [mp.log(m.mean(counts)) - m.mean(offset), mpf(0), mpf(0)]

    def slope(alpha: mpf) -> mpf:
        means = fitted(rows, glm(rows, counts, offset, alpha, at), offset)
        return mp.fsum(
            (mp.log1p(alpha * mu) - mp.fsum(1 / (1 / alpha + j) for j in range(int(v)))) / alpha**2
            + (v - mu) / (alpha * (1 + alpha * mu))
            for v, mu in zip(counts, means, strict=True)
        )

    alpha = mp.findroot(slope, (mpf("0.2"), mpf("0.8")), solver="anderson", tol=mpf(10) ** -40)
    at = glm(rows, counts, offset, alpha, at)
    means = fitted(rows, at, offset)
    bread = r.inverse(information(rows, [mu / (1 + alpha * mu) for mu in means]))
    covariance = [[value * len(rows) / (len(rows) - 3) for value in row] for row in bread]
    word = "rate ratio" if days else "ratio of means"
    return {**shared(word, y, x, w, at, covariance, offset, alpha, alternative), "measure dispersion α": alpha}


def _entries() -> list[Entry]:
    draw = made.generator("counts")
    x, w = made.normal("count x", 60, 0, 1), made.normal("count w", 60, 5, 2)
    days = [str(draw.randint(3, 20)) for _ in x]
    y = [str(int(draw.gammavariate(1.5, 2.5) * 2 ** (float(one) / 2))) for one in x]
    about = {"dictionary": {"y": {"kind": "count"}}}
    told = {"outcome": "y", "predictors": "x", "covariates": ("w",), "about": about}
    columns = {"y": y, "x": x, "w": w}
    source = "mpmath, Newton's method on the likelihood"
    return [
        Entry("poisson_regression", "60 counts", source, columns, told, partial(poisson, **columns)),
        Entry("poisson_regression", "60 counts per days", source, {**columns, "days": days}, {**told, "exposure": "days"},
              partial(poisson, **columns, days=days)),
        Entry("poisson_regression", "60 counts, greater", source, columns, {**told, "alternative": "greater"},
              partial(poisson, **columns, alternative="greater")),
        Entry("negative_binomial_regression", "60 counts", source, columns, told, partial(negative_binomial, **columns)),
        Entry("negative_binomial_regression", "60 counts per days, less", source, {**columns, "days": days},
              {**told, "exposure": "days", "alternative": "less"},
              partial(negative_binomial, **columns, days=days, alternative="less")),
    ]  # fmt: skip


ENTRIES = _entries()
