"""Weighted means, differences and regressions of a survey, with design-based errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Group, Term, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_terms
from kosmos_graph.experiments.catalogue.counts import Tally, successes
from kosmos_graph.experiments.catalogue.describe import describe
from kosmos_graph.experiments.catalogue.estimate import success_of
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.catalogue.plots import BLUE, INK, OKABE_ITO, VERMILLION, draw_effect_panel, headline
from kosmos_graph.experiments.catalogue.regression import groups_of
from kosmos_graph.experiments.catalogue.regression_model import model_of
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.survey_design import (
    FEW_UNITS_IN_LEVEL,
    Rows,
    SurveyDesign,
    survey_caveats,
    survey_design,
    survey_measures,
)
from kosmos_graph.experiments.catalogue.tails import Ends, p_value, positive_error, t_interval
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
from kosmos_graph.experiments.contrast import contrast
from kosmos_graph.experiments.design_matrix import Block, DesignMatrix, FloatArray, centred, numeric_values
from kosmos_graph.experiments.least_squares import EXACT
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import axis_label, plain
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW_EFFECTIVE = 30.0
"""Effective rows of a group below which there is a caveat."""


@dataclass(frozen=True)
class Domain:
    """A weighted mean over some rows, and what each row adds to its error."""

    label: str
    rows: Rows
    mean: float
    scores: FloatArray
    variance: float

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.rows.sum())

    def shares(self, drawn: SurveyDesign) -> FloatArray:
        """What each row's outcome adds to the mean."""
        weights = drawn.weights * self.rows
        return np.asarray(weights / weights.sum(), dtype=np.float64)


def outcome_of(sample: Sample, design: Design) -> tuple[FloatArray, bool]:
    """The outcome as numbers, and whether they are 1 for a level that is counted."""
    if isinstance(sample.frame[design.target.outcome].dtype, pd.CategoricalDtype):
        success_of(sample, design)
        return successes(sample, design).astype(np.float64), True
    return numeric_values(sample.frame, design.target.outcome), False


def domain(label: str, rows: Rows, outcome: FloatArray, drawn: SurveyDesign) -> Domain:
    """The weighted mean of the outcome over `rows`: a ratio of two totals."""
    weights = drawn.weights * rows
    total = float(weights.sum())
    if not total > 0:
        raise NotApplicable(f"All weights of {label} are 0, so it stands for nothing.")
    base = float(outcome[0])
    mean = float(weights @ (outcome - base)) / total
    deviations = outcome - base - mean
    variance = float(weights @ deviations**2) / total
    return Domain(label, rows, mean + base, weights * deviations / total, variance * rows.sum() / max(1, rows.sum() - 1))


def error_of(scores: FloatArray, drawn: SurveyDesign) -> float:
    """Standard error of a sum of scores."""
    return math.sqrt(float(drawn.covariance(scores[:, np.newaxis])[0, 0]))


def group_of(found: Domain, outcome: FloatArray, counted: bool) -> Group:
    """Rows of a domain as they are, without weights."""
    values = outcome[found.rows]
    if counted:
        return Tally(found.label, int(values.sum()), found.n).as_group()
    return describe(Arm(found.label, values))


def domain_term(found: Domain, drawn: SurveyDesign, counted: bool, level: float) -> Term:
    """A domain's weighted mean with its interval."""
    low, high = mean_ends(found, drawn, counted, level)
    return Term(name=found.label, estimate=found.mean, low=low, high=high, n=found.n)


def df_of(parts: Sequence[Domain], drawn: SurveyDesign) -> float:
    """Degrees of freedom of a mean, or of the difference of two: units less strata, or fewer where few units have a part."""
    whole = len(parts) == 1 and parts[0].n == drawn.unit.size
    if whole or min(drawn.units_of(one.rows) for one in parts) >= FEW_UNITS_IN_LEVEL:
        return drawn.df
    solver = np.array([one.shares(drawn) for one in parts])
    columns = np.column_stack([one.rows for one in parts]).astype(np.float64)
    return min(drawn.df, drawn.satterthwaite_df(columns, solver, solver[0] - solver[1:].sum(axis=0)))


