"""Regression of counts: Poisson's with robust errors, and the negative binomial one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Group, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_scatter, draw_terms, ratio_axis
from kosmos_graph.experiments.catalogue.describe import describe
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.catalogue.plots import VERMILLION, headline
from kosmos_graph.experiments.catalogue.regression_model import model_of, slope_label, slope_unit
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.tails import t_interval
from kosmos_graph.experiments.catalogue.wald import (
    Wald,
    adjusted,
    detectable_ratio,
    joint_result,
    matrix_caveats,
    matrix_measures,
    per_deviation,
    ratio,
    ratio_delta_caveat,
    ratio_label,
    standardised_wald,
    terms_of,
)
from kosmos_graph.experiments.count_likelihood import (
    CountFit,
    average_change,
    fit_negative_binomial,
    fit_poisson,
    robust_covariance,
)
from kosmos_graph.experiments.design_matrix import Block, FloatArray, numeric_values
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import axis_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW_COUNTS = 10.0
"""Counted events per coefficient below which estimates are biased."""
FEW_ROWS = 10
LARGEST_COUNT = 1e9
EXACT = 1e-9
"""Residuals, relative to the largest count, that count as none."""


def counts_of(sample: Sample, design: Design) -> FloatArray:
    """The outcome's whole numbers. Raises NotApplicable for other numbers, and where nothing was counted or nothing varies."""
    outcome = design.target.outcome
    counts = numeric_values(sample.frame, outcome)
    if np.any(counts < 0) or np.any(counts != np.floor(counts)):
        raise NotApplicable(f"{outcome} has values that are no counts: a count is a whole number, none below zero.")
    if np.any(counts > LARGEST_COUNT):
        raise NotApplicable(
            f"{outcome} has counts above {LARGEST_COUNT:g}; give the column in a larger unit and use a linear regression."
        )
    if counts.size == 0 or not np.any(counts):
        raise NotApplicable(f"{outcome} is zero in every row, so there is nothing to explain.")
    return counts


def exposure_of(sample: Sample, design: Design) -> FloatArray | None:
    """What each count is a count per, None where nothing is stated. Raises NotApplicable where it is not above zero."""
    column = design.target.exposure
    if column is None:
        return None
    exposure = numeric_values(sample.frame, column)
    n = int(np.count_nonzero(~(exposure > 0)))
    if n:
        raise NotApplicable(f"{column} is zero or below in {n} rows, and a count per nothing has no rate; exclude these rows.")
    return exposure


def poisson_fit(sample: Sample, design: Design) -> tuple[CountFit, Wald]:
    """Poisson's fit, with robust errors."""
    fit = _with_residuals(fit_poisson(model_of(sample, design), *_numbers(sample, design)), design)
    return fit, standardised_wald(fit.matrix, fit.coefficients[1:], robust_covariance(fit)[1:, 1:], float(fit.df), _ratio(design))


def negative_binomial_fit(sample: Sample, design: Design) -> tuple[CountFit, Wald]:
    """The negative binomial fit, with the model's errors."""
    fit = _with_residuals(fit_negative_binomial(model_of(sample, design), *_numbers(sample, design)), design)
    covariance = scaled_covariance(fit)
    return fit, standardised_wald(fit.matrix, fit.coefficients[1:], covariance[1:, 1:], float(fit.df), _ratio(design))


def _with_residuals(fit: CountFit, design: Design) -> CountFit:
    if float(np.max(np.abs(fit.counts - fit.means))) <= EXACT * float(np.max(fit.counts)):
        raise NotApplicable(
            f"{design.target.outcome} follows exactly from the predictors, so no residual variation is left to judge by."
        )
    return fit


def scaled_covariance(fit: CountFit) -> FloatArray:
    """The inverse of the expected information, times n over the residual degrees of freedom."""
    return np.asarray(np.linalg.inv(fit.information) * (fit.matrix.n / fit.df), dtype=np.float64)


def _numbers(sample: Sample, design: Design) -> tuple[FloatArray, FloatArray]:
    exposure = exposure_of(sample, design)
    counts = counts_of(sample, design)
    return counts, np.zeros(counts.size) if exposure is None else np.log(exposure)


def _ratio(design: Design) -> str:
    return "ratio of means" if design.target.exposure is None else "rate ratio"


def poisson_regression(sample: Sample, design: Design, context: Context) -> TestResult:
    """Robust t of the focus's one coefficient, or robust F of its several."""
    fit, found = poisson_fit(sample, design)
    caveats = (*few_caveats(fit), *matrix_caveats(fit.matrix, sample))
    return _result(POISSON_REGRESSION, fit, found, robust_covariance(fit), sample, design, context, caveats)


