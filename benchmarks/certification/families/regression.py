"""Linear regression and analysis of covariance with HC3 errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made, nist
from benchmarks.certification.entry import LEAST, Entry, Reference, Within
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g
from benchmarks.certification.families.several_groups import detectable_share, share, share_ends

NINTH = mpf(10) ** -9
FEW_IN_LEVEL = 10
"""Rows of a level below which its contrasts have Satterthwaite's degrees of freedom."""
SOURCE = "mpmath: normal equations in 50 digits"
Blocks = Mapping[str, Mapping[str, g.Column]]
"""By variable, its columns under the names of their terms; the focus is the first."""


def numeric(**columns: Sequence[str]) -> Blocks:
    """Variables that are numbers."""
    return {name: {name: m.numbers(texts)} for name, texts in columns.items()}


def nominal(name: str, labels: Sequence[str], reference: str) -> Blocks:
    """A variable with levels."""
    return {name: {f"{name}: {level} − {reference}": column for level, column in g.indicators(labels, reference).items()}}


def regression(
    y: Sequence[str],
    blocks: Blocks,
    groups: Mapping[str, m.Numbers] | None = None,
    known: Mapping[str, str] | None = None,
    alternative: str = "two-sided",
    delta: str | None = None,
) -> Reference:
    """Everything that a linear regression reports of its first variable. `groups` are the outcomes by its level, if it has levels.

    `known` are numbers that NIST certifies, which replace ours.
    """
    outcome = m.numbers(y)
    (_, own), *others = blocks.items()
    rest = {name: column for _, block in others for name, column in block.items()}
    names = ["intercept", *rest, *own]
    fit = g.ols([*rest.values(), *own.values()], outcome)
    covariance = fit.hc3()
    without = g.ols(list(rest.values()), outcome).rss
    found = {"other partial R²": (without - fit.rss) / without}
    df = [fit.df] * len(own)
    if groups and min(map(len, groups.values())) < FEW_IN_LEVEL:
        df = [min(fit.df, fit.satterthwaite(place - len(own))) for place in range(len(own))]
    found |= terms(fit, covariance, names, df) | measures(fit, [list(block.values()) for block in (*dict(others).values(), own)])
    for label, values in (groups or {"all rows": outcome}).items():
        found |= m.description(label, values)
    found |= single(fit, covariance, own, groups, df[0], alternative) if len(own) == 1 else joint(fit, covariance, df)
    found |= m.equivalence(fit.coefficients[-1], mp.sqrt(covariance[-1][-1]), df[0], mpf(delta)) if delta else {}
    return found | {name: mpf(text) for name, text in (known or {}).items()}


def single(
    fit: g.Ols, covariance: g.Matrix, own: Mapping[str, g.Column], groups: object, df: mpf, alternative: str = "two-sided"
) -> Reference:
    """t test of the last coefficient; standardised in SDs of the outcome, and of a numeric predictor."""
    found = m.tested(fit.coefficients[-1], mp.sqrt(covariance[-1][-1]), df, alternative)
    (column,) = own.values()
    scale = (1 if groups else m.sd(column)) / m.sd(fit.outcome)
    return found | {name.replace("effect", "standardised"): value * scale for name, value in found.items() if "effect" in name}


def joint(fit: g.Ols, covariance: g.Matrix, degrees: Sequence[mpf]) -> Reference:
    """Wald F of the last coefficients, with partial ω²."""
    width = len(degrees)
    slopes = fit.coefficients[-width:]
    turned = g.solved([row[-width:] for row in covariance[-width:]], [[slope] for slope in slopes])
    f, df, n = g.dot(slopes, [row[0] for row in turned]) / width, (mpf(width), min(degrees)), len(fit.outcome)
    low, high = share_ends(f, df, n)
    found = {"statistic": f, "df 1": df[0], "df 2": df[1], "p": d.f_upper(f, *df), "detectable": detectable_share(df, n)}
    return found | {"effect": share(max(mpf(0), df[0] * (f - 1)), n), "effect low": low, "effect high": high}