def mean_ends(found: Domain, drawn: SurveyDesign, counted: bool, level: float) -> Ends:
    """Student's interval of a weighted mean; of a proportion, that of its logit. None where it has no error."""
    error = error_of(found.scores, drawn)
    if not error > 1e-14 * max(1.0, abs(found.mean)):
        return None, None
    df = df_of((found,), drawn)
    if not counted:
        return t_interval(found.mean, error, df, "two-sided", level)
    odds, spread = math.log(found.mean / (1 - found.mean)), error / (found.mean * (1 - found.mean))
    ends = t_interval(odds, spread, df, "two-sided", level)
    low, high = (None if end is None else 1 / (1 + math.exp(-max(min(end, 700.0), -700.0))) for end in ends)
    return low, high


def levels_of(sample: Sample, by: str) -> tuple[list[str], npt.NDArray[np.object_]]:
    """Levels of a grouping column that occur, and each row's."""
    series = sample.frame[by]
    if not isinstance(series.dtype, pd.CategoricalDtype):
        raise NotApplicable("The grouping column is not categorical.")
    return [str(one) for one in series.cat.remove_unused_categories().cat.categories], series.astype(object).to_numpy()


def two_domains(sample: Sample, design: Design, drawn: SurveyDesign) -> tuple[Domain, Domain, FloatArray, bool]:
    """The weighted means of A and B, with the outcome."""
    if not design.target.predictors:
        raise NotApplicable("No column is named whose levels make the groups.")
    by = design.target.predictors[0]
    levels, own = levels_of(sample, by)
    if len(levels) != 2:
        raise NotApplicable(f"Two groups are compared, and {by} makes {len(levels)}.")
    labels = contrast(design.target, levels, sample.card.column(by))
    if set(labels) != set(levels):
        raise NotApplicable("A level that the design compares has no rows after exclusions.")
    outcome, counted = outcome_of(sample, design)
    a, b = (domain(label, np.asarray(own == label, dtype=np.bool_), outcome, drawn) for label in labels)
    for one in (a, b):
        if drawn.units_of(one.rows) < 2:
            raise NotApplicable(f"A single sampling unit decides the mean of {one.label}, so its error is unknown.")
    return a, b, outcome, counted


def survey_mean_difference(sample: Sample, design: Design, context: Context) -> TestResult:
    """Difference of two weighted means or proportions."""
    drawn = survey_design(sample, design)
    a, b, outcome, counted = two_domains(sample, design, drawn)
    scale = float(np.max(np.abs(outcome)))
    value, error = a.mean - b.mean, positive_error(error_of(a.scores - b.scores, drawn), scale, design.target.outcome)
    statistic, df = value / error, df_of((a, b), drawn)
    low, high = t_interval(value, error, df, design.alternative, context.level)
    effect = Effect(
        name=f"weighted difference of {'proportions' if counted else 'means'}",
        label=f"{a.label} − {b.label}",
        value=value,
        low=low,
        high=high,
        level=context.level,
        unit=unit_of(sample, design),
    )
    simple = a.variance / a.n + b.variance / b.n
    return result_of(
        SURVEY_MEAN_DIFFERENCE,
        sample,
        design,
        statistic_name="t",
        statistic=statistic,
        df=(df,),
        p_value=p_value(statistic, df, design.alternative),
        effect=effect,
        standardised=None if counted else in_deviations(effect, a, b),
        groups=tuple(group_of(one, outcome, counted) for one in (a, b)),
        measures=survey_measures(drawn, error**2 / simple if simple > 0 else None),
        equivalence=two_one_sided_tests(value, error, df, context.delta, context.alpha),
        terms=tuple(domain_term(one, drawn, counted, context.level) for one in (a, b)),
        minimum_detectable=minimum_detectable(error, df, context.alpha, design.alternative),
        caveats=(
            *survey_caveats(drawn, design),
            *few_units({one.label: drawn.units_of(one.rows) for one in (a, b)}, df),
            *few_effective((a, b), drawn),
        ),
    )


def few_units(units: Mapping[str, int], df: float) -> tuple[str, ...]:
    """What p and the interval rest on where few units have a level: with units less strata 23 % of groups in 2 of 14 units, and
    11 % of those in 3, differed at 5 % where nothing does.
    """
    level = min(units, key=units.__getitem__)
    if units[level] >= FEW_UNITS_IN_LEVEL:
        return ()
    return (
        f"{level} is found in {units[level]} sampling units, so p and the interval rest on {df:.1f} degrees of freedom "
        "(Satterthwaite's), as many as these give.",
    )


