"""Factorial analysis of variance of cell means whose spreads may differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.describe import (
    describe,
    mean,
    skewness_caveats,
    skewness_measures,
    spread,
    spread_ratio,
)
from kosmos_graph.experiments.catalogue.group_plots import mean_whiskers
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.location import largest
from kosmos_graph.experiments.catalogue.noncentrality import one_tail_caveat
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.catalogue.omega import OmnibusF, detectable_share, explained_ends
from kosmos_graph.experiments.catalogue.plots import OKABE_ITO, headline
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.contrast import contrast
from kosmos_graph.experiments.design_matrix import FloatArray, numeric_values
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import axis_label, plain
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CELLS = 60
SMALL_CELL = 10
"""Rows below which a cell that spreads more than the others makes p too small: with four of 108 rows, 7 % at 5 %."""
MARKERS = "osD^vP"


@dataclass(frozen=True)
class Cells:
    """The outcome by every combination of the factors' levels, the last factor's varying fastest; of two levels, A stands first."""

    factors: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    arms: tuple[Arm, ...]

    @property
    def n(self) -> int:
        """Rows."""
        return sum(arm.n for arm in self.arms)

    @property
    def means(self) -> FloatArray:
        """Cell means, from a value that all share."""
        base = float(self.arms[0].values[0])
        return np.array([mean(arm.values - base) for arm in self.arms])

    @property
    def variances(self) -> FloatArray:
        """Squared standard errors of the cell means."""
        return np.array([(spread(arm.values) or 0.0) ** 2 / arm.n for arm in self.arms])

    @property
    def slack(self) -> FloatArray:
        """One over each cell's degrees of freedom."""
        return np.array([1 / (arm.n - 1) for arm in self.arms])


def cells_of(sample: Sample, design: Design) -> Cells:
    """The cells. Raises NotApplicable where one has fewer than two rows, or none varies."""
    target = design.target
    if len(target.predictors) < 2:
        raise NotApplicable("A factorial analysis of variance needs two predictors with levels.")
    values = numeric_values(sample.frame, target.outcome)
    levels = tuple(ordered_levels(sample, design, name) for name in target.predictors)
    count = math.prod(len(own) for own in levels)
    if count > MOST_CELLS:
        raise NotApplicable(f"The predictors' levels make {count} combinations, more than {MOST_CELLS}; name fewer predictors.")
    columns = [sample.frame[name].astype(object).to_numpy() for name in target.predictors]
    arms = []
    for combination in product(*levels):
        own = np.logical_and.reduce([column == level for column, level in zip(columns, combination, strict=True)])
        if int(own.sum()) < 2:
            raise NotApplicable(
                f"The combination {', '.join(combination)} has {int(own.sum())} complete rows; every one needs two at least."
            )
        arms.append(Arm(", ".join(combination), values[own]))
    if not max(spread(arm.values) or 0.0 for arm in arms) > 1e-14 * largest(values):
        raise NotApplicable(f"{target.outcome} does not vary within any combination of levels.")
    return Cells(target.predictors, levels, tuple(arms))


def ordered_levels(sample: Sample, design: Design, name: str) -> tuple[str, ...]:
    """The levels of a factor; of two, A of the contrast first."""
    series = sample.frame[name]
    if not isinstance(series.dtype, pd.CategoricalDtype):
        raise NotApplicable(f"The column {name} does not hold levels.")
    present = [str(level) for level in series.cat.remove_unused_categories().cat.categories]
    if len(present) < 2:
        raise NotApplicable(f"{name} has the same value in all {len(series)} rows, so nothing can depend on it.")
    target = design.target if name == design.target.predictors[0] else design.target.model_copy(update={"levels": None})
    pair = contrast(target, present, sample.card.column(name)) if len(present) == 2 else tuple(present)
    if set(pair) != set(present):
        raise NotApplicable("A level that the design compares has no rows after exclusions.")
    return pair


Factors = tuple[int, ...]
"""Places of the factors of an effect: one for a main effect, more for an interaction."""


def projection(cells: Cells, effect: Factors) -> FloatArray:
    """What projects cell means on an effect, all combinations weighing alike (the hypotheses of type III)."""
    parts = []
    for place, levels in enumerate(cells.levels):
        k = len(levels)
        even = np.full((k, k), 1 / k)
        parts.append(np.eye(k) - even if place in effect else even)
    return np.asarray(reduce(np.kron, parts), dtype=np.float64)


def anova_type_f(cells: Cells, effect: Factors) -> OmnibusF:
    """The ANOVA-type statistic with its two estimated degrees of freedom (Brunner, Dette and Munk 1997, JASA 92:1494)."""
    onto, means, variances = projection(cells, effect), cells.means, cells.variances
    spread_of = onto * variances
    trace = float(np.trace(spread_of))
    if not trace > 0:
        raise NotApplicable("The cells do not vary, so there is nothing to judge the effect by.")
    own = np.diag(onto) * variances
    first, second = trace**2 / float(np.sum(spread_of * spread_of.T)), trace**2 / float(np.sum(own**2 * cells.slack))
    rank = math.prod(len(cells.levels[place]) - 1 for place in effect)
    return OmnibusF(float(means @ onto @ means) / trace, (first, second), cells.n * first / rank)


