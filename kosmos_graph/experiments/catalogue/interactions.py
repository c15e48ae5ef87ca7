"""Whether a slope depends on another column: groups with slopes of their own, and products of two numbers (HC3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Group, Term, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_scatter, some
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.noncentrality import one_tail_caveat
from kosmos_graph.experiments.catalogue.plots import INK, OKABE_ITO, headline, number
from kosmos_graph.experiments.catalogue.regression import (
    caveats_of,
    coefficient_terms,
    detectable_share,
    groups_of,
    measures_of,
    partial_omega_squared,
    partial_r_squared,
)
from kosmos_graph.experiments.catalogue.regression_model import Regression, slope_label, slope_unit, undirected_caveat
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.catalogue.wald import require_undirected
from kosmos_graph.experiments.design_matrix import (
    Block,
    DesignMatrix,
    FloatArray,
    block_of,
    centred,
    checked_condition,
    numeric_values,
    standardise,
)
from kosmos_graph.experiments.least_squares import EXACT, FEW_IN_LEVEL, hc3_covariance, intercept_solver, least_squares
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import axis_label, plain
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LINES = 6
LEAST_ROWS = 6
"""An intercept, three coefficients, and two rows to judge them by."""


@dataclass(frozen=True)
class Interaction:
    """A regression whose focus is a product: `moderator` × `along`, the variable whose slope may differ. Both are in the model."""

    regression: Regression
    moderator: Block
    along: Block

    @property
    def width(self) -> int:
        """Columns of the product."""
        return self.regression.focus.width

    def slope_at(self, moderation: FloatArray) -> tuple[float, float]:
        """Slope along `along`, and its HC3 error, where the moderator's columns, less their centres, have these values."""
        combination = np.zeros(self.regression.fit.matrix.width + 1)
        combination[-self.width - self.moderator.width - 1] = 1.0
        combination[-self.width :] = moderation
        variance = float(combination @ self.regression.covariance @ combination)
        return float(combination @ self.regression.estimates), float(np.sqrt(max(variance, 0.0)))


def interaction_of(sample: Sample, design: Design) -> Interaction:
    """Fit covariates, both predictors and their product, whose numbers are taken from their means.

    The moderator is the categorical one of the two predictors, else the second.
    """
    target = design.target
    if len(target.predictors) != 2:
        raise NotApplicable("Whether one effect depends on another column is asked of two predictors.")
    if target.outcome in (*target.predictors, *design.covariates):
        raise NotApplicable(f"{target.outcome} is both the outcome and among the variables that are to explain it.")
    n = len(sample.frame)
    if n < LEAST_ROWS:
        raise NotApplicable(f"{n} complete rows are left after exclusions, too few for slopes that differ.")
    first, second = (block_of(sample, name, target) for name in target.predictors)
    if first.levels and second.levels:
        raise NotApplicable("Both predictors have levels, so no slope can differ; a factorial analysis of variance compares them.")
    moderator, along = (first, second) if first.levels else (second, first)
    others = [block_of(sample, name, target) for name in design.covariates if name not in target.predictors]
    from_mean = centred(along.values[:, 0], along.column)[0][:, np.newaxis]
    values = moderator.values if moderator.levels else centred(moderator.values[:, 0], moderator.column)[0][:, np.newaxis]
    product = Block(f"{along.column} × {moderator.column}", values * from_mean, moderator.levels, moderator.reference)
    blocks = (*others, along, moderator, product)
    width = sum(block.width for block in blocks)
    if n < width + 2:
        raise NotApplicable(f"{n} complete rows cannot determine {width + 1} coefficients and their errors.")
    require_slopes(moderator, along, values)
    columns, centres, scales = standardise(blocks)
    matrix = DesignMatrix(blocks, columns, centres, scales, checked_condition(columns, blocks))
    fit = least_squares(matrix, numeric_values(sample.frame, target.outcome), target.outcome)
    rows = np.vstack([intercept_solver(fit), fit.solver / fit.matrix.scales[:, np.newaxis]])
    found = Regression(fit, hc3_covariance(fit, rows))
    noise = EXACT * np.linalg.norm(fit.residuals) * np.linalg.norm(rows, axis=1)
    if np.any(found.errors[-product.width :] <= noise[-product.width :]):
        raise NotApplicable(f"{target.outcome} does not vary along {along.column} in some group, so the error is unknown.")
    return Interaction(found, moderator, along)