def negative_binomial_regression(sample: Sample, design: Design, context: Context) -> TestResult:
    """Wald t of the focus's one coefficient, or F of its several, with the model's errors."""
    fit, found = negative_binomial_fit(sample, design)
    caveats = (*few_caveats(fit), *matrix_caveats(fit.matrix, sample))
    if fit.dispersion == 0:
        caveats += ("The counts spread no more than Poisson's, so the fit is Poisson's with the model's errors.",)
    return _result(NEGATIVE_BINOMIAL_REGRESSION, fit, found, scaled_covariance(fit), sample, design, context, caveats)


def _result(
    method: Method,
    fit: CountFit,
    found: Wald,
    covariance: FloatArray,
    sample: Sample,
    design: Design,
    context: Context,
    caveats: tuple[str, ...],
) -> TestResult:
    groups, measures = groups_of(found.focus, sample, design), measures_of(fit)
    if found.focus.width > 1:
        joined = joint_result(method, found, sample, design, context, groups=groups, measures=measures, caveats=caveats)
        return joined.model_copy(update={"terms": joined.terms + rate_terms(found.focus, sample, design)})
    name = f"{adjusted(found)}{found.exponent}"
    return result_of(
        method,
        sample,
        design,
        statistic_name="t",
        statistic=found.statistic,
        df=(float(fit.df),),
        p_value=found.p_value(design),
        effect=ratio(found, name, ratio_label(found, sample, design), design, context),
        standardised=per_deviation(found, name, design, context),
        other_effects=(change_effect(fit, covariance, sample, design, context),),
        groups=groups,
        measures=measures,
        terms=terms_of(found, context.level) + rate_terms(found.focus, sample, design),
        minimum_detectable=detectable_ratio(found, design, context),
        caveats=caveats + ratio_delta_caveat(context),
    )


def change_effect(fit: CountFit, covariance: FloatArray, sample: Sample, design: Design, context: Context) -> Effect:
    """Average change of the expected count, or rate, with the delta method's interval."""
    value, gradient = average_change(fit)
    error = math.sqrt(float(gradient @ covariance @ gradient))
    low, high = t_interval(value, error, float(fit.df), design.alternative, context.level)
    focus, exposure = fit.matrix.focus, design.target.exposure
    what = "expected count" if exposure is None else f"rate per unit of {exposure}"
    return Effect(
        name=f"average {'difference' if focus.levels else 'change'} of the {what}",
        label=slope_label(focus, sample, design),
        value=value,
        low=low,
        high=high,
        level=context.level,
        unit=slope_unit(focus, sample, design) if exposure is None else None,
    )


def groups_of(focus: Block, sample: Sample, design: Design) -> tuple[Group, ...]:
    """The counts in each level of a categorical focus, the reference last; in all rows where the focus is numeric."""
    counts = numeric_values(sample.frame, design.target.outcome)
    if not focus.levels:
        return (describe(Arm("all rows", counts)),)
    own = sample.frame[focus.column].astype(object).to_numpy()
    return tuple(describe(Arm(level, counts[own == level])) for level in (*focus.levels, focus.reference or ""))


def rate_terms(focus: Block, sample: Sample, design: Design) -> tuple[Term, ...]:
    """Counts over exposure by level, where both are stated."""
    exposure = exposure_of(sample, design)
    if exposure is None or not focus.levels:
        return ()
    counts = numeric_values(sample.frame, design.target.outcome)
    own = sample.frame[focus.column].astype(object).to_numpy()
    return tuple(
        Term(
            name=f"rate per unit of {design.target.exposure}, {level}",
            estimate=float(np.sum(counts[own == level]) / np.sum(exposure[own == level])),
            n=int(np.count_nonzero(own == level)),
        )
        for level in (*focus.levels, focus.reference or "")
    )


def measures_of(fit: CountFit) -> tuple[Measure, ...]:
    """How far the counts spread beyond the model, and how many zeros it expects."""
    squares = (fit.counts - fit.means) ** 2 / fit.variances
    none = np.exp(-fit.means) if fit.dispersion == 0 else (1 + fit.dispersion * fit.means) ** (-1 / fit.dispersion)
    found = [
        ("Pearson dispersion", float(np.sum(squares)) / fit.df, "1 where the counts spread as the model says; above 1 more"),
        ("share of zeros", float(np.mean(fit.counts == 0)), "of the rows"),
        ("share of zeros that the model expects", float(np.mean(none)), "near the share of zeros where the model fits"),
        ("counted per coefficient", counted(fit), "sum of the counts over the coefficients; below 10 estimates are biased"),
    ]
    if fit.dispersion:
        found.insert(0, ("dispersion α", fit.dispersion, "variance is μ + α·μ²; 0 for Poisson counts"))
    measures = tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in found)
    return measures + matrix_measures(fit.matrix)


def counted(fit: CountFit) -> float:
    """Counted events per coefficient, the intercept not counted."""
    return float(np.sum(fit.counts)) / fit.matrix.width