def single_contrast(cells: Cells, effect: Factors) -> FloatArray | None:
    """A − B of the means over all other combinations (of A − B, for an interaction); None where a factor has more levels."""
    if any(len(cells.levels[place]) != 2 for place in effect):
        return None
    parts = [
        np.array([1.0, -1.0]) if place in effect else np.full(len(own), 1 / len(own)) for place, own in enumerate(cells.levels)
    ]
    return np.asarray(reduce(np.kron, parts), dtype=np.float64)


def name_of(cells: Cells, effect: Factors) -> str:
    """An effect's name."""
    return " × ".join(cells.factors[place] for place in effect)


def factorial_anova(sample: Sample, design: Design, context: Context) -> TestResult:
    """The first predictor's main effect, or the interaction of the first two where that is asked; all effects as terms."""
    cells = cells_of(sample, design)
    effect = (0, 1) if design.target.interaction else (0,)
    weights = single_contrast(cells, effect)
    if weights is None:
        return joint_result(cells, effect, sample, design, context)
    return single_result(cells, effect, weights, sample, design, context)


def single_result(
    cells: Cells, effect: Factors, weights: FloatArray, sample: Sample, design: Design, context: Context
) -> TestResult:
    """Satterthwaite's t of an effect of one degree of freedom."""
    value = float(weights @ cells.means)
    parts = weights**2 * cells.variances
    error, df = math.sqrt(float(parts.sum())), float(parts.sum() ** 2 / np.sum(parts**2 * cells.slack))
    low, high = t_interval(value, error, df, design.alternative, context.level)
    labels = [f"{cells.levels[place][0]} − {cells.levels[place][1]}" for place in effect]
    name = "difference of marginal means" if len(effect) == 1 else "difference of differences"
    label = labels[0] if len(effect) == 1 else f"{labels[0]}, {labels[1]}"
    found = Effect(name=name, label=label, value=value, low=low, high=high, level=context.level, unit=unit_of(sample, design))
    return result_of(
        FACTORIAL_ANOVA,
        sample,
        design,
        statistic_name="t",
        statistic=value / error,
        df=(df,),
        p_value=p_value(value / error, df, design.alternative),
        effect=found,
        standardised=standardised(found, cells),
        groups=tuple(describe(arm) for arm in cells.arms),
        measures=measures_of(cells),
        equivalence=two_one_sided_tests(value, error, df, context.delta, context.alpha),
        terms=effect_terms(cells),
        minimum_detectable=minimum_detectable(error, df, context.alpha, design.alternative),
        caveats=caveats_of(cells, effect, context.alpha),
    )


def joint_result(cells: Cells, effect: Factors, sample: Sample, design: Design, context: Context) -> TestResult:
    """The ANOVA-type F of an effect of several degrees of freedom, with partial ω²."""
    if design.alternative != "two-sided":
        raise NotApplicable("A difference anywhere among several levels has no direction, so a one-sided test cannot be made.")
    f = anova_type_f(cells, effect)
    low, high = explained_ends(f, context.level)
    label = f"{design.target.outcome} by {name_of(cells, effect)}"
    found = Effect(name="partial ω²", label=label, value=f.omega_squared, low=low, high=high, level=context.level, directed=False)
    said = (
        ()
        if context.delta is None
        else ("δ is in units of the outcome, so it says nothing about a share of variance; equivalence was not tested.",)
    )
    return result_of(
        FACTORIAL_ANOVA,
        sample,
        design,
        statistic_name="F",
        statistic=f.statistic,
        df=f.df,
        p_value=f.p_value,
        effect=found,
        groups=tuple(describe(arm) for arm in cells.arms),
        measures=measures_of(cells),
        terms=effect_terms(cells),
        minimum_detectable=detectable_share(f, context.alpha),
        caveats=caveats_of(cells, effect, context.alpha) + one_tail_caveat(f.p_value, low, context.alpha, "partial ω²") + said,
    )


def standardised(effect: Effect, cells: Cells) -> Effect:
    """The effect in standard deviations within cells, pooled; the interval is scaled as if they were known."""
    squares = sum((spread(arm.values) or 0.0) ** 2 * (arm.n - 1) for arm in cells.arms)
    pooled = math.sqrt(squares / (cells.n - len(cells.arms)))
    low, high = (None if end is None else end / pooled for end in (effect.low, effect.high))
    name = f"{effect.name}, in standard deviations within combinations"
    return Effect(name=name, label=effect.label, value=effect.value / pooled, low=low, high=high, level=effect.level)


