"""Regressions of counts."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as r
from benchmarks.certification.exact import wald
from benchmarks.certification.families.regression import Blocks, numeric
from benchmarks.certification.families.several_groups import detectable_share, share, share_ends


def slashed(name: str, labels: list[str], reference: str) -> Blocks:
    """A variable with levels."""
    return {name: {f"{name}: {level} / {reference}": column for level, column in r.indicators(labels, reference).items()}}


def rows_of(blocks: Blocks) -> list[list[mpf]]:
    """An intercept and the columns, row by row."""
    return [[mpf(1), *row] for row in zip(*(column for block in blocks.values() for column in block.values()), strict=True)]


def information(rows: list[list[mpf]], weights: list[mpf]) -> r.Matrix:
    """X' diag(weights) X."""
    k = range(len(rows[0]))
    return [[mp.fsum(w * row[i] * row[j] for w, row in zip(weights, rows, strict=True)) for j in k] for i in k]


def fitted(rows: list[list[mpf]], at: list[mpf], offset: list[mpf]) -> list[mpf]:
    """Expected counts."""
    return [mp.exp(r.dot(row, at) + one) for row, one in zip(rows, offset, strict=True)]


def glm(rows: list[list[mpf]], y: list[mpf], offset: list[mpf], alpha: mpf, start: list[mpf]) -> list[mpf]:
    """Coefficients at the maximum for a known α."""

    def step(at: list[mpf]) -> list[mpf]:
        means = fitted(rows, at, offset)
        left = [(v - mu) / (1 + alpha * mu) for v, mu in zip(y, means, strict=True)]
        score = [mp.fsum(e * row[i] for e, row in zip(left, rows, strict=True)) for i in range(len(at))]
        weights = [mu * (1 + alpha * v) / (1 + alpha * mu) ** 2 for v, mu in zip(y, means, strict=True)]
        return [one[0] for one in r.solved(information(rows, weights), [[value] for value in score])]

    return wald.newton(step, start)


def joint(slopes: list[mpf], covariance: r.Matrix, df: mpf, n: int) -> Reference:
    """Wald's F, and partial ω²."""
    turned = [row[0] for row in r.solved(covariance, [[slope] for slope in slopes])]
    f, both = r.dot(slopes, turned) / len(slopes), (mpf(len(slopes)), df)
    low, high = share_ends(f, both, n)
    found = {"statistic": f, "df 1": both[0], "df 2": df, "p": d.f_upper(f, *both), "detectable": detectable_share(both, n)}
    return found | {"effect": share(max(mpf(0), both[0] * (f - 1)), n), "effect low": low, "effect high": high}


def change(rows: list[list[mpf]], at: list[mpf], levels: bool) -> tuple[mpf, list[mpf]]:
    """Average change of the rate with the first variable, or difference between its levels, and its gradient."""
    n, k = len(rows), range(len(at))
    if levels:
        sides = [[[row[0], mpf(side), *row[2:]] for row in rows] for side in (1, 0)]
        one, other = ([mp.exp(r.dot(row, at)) for row in side] for side in sides)
        gradient = [(r.dot(one, [row[i] for row in sides[0]]) - r.dot(other, [row[i] for row in sides[1]])) / n for i in k]
        return m.mean(one) - m.mean(other), gradient
    rates = [mp.exp(r.dot(row, at)) for row in rows]
    gradient = [at[1] * r.dot(rates, [row[i] for row in rows]) / n for i in k]
    gradient[1] += m.mean(rates)
    return at[1] * m.mean(rates), gradient


def shared(
    y: list[str],
    blocks: Blocks,
    days: list[str] | None,
    at: list[mpf],
    covariance: r.Matrix,
    alpha: mpf,
    alternative: str,
    labels: list[str] | None,
) -> dict[str, mpf]:
    """What both methods report; `labels` are the levels of the first variable, if it has any."""
    rows, counts, offset = rows_of(blocks), m.numbers(y), offset_of(y, days)
    k, n = len(at), len(rows)
    df, word = mpf(n - k), "rate ratio" if days else "ratio of means"
    tested = partial(joint, df=df, n=n)
    found = wald.ratios(word, blocks, at[1:], wald.without_intercept(covariance), df, alternative, tested)
    means = fitted(rows, at, offset)
    if "df 2" not in found:
        value, gradient = change(rows, at, labels is not None)
        error = mp.sqrt(mp.fsum(gradient[i] * covariance[i][j] * gradient[j] for i in range(k) for j in range(k)))
        what = "rate per unit of days" if days else "expected count"
        name = f"other average {'difference' if labels else 'change'} of the {what}"
        found |= m.interval(name, value, error, df, alternative)
    for label in set(labels or ["all rows"]):
        own = [place for place in range(n) if labels is None or labels[place] == label]
        found |= m.description(label, [counts[place] for place in own])
        if labels and days:
            rate = mp.fsum(counts[place] for place in own) / mp.fsum(mpf(days[place]) for place in own)
            found |= {f"term rate per unit of days, {label}": rate, f"term rate per unit of days, {label} n": mpf(len(own))}
    none = [mp.exp(-mu) if not alpha else (1 + alpha * mu) ** (-1 / alpha) for mu in means]
    squares = [(v - mu) ** 2 / (mu * (1 + alpha * mu)) for v, mu in zip(counts, means, strict=True)]
    return found | {
        "measure Pearson dispersion": mp.fsum(squares) / df,
        "measure share of zeros": mpf(sum(v == 0 for v in counts)) / n,
        "measure share of zeros that the model expects": m.mean(none),
        "measure counted per coefficient": mp.fsum(counts) / (k - 1),
    }