def few_caveats(fit: CountFit) -> tuple[str, ...]:
    """Sentences on few counts or few rows."""
    said = []
    if counted(fit) < FEW_COUNTS:
        said.append("Little was counted for so many coefficients, so ratios are likely too extreme.")
    if fit.matrix.n < FEW_ROWS * (fit.matrix.width + 1):
        said.append("There are few rows for so many coefficients, so the intervals are only approximate.")
    return tuple(said)


def draw_counts(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Ratios of a categorical focus; for a numeric one the fitted mean, others at theirs, over the counts (or rates)."""
    fitted = poisson_fit if result.method == POISSON_REGRESSION.name else negative_binomial_fit
    fit, found = fitted(sample, design)
    if found.focus.levels:
        draw_terms(axes, result.terms[: found.focus.width], 1.0)
        ratio_axis(axes)
        axes.set_xlabel(f"{found.exponent} for {axis_label(sample.card, design.target.outcome)}, n = {result.n_analysed}")
    else:
        own, centre, scale = fit.columns[:, -1], float(fit.matrix.centres[-1]), float(fit.matrix.scales[-1])
        draw_scatter(axes, centre + scale * own, fit.counts / np.exp(fit.offset))
        grid = np.linspace(own.min(), own.max(), 200)
        curve = np.exp(float(fit.coefficients[0]) + float(fit.coefficients[-1]) * grid)
        axes.plot(centre + scale * grid, curve, color=VERMILLION, lw=2)
        per = "" if design.target.exposure is None else f" per {axis_label(sample.card, design.target.exposure)}"
        axes.set_xlabel(f"{axis_label(sample.card, found.focus.column)}   (n = {result.n_analysed})")
        axes.set_ylabel(axis_label(sample.card, design.target.outcome) + per)
    headline(axes, result.effect)


def preferred(case: Case) -> str | None:
    """Counts per a stated exposure, and counts that begin at none where other columns are held constant."""
    outcome = case.card.column(case.target.outcome)
    if outcome is None or outcome.kind is not Kind.COUNT or case.task not in ("compare", "associate", "affect"):
        return None
    if case.expects == "no effect":
        return None
    if case.target.exposure is not None:
        return "a count per a stated exposure is a rate, and rates are compared by their ratio; robust errors allow any spread"
    if (case.covariates or len(case.target.predictors) > 1) and outcome.low == 0:
        return (
            "a count that begins at none, with other columns held constant: a sum of effects would fall below none, a product "
            "does not, and robust errors allow any spread"
        )
    return None


NEEDS = Needs(
    outcome=frozenset({Kind.COUNT}),
    predictor=NUMERIC | GROUPING,
    predictors=(1, None),
    covariates=NUMERIC | GROUPING,
    takes=frozenset({"exposure"}),
    rows=20,
    per_parameter="rows",
)

POISSON_REGRESSION = Method(
    name="poisson_regression",
    title="Poisson regression (robust errors)",
    summary="By what factor does a count, or a rate, change with the first predictor, with all others held constant?",
    estimand="ratio of expected counts (rates, where an exposure is stated) per unit of the first predictor or between its levels",
    source="quasi-maximum likelihood, Gourieroux, Monfort and Trognon 1984, Econometrica 52:701; sandwich errors with residuals "
    "over one less their leverage, as HC3 (Long and Ervin 2000, Am Stat 54:217)",
    tasks=("affect", "associate", "compare"),
    needs=NEEDS,
    run=poisson_regression,
    draw=draw_counts,
    sensitivity=("negative_binomial_regression",),
    prefer=preferred,
    asked_for=r"\bpoisson\b|\brate ratios?\b|\bcount (?:regression|model)",
    assumption="By rule, effects on a count multiply its mean, and errors do not assume that its variance equals its mean.",
)

NEGATIVE_BINOMIAL_REGRESSION = Method(
    name="negative_binomial_regression",
    title="Negative binomial regression",
    summary="By what factor does a count that spreads more than Poisson's change with the first predictor, others held constant?",
    estimand="ratio of expected counts (rates, where an exposure is stated) per unit of the first predictor or between its levels",
    source="maximum likelihood with variance μ + α·μ² (NB2), Lawless 1987, Can J Stat 15:209; expected information, times n / df",
    tasks=("affect", "associate", "compare"),
    needs=NEEDS,
    run=negative_binomial_regression,
    draw=draw_counts,
    sensitivity=("poisson_regression",),
    asked_for=r"\bnegative binomial\b|\bnb2\b",
    assumption="By rule, effects on a count multiply its mean, and its variance grows with the square of the mean.",
)

METHODS: tuple[Method, ...] = (POISSON_REGRESSION, NEGATIVE_BINOMIAL_REGRESSION)