def effect_terms(cells: Cells) -> tuple[Term, ...]:
    """Every main effect and interaction: partial ω² with its F and p, not adjusted for their number."""
    places = range(len(cells.factors))
    terms = []
    for effect in (some for size in range(1, len(cells.factors) + 1) for some in combinations(places, size)):
        f = anova_type_f(cells, effect)
        terms.append(
            Term(
                name=f"{name_of(cells, effect)}, partial ω²",
                estimate=f.omega_squared,
                statistic=f.statistic,
                p_value=f.p_value,
                n=cells.n,
            )
        )
    return tuple(terms)


def measures_of(cells: Cells) -> tuple[Measure, ...]:
    """How the rows are spread over the cells, how spreads differ, and the residuals' skewness."""
    smallest = min(arm.n for arm in cells.arms)
    residuals = np.concatenate([arm.values - mean(arm.values) for arm in cells.arms])
    return (
        Measure(name="rows of the smallest combination", value=float(smallest), meaning="its mean is the least certain"),
        *skewness_measures((Arm("residuals", residuals),)),
        *spread_ratio(cells.arms),
    )


def caveats_of(cells: Cells, effect: Factors, alpha: float) -> tuple[str, ...]:
    """What a main effect means beside an interaction, small cells, skewness."""
    said = []
    if len(effect) == 1:
        p = anova_type_f(cells, (0, 1)).p_value
        if p <= alpha:
            said.append(
                f"The effect of {cells.factors[0]} depends on {cells.factors[1]} (p = {p:.2g}), so its average over the levels may "
                "hold for none of them."
            )
    smallest = min(arm.n for arm in cells.arms)
    if smallest < SMALL_CELL:
        said.append(f"The smallest combination has {smallest} rows, so p and the interval are only approximate.")
    skew = skewness_measures((Arm("residuals", np.concatenate([arm.values - mean(arm.values) for arm in cells.arms])),))
    return (*said, *skewness_caveats(skew, smallest))


def draw_cells(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Cell means with their intervals over the levels of the first factor, joined within those of the second (and third)."""
    cells = cells_of(sample, design)
    own, width = cells.levels[0], len(cells.arms) // len(cells.levels[0])
    lines = [cells.arms[place::width] for place in range(width)]
    for place, (arms, combination) in enumerate(zip(lines, product(*cells.levels[1:]), strict=True)):
        half = [mean_whiskers(arm.values, result.effect.level) for arm in arms]
        at = np.arange(len(own)) + 0.05 * (place - (width - 1) / 2)
        counts = "/".join(str(arm.n) for arm in arms)
        axes.errorbar(
            at,
            [mean(arm.values) for arm in arms],
            yerr=np.array(half).T,
            fmt=f"-{MARKERS[place % len(MARKERS)]}",
            color=OKABE_ITO[place % len(OKABE_ITO)],
            capsize=4,
            lw=1.6,
            label=f"{plain(', '.join(combination), 28)} (n = {counts})",
        )
    axes.set_xticks(range(len(own)), [plain(level, 18) for level in own])
    axes.set_xlabel(axis_label(sample.card, cells.factors[0]))
    axes.set_ylabel(f"mean of {axis_label(sample.card, design.target.outcome)}")
    axes.legend(frameon=False, title=plain(" × ".join(cells.factors[1:]), 30))
    headline(axes, result.effect)


def usual(case: Case) -> str | None:
    """Two and more grouping columns and a number."""
    columns = [case.card.column(name) for name in case.target.predictors]
    if len(columns) < 2 or case.covariates or case.task not in ("interact", "compare") or case.expects == "no effect":
        return None
    if any(column is None or not column.kind.categorical for column in columns):
        return None
    return "groups are made by several columns, so their effects are told apart; spreads may differ, so no pre-test is needed"


FACTORIAL_ANOVA = Method(
    name="factorial_anova",
    title="Factorial analysis of variance (unequal spreads)",
    summary="Do means differ by several grouping columns at once, and does the effect of one depend on the level of another?",
    estimand="difference of the means of the first predictor's levels, all combinations of the others weighing alike (type "
    "III), or how it differs between the levels of the second",
    source="ANOVA-type statistic of cell means, Brunner, Dette and Munk 1997, JASA 92:1494; of one degree of freedom "
    "Satterthwaite's t",
    tasks=("compare", "interact", "affect"),
    needs=Needs(
        outcome=NUMERIC,
        predictor=GROUPING,
        predictors=(2, 3),
        groups=(2, None),
        takes=frozenset({"interaction"}),
        rows=12,
        per_group=4,
        per_parameter="rows",
    ),
    run=factorial_anova,
    draw=draw_cells,
    prefer=usual,
    asked_for=r"\b(?:two|three)[- ]way anova\b|\bfactorial\b",
    assumption="By rule, all combinations of levels weigh alike, however many rows they have.",
)

METHODS: tuple[Method, ...] = (FACTORIAL_ANOVA,)
