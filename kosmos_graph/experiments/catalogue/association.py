"""Correlations of two ordered variables: Pearson, Spearman, Kendall, and the partial correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Group, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_line, draw_scatter
from kosmos_graph.experiments.catalogue.describe import describe, share_of_ties
from kosmos_graph.experiments.catalogue.group_plots import name_levels
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC, RANKED
from kosmos_graph.experiments.catalogue.observed import Arm, numbers
from kosmos_graph.experiments.catalogue.plots import INK, SKY, headline
from kosmos_graph.experiments.catalogue.regression import coefficient_p, coefficient_term
from kosmos_graph.experiments.catalogue.regression_model import Regression, adjusting_columns, regression_of, slope_effect
from kosmos_graph.experiments.catalogue.regression_plots import draw_added_variable
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.tails import clipped, p_value, t_interval
from kosmos_graph.experiments.design_matrix import FloatArray, centred, design_matrix, numeric_values
from kosmos_graph.experiments.least_squares import EXACT, Fit, least_squares, white
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import axis_label
from kosmos_graph.experiments.power import minimum_detectable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_ROWS = 5
UNEVEN = 0.05
"""White p up to which the rows are said not to spread alike."""
MOST_ORDERED = 8
"""Rows up to which every order is looked at: 40,320 of them."""
MOST_COMPARED = 4000
"""Rows all of whose pairs are compared for the error of Kendall's tau; of more, so many that lie evenly apart."""
PAIRS_AT_ONCE = 1_000_000


def two_columns(sample: Sample, design: Design) -> tuple[FloatArray, FloatArray]:
    """Outcome and first predictor as numbers, ordered levels as their codes.

    Raises NotApplicable where either is constant or fewer than five rows are complete.
    """
    target = design.target
    if not target.predictors:
        raise NotApplicable("A correlation needs a second column, and none is named.")
    if target.predictors[0] == target.outcome:
        raise NotApplicable(f"{target.outcome} cannot be correlated with itself.")
    if len(sample.frame) < LEAST_ROWS:
        raise NotApplicable(f"{len(sample.frame)} complete rows are left; a correlation needs at least {LEAST_ROWS}.")
    outcome, predictor = (numbers(sample.frame, column)[0] for column in (target.outcome, target.predictors[0]))
    centred(outcome, target.outcome)
    centred(predictor, target.predictors[0])
    return outcome, predictor


def label_of(design: Design) -> str:
    """Both variables' names."""
    return f"{design.target.outcome} with {design.target.predictors[0]}"


@dataclass(frozen=True)
class Correlation:
    """A correlation and, because it loses digits near ±1, the length `rest` = √(1 − r²) of what it leaves over."""

    r: float
    rest: float

    def t(self, df: float) -> float:
        """Student's t."""
        return self.r * math.sqrt(df) / self.rest

    @property
    def fisher_z(self) -> float:
        """atanh(r)."""
        return math.copysign(math.log((1 + abs(self.r)) / self.rest), self.r)

    @property
    def perfect(self) -> bool:
        """Whether nothing is left over."""
        return self.rest <= EXACT


def correlate(x: FloatArray, y: FloatArray, names: tuple[str, str]) -> Correlation:
    """Pearson's correlation of two columns of these names."""
    unit_x, unit_y = (centred(values, name)[0] for values, name in zip((x, y), names, strict=True))
    unit_x, unit_y = unit_x / np.linalg.norm(unit_x), unit_y / np.linalg.norm(unit_y)
    r = float(unit_x @ unit_y)
    return Correlation(min(max(r, -1.0), 1.0), float(np.linalg.norm(unit_y - r * unit_x)))


def z_effect(
    name: str, label: str, found: Correlation, error: float, design: Design, context: Context, df: float | None = None
) -> Effect:
    """A correlation whose Fisher z has the standard error `error`, normal or by Student's t with `df`; a perfect one has no
    interval.
    """
    low: float | None = None
    high: float | None = None
    if not found.perfect:
        ends = t_interval(found.fisher_z, error, df, design.alternative, context.level)
        low, high = (None if end is None else math.tanh(end) for end in ends)
        low, high = clipped((low, high), -1.0, 1.0)
    return Effect(name=name, label=label, value=found.r, low=low, high=high, level=context.level)