def few_effective(parts: tuple[Domain, ...], drawn: SurveyDesign) -> tuple[str, ...]:
    """That linearised errors are too small where weights leave a group few rows: of 12 skewed rows whose weights make them worth
    8, 12 % of differences were found at 5 %.
    """
    worth = {one.label: float((drawn.weights[one.rows].sum()) ** 2 / np.sum(drawn.weights[one.rows] ** 2)) for one in parts}
    label = min(worth, key=worth.__getitem__)
    if worth[label] >= FEW_EFFECTIVE:
        return ()
    return (f"The rows of {label} are worth {worth[label]:.0f} of equal weight, so p and the interval are too hopeful.",)


def in_deviations(effect: Effect, a: Domain, b: Domain) -> Effect | None:
    """The difference in standard deviations within the groups, weighted; the interval is scaled as if they were known."""
    scale = math.sqrt((a.variance + b.variance) / 2)
    if scale == 0:
        return None
    low, high = (None if end is None else end / scale for end in (effect.low, effect.high))
    name = "weighted difference in standard deviations of the outcome"
    return Effect(name=name, label=effect.label, value=effect.value / scale, low=low, high=high, level=effect.level)


def survey_estimate(sample: Sample, design: Design, context: Context) -> TestResult:
    """A weighted mean or proportion over all rows, and by level of a predictor where one is named."""
    if design.target.quantity in ("quantile", "skill"):
        raise NotApplicable("With weights, a mean or a proportion is estimated, and no quantile.")
    drawn = survey_design(sample, design)
    outcome, counted = outcome_of(sample, design)
    if design.target.quantity is not None and (design.target.quantity == "proportion") != counted:
        raise NotApplicable(f"A {design.target.quantity} cannot be taken of {design.target.outcome}.")
    whole = domain("all rows", np.ones(outcome.size, dtype=np.bool_), outcome, drawn)
    low, high = mean_ends(whole, drawn, counted, context.level)
    if low is None:
        raise NotApplicable(f"The values of {design.target.outcome} do not vary, so there is nothing to judge an error by.")
    said = (
        f"share of {design.target.outcome} that is {success_of(sample, design)}" if counted else f"mean of {design.target.outcome}"
    )
    parts: tuple[Domain, ...] = ()
    if design.target.predictors:
        levels, own = levels_of(sample, design.target.predictors[0])
        parts = tuple(domain(level, np.asarray(own == level, dtype=np.bool_), outcome, drawn) for level in levels)
    terms = tuple(domain_term(one, drawn, counted, context.level) for one in parts)
    simple = whole.variance / whole.n
    effect = Effect(
        name=f"weighted {'proportion' if counted else 'mean'}",
        label=f"weighted {said}",
        value=whole.mean,
        low=low,
        high=high,
        level=context.level,
        unit=None if counted else unit_of(sample, design),
    )
    return result_of(
        SURVEY_ESTIMATE,
        sample,
        design,
        effect=effect,
        groups=tuple(group_of(one, outcome, counted) for one in parts or (whole,)),
        measures=survey_measures(drawn, error_of(whole.scores, drawn) ** 2 / simple if simple > 0 else None),
        terms=terms,
        caveats=survey_caveats(drawn, design) + without_ends(terms),
    )


def without_ends(terms: tuple[Term, ...]) -> tuple[str, ...]:
    """Why a group has no interval."""
    names = [term.name for term in terms if term.low is None]
    if not names:
        return ()
    return (f"No interval can be given where the outcome does not vary between sampling units: {', '.join(names)}.",)


@dataclass(frozen=True)
class WeightedFit:
    """Weighted least squares on a matrix's standardised columns and an intercept, which is the first of `coefficients`."""

    matrix: DesignMatrix
    drawn: SurveyDesign
    outcome: FloatArray
    coefficients: FloatArray
    residuals: FloatArray
    covariance: FloatArray
    focus_df: tuple[float, ...]

    @property
    def df(self) -> float:
        """Units less strata, less the slopes."""
        return self.drawn.df - self.matrix.width


