"""Slopes that differ between groups or change with a number, by normal equations with the products written out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g
from benchmarks.certification.families.regression import SOURCE, joint, measures, single, terms


def by_group(
    y: Sequence[str],
    labels: Sequence[str],
    x: Sequence[str],
    reference: str,
    delta: str | None = None,
    alternative: str = "two-sided",
) -> Reference:
    """The outcome along `x`, with a slope for each level."""
    outcome, along = m.numbers(y), m.numbers(x)
    from_mean = [value - m.mean(along) for value in along]
    own = {f"g: {level} − {reference}": column for level, column in g.indicators(labels, reference).items()}
    products = {f"x × {name}": [a * b for a, b in zip(column, from_mean, strict=True)] for name, column in own.items()}
    fit = g.ols([along, *own.values(), *products.values()], outcome)
    levels = [name.removeprefix("g: ").removesuffix(f" − {reference}") for name in own]
    found = of_fit(fit, ["x", *own, *products], [[along], list(own.values()), list(products.values())], alternative)
    for place, level in enumerate([*levels, reference]):
        found |= slope(fit, f"slope, {level}", [mpf(place == other) for other in range(len(levels))])
    grouped = m.grouped(y, labels)
    for level in (*levels, reference):
        found |= m.description(level, grouped[level])
    if len(own) > 1:
        return found
    scale = m.sd(along) / m.sd(outcome)
    found |= {name.replace("effect", "standardised"): one * scale for name, one in found.items() if name.startswith("effect")}
    return found | (m.equivalence(fit.coefficients[-1], mp.sqrt(fit.hc3()[-1][-1]), fit.df, mpf(delta)) if delta else {})


def by_number(
    y: Sequence[str], x: Sequence[str], z: Sequence[str], base: Sequence[str], alternative: str = "two-sided"
) -> Reference:
    """The outcome along `x`, whose slope changes with `z`; `base` is adjusted for."""
    outcome, along, other, covariate = (m.numbers(column) for column in (y, x, z, base))
    products = [(a - m.mean(along)) * (b - m.mean(other)) for a, b in zip(along, other, strict=True)]
    fit = g.ols([covariate, along, other, products], outcome)
    found = of_fit(fit, ["base", "x", "z", "x × z"], [[covariate], [along], [other], [products]], alternative) | m.description(
        "all rows", outcome
    )
    for words, step in (("one SD below the mean", -1), ("the mean", 0), ("one SD above the mean", 1)):
        found |= slope(fit, f"slope, z at {words}", [step * m.sd(other)])
    scale = m.sd(along) * m.sd(other) / m.sd(outcome)
    return found | {name.replace("effect", "standardised"): one * scale for name, one in found.items() if name.startswith("effect")}


def of_fit(
    fit: g.Ols, names: Sequence[str], blocks: Sequence[Sequence[g.Column]], alternative: str = "two-sided"
) -> dict[str, mpf]:
    """Test, coefficients and measures; the products are the last block."""
    width, covariance = len(blocks[-1]), fit.hc3()
    without = g.ols(fit.columns[1:-width], fit.outcome).rss
    found = {"other partial R²": (without - fit.rss) / without}
    found |= terms(fit, covariance, ["intercept", *names], [fit.df] * width) | measures(fit, blocks)
    if width > 1:
        return found | joint(fit, covariance, [fit.df] * width)
    tested = single(fit, covariance, {"": fit.columns[-1]}, None, fit.df, alternative)
    return found | {name: value for name, value in tested.items() if not name.startswith("standardised")}


def slope(fit: g.Ols, name: str, moderation: Sequence[mpf]) -> dict[str, mpf]:
    """The slope along x where the moderator's columns have these values: x stands before the moderator's and the products."""
    width = len(moderation)
    weights = [mpf(0)] * (len(fit.columns) - 2 * width - 1) + [mpf(1)] + [mpf(0)] * width + list(moderation)
    value = g.dot(weights, fit.coefficients)
    error = mp.sqrt(g.dot(weights, [g.dot(row, weights) for row in fit.hc3()]))
    found = m.interval(f"term {name}", value, error, fit.df)
    return found | {f"term {name} statistic": value / error, f"term {name} p": m.p_of(value / error, fit.df)}


def _data() -> dict[str, list[str]]:
    x, z, base = (made.normal(f"interaction {name}", 48, 10, 3) for name in ("x", "z", "base"))
    noise = made.normal("interaction noise", 48, 0, 4)
    three = made.labels(A=14, B=16, C=18)
    y = [
        f"{float(a) * (1 + (level == 'A')) + float(a) * float(b) / 20 + float(c) / 2 + float(e):.3f}"
        for a, b, c, e, level in zip(x, z, base, noise, three, strict=True)
    ]
    return {"y": y, "g": three, "x": x, "z": z, "base": base}


def _entries() -> list[Entry]:
    three = _data()
    two = {**three, "g": ["A" if level == "A" else "B" for level in three["g"]]}
    asked = {"outcome": "y", "interaction": True}
    grouped = asked | {"predictors": ("g", "x")}
    return [
        Entry("ancova_interaction", "two slopes of 48 rows, δ", SOURCE, two, {**grouped, "levels": ("A", "B"), "delta": 0.5},
              partial(by_group, two["y"], two["g"], two["x"], "B", "0.5")),
        Entry("ancova_interaction", "two slopes of 48 rows, less", SOURCE, two,
              {**grouped, "levels": ("A", "B"), "alternative": "less"},
              partial(by_group, two["y"], two["g"], two["x"], "B", alternative="less")),
        Entry("ancova_interaction", "three slopes of 48 rows", SOURCE, three, grouped,
              partial(by_group, three["y"], three["g"], three["x"], "A")),
        Entry("interaction_regression", "two numbers and a covariate, 48 rows", SOURCE, three,
              {**asked, "predictors": ("x", "z"), "covariates": ("base",)},
              partial(by_number, three["y"], three["x"], three["z"], three["base"])),
        Entry("interaction_regression", "two numbers and a covariate, 48 rows, greater", SOURCE, three,
              {**asked, "predictors": ("x", "z"), "covariates": ("base",), "alternative": "greater"},
              partial(by_number, three["y"], three["x"], three["z"], three["base"], "greater")),
    ]  # fmt: skip


ENTRIES = _entries()