def require_slopes(moderator: Block, along: Block, values: FloatArray) -> None:
    """Raise NotApplicable where a group has no slope of its own."""
    if not moderator.levels:
        return
    members = [*(values.T == 1), np.all(values == 0, axis=1)]
    for level, own in zip((*moderator.levels, moderator.reference), members, strict=True):
        if np.unique(along.values[own, 0]).size < 2:
            raise NotApplicable(f"{along.column} does not vary where {moderator.column} is {level}, so there is no slope there.")


def slope_interaction(method: Method, sample: Sample, design: Design, context: Context) -> TestResult:
    """HC3 t of the product's one coefficient, or Wald F of its several."""
    found = interaction_of(sample, design)
    return (joint_result if found.width > 1 else single_result)(method, found, sample, design, context)


def ancova_interaction(sample: Sample, design: Design, context: Context) -> TestResult:
    """Difference of the slopes of groups."""
    return slope_interaction(ANCOVA_INTERACTION, sample, design, context)


def interaction_regression(sample: Sample, design: Design, context: Context) -> TestResult:
    """How much a slope changes with another column."""
    return slope_interaction(INTERACTION_REGRESSION, sample, design, context)


def single_result(method: Method, found: Interaction, sample: Sample, design: Design, context: Context) -> TestResult:
    """t test of one product."""
    regression = found.regression
    value, error, df = float(regression.estimates[-1]), float(regression.errors[-1]), float(regression.fit.df)
    low, high = t_interval(value, error, df, design.alternative, context.level)
    unit = slope_unit(Block(found.along.column, found.along.values), sample, design)
    if found.moderator.levels:
        name, label = "difference of slopes", f"{found.moderator.levels[0]} − {found.moderator.reference}"
    else:
        per = slope_label(found.moderator, sample, design).split(" per ", 1)[1]
        name, label, unit = "change of slope", f"slope along {found.along.column} per {per}", None
    effect = Effect(name=name, label=label, value=value, low=low, high=high, level=context.level, unit=unit)
    return result_of(
        method,
        sample,
        design,
        statistic_name="t",
        statistic=value / error,
        df=(df,),
        p_value=p_value(value / error, df, design.alternative),
        effect=effect,
        standardised=standardised(effect, found),
        other_effects=(partial_r_squared(regression, label, context.level),),
        groups=described(found, sample, design),
        measures=measures_of(regression.fit),
        equivalence=two_one_sided_tests(value, error, df, context.delta, context.alpha),
        terms=slope_terms(found, context.level) + coefficient_terms(regression, context.level),
        minimum_detectable=minimum_detectable(error, df, context.alpha, design.alternative),
        caveats=caveats(found, sample, design, context),
    )


def joint_result(method: Method, found: Interaction, sample: Sample, design: Design, context: Context) -> TestResult:
    """Wald F of the differences of all slopes."""
    require_undirected(design)
    regression = found.regression
    statistic, df = regression.wald_f, (float(found.width), float(regression.fit.df))
    p = float(stats.f.sf(statistic, *df))
    label = f"slopes of {design.target.outcome} along {found.along.column}, by {found.moderator.column}"
    effect = partial_omega_squared(statistic, df, regression.fit.matrix.n, label, context.level)
    return result_of(
        method,
        sample,
        design,
        statistic_name="F",
        statistic=statistic,
        df=df,
        p_value=p,
        effect=effect,
        other_effects=(partial_r_squared(regression, label, context.level),),
        groups=described(found, sample, design),
        measures=measures_of(regression.fit),
        terms=slope_terms(found, context.level) + coefficient_terms(regression, context.level),
        minimum_detectable=detectable_share(df, regression.fit.matrix.n, context.alpha),
        caveats=caveats(found, sample, design, context)
        + undirected_caveat(context)
        + one_tail_caveat(p, effect.low, context.alpha, effect.name),
    )