def weighted_fit(sample: Sample, design: Design) -> WeightedFit:
    """Fit the design's model. Raises NotApplicable where too few units are left for its coefficients, or no residual."""
    drawn, matrix = survey_design(sample, design), model_of(sample, design)
    if drawn.df - matrix.width < 1:
        raise NotApplicable(
            f"{drawn.n_units} primary sampling units in {drawn.sizes.size} strata cannot judge {matrix.width} coefficients."
        )
    outcome, _ = centred(numeric_values(sample.frame, design.target.outcome), design.target.outcome)
    columns = np.column_stack([np.ones(matrix.n), matrix.columns])
    roots = np.sqrt(drawn.weights)[:, np.newaxis]
    basis, triangle = np.linalg.qr(columns * roots)
    if float(np.min(np.abs(np.diag(triangle)))) < 1e-10 * float(np.max(np.abs(np.diag(triangle)))):
        raise NotApplicable("The rows with weight do not tell the effects of the variables apart; leave one of them out.")
    solver = np.linalg.solve(triangle, basis.T) * roots.T
    coefficients = solver @ outcome
    residuals = outcome - columns @ coefficients
    if float(np.linalg.norm(residuals)) <= EXACT * float(np.linalg.norm(outcome)):
        raise NotApplicable(f"{design.target.outcome} follows exactly from the predictors, so no residual variation is left.")
    covariance = drawn.covariance((solver * residuals).T)
    df = focus_df(matrix.focus, drawn, drawn.df - matrix.width, columns, solver)
    return WeightedFit(matrix, drawn, outcome, coefficients, residuals, covariance, df)


def units_by_level(focus: Block, drawn: SurveyDesign) -> dict[str, int]:
    """Sampling units that have each level of a categorical focus."""
    members = [*(focus.values.T == 1), np.all(focus.values == 0, axis=1)]
    names = (*focus.levels, focus.reference or "")
    return {name: drawn.units_of(rows) for name, rows in zip(names, members, strict=True)} if focus.levels else {}


def focus_df(focus: Block, drawn: SurveyDesign, df: float, columns: FloatArray, solver: FloatArray) -> tuple[float, ...]:
    """Degrees of freedom of the focus's coefficients: `df`, or fewer where few units have a level of it.

    Raises NotApplicable where a single unit has one.
    """
    units = units_by_level(focus, drawn)
    for level, number in units.items():
        if number < 2:
            raise NotApplicable(f"A single sampling unit decides the effect of {level}, so its error is unknown.")
    if min(units.values(), default=FEW_UNITS_IN_LEVEL) >= FEW_UNITS_IN_LEVEL:
        return (df,) * focus.width
    return tuple(min(df, drawn.satterthwaite_df(columns, solver, own)) for own in solver[-focus.width :])


def survey_regression(sample: Sample, design: Design, context: Context) -> TestResult:
    """The first predictor's weighted slope, adjusted difference or joint effect."""
    fit = weighted_fit(sample, design)
    found = standardised_wald(fit.matrix, fit.coefficients[1:], fit.covariance[1:, 1:], fit.df, focus_df=fit.focus_df)
    measures = (*survey_measures(fit.drawn, None), *matrix_measures(fit.matrix))
    caveats = (*survey_caveats(fit.drawn, design), *inflation_caveat(fit.matrix))
    if found.focus.levels:
        caveats += few_units(units_by_level(found.focus, fit.drawn), min(fit.focus_df))
    groups = groups_of(found.focus, sample, design)
    if found.focus.width > 1:
        return joint_result(SURVEY_REGRESSION, found, sample, design, context, groups=groups, measures=measures, caveats=caveats)
    value, error = float(found.slopes[-1]), float(found.errors[-1])
    effect = slope(found, effect_name(found), sample, design, context)
    return result_of(
        SURVEY_REGRESSION,
        sample,
        design,
        statistic_name="t",
        statistic=found.statistic,
        df=(fit.focus_df[-1],),
        p_value=found.p_value(design),
        effect=effect,
        standardised=standardised_slope(effect, fit, found, design),
        groups=groups,
        measures=measures,
        equivalence=two_one_sided_tests(value, error, fit.focus_df[-1], context.delta, context.alpha),
        terms=terms_of(found, context.level),
        minimum_detectable=minimum_detectable(error, fit.focus_df[-1], context.alpha, design.alternative),
        caveats=caveats + slope_delta_caveat(found, design, context),
    )


