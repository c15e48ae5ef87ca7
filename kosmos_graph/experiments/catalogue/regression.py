"""Least squares with heteroscedasticity-consistent errors: linear regression and analysis of covariance."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Group, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.describe import describe, skewness
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.noncentrality import f_below, noncentrality_at, noncentrality_interval, one_tail_caveat
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.catalogue.regression_model import (
    Regression,
    few_in_level,
    level_label,
    regression_of,
    slope_effect,
    undirected_caveat,
)
from kosmos_graph.experiments.catalogue.regression_plots import draw_regression
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.design_matrix import Block, numeric_values
from kosmos_graph.experiments.least_squares import Fit, alone, breusch_pagan
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.multiplicity import holm
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

HIGH_LEVERAGE = 0.5
HIGH_INFLATION = 10.0
FEW_ROWS = 10
"""Rows per coefficient below which a caveat stands."""


def linear_regression(sample: Sample, design: Design, context: Context) -> TestResult:
    """The first predictor's slope, adjusted difference or joint effect, all other variables held constant."""
    found = regression_of(sample, design)
    result = joint_result if found.focus.width > 1 else single_result
    return result(LINEAR_REGRESSION, found, sample, design, context)


def ancova(sample: Sample, design: Design, context: Context) -> TestResult:
    """The adjusted difference of two groups."""
    if not design.covariates:
        raise NotApplicable("An analysis of covariance needs a covariate, such as the baseline, and none is named.")
    found = regression_of(sample, design)
    if len(found.focus.levels) != 1:
        raise NotApplicable(f"An analysis of covariance compares two groups; {found.focus.column} does not make two.")
    return single_result(ANCOVA, found, sample, design, context)


def single_result(method: Method, found: Regression, sample: Sample, design: Design, context: Context) -> TestResult:
    """t test of the focus's one coefficient."""
    df, value, error = found.focus_df[-1], float(found.estimates[-1]), float(found.errors[-1])
    statistic = value / error
    effect = slope_effect(found, sample, design, context)
    return result_of(
        method,
        sample,
        design,
        statistic_name="t",
        statistic=statistic,
        df=(df,),
        p_value=p_value(statistic, df, design.alternative),
        effect=effect,
        standardised=standardised_effect(effect, found, sample, design),
        other_effects=(partial_r_squared(found, effect.label, context.level),),
        groups=groups_of(found.focus, sample, design),
        measures=measures_of(found.fit),
        equivalence=two_one_sided_tests(value, error, df, context.delta, context.alpha),
        terms=coefficient_terms(found, context.level),
        minimum_detectable=minimum_detectable(error, df, context.alpha, design.alternative),
        caveats=caveats_of(found.fit) + few_in_level(found.focus, found.focus_df) + delta_caveat(found.focus, design, context),
    )


def joint_result(method: Method, found: Regression, sample: Sample, design: Design, context: Context) -> TestResult:
    """Robust Wald F of all coefficients of a nominal focus; the contrasts with its reference level stand among the terms."""
    if design.alternative != "two-sided":
        raise NotApplicable("A joint test of several levels has no direction, so a one-sided alternative cannot be tested with it.")
    statistic, df = found.wald_f, (float(found.focus.width), min(found.focus_df))
    p = float(stats.f.sf(statistic, *df))
    effect = partial_omega_squared(statistic, df, found.fit.matrix.n, level_label(found.focus, design), context.level)
    return result_of(
        method,
        sample,
        design,
        statistic_name="F",
        statistic=statistic,
        df=df,
        p_value=p,
        effect=effect,
        other_effects=(partial_r_squared(found, level_label(found.focus, design), context.level),),
        groups=groups_of(found.focus, sample, design),
        measures=measures_of(found.fit),
        terms=coefficient_terms(found, context.level),
        minimum_detectable=detectable_share(df, found.fit.matrix.n, context.alpha),
        caveats=caveats_of(found.fit)
        + few_in_level(found.focus, found.focus_df)
        + undirected_caveat(context)
        + one_tail_caveat(p, effect.low, context.alpha, effect.name),
    )