def terms(fit: g.Ols, covariance: g.Matrix, names: Sequence[str], own: Sequence[mpf]) -> Reference:
    """Every coefficient; several of the focus, whose degrees of freedom are given, are Holm-adjusted."""
    degrees, focus = [*[fit.df] * (len(names) - len(own)), *own], len(own)
    found: dict[str, mpf] = {}
    errors = [mp.sqrt(covariance[place][place]) for place in range(len(names))]
    p = [m.p_of(value / error, df) for value, error, df in zip(fit.coefficients, errors, degrees, strict=True)]
    p[-focus:] = g.holm(p[-focus:])
    for name, value, error, one, df in zip(names, fit.coefficients, errors, p, degrees, strict=True):
        found |= m.interval(f"term {name}", value, error, df)
        found |= {f"term {name} statistic": value / error, f"term {name} p": one}
    return found


def measures(fit: g.Ols, blocks: Sequence[Sequence[g.Column]]) -> Reference:
    """Leverage, dependence and the residuals' shape."""
    return {
        "measure largest leverage": max(fit.leverage),
        "measure condition number": g.condition([column for block in blocks for column in block]),
        "measure largest variance inflation": g.largest_inflation(blocks),
        "measure residual skewness": m.skewness(fit.residuals),
        "measure Breusch–Pagan p": g.breusch_pagan(fit),
    }


def _nist_anova(name: str) -> Entry:
    """One-way sets as a regression on the treatment: its partial R² is NIST's R²."""
    certified = nist.anova(name)
    y, treatment = list(certified.columns["response"]), list(certified.columns["treatment"])
    columns, asked = {"y": y, "g": treatment}, {"outcome": "y", "predictors": "g"}
    if name == "SmLs07":
        return Entry("linear_regression", name, "refusal", columns, asked, refusal="ill-conditioned: ")

    def reference() -> Reference:
        known = {"other partial R²": certified.values["R squared"]}
        return regression(y, nominal("g", treatment, "A" if len(set(treatment)) > 2 else "B"), m.grouped(y, treatment), known)

    few = name == "SmLs04"
    reason = "six constant leading digits leave a t nine digits, and its p one fewer" if few else ""
    source = f"NIST StRD (R²); {SOURCE}"
    return Entry("linear_regression", name, source, columns, asked, reference, least=8 if few else LEAST, reason=reason)


def _norris() -> Entry:
    certified = nist.norris()
    columns = {name: list(texts) for name, texts in certified.columns.items()}
    slope, intercept = certified.values["slope"], certified.values["intercept"]
    known = {"effect": slope, "term x": slope, "term intercept": intercept, "other partial R²": certified.values["R squared"]}

    def reference() -> Reference:
        return regression(columns["y"], numeric(x=columns["x"]), known=known)

    return Entry("linear_regression", "Norris", f"NIST StRD (coefficients, R²); {SOURCE}", columns,
                 {"outcome": "y", "predictors": "x"}, reference)  # fmt: skip


def _longley() -> Entry:
    columns = {name: list(texts) for name, texts in nist.longley().items() if name != "Obs"}
    predictors = [name for name in columns if name != "TOTEMP"]

    def reference() -> Reference:
        return regression(columns["TOTEMP"], numeric(**{name: columns[name] for name in predictors}))

    return Entry("linear_regression", "Longley", SOURCE, columns, {"outcome": "TOTEMP", "predictors": predictors}, reference)


def _wampler(kind: int) -> Entry:
    x, y = made.wampler(kind)
    powers = made.powers(x, 5)
    asked = {"outcome": "y", "predictors": list(powers)}
    if kind < 3:
        return Entry("linear_regression", f"Wampler{kind}", "refusal", {"y": y, **powers}, asked, refusal="y follows exactly")

    def reference() -> Reference:
        known = {f"term x{power}": "1" for power in range(1, 6)} | {"effect": "1", "term intercept": "1"}
        return _in_errors(regression(y, numeric(**powers), known=known))

    source = f"the generating polynomial (coefficients); {SOURCE}"
    return Entry("linear_regression", f"Wampler{kind} (raw powers up to 5)", source, {"y": y, **powers}, asked, reference)


def _in_errors(found: Reference) -> Reference:
    """Coefficients that their deviations dwarf (a t of 3·10⁻⁸), to nine digits of their standard error."""
    reason = "nine digits of its standard error, beside which it is next to nothing"
    held = dict(found)
    for name in [name for name in found if f"{name} statistic" in found]:
        statistic = found[f"{name} statistic"]
        if abs(statistic) < 1:
            held[name] = Within(found[name], abs(found[name] / statistic) * NINTH, reason)
            held[f"{name} statistic"] = Within(statistic, NINTH, reason)
    held["effect"], held["statistic"] = held["term x1"], held["term x1 statistic"]
    reach = (found["standardised high"] - found["standardised low"]) / 2
    held["standardised"] = Within(found["standardised"], reach * NINTH, reason)
    held["other partial R²"] = Within(found["other partial R²"], NINTH, "nine decimals of a share that is next to nothing")
    return held