def effect_name(found: Wald) -> str:
    """What the first predictor's one coefficient is."""
    return f"weighted {adjusted(found)}{'difference of means' if found.focus.levels else 'slope'}"


def standardised_slope(effect: Effect, fit: WeightedFit, found: Wald, design: Design) -> Effect:
    """The coefficient in weighted standard deviations of the outcome, per unweighted one of a numeric predictor."""
    weights = fit.drawn.weights
    mean = float(weights @ fit.outcome) / float(weights.sum())
    scale = 1 / math.sqrt(float(weights @ (fit.outcome - mean) ** 2) / float(weights.sum()))
    name, label = "weighted difference in standard deviations of the outcome", effect.label
    if not found.focus.levels:
        scale *= float(fit.matrix.scales[-1])
        name, label = "standardised weighted slope", f"{design.target.outcome} per standard deviation of {found.focus.column}"
    low, high = (None if end is None else end * scale for end in (effect.low, effect.high))
    return Effect(name=name, label=label, value=effect.value * scale, low=low, high=high, level=effect.level)


def slope_delta_caveat(found: Wald, design: Design, context: Context) -> tuple[str, ...]:
    """How δ is read where the effect is a slope."""
    if context.delta is None or found.focus.levels:
        return ()
    return (
        f"The smallest effect that matters is read as a change of {design.target.outcome} per one unit of {found.focus.column}.",
    )