def detectable(error: float, design: Design, context: Context) -> float | None:
    """Correlation that is detected with 80 % power, where Fisher's z has standard error `error` at the null."""
    found = minimum_detectable(error, None, context.alpha, design.alternative)
    return None if found is None else math.tanh(found)


def delta_caveat(context: Context) -> tuple[str, ...]:
    """That no equivalence can be tested on a correlation."""
    if context.delta is None:
        return ()
    return ("The smallest effect that matters is in units of the outcome, so it cannot be held against a correlation.",)


def described(sample: Sample, design: Design) -> tuple[Group, ...]:
    """Both variables, each as a group of all rows."""
    return tuple(describe(Arm(name, *numbers(sample.frame, name))) for name in (design.target.outcome, design.target.predictors[0]))


def pearson(sample: Sample, design: Design, context: Context) -> TestResult:
    """Pearson's r with Student's t; the slope of the outcome (HC3) stands beside."""
    outcome, predictor = two_columns(sample, design)
    found = correlate(predictor, outcome, (design.target.predictors[0], design.target.outcome))
    if found.perfect:
        raise NotApplicable("The rows lie exactly on a line: one variable is computed from the other, and nothing is left to test.")
    df, error = float(outcome.size - 2), 1 / math.sqrt(outcome.size - 3)
    simple = alone(design)
    slope = regression_of(sample, simple)
    return result_of(
        PEARSON,
        sample,
        design,
        statistic_name="t",
        statistic=found.t(df),
        df=(df,),
        p_value=p_value(found.t(df), df, design.alternative),
        effect=z_effect("Pearson correlation", label_of(design), found, error, design, context),
        other_effects=(slope_effect(slope, sample, simple, context),),
        groups=described(sample, design),
        measures=(spread_measure(slope.fit),),
        terms=(slope_term(slope, design, context),),
        minimum_detectable=detectable(error, design, context),
        caveats=uneven_caveat(slope, design) + apart_caveat(slope, found.t(df), df, context) + delta_caveat(context),
    )


def spread_measure(fit: Fit) -> Measure:
    """Whether the rows spread alike, as the t of a correlation takes for granted."""
    meaning = "small where the outcome spreads more at one end or at both ends of the line; p takes rows that spread alike"
    return Measure(name="White p", value=white(fit), meaning=meaning)


def slope_term(found: Regression, design: Design, context: Context) -> Term:
    """The slope with the HC3 test, which lets rows spread as they do: of another quantity, and 0 where the correlation is."""
    place, name = len(found.estimates) - 1, f"slope of {design.target.outcome} on {design.target.predictors[0]} (HC3)"
    return coefficient_term(found, place, name, coefficient_p(found, place), None, context.level)


def uneven_caveat(found: Regression, design: Design) -> tuple[str, ...]:
    """That p is too small where the spread grows along the line: of 80 and of 300 such rows 34 and 37 % were correlated at 5 %
    where the mean of the outcome does not change, and by the slope's HC3 test 8 and 6 %.
    """
    if white(found.fit) > UNEVEN:
        return ()
    return (
        f"The spread of {design.target.outcome} changes with {design.target.predictors[0]} or a covariate, and p and the interval "
        "of the correlation take rows that spread alike, so they may be far too hopeful; the slope's, among the terms, do not.",
    )


def apart_caveat(found: Regression, t: float, df: float, context: Context) -> tuple[str, ...]:
    """That the two-sided tests of the correlation and of its slope, which are 0 together, do not agree."""
    own, slopes = p_value(t, df, "two-sided"), coefficient_p(found, len(found.estimates) - 1)
    if (own <= context.alpha) == (slopes <= context.alpha):
        return ()
    return (
        f"The two-sided p of the correlation is {own:.2g}, and that of its slope, which lets rows spread as they do, {slopes:.2g}: "
        f"they lie on different sides of {context.alpha:g}, so the result hangs on rows that spread alike.",
    )


def alone(design: Design) -> Design:
    """The design with its first predictor and nothing else."""
    target = design.target.model_copy(update={"predictors": design.target.predictors[:1]})
    return design.model_copy(update={"covariates": (), "target": target})


