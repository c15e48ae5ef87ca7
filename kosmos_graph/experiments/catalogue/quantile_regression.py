"""Regressions of the middle that outliers cannot move far: of the median or another quantile, and Huber's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Measure, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_line, draw_scatter
from kosmos_graph.experiments.catalogue.group_plots import draw_arm, name_ticks
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.catalogue.plots import OKABE_ITO, draw_effect_panel, headline
from kosmos_graph.experiments.catalogue.regression import delta_caveat, groups_of
from kosmos_graph.experiments.catalogue.regression_model import few_in_level, focus_df, model_of
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.wald import (
    Wald,
    adjusted,
    inflation_caveat,
    joint_result,
    matrix_measures,
    slope,
    standardised_wald,
    terms_of,
)
from kosmos_graph.experiments.design_matrix import FloatArray, numeric_values
from kosmos_graph.experiments.least_squares import ALONE, require_not_alone
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import axis_label
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.quantile_fit import QuantileFit, bandwidth, check_loss, fit_quantile, sandwich
from kosmos_graph.experiments.robust_fit import RobustFit, fit_robust, robust_covariance
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW_ROWS = 100
FEW = "The errors rest on the density of few rows, so p and the interval are only approximate: up to 10 % are wrong at 5 %."
FEW_NEAR = 3
"""Rows of a level within the bandwidth of the quantile, on one side of it, below which p says so.

Told apart at 5 % where there is nothing, in a level among 60, 200 or 800 rows: with 0.9 to 1 of them 5 to 34 %, with 2 of them 2 to
23 %, with 2.9 up to 15 %, with 3 and more up to 9 %. Where less than one row is expected beyond the quantile up to 44 % were, and
that is refused.
"""
THIN = (
    "Of the smallest level compared, or of all rows, fewer than three are expected near the quantile on either side of it, so p "
    "and the interval may be far too hopeful: up to a third are wrong at 5 %."
)
MOST_DRAWN = 12


def quantile_fit(sample: Sample, design: Design, probability: float) -> QuantileFit:
    """The fit of a conditional quantile."""
    outcome = design.target.outcome
    return fit_quantile(model_of(sample, design), numeric_values(sample.frame, outcome), outcome, probability)


def probability_of(design: Design) -> float:
    """The quantile asked for, the median where none is named."""
    probability = 0.5 if design.target.quantile is None else design.target.quantile
    if not 0 < probability < 1:
        raise NotApplicable("A quantile lies strictly between 0 and 1.")
    return probability


def quantile_regression(sample: Sample, design: Design, context: Context) -> TestResult:
    """t test of the focus's one coefficient, or Wald F of its several."""
    fit = quantile_fit(sample, design, probability_of(design))
    require_rows(fit)
    covariance = sandwich(fit, context.alpha)[1:, 1:]
    found = standardised_wald(
        fit.matrix, fit.coefficients[1:], covariance, float(fit.df), focus_df=focus_df(fit.matrix, float(fit.df))
    )
    what = "medians" if fit.probability == 0.5 else f"{100 * fit.probability:g} % quantiles"
    name = f"difference of {what}" if found.focus.levels else f"slope of the {what[:-1]}"
    measures = (
        Measure(
            name="R¹", value=explained(fit), meaning="share of the check loss that the model explains (Koenker and Machado 1999)"
        ),
    )
    return _result(QUANTILE_REGRESSION, found, name, measures, few_rows_caveat(fit, context.alpha), sample, design, context)


def require_rows(fit: QuantileFit) -> None:
    """Raise NotApplicable where a single row decides the effect: 67 % of such levels differed at 5 % without a difference."""
    basis, triangle = np.linalg.qr(fit.columns)
    solver = np.linalg.solve(triangle, basis.T)[-fit.matrix.focus.width :]
    require_not_alone(solver, np.sum(basis**2, axis=1) >= 1 - ALONE, fit.matrix.focus.column)
    if rows_beyond(fit) < 1:
        where = "The smallest level compared has" if fit.matrix.focus.smallest_level is not None else "There are"
        raise NotApplicable(f"{where} too few rows for the {100 * fit.probability:g} % quantile: not one is expected beyond it.")