def draw_domains(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Weighted means with their intervals, by group where there are groups; two groups with their difference beside."""
    effect = result.effect
    whole = Term(name="all rows", estimate=effect.value, low=effect.low, high=effect.high, n=result.n_analysed)
    shown = tuple(reversed(result.terms)) if result.p_value is not None else result.terms or (whole,)
    for place, term in enumerate(shown):
        low, high = (term.estimate if end is None else end for end in (term.low, term.high))
        errors = [[max(0.0, term.estimate - low)], [max(0.0, high - term.estimate)]]
        colour = OKABE_ITO[place % len(OKABE_ITO)]
        axes.errorbar(place, term.estimate, yerr=errors, fmt="o", color=colour, capsize=6, lw=2, ms=8)
    axes.set_xticks(range(len(shown)), [f"{plain(term.name, 18)}\nn = {term.n}" for term in shown])
    axes.set_xlim(-0.7, len(shown) - 0.3)
    what = axis_label(sample.card, design.target.outcome)
    axes.set_ylabel(f"weighted share with {what}" if "proportion" in effect.name else f"weighted mean of {what}")
    if result.p_value is not None:
        draw_effect_panel(axes, effect, None, result.equivalence.delta if result.equivalence else None)
    headline(axes, effect)


def draw_weighted_regression(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Rows with areas by weight and the weighted slope, others held constant; coefficients of a categorical first predictor."""
    fit = weighted_fit(sample, design)
    focus = fit.matrix.focus
    if focus.levels:
        draw_terms(axes, result.terms[: focus.width], 0.0)
        axes.set_xlabel(f"weighted difference of {axis_label(sample.card, design.target.outcome)}")
    else:
        slope_here = float(fit.coefficients[-1]) / float(fit.matrix.scales[-1])
        own = cleared(fit)
        x = own * float(fit.matrix.scales[-1]) + float(fit.matrix.centres[-1])
        mean = float(np.mean(numeric_values(sample.frame, design.target.outcome)))
        y = fit.residuals + slope_here * own * float(fit.matrix.scales[-1]) + mean
        axes.scatter(x, y, s=8 * np.minimum(fit.drawn.weights, 20.0), color=BLUE, alpha=0.5, lw=0, rasterized=True)
        ends = np.array([x.min(), x.max()])
        axes.plot(ends, mean + slope_here * (ends - float(fit.matrix.centres[-1])), color=VERMILLION, lw=2)
        held = ", others held constant" if len(fit.matrix.blocks) > 1 else ""
        axes.set_xlabel(f"{axis_label(sample.card, focus.column)}{held}  (n = {x.size})")
        axes.set_ylabel(axis_label(sample.card, design.target.outcome) + held)
        axes.annotate("areas: weights", (0.99, 0.01), xycoords="axes fraction", ha="right", va="bottom", color=INK, fontsize=8)
    headline(axes, result.effect)


def cleared(fit: WeightedFit) -> FloatArray:
    """The standardised focus less what the other columns say of it, weighted."""
    others = np.column_stack([np.ones(fit.matrix.n), fit.matrix.columns[:, :-1]])
    roots = np.sqrt(fit.drawn.weights)
    own = fit.matrix.columns[:, -1]
    coefficients = np.linalg.lstsq(others * roots[:, np.newaxis], own * roots, rcond=None)[0]
    return np.asarray(own - others @ coefficients, dtype=np.float64)


def usual_difference(case: Case) -> str | None:
    """Two groups of a survey."""
    if case.target.weight is None or case.covariates or len(case.target.predictors) != 1:
        return None
    return "each row stands for a stated number of units, so two groups are compared by weighted means"


def usual_estimate(case: Case) -> str | None:
    """How much, in a survey."""
    if case.target.weight is None or not (case.task == "estimate" or case.expects == "estimate"):
        return None
    return "each row stands for a stated number of units, so the estimate is weighted and its error follows the design"


def usual_regression(case: Case) -> str | None:
    """A regression of a survey."""
    if case.target.weight is None or case.task not in ("affect", "associate", "compare"):
        return None
    return "each row stands for a stated number of units, so the regression is weighted and its errors follow the design"


SOURCE = "Taylor linearisation with primary sampling units drawn with replacement within strata (Binder 1983, Int Stat Rev 51:279)"

SURVEY_MEAN_DIFFERENCE = Method(
    name="survey_mean_difference",
    title="Weighted difference of two groups",
    summary="Does a mean or proportion differ between two groups of the population that a weighted survey stands for?",
    estimand="difference of the population's means or proportions, A − B",
    source=SOURCE,
    tasks=("compare",),
    needs=Needs(
        outcome=NUMERIC | {Kind.BINARY},
        predictor=GROUPING,
        predictors=(1, 1),
        groups=(2, 2),
        weight=True,
        takes=frozenset({"cluster", "stratum"}),
        rows=20,
        per_group=5,
    ),
    run=survey_mean_difference,
    draw=draw_domains,
    prefer=usual_difference,
    asked_for=r"\bweighted (difference|comparison|t[- ]test)|design[- ]based|survey[- ]weighted",
    assumption="By rule, declared weights are sampling weights, and errors follow the declared strata and clusters.",
)

SURVEY_REGRESSION = Method(
    name="survey_regression",
    title="Weighted regression of a survey",
    summary="How does a numeric outcome change with the first predictor in the population that a weighted survey stands for?",
    estimand="slope of the population's least-squares line (or adjusted difference of levels), others held constant",
    source=SOURCE,
    tasks=("affect", "associate"),
    needs=Needs(
        outcome=NUMERIC,
        predictor=NUMERIC | GROUPING,
        predictors=(1, None),
        covariates=NUMERIC | GROUPING,
        weight=True,
        takes=frozenset({"cluster", "stratum"}),
        rows=20,
        per_parameter="rows",
    ),
    run=survey_regression,
    draw=draw_weighted_regression,
    prefer=usual_regression,
    asked_for=r"weighted (linear )?regression|survey regression",
    assumption="By rule, declared weights are sampling weights, and errors follow the declared strata and clusters.",
)

SURVEY_ESTIMATE = Method(
    name="survey_estimate",
    title="Weighted estimate with confidence interval",
    summary="How much, in the population that a weighted survey stands for: a mean or a proportion, per group where one is named.",
    estimand="mean or proportion of the population",
    source=f"{SOURCE}; the interval of a proportion is that of its logit",
    tasks=("estimate",),
    needs=Needs(
        outcome=NUMERIC | GROUPING,
        predictor=GROUPING,
        predictors=(0, 1),
        weight=True,
        takes=frozenset({"cluster", "stratum"}),
        rows=10,
        per_group=1,
    ),
    run=survey_estimate,
    draw=draw_domains,
    prefer=usual_estimate,
    asked_for=r"weighted (mean|average|proportion|share|percentage)",
    assumption="By rule, declared weights are sampling weights, and errors follow the declared strata and clusters.",
)

METHODS: tuple[Method, ...] = (SURVEY_MEAN_DIFFERENCE, SURVEY_REGRESSION, SURVEY_ESTIMATE)