def spearman(sample: Sample, design: Design, context: Context) -> TestResult:
    """Spearman's rho with Student's t and the interval of Bonett and Wright; for few rows or a rho of ±1, p by counting orders."""
    outcome, predictor = two_columns(sample, design)
    ranks = stats.rankdata(predictor), stats.rankdata(outcome)
    found = correlate(*ranks, (design.target.predictors[0], design.target.outcome))
    n, df = outcome.size, float(outcome.size - 2)
    statistic = None if found.perfect else found.t(df)
    return result_of(
        SPEARMAN,
        sample,
        design,
        statistic_name=None if statistic is None else "t",
        statistic=statistic,
        df=() if statistic is None else (df,),
        p_value=spearman_p(ranks, found, df, design),
        effect=z_effect(
            "Spearman correlation", label_of(design), found, math.sqrt((1 + found.r**2 / 2) / (n - 3)), design, context
        ),
        groups=described(sample, design),
        measures=tie_measures(outcome, predictor, design),
        minimum_detectable=detectable(1 / math.sqrt(n - 3), design, context),
        caveats=delta_caveat(context) + few_rows_caveat(n),
    )


def spearman_p(ranks: tuple[FloatArray, FloatArray], found: Correlation, df: float, design: Design) -> float:
    """p by all orders up to eight rows, where Student's t rejects 8 % at 5 %; else by Student's t."""
    if found.perfect:
        return p_of_perfect_order(ranks[1], found.r, design)
    if ranks[0].size > MOST_ORDERED:
        return p_value(found.t(df), df, design.alternative)
    first, second = (one - one.mean() for one in ranks)
    products = np.array(list(permutations(second.tolist()))) @ first
    reached = float(first @ second)
    above, below = float(np.mean(products >= reached - 1e-9)), float(np.mean(products <= reached + 1e-9))
    tails = {"two-sided": min(1.0, 2 * min(above, below)), "greater": above, "less": below}
    return tails[design.alternative]


def p_of_perfect_order(ranks: FloatArray, r: float, design: Design) -> float:
    """Share of all orders of the rows that agree perfectly with one of them (both directions where two-sided)."""
    _, counts = np.unique(ranks, return_counts=True)
    one_side = math.exp(sum(math.lgamma(count + 1) for count in counts.tolist()) - math.lgamma(ranks.size + 1))
    match design.alternative:
        case "two-sided":
            return min(1.0, 2 * one_side)
        case "greater":
            return one_side if r > 0 else 1.0
        case "less":
            return one_side if r < 0 else 1.0


def few_rows_caveat(n: int) -> tuple[str, ...]:
    """That p rests on an approximation for few rows."""
    return ("There are few rows, so the p of the rank correlation is only approximate.",) if n < 10 else ()


def tie_measures(outcome: FloatArray, predictor: FloatArray, design: Design) -> tuple[Measure, ...]:
    """Share of tied values of both variables."""
    columns = ((design.target.outcome, outcome), (design.target.predictors[0], predictor))
    found = ((name, share_of_ties(values)) for name, values in columns)
    return tuple(measure.model_copy(update={"name": f"{measure.name}, {name}"}) for name, measure in found)


def kendall(sample: Sample, design: Design, context: Context) -> TestResult:
    """Kendall's tau-b; p is exact without ties in few rows, else by the normal approximation."""
    outcome, predictor = two_columns(sample, design)
    n = outcome.size
    test = stats.kendalltau(predictor, outcome, variant="b", method="auto", alternative=design.alternative)
    tau = snapped(float(test.statistic))
    found = Correlation(tau, math.sqrt((1 - tau) * (1 + tau)))
    error = math.sqrt(0.437 / (n - 4))
    if not found.perfect:
        error = max(error, tau_error(predictor, outcome, tau) / found.rest**2)
    return result_of(
        KENDALL,
        sample,
        design,
        statistic_name="tau-b",
        statistic=tau,
        p_value=min(1.0, float(test.pvalue)),
        effect=z_effect("Kendall tau-b", label_of(design), found, error, design, context, float(n - 2)),
        groups=described(sample, design),
        measures=tie_measures(outcome, predictor, design),
        minimum_detectable=detectable(error, design, context),
        caveats=delta_caveat(context),
    )