def offset_of(y: list[str], days: list[str] | None) -> list[mpf]:
    """Logarithms of the exposure."""
    return [mp.log(one) for one in m.numbers(days)] if days else [mpf(0)] * len(y)


def poisson(
    y: list[str],
    blocks: Blocks,
    days: list[str] | None = None,
    alternative: str = "two-sided",
    labels: list[str] | None = None,
) -> Reference:
    """Poisson's fit with the sandwich of residuals over one less their leverage."""
    rows, counts, offset = rows_of(blocks), list(m.numbers(y)), offset_of(y, days)
    at = glm(rows, counts, offset, mpf(0), start(rows, counts, offset))
    means = fitted(rows, at, offset)
    bread = r.inverse(information(rows, means))
    parts = []
    for v, mu, row in zip(counts, means, rows, strict=True):
        moved = [r.dot(line, row) for line in bread]
        parts.append([(v - mu) / (1 - mu * r.dot(moved, row)) * one for one in moved])
    k = range(len(at))
    covariance = [[mp.fsum(part[i] * part[j] for part in parts) for j in k] for i in k]
    return shared(y, blocks, days, at, covariance, mpf(0), alternative, labels)


def start(rows: list[list[mpf]], counts: list[mpf], offset: list[mpf]) -> list[mpf]:
    """One rate for all rows, nearly."""
    return [mp.log(m.mean(counts)) - m.mean(offset), *[mpf(0)] * (len(rows[0]) - 1)]


def negative_binomial(
    y: list[str],
    blocks: Blocks,
    days: list[str] | None = None,
    alternative: str = "two-sided",
    labels: list[str] | None = None,
) -> Reference:
    """Maximum likelihood of NB2: the profile's derivative in α is zero."""
    rows, counts, offset = rows_of(blocks), list(m.numbers(y)), offset_of(y, days)
    at = start(rows, counts, offset)

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
    covariance = [[value * len(rows) / (len(rows) - len(at)) for value in row] for row in bread]
    return {**shared(y, blocks, days, at, covariance, alpha, alternative, labels), "measure dispersion α": alpha}


def _entries() -> list[Entry]:
    draw = made.generator("counts")
    x, w = made.normal("count x", 60, 0, 1), made.normal("count w", 60, 5, 2)
    days = [str(draw.randint(3, 20)) for _ in x]
    y = [str(int(draw.gammavariate(1.5, 2.5) * 2 ** (float(one) / 2))) for one in x]
    about = {"dictionary": {"y": {"kind": "count"}}}
    told = {"outcome": "y", "predictors": "x", "covariates": ("w",), "about": about}
    three = ["abc"[place * place % 7 % 3] for place in range(60)]
    columns = {"y": y, "x": x, "w": w, "days": days, "g": three, "h": ["a" if one == "a" else "b" for one in three]}
    slopes = numeric(x=x) | numeric(w=w)
    levels, pair = (slashed("g", three, "a") | numeric(x=x), slashed("h", columns["h"], "b") | numeric(x=x))
    rates, by_g = {**told, "exposure": "days"}, {**told, "predictors": "g", "covariates": ("x",)}
    by_h = {**told, "predictors": "h", "levels": ("a", "b"), "covariates": ("x",), "exposure": "days"}
    greater, less = {"alternative": "greater"}, {"alternative": "less"}
    more = {
        "poisson_regression": (
            ("60 counts, three levels, numeric covariate", by_g, partial(poisson, y, levels, labels=three)),
            ("60 counts per days, two levels, numeric covariate", by_h, partial(poisson, y, pair, days, labels=columns["h"])),
            ("60 counts", told, partial(poisson, y, slopes)),
            ("60 counts per days", rates, partial(poisson, y, slopes, days)),
            ("60 counts, greater", told | greater, partial(poisson, y, slopes, **greater)),
        ),
        "negative_binomial_regression": (
            ("60 counts", told, partial(negative_binomial, y, slopes)),
            ("60 counts per days, less", rates | less, partial(negative_binomial, y, slopes, days, **less)),
            ("60 counts, three levels, numeric covariate", by_g, partial(negative_binomial, y, levels, labels=three)),
        ),
    }
    source = "mpmath, Newton's method on the likelihood"
    return [
        Entry(method, data, source, columns, asked, reference) for method, own in more.items() for data, asked, reference in own
    ]


ENTRIES = _entries()