def _polynomial(degree: int, refusal: str) -> Entry:
    """Raw powers of x = 3 … 9, as in NIST's Filip, whose degree is 10."""
    x = [f"{3 + 6 * mpf(step) / 119:.4f}" for step in map(int, range(120))]
    noise = made.normal(f"polynomial {degree}", 120, 0.8, 0.01, 5)
    y = [mp.nstr(mpf(one) + mp.sin(mpf(value)) / 10, 8) for one, value in zip(noise, x, strict=True)]
    powers = {f"x{power}": [mp.nstr(mpf(value) ** power, 16) for value in x] for power in range(1, degree + 1)}
    asked, columns = {"outcome": "y", "predictors": list(powers)}, {"y": y, **powers}
    if refusal:
        return Entry("linear_regression", f"raw powers up to {degree}", "refusal", columns, asked, refusal=refusal)
    return Entry("linear_regression", f"raw powers up to {degree}", SOURCE, columns, asked,
                 partial(regression, y, numeric(**powers)))  # fmt: skip


def _ancova() -> list[Entry]:
    base, side = made.normal("ancova base", 40, 100, 12), made.labels(A=18, B=22)
    noise = made.normal("ancova noise", 40, 0, 5)
    centre = ["south", "north", "west", "south"] * 10
    y = [f"{float(one) * 0.7 + 4 * (own == 'A') + float(e):.3f}" for one, own, e in zip(base, side, noise, strict=True)]
    columns = {"y": y, "g": side, "base": base, "centre": centre}
    asked = {"outcome": "y", "predictors": "g", "levels": ("A", "B"), "covariates": ("base", "centre")}
    sides = nominal("g", side, "B") | numeric(base=base) | nominal("centre", centre, "north")
    slopes, levels = numeric(base=base) | nominal("g", side, "B"), nominal("centre", centre, "north") | numeric(base=base)
    line = {"outcome": "y", "predictors": "base", "covariates": ("g",)}
    few = {"y": y[:22], "g": made.labels(A=4, B=18), "base": base[:22]}
    small = nominal("g", few["g"], "B") | numeric(base=few["base"])
    return [
        Entry("ancova", "two groups of 40, numeric and nominal covariate", SOURCE, columns, asked,
              partial(regression, y, sides, m.grouped(y, side))),
        Entry("ancova", "two groups of 40, numeric and nominal covariate, greater, δ", SOURCE, columns,
              {**asked, "alternative": "greater", "delta": 9.5},
              partial(regression, y, sides, m.grouped(y, side), alternative="greater", delta="9.5")),
        Entry("ancova", "4 and 18 rows, δ", SOURCE, few,
              {"outcome": "y", "predictors": "g", "levels": ("A", "B"), "covariates": ("base",), "delta": 9.5},
              partial(regression, few["y"], small, m.grouped(few["y"], few["g"]), delta="9.5")),
        Entry("linear_regression", "40 rows, numeric focus, nominal covariate, δ", SOURCE, columns, {**line, "delta": 1.0},
              partial(regression, y, slopes, delta="1")),
        Entry("linear_regression", "40 rows, numeric focus, nominal covariate, greater", SOURCE, columns,
              {**line, "alternative": "greater"}, partial(regression, y, slopes, alternative="greater")),
        Entry("linear_regression", "40 rows, numeric focus, nominal covariate, less", SOURCE, columns,
              {**line, "alternative": "less"}, partial(regression, y, slopes, alternative="less")),
        Entry("linear_regression", "40 rows, focus of three levels, numeric covariate", SOURCE, columns,
              {"outcome": "y", "predictors": "centre", "covariates": ("base",)},
              partial(regression, y, levels, m.grouped(y, centre))),
    ]  # fmt: skip


def _entries() -> list[Entry]:
    return [
        *(_nist_anova(name) for name in ("SiRstv", "AtmWtAg", "SmLs01", "SmLs04", "SmLs07")),
        _norris(),
        _longley(),
        *(_wampler(kind) for kind in range(1, 6)),
        *(_polynomial(degree, "") for degree in range(2, 5)),
        *(_polynomial(degree, "ill-conditioned: ") for degree in (5, 10)),
        *_ancova(),
    ]


ENTRIES = _entries()