def tau_error(x: FloatArray, y: FloatArray, tau: float) -> float:
    """Standard error of tau-b from how far each row's own pairs depart from it, valid with ties (Cliff and Charlin 1991, Multivar
    Behav Res 26:693, for tau without ties; here by the influence of each row on tau-b).
    """
    n = x.size
    rows = np.arange(n) if n <= MOST_COMPARED else np.linspace(0, n - 1, MOST_COMPARED).astype(np.intp)
    x, y = x[rows], y[rows]
    block = max(1, PAIRS_AT_ONCE // rows.size)
    parts = []
    for begin in range(0, rows.size, block):
        signs = [np.sign(values[begin : begin + block, np.newaxis] - values) for values in (x, y)]
        parts.append(np.array([(signs[0] * signs[1]).sum(axis=1), *(np.abs(sign).sum(axis=1) for sign in signs)]))
    alike, untied_x, untied_y = np.concatenate(parts, axis=1)
    total_x, total_y = float(untied_x.sum()), float(untied_y.sum())
    if total_x == 0 or total_y == 0:
        return 0.0
    influence = alike / math.sqrt(total_x * total_y) - tau / 2 * (untied_x / total_x + untied_y / total_y)
    return 2 * rows.size * float(np.std(influence, ddof=1)) / math.sqrt(n)


def snapped(r: float) -> float:
    """A correlation, ±1 where rounding alone keeps it from there."""
    return math.copysign(1.0, r) if abs(r) > 1 - EXACT else r


def partial_correlation(sample: Sample, design: Design, context: Context) -> TestResult:
    """Correlation of the residuals of outcome and first predictor on the covariates (and any further predictors)."""
    two_columns(sample, design)
    others = adjusting_columns(design)
    if not others:
        raise NotApplicable("A partial correlation needs a covariate to hold constant, and none is named.")
    fit = cleared_fit(sample, design)
    found, df = partial_of(fit), float(fit.df)
    if df < 2:
        raise NotApplicable(f"{fit.matrix.n} complete rows are too few to hold so many covariates constant.")
    slope = regression_of(sample, design)
    error = 1 / math.sqrt(df - 1)
    label = f"{label_of(design)}, given {', '.join(others)}"
    return result_of(
        PARTIAL_CORRELATION,
        sample,
        design,
        statistic_name="t",
        statistic=found.t(df),
        df=(df,),
        p_value=p_value(found.t(df), df, design.alternative),
        effect=z_effect("partial correlation", label, found, error, design, context),
        other_effects=(slope_effect(slope, sample, design, context),),
        groups=described(sample, design),
        measures=(spread_measure(fit),),
        terms=(slope_term(slope, design, context),),
        minimum_detectable=detectable(error, design, context),
        caveats=uneven_caveat(slope, design) + apart_caveat(slope, found.t(df), df, context) + delta_caveat(context),
    )


def cleared_fit(sample: Sample, design: Design) -> Fit:
    """Least squares of the outcome on the covariates and, last, the first predictor, which is numeric."""
    outcome, predictor = design.target.outcome, design.target.predictors[0]
    if outcome in adjusting_columns(design):
        raise NotApplicable(f"{outcome} is both the outcome and among the variables to hold constant.")
    matrix = design_matrix(sample, design.target, predictor, adjusting_columns(design))
    if matrix.focus.levels:
        raise NotApplicable(f"A partial correlation needs numbers, and {predictor} has levels.")
    return least_squares(matrix, numeric_values(sample.frame, outcome), outcome)


def partial_of(fit: Fit) -> Correlation:
    """The partial correlation that a fit's last column has with its outcome."""
    explained, left = fit.focus_sum_of_squares, fit.residual_sum_of_squares
    sign = float(np.sign(fit.coefficients[-1]))
    return Correlation(sign * math.sqrt(explained / (explained + left)), math.sqrt(left / (explained + left)))


def draw_association(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The rows as points (of two ordered columns their counts), and for Pearson's correlation the line of least squares."""
    outcome, predictor = two_columns(sample, design)
    if not any(numbers(sample.frame, name)[1] for name in (design.target.outcome, design.target.predictors[0])):
        draw_tally(axes, predictor, outcome)
    else:
        draw_scatter(axes, predictor, outcome)
    if result.method == "pearson":
        slope = result.other_effects[0].value
        draw_line(axes, predictor, slope, (float(np.mean(predictor)), float(np.mean(outcome))))
    for axis, column in ((axes.xaxis, design.target.predictors[0]), (axes.yaxis, design.target.outcome)):
        axis.set_label_text(axis_label(sample.card, column))
        name_levels(axis, sample, column)
    headline(axes, result.effect)


def draw_tally(axes: Axes, x: FloatArray, y: FloatArray) -> None:
    """How many rows have each pair of levels, as areas and numbers: points would hide one another."""
    places, counts = np.unique(np.column_stack([x, y]), axis=0, return_counts=True)
    axes.scatter(places[:, 0], places[:, 1], s=900 * counts / counts.max(), color=SKY, lw=0)
    for (across, up), count in zip(places, counts, strict=True):
        axes.text(across, up, str(count), ha="center", va="center", color=INK)
    axes.margins(0.2)


def draw_partial(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Outcome and predictor, each cleared of the covariates."""
    draw_added_variable(axes, cleared_fit(sample, design), sample, design)
    headline(axes, result.effect)


PEARSON = Method(
    name="pearson",
    title="Pearson correlation",
    summary="Do two numeric variables rise and fall together along a straight line?",
    estimand="linear correlation of outcome and predictor",
    source="scipy.stats.pearsonr, for rows that spread alike along the line; interval by Fisher's z",
    tasks=("associate",),
    needs=Needs(outcome=NUMERIC, predictor=NUMERIC, predictors=(1, 1), rows=5),
    run=pearson,
    draw=draw_association,
    sensitivity=("spearman",),
    asked_for=r"\bpearson(?!'?s? chi)",
)

SPEARMAN = Method(
    name="spearman",
    title="Spearman rank correlation",
    summary="Do two ordered variables rise and fall together, in any monotone way? Little moved by outliers.",
    estimand="correlation of the ranks of outcome and predictor",
    source="scipy.stats.spearmanr; interval of Bonett and Wright 2000, Psychometrika 65:23",
    tasks=("associate",),
    needs=Needs(outcome=RANKED, predictor=RANKED, predictors=(1, 1), rows=5),
    run=spearman,
    draw=draw_association,
    sensitivity=("kendall",),
    asked_for=r"\bspearman|\brank correlation|\bmonoton",
)

KENDALL = Method(
    name="kendall",
    title="Kendall rank correlation (tau-b)",
    summary="Do pairs of rows tend to be ordered alike in two ordered variables? Suits few rows, many ties and ordinal levels.",
    estimand="excess of concordant over discordant pairs of rows, corrected for ties",
    source="scipy.stats.kendalltau; interval by Fisher's z with the rows' own error (Cliff and Charlin 1991, Multivar Behav Res "
    "26:693), at least that of Fieller, Hartley and Pearson 1957, Biometrika 44:470",
    tasks=("associate",),
    needs=Needs(outcome=RANKED, predictor=RANKED, predictors=(1, 1), rows=5),
    run=kendall,
    draw=draw_association,
    sensitivity=("spearman",),
    asked_for=r"\bkendall",
)

PARTIAL_CORRELATION = Method(
    name="partial_correlation",
    title="Partial correlation",
    summary="Are two numeric variables correlated, with the covariates held constant?",
    estimand="linear correlation of outcome and predictor, each cleared of the covariates",
    source="correlation of least-squares residuals; interval by Fisher's z (Fisher 1924, Metron 3:329)",
    tasks=("associate",),
    needs=Needs(outcome=NUMERIC, predictor=NUMERIC, predictors=(1, 1), covariates=NUMERIC | GROUPING, adjusts=True, rows=6),
    run=partial_correlation,
    draw=draw_partial,
    sensitivity=("pearson",),
    asked_for=r"\bpartial correlation|\bpartially correlated",
)

METHODS: tuple[Method, ...] = (PEARSON, SPEARMAN, KENDALL, PARTIAL_CORRELATION)