def rows_compared(fit: QuantileFit) -> int:
    """Rows of the smallest level compared, or of all."""
    rows = fit.matrix.focus.smallest_level
    return fit.matrix.n if rows is None else rows


def rows_beyond(fit: QuantileFit) -> float:
    """How many of them are expected beyond the quantile, on its thinner side."""
    return round(rows_compared(fit) * min(fit.probability, 1 - fit.probability), 9)


def few_rows_caveat(fit: QuantileFit, alpha: float) -> tuple[str, ...]:
    """How far p and the interval can be trusted where few rows say how dense the outcome is around the quantile."""
    near = rows_compared(fit) * bandwidth(fit.probability, fit.matrix.n, alpha)
    if near < FEW_NEAR:
        return (THIN,)
    few = near < 2 * FEW_NEAR or min(fit.probability, 1 - fit.probability, 0.25) * fit.matrix.n < FEW_ROWS / 4
    return (FEW,) if few else ()


def robust_fit(sample: Sample, design: Design) -> RobustFit:
    """Huber's fit."""
    return fit_robust(quantile_fit(sample, design, 0.5))


def robust_regression(sample: Sample, design: Design, context: Context) -> TestResult:
    """t test of the focus's one coefficient, or Wald F of its several."""
    fit = robust_fit(sample, design)
    matrix, df = fit.start.matrix, float(fit.start.df)
    found = standardised_wald(matrix, fit.coefficients[1:], robust_covariance(fit)[1:, 1:], df, focus_df=focus_df(matrix, df))
    name = "difference of M-estimates of location" if found.focus.levels else "robust slope"
    weights = fit.weights
    measures = (
        Measure(name="scale of the residuals", value=fit.scale, meaning="1.4826 times their median size, in units of the outcome"),
        Measure(name="share of rows that count less", value=float(np.mean(weights < 1)), meaning="beyond 1.345 scales of the line"),
        Measure(name="smallest weight", value=float(weights.min()), meaning="1 counts in full, as in least squares"),
    )
    return _result(ROBUST_REGRESSION, found, name, measures, (), sample, design, context)


def _result(
    method: Method,
    found: Wald,
    name: str,
    measures: tuple[Measure, ...],
    caveats: tuple[str, ...],
    sample: Sample,
    design: Design,
    context: Context,
) -> TestResult:
    groups = groups_of(found.focus, sample, design)
    measures += matrix_measures(found.matrix)
    caveats += inflation_caveat(found.matrix) + few_in_level(found.focus, found.focus_df)
    if found.focus.width > 1:
        return joint_result(method, found, sample, design, context, groups=groups, measures=measures, caveats=caveats)
    value, error = float(found.slopes[-1]), float(found.errors[-1])
    return result_of(
        method,
        sample,
        design,
        statistic_name=found.statistic_name,
        statistic=found.statistic,
        df=(found.focus_df[-1],),
        p_value=found.p_value(design),
        effect=slope(found, f"{adjusted(found)}{name}", sample, design, context),
        groups=groups,
        measures=measures,
        equivalence=two_one_sided_tests(value, error, found.effect_df, context.delta, context.alpha),
        terms=terms_of(found, context.level),
        minimum_detectable=minimum_detectable(error, found.effect_df, context.alpha, design.alternative),
        caveats=caveats + delta_caveat(found.focus, design, context),
    )


def explained(fit: QuantileFit) -> float:
    """One less the loss over that of a single quantile for all rows."""
    alone = fit.outcome - np.quantile(fit.outcome, fit.probability)
    return 1 - fit.loss / check_loss(alone, fit.probability)