def standardised_effect(effect: Effect, found: Regression, sample: Sample, design: Design) -> Effect:
    """The coefficient in standard deviations of the outcome, per standard deviation of a numeric predictor.

    The interval is scaled likewise, as if the standard deviations were known.
    """
    scale = 1 / math.sqrt(float(np.sum(found.fit.outcome**2)) / (found.fit.matrix.n - 1))
    if not found.focus.levels:
        scale *= float(found.fit.matrix.scales[-1])
    name = "difference in standard deviations of the outcome" if found.focus.levels else "standardised slope"
    low, high = (None if end is None else end * scale for end in (effect.low, effect.high))
    label = effect.label if found.focus.levels else f"{design.target.outcome} per standard deviation of {found.focus.column}"
    return Effect(name=name, label=label, value=effect.value * scale, low=low, high=high, level=effect.level)


def partial_r_squared(found: Regression, label: str, level: float) -> Effect:
    """Share of the variation left by all other variables that the focus explains in this sample."""
    explained = found.fit.focus_sum_of_squares
    value = explained / (explained + found.fit.residual_sum_of_squares)
    return Effect(name="partial R²", label=label, value=value, low=None, high=None, level=level, directed=False)


def share_of(noncentrality: float, n: int) -> float:
    """Share of variation that a noncentrality stands for."""
    return noncentrality / (noncentrality + n)


def partial_omega_squared(statistic: float, df: tuple[float, float], n: int, label: str, level: float) -> Effect:
    """Partial ω² from the robust F, with the interval that inverts the noncentral F (Steiger 2004, Psychol Methods 9:164)."""
    value = share_of(max(0.0, df[0] * (statistic - 1)), n)
    low, high = (None if end is None else share_of(end, n) for end in noncentrality_interval(f_below(statistic, df), level))
    return Effect(name="partial ω²", label=label, value=value, low=low, high=high, level=level, directed=False)


def detectable_share(df: tuple[float, float], n: int, alpha: float) -> float | None:
    """Partial ω² that the F test detects with 80 % power."""
    found = noncentrality_at(f_below(float(stats.f.isf(alpha, *df)), df), 0.2)
    return None if found is None else share_of(found, n)


def groups_of(focus: Block, sample: Sample, design: Design) -> tuple[Group, ...]:
    """The outcome in each level of a categorical focus, the reference last; of all rows where the focus is numeric."""
    values = numeric_values(sample.frame, design.target.outcome)
    if not focus.levels:
        return (describe(Arm("all rows", values)),)
    own = sample.frame[focus.column].astype(object).to_numpy()
    return tuple(describe(Arm(level, values[own == level])) for level in (*focus.levels, focus.reference or ""))


def coefficient_terms(found: Regression, level: float) -> tuple[Term, ...]:
    """Every coefficient with its HC3 interval: the focus first, its several contrasts Holm-adjusted, the intercept last."""
    width, focus = found.fit.matrix.width, found.focus.width
    names = ("intercept", *found.fit.matrix.names())
    raw = [coefficient_p(found, place) for place in range(width + 1)]
    contrasts = range(width + 1 - focus, width + 1)
    adjusted = holm({str(place): raw[place] for place in contrasts})
    order = (*contrasts, *range(1, width + 1 - focus), 0)
    return tuple(
        coefficient_term(
            found,
            place,
            names[place],
            adjusted.get(str(place), raw[place]),
            "Holm, over the levels' contrasts" if place in contrasts and focus > 1 else None,
            level,
        )
        for place in order
    )


def coefficient_p(found: Regression, place: int) -> float:
    """Two-sided p of one coefficient, 1 where it has no error."""
    error = float(found.errors[place])
    return p_value(float(found.estimates[place]) / error, found.df(place), "two-sided") if error > 0 else 1.0


def coefficient_term(found: Regression, place: int, name: str, p: float, adjustment: str | None, level: float) -> Term:
    """One coefficient's row; without interval and p where it has no error, as for a row that stands alone."""
    estimate, error, df = float(found.estimates[place]), float(found.errors[place]), found.df(place)
    if not error > 0:
        return Term(name=name, estimate=estimate)
    low, high = t_interval(estimate, error, df, "two-sided", level)
    return Term(name=name, estimate=estimate, low=low, high=high, statistic=estimate / error, p_value=p, adjustment=adjustment)