def standardised(effect: Effect, found: Interaction) -> Effect:
    """The effect in standard deviations of outcome and predictors; the interval is scaled as if those were known."""
    fit = found.regression.fit
    scale = float(np.std(found.along.values, ddof=1)) / float(np.std(fit.outcome, ddof=1))
    if not found.moderator.levels:
        scale *= float(np.std(found.moderator.values, ddof=1))
    low, high = (None if end is None else end * scale for end in (effect.low, effect.high))
    name = f"{effect.name}, in standard deviations"
    return Effect(name=name, label=effect.label, value=effect.value * scale, low=low, high=high, level=effect.level)


def described(found: Interaction, sample: Sample, design: Design) -> tuple[Group, ...]:
    """The outcome by group, or of all rows."""
    return groups_of(found.moderator, sample, design)


def moments(found: Interaction) -> tuple[tuple[str, FloatArray], ...]:
    """Where slopes are told: in each level, or at the moderator's mean and one standard deviation below and above it."""
    moderator = found.moderator
    if moderator.levels:
        shown = ((*moderator.levels, moderator.reference or ""), (*np.eye(moderator.width), np.zeros(moderator.width)))
        return tuple(zip(*shown, strict=True))
    values = moderator.values[:, 0]
    sd = float(np.std(values, ddof=1))
    at = (("one SD below the mean", -sd), ("the mean", 0.0), ("one SD above the mean", sd))
    return tuple((f"{moderator.column} at {words}", np.array([value])) for words, value in at)


def slope_terms(found: Interaction, level: float) -> tuple[Term, ...]:
    """The slope in each group, or at three values of a moderator that is a number; not adjusted."""
    df, terms = float(found.regression.fit.df), []
    for name, moderation in moments(found):
        value, error = found.slope_at(moderation)
        if not error > 0:
            continue
        low, high = t_interval(value, error, df, "two-sided", level)
        p = p_value(value / error, df, "two-sided")
        terms.append(Term(name=f"slope, {name}", estimate=value, low=low, high=high, statistic=value / error, p_value=p))
    return tuple(terms)


def few_in_group(moderator: Block) -> tuple[str, ...]:
    """That HC3 errors are a little too small where a group has few rows."""
    if moderator.smallest_level is None or moderator.smallest_level >= FEW_IN_LEVEL:
        return ()
    return (
        f"The smallest group has {moderator.smallest_level} rows, so p and the interval are a little too hopeful: up to 11 % "
        "of such differences of slopes are wrong at 5 %.",
    )


def caveats(found: Interaction, sample: Sample, design: Design, context: Context) -> tuple[str, ...]:
    """What makes the fit fragile, and how its coefficients and δ are read."""
    said = [
        *caveats_of(found.regression.fit),
        *few_in_group(found.moderator),
        f"The coefficients of {found.along.column} and {found.moderator.column} themselves hold at the other's mean or reference.",
    ]
    if context.delta is not None and found.width == 1:
        said.append(f"The smallest effect that matters is read as a difference of slopes of {design.target.outcome}.")
    return tuple(said)