def draw_robust(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The outcome less what all other columns of the fit say, over the focus: with the line, or by level with the effect beside."""
    start = quantile_fit(sample, design, probability_of(design) if result.method == QUANTILE_REGRESSION.name else 0.5)
    coefficients = start.coefficients if result.method == QUANTILE_REGRESSION.name else fit_robust(start).coefficients
    width = start.matrix.focus.width
    others = start.matrix.columns[:, :-width] @ coefficients[1:-width]
    _draw(axes, start, start.outcome + start.mean - others, coefficients, sample, design, result)
    headline(axes, result.effect)


def _draw(
    axes: Axes,
    start: QuantileFit,
    values: FloatArray,
    coefficients: FloatArray,
    sample: Sample,
    design: Design,
    result: TestResult,
) -> None:
    focus = start.matrix.focus
    held = ", others held constant" if len(start.matrix.blocks) > 1 else ""
    axes.set_ylabel(axis_label(sample.card, design.target.outcome) + held)
    if focus.levels:
        own = sample.frame[focus.column].astype(object).to_numpy()
        arms = tuple(Arm(level, values[own == level]) for level in (focus.reference or "", *focus.levels)[:MOST_DRAWN])
        for place, arm in enumerate(arms):
            colour = OKABE_ITO[place % len(OKABE_ITO)]
            draw_arm(axes, arm, place, colour, result.effect.level, means=False, quantile=start.probability)
        name_ticks(axes, arms, 22 if len(arms) < 5 else 10)
        middle = "median with quartiles" if start.probability == 0.5 else f"{100 * start.probability:g} % quantile"
        axes.set_xlabel(f"{axis_label(sample.card, focus.column)}   (black: {middle})")
        if focus.width == 1:
            draw_effect_panel(axes, result.effect, None, result.equivalence.delta if result.equivalence else None)
        return
    centre, scale = float(start.matrix.centres[-1]), float(start.matrix.scales[-1])
    x = centre + scale * start.matrix.columns[:, -1]
    draw_scatter(axes, x, values)
    draw_line(axes, x, float(coefficients[-1]) / scale, (centre, start.mean + float(coefficients[0])))
    axes.set_xlabel(f"{axis_label(sample.card, focus.column)}   (n = {result.n_analysed})")


def preferred(case: Case) -> str | None:
    """A question about a quantile with other columns or along a number."""
    if case.target.quantity != "quantile" or case.target.reference is not None or not case.target.predictors:
        return None
    first = case.card.column(case.target.predictors[0])
    if case.expects != "effect" or first is None or (first.kind.categorical and not case.covariates):
        return None
    return "the question is about a median or another quantile, so that is what is modelled"


def needs(rows: int) -> Needs:
    """What both ask for."""
    return Needs(
        outcome=NUMERIC,
        predictor=NUMERIC | GROUPING,
        predictors=(1, None),
        covariates=NUMERIC | GROUPING,
        rows=rows,
        per_parameter="rows",
    )


QUANTILE_REGRESSION = Method(
    name="quantile_regression",
    title="Quantile regression",
    summary="How does the median, or another quantile, of a numeric outcome change with the first predictor, others held constant?",
    estimand="slope of the conditional median (or named quantile), or difference of it between levels, others held constant",
    source="Koenker and Bassett 1978, Econometrica 46:33; errors of Hendricks and Koenker 1992, JASA 87:58, with the bandwidth of "
    "Hall and Sheather 1988, J R Stat Soc B 50:381",
    tasks=("affect", "associate", "compare"),
    needs=needs(30),
    run=quantile_regression,
    draw=draw_robust,
    sensitivity=("linear_regression",),
    prefer=preferred,
    asked_for=r"\b(?:quantile|median) regression\b",
    assumption="By rule, a median is modelled where a median is asked for, with errors that allow unequal spread.",
)

ROBUST_REGRESSION = Method(
    name="robust_regression",
    title="Robust regression (Huber)",
    summary="How does a numeric outcome change with the first predictor, if rows far off the line count less than others?",
    estimand="slope of the outcome on the first predictor (or adjusted difference of its levels), outlying rows counting less",
    source="Huber 1964, Ann Math Stat 35:73, around a median regression; sandwich errors, Huber 1981, Robust Statistics, with "
    "scores over one less the leverage, as HC3",
    tasks=("affect", "associate", "compare"),
    needs=needs(20),
    run=robust_regression,
    draw=draw_robust,
    sensitivity=("linear_regression",),
    asked_for=r"\brobust regression\b|\bhuber\b|\bm[- ]estimat",
    assumption="By rule, rows far off the line count less, and no row is left out.",
)

METHODS: tuple[Method, ...] = (QUANTILE_REGRESSION, ROBUST_REGRESSION)