def measures_of(fit: Fit) -> tuple[Measure, ...]:
    """How far the fit leans on single rows, on the separability of its variables, and on the shape of its residuals."""
    inflation = fit.matrix.variance_inflation()
    skew = skewness(fit.residuals)
    found = (
        (
            "largest leverage",
            float(fit.leverage.max()),
            "share of its own fitted value that one row decides",
        ),
        ("condition number", fit.matrix.condition, "of the standardised columns; large where variables are nearly dependent"),
        ("largest variance inflation", max(inflation.values()), "factor by which shared variation widens an interval's square"),
        ("residual skewness", 0.0 if skew is None else skew, "0 for symmetric residuals"),
        ("Breusch–Pagan p", breusch_pagan(fit), "small where the spread changes with the predictors; HC3 errors allow for it"),
    )
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in found)


def caveats_of(fit: Fit) -> tuple[str, ...]:
    """Sentences on what makes the fit fragile."""
    said = []
    if np.any(alone(fit)):
        said.append("Some rows are the only ones with their level of a covariate, so they inform nothing else.")
    elif float(fit.leverage.max()) > HIGH_LEVERAGE:
        said.append("A single row has more than half of the weight in its own fitted value, so it may sway the result.")
    if max(fit.matrix.variance_inflation().values()) > HIGH_INFLATION:
        said.append("Some variables share most of their variation, so their separate effects are uncertain.")
    if fit.matrix.n < FEW_ROWS * (fit.matrix.width + 1):
        said.append("There are few rows for so many coefficients, so the intervals are only approximate.")
    return tuple(said)


def delta_caveat(focus: Block, design: Design, context: Context) -> tuple[str, ...]:
    """How δ is read where the effect is a slope."""
    if context.delta is None or focus.levels:
        return ()
    return (f"The smallest effect that matters is read as a change of {design.target.outcome} per one unit of {focus.column}.",)


LINEAR_REGRESSION = Method(
    name="linear_regression",
    title="Linear regression (HC3)",
    summary="How does a numeric outcome change with the first predictor, with all others held constant?",
    estimand="slope of the outcome on the first predictor (or adjusted difference of its levels), others held constant",
    source="ordinary least squares; HC3 errors of MacKinnon and White 1985, J Econometrics 29:305",
    tasks=("affect", "associate"),
    needs=Needs(
        outcome=NUMERIC,
        predictor=NUMERIC | GROUPING,
        predictors=(1, None),
        covariates=NUMERIC | GROUPING,
        rows=10,
        per_parameter="rows",
    ),
    run=linear_regression,
    draw=draw_regression,
    sensitivity=("pearson", "spearman"),
    asked_for=r"\blinear (?:regression|model)|\bregress",
    assumption="By rule, numeric variables are related by a linear slope with HC3 errors, from 10 rows per coefficient "
    "on; no variables are selected.",
)

ANCOVA = Method(
    name="ancova",
    title="Analysis of covariance (HC3)",
    summary="Does a numeric outcome differ between two groups, adjusted for its baseline or other covariates?",
    estimand="difference of the two groups' means, A minus B, at equal covariates",
    source="ordinary least squares; HC3 errors of MacKinnon and White 1985, J Econometrics 29:305",
    tasks=("compare", "affect"),
    needs=Needs(
        outcome=NUMERIC,
        predictor=GROUPING,
        predictors=(1, 1),
        groups=(2, 2),
        covariates=NUMERIC | GROUPING,
        adjusts=True,
        rows=10,
        per_parameter="rows",
    ),
    run=ancova,
    draw=draw_regression,
    asked_for=r"\bancova\b|\banalysis of covariance",
    assumption="By rule, groups of a randomised study with a baseline are compared by analysis of covariance.",
)

METHODS: tuple[Method, ...] = (LINEAR_REGRESSION, ANCOVA)