def draw_slopes(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The rows, and a line for each group or three values of the moderator, covariates at their means."""
    found = interaction_of(sample, design)
    fit, along = found.regression.fit, found.along.values[:, 0]
    y = numeric_values(sample.frame, design.target.outcome)
    others = fit.matrix.width - found.width - found.moderator.width - 1
    y = y - fit.matrix.columns[:, :others] @ fit.coefficients[:others]
    moderator = found.moderator
    if not moderator.levels:
        draw_scatter(axes, along, y)
    for place, (name, moderation) in enumerate(moments(found)[:MOST_LINES]):
        colour = OKABE_ITO[place % len(OKABE_ITO)]
        own = np.all(moderator.values == moderation, axis=1) if moderator.levels else np.ones(along.size, dtype=np.bool_)
        if moderator.levels:
            shown = np.flatnonzero(own)[some(int(own.sum()))]
            axes.plot(along[shown], y[shown], "o", ms=3.4, mec="none", color=colour, alpha=0.45, rasterized=True)
        ends = np.array([along[own].min(), along[own].max()])
        n = f", n = {int(own.sum())}" if moderator.levels else ""
        slope = found.slope_at(moderation)[0]
        base = level_at_mean(found, moderation)
        style = "-" if moderator.levels else ("--", "-", ":")[place]
        label = f"{plain(name, 30)}: {number(slope)}{n}"
        axes.plot(ends, base + slope * (ends - np.mean(along)), style, color=colour, lw=2, label=label)
    cleared = ", others held constant" if others else ""
    axes.set_xlabel(f"{axis_label(sample.card, found.along.column)}   (n = {result.n_analysed})")
    axes.set_ylabel(axis_label(sample.card, design.target.outcome) + cleared)
    axes.legend(frameon=False, title="slope", labelcolor=INK)
    headline(axes, result.effect)


def level_at_mean(found: Interaction, moderation: FloatArray) -> float:
    """The fitted outcome at the mean of `along` and of the covariates, where the moderator has these values."""
    fit, width = found.regression.fit, found.width
    product = fit.slopes[-width:] @ fit.matrix.centres[-width:]
    own = fit.slopes[-width - found.moderator.width : -width]
    centre = fit.matrix.centres[-width - found.moderator.width : -width] if found.moderator.levels else 0.0
    return fit.mean - float(product) + float(own @ (moderation - centre))


def slopes_by_group(case: Case) -> str | None:
    """A group and a number."""
    kinds = [case.card.column(name) for name in case.target.predictors]
    if case.task != "interact" or len(kinds) != 2 or None in kinds:
        return None
    return "whether a slope differs between groups is asked, and the errors allow unequal spread"


def products(case: Case) -> str | None:
    """A number first."""
    if case.task != "interact" or len(case.target.predictors) != 2:
        return None
    return "whether a slope changes with another column is asked, and the errors allow unequal spread"


SOURCE = "ordinary least squares with a product of the predictors; HC3 errors of MacKinnon and White 1985, J Econometrics 29:305"

ANCOVA_INTERACTION = Method(
    name="ancova_interaction",
    title="Analysis of covariance with interaction (HC3)",
    summary="Does the slope of a numeric outcome along a number differ between groups?",
    estimand="difference of the outcome's slopes along the second predictor between the groups, A minus B",
    source=SOURCE,
    tasks=("interact",),
    needs=Needs(
        outcome=NUMERIC,
        predictor=GROUPING,
        predictors=(2, 2),
        groups=(2, None),
        second=NUMERIC,
        covariates=NUMERIC | GROUPING,
        interaction=True,
        rows=12,
        per_group=5,
        per_parameter="rows",
    ),
    run=ancova_interaction,
    draw=draw_slopes,
    prefer=slopes_by_group,
    asked_for=r"\b(?:different|equal|parallel|homogeneity of|difference of|differences? in) (?:regression )?slopes\b"
    r"|\b(?:ancova|analysis of covariance) with interaction\b",
    assumption="By rule, each group has a straight line of its own.",
)

INTERACTION_REGRESSION = Method(
    name="interaction_regression",
    title="Regression with interaction (HC3)",
    summary="How much does the slope of a numeric outcome along a number change with another column?",
    estimand="change of the outcome's slope along the first predictor per unit, or between the levels, of the second",
    source=SOURCE,
    tasks=("interact",),
    needs=Needs(
        outcome=NUMERIC,
        predictor=NUMERIC,
        predictors=(2, 2),
        second=NUMERIC | GROUPING,
        covariates=NUMERIC | GROUPING,
        interaction=True,
        rows=12,
        per_parameter="rows",
    ),
    run=interaction_regression,
    draw=draw_slopes,
    prefer=products,
    asked_for=r"\bmoderat(?:es?|ion|or|ing)\b|\bregression with (?:an )?interaction\b",
    assumption="By rule, the slope changes in a straight line with the second predictor.",
)

METHODS: tuple[Method, ...] = (ANCOVA_INTERACTION, INTERACTION_REGRESSION)
