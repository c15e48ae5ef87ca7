"""Logistic regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g

SOURCE = "mpmath: Newton's steps to 50 digits, from the published formulas"


def share(log_odds: mpf) -> mpf:
    """Probability of log odds."""
    return 1 / (1 + mp.exp(-log_odds))


def fitted(variables: Sequence[g.Column], hits: g.Column) -> tuple[list[mpf], g.Matrix, mpf]:
    """Maximum-likelihood coefficients (the intercept's first), their covariance, and the log-likelihood."""
    columns = [[mpf(1)] * len(hits), *variables]
    rows = list(zip(*columns, strict=True))
    coefficients = [mpf(0)] * len(columns)
    for _ in range(40):
        shares = [share(g.dot(row, coefficients)) for row in rows]
        score = [[g.dot(column, [hit - p for hit, p in zip(hits, shares, strict=True)])] for column in columns]
        step = [line[0] for line in g.solved(information(columns, shares), score)]
        coefficients = [value + move for value, move in zip(coefficients, step, strict=True)]
        if max(map(abs, step)) < mpf(10) ** -40:
            break
    shares = [share(g.dot(row, coefficients)) for row in rows]
    likelihood = mp.fsum(mp.log(p if hit else 1 - p) for hit, p in zip(hits, shares, strict=True))
    return coefficients, g.inverse(information(columns, shares)), likelihood


def information(columns: Sequence[g.Column], shares: g.Column) -> g.Matrix:
    """Fisher's information."""
    weighted = [[value * p * (1 - p) for value, p in zip(column, shares, strict=True)] for column in columns]
    return [[g.dot(one, other) for other in columns] for one in weighted]


def marginal(columns: Sequence[g.Column], coefficients: Sequence[mpf], covariance: g.Matrix, levels: bool) -> tuple[mpf, mpf]:
    """Average marginal effect of the last variable, its error by a numerical gradient in 50 digits."""
    rows = list(zip(*columns, strict=True))

    def effect(values: Sequence[mpf]) -> mpf:
        if levels:
            sides = [mp.fsum(share(g.dot((*row[:-1], mpf(side)), values)) for row in rows) for side in (1, 0)]
            return (sides[0] - sides[1]) / len(rows)
        shares = [share(g.dot(row, values)) for row in rows]
        return values[-1] * mp.fsum(p * (1 - p) for p in shares) / len(rows)

    step, gradient = mpf(10) ** -17, []
    for place in range(len(coefficients)):
        moved = [[value + sign * step * (at == place) for at, value in enumerate(coefficients)] for sign in (1, -1)]
        gradient.append((effect(moved[0]) - effect(moved[1])) / (2 * step))
    turned = [g.dot(row, gradient) for row in covariance]
    return effect(coefficients), mp.sqrt(g.dot(gradient, turned))


def logistic(
    hits: g.Column,
    own: Mapping[str, g.Column],
    others: Mapping[str, Mapping[str, g.Column]],
    groups: Reference,
    levels: bool,
    alternative: str,
) -> Reference:
    """Everything that the method reports of the variable whose columns are `own`. Names are those of the terms."""
    rest = {name: column for block in others.values() for name, column in block.items()}
    variables = [*rest.values(), *own.values()]
    coefficients, covariance, likelihood = fitted(variables, hits)
    errors = [mp.sqrt(covariance[place][place]) for place in range(len(coefficients))]
    columns = [[mpf(1)] * len(hits), *variables]
    shares = [share(g.dot(row, coefficients)) for row in zip(*columns, strict=True)]
    found = dict(groups) | terms([*rest, *own], coefficients, errors, len(own))
    found |= measures(hits, shares, [list(block.values()) for block in (*others.values(), own)])
    if len(own) > 1:
        return found | joint(2 * (likelihood - fitted(list(rest.values()), hits)[2]), len(own), len(hits))
    statistic = coefficients[-1] / errors[-1]
    p = m.p_of(statistic, None, alternative)
    effect, error = marginal(columns, coefficients, covariance, levels)
    ends = m.interval("effect", effect, error, None, alternative)
    if p > m.ALPHA:
        nearer = {"effect low": min, "effect high": max}
        ends |= {name: nearer[name](mpf(0), end) for name, end in ends.items() if name in nearer}
    open_ends = {"effect low": mpf(-1), "effect high": mpf(1)} if levels else {}
    found |= {"statistic": statistic, "p": p, **open_ends, **ends, "detectable": m.detectable(error, None, alternative)}
    name = "other adjusted odds ratio" if others else "other odds ratio"
    found |= {key: mp.exp(value) for key, value in m.interval(name, coefficients[-1], errors[-1], None, alternative).items()}
    if not levels:
        sd = m.sd(variables[-1])
        scaled = m.interval("standardised", coefficients[-1] * sd, errors[-1] * sd, None, alternative)
        found |= {key: mp.exp(value) for key, value in scaled.items()}
    return found


def joint(statistic: mpf, width: int, n: int) -> Reference:
    """Likelihood-ratio test, and Magee's R² freed of its bias."""
    df = mpf(width)

    def explained(noncentrality: mpf) -> mpf:
        return 1 - mp.exp(-noncentrality / n)

    low, high = d.noncentrality_ends(lambda shift: d.noncentral_chi_square_lower(statistic, df, shift), m.ALPHA)
    critical = d.chi_square_quantile(1 - m.ALPHA, df)
    power = d.noncentrality(lambda shift: d.noncentral_chi_square_lower(critical, df, shift), 1 - m.POWER)
    found = {"statistic": statistic, "df 1": df, "p": d.chi_square_upper(statistic, df), "detectable": explained(power)}
    return found | {"effect": explained(max(mpf(0), statistic - df)), "effect low": explained(low), "effect high": explained(high)}


def terms(names: Sequence[str], coefficients: Sequence[mpf], errors: Sequence[mpf], focus: int) -> Reference:
    """Odds ratios with Wald intervals; several of the focus are Holm-adjusted."""
    statistics = [value / error for value, error in zip(coefficients[1:], errors[1:], strict=True)]
    p = [m.p_of(z, None) for z in statistics]
    p[-focus:] = g.holm(p[-focus:])
    found: dict[str, mpf] = {}
    for name, value, error, z, one in zip(names, coefficients[1:], errors[1:], statistics, p, strict=True):
        found |= {key: mp.exp(end) for key, end in m.interval(f"term odds ratio, {name}", value, error, None).items()}
        found |= {f"term odds ratio, {name} statistic": z, f"term odds ratio, {name} p": one}
    return found


def measures(hits: g.Column, shares: Sequence[mpf], blocks: Sequence[Sequence[g.Column]]) -> Reference:
    """Events for each coefficient, dependence, and Tjur's R²."""
    columns = [column for block in blocks for column in block]
    events = mp.fsum(hits)
    with_it, without = ([p for p, hit in zip(shares, hits, strict=True) if hit == side] for side in (1, 0))
    return {
        "measure events per parameter": min(events, len(hits) - events) / len(columns),
        "measure condition number": g.condition(columns),
        "measure largest variance inflation": g.largest_inflation(blocks),
        "measure Tjur R²": m.mean(with_it) - m.mean(without),
    }


def numeric(y: list[str], x: list[str], k: list[str], alternative: str = "two-sided") -> Reference:
    """A numeric focus beside a nominal covariate."""
    hits = [mpf(word == "yes") for word in y]
    others = {"k": {f"k: {level} / a": column for level, column in g.indicators(k, "a").items()}}
    groups = {"group all rows n": mpf(len(y)), "group all rows successes": mp.fsum(hits)}
    return logistic(hits, {"x": m.numbers(x)}, others, groups, levels=False, alternative=alternative)


def leveled(y: list[str], x: list[str], k: list[str], alternative: str = "two-sided") -> Reference:
    """A focus with levels beside a numeric covariate; two levels, or a joint test of more."""
    hits = [mpf(word == "yes") for word in y]
    reference = "b" if len(set(k)) == 2 else "a"
    own = {f"k: {level} / {reference}": column for level, column in g.indicators(k, reference).items()}
    groups: dict[str, mpf] = {}
    for level in set(k):
        members = [hit for hit, label in zip(hits, k, strict=True) if label == level]
        groups |= {f"group {level} n": mpf(len(members)), f"group {level} successes": mp.fsum(members)}
    return logistic(hits, own, {"x": {"x": m.numbers(x)}}, groups, levels=True, alternative=alternative)


def _entries() -> list[Entry]:
    n = 150
    x, k = made.normal("logistic x", n, 20, 4), ["a", "b", "c"] * (n // 3)
    draw = made.generator("logistic y")
    raised = {"a": -0.5, "b": 0.2, "c": 0.9}
    y = ["yes" if draw.random() < 1 / (1 + 2.718281828 ** -(0.15 * (float(v) - 20) + raised[one])) else "no" for v, one in
         zip(x, k, strict=True)]  # fmt: skip
    three = {"y": y, "x": x, "k": k}
    two = {"y": y, "x": x, "k": ["a" if one == "c" else "b" for one in k]}
    asked = {"outcome": "y", "success": "yes"}
    return [
        Entry("logistic_regression", "150 rows, numeric focus, nominal covariate", SOURCE, three,
              {**asked, "predictors": "x", "covariates": ("k",)}, partial(numeric, **three)),
        Entry("logistic_regression", "150 rows, numeric focus, nominal covariate, greater", SOURCE, three,
              {**asked, "predictors": "x", "covariates": ("k",), "alternative": "greater"},
              partial(numeric, **three, alternative="greater")),
        Entry("logistic_regression", "150 rows, focus of two levels, numeric covariate, less", SOURCE, two,
              {**asked, "predictors": "k", "levels": ("a", "b"), "covariates": ("x",), "alternative": "less"},
              partial(leveled, **two, alternative="less")),
        Entry("logistic_regression", "150 rows, focus of two levels, numeric covariate", SOURCE, two,
              {**asked, "predictors": "k", "levels": ("a", "b"), "covariates": ("x",)}, partial(leveled, **two)),
        Entry("logistic_regression", "150 rows, focus of three levels, numeric covariate", SOURCE, three,
              {**asked, "predictors": "k", "covariates": ("x",)}, partial(leveled, **three)),
    ]  # fmt: skip


ENTRIES = _entries()
