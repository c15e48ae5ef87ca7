"""Difference in differences of two groups and two periods, with errors that allow for rows that hang together."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kosmos_graph.data.number_text import number_label
from kosmos_graph.domain.data_card import ColumnCard, Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Group, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.counts import Tally, success_level, successes
from kosmos_graph.experiments.catalogue.describe import describe, spread
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.catalogue.plots import BLUE, INK, ORANGE, headline
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.tails import p_value, positive_error, t_interval
from kosmos_graph.experiments.contrast import contrast
from kosmos_graph.experiments.design_matrix import FloatArray, centred, numeric_values
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.periods import in_order, is_called_time, not_two_moments
from kosmos_graph.experiments.plain_text import axis_label, plain
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELLS = ((0, 1), (0, 0), (1, 1), (1, 0))
"""Places of group (0 for A) and period (1 for the later) in the order in which cells are shown."""
SIGNS = np.array([[-1.0, 1.0], [1.0, -1.0]])
"""What each cell's mean counts in the difference of differences, by group and period."""
FEW_CLUSTERS = 10


@dataclass(frozen=True)
class Cells:
    """The outcome by group (`groups`, A first) and period (`periods`, the earlier first).

    `group` and `period` hold each row's place in those; `cluster` the number of its cluster, None where rows are independent.
    `counted` says that the outcome is 1 for the success level and 0 for others.
    """

    outcome: FloatArray
    groups: tuple[str, str]
    periods: tuple[str, str]
    group: FloatArray
    period: FloatArray
    cluster: FloatArray | None
    counted: bool

    def rows(self, group: int, period: int) -> FloatArray:
        """Which rows are of a cell."""
        return np.asarray((self.group == group) & (self.period == period))

    def values(self, group: int, period: int) -> FloatArray:
        """A cell's outcomes."""
        return np.asarray(self.outcome[self.rows(group, period)], dtype=np.float64)

    def mean(self, group: int, period: int) -> float:
        """A cell's mean, around a value that all cells share."""
        return float(np.mean(self.values(group, period) - self.outcome[0]))


def cells_of(sample: Sample, design: Design) -> Cells:
    """The four cells. Raises NotApplicable where one has fewer than two rows, or the outcome does not vary within any."""
    target = design.target
    if len(target.predictors) != 2:
        raise NotApplicable("A difference in differences needs a column of groups and one of periods.")
    by, when = target.predictors
    groups, group = coded(sample, by, [str(level) for level in present(sample.frame[by], by)], design)
    periods, period = dated(sample, when)
    cluster = None if target.cluster is None else pd.factorize(sample.frame[target.cluster].astype(object))[0].astype(np.float64)
    counted = isinstance(sample.frame[target.outcome].dtype, pd.CategoricalDtype)
    found = Cells(outcome_of(sample, design), groups, periods, group, period, cluster, counted)
    for g, t in CELLS:
        n = int(found.rows(g, t).sum())
        if n < 2:
            raise NotApplicable(
                f"{groups[g]} in {periods[t]} has {n} complete rows; each group needs at least two rows in each period."
            )
    centred(found.outcome, target.outcome)
    return found


def outcome_of(sample: Sample, design: Design) -> FloatArray:
    """The numbers, or 1 for rows with the success level of a yes/no outcome."""
    outcome = design.target.outcome
    if isinstance(sample.frame[outcome].dtype, pd.CategoricalDtype):
        return successes(sample, design).astype(np.float64)
    return numeric_values(sample.frame, outcome)


def present(series: pd.Series, name: str) -> list[str]:
    """The levels that occur, in the column's order."""
    if not isinstance(series.dtype, pd.CategoricalDtype):
        raise NotApplicable(f"The column {name} does not hold levels, so it makes no groups.")
    return [str(level) for level in series.cat.remove_unused_categories().cat.categories]


def coded(sample: Sample, by: str, levels: list[str], design: Design) -> tuple[tuple[str, str], FloatArray]:
    """A and B of the groups, and each row's place among them."""
    if len(levels) != 2:
        raise NotApplicable(f"Two groups are compared over time, and {by} makes {len(levels)}.")
    pair = contrast(design.target, levels, sample.card.column(by))
    if set(pair) != set(levels):
        raise NotApplicable("A level that the design compares has no rows after exclusions.")
    return pair, (sample.frame[by].astype(object).to_numpy() == pair[1]).astype(np.float64)


def dated(sample: Sample, when: str) -> tuple[tuple[str, str], FloatArray]:
    """Both periods, the earlier first, and each row's place among them."""
    series = sample.frame[when]
    if isinstance(series.dtype, pd.CategoricalDtype):
        levels = present(series, when)
        require_two(levels, when)
        first, second = in_time(levels, sample.card.column(when))
        return (first, second), (series.astype(object).to_numpy() == second).astype(np.float64)
    values = series.to_numpy(dtype=np.float64)
    found = np.unique(values)
    require_two(found.tolist(), when)
    return (number_label(float(found[0])), number_label(float(found[1]))), (values == found[1]).astype(np.float64)


def require_two(levels: list[str] | list[float], when: str) -> None:
    """Raise NotApplicable unless there are two periods."""
    if len(levels) != 2:
        raise NotApplicable(f"Two periods are compared, and {when} has {len(levels)}; select two of them.")


def in_time(levels: list[str], card: ColumnCard | None) -> tuple[str, str]:
    """The two levels, the earlier first. Raises NotApplicable where nothing tells which that is."""
    found = in_order(levels, card)
    if found is None:
        raise NotApplicable("Which of the two periods comes first is not clear: give their order in the study sheet.")
    return found


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of cell means with its standard error and degrees of freedom; `signs` are the weights by group and period."""

    value: float
    error: float
    df: float


def contrast_of(cells: Cells, signs: FloatArray, outcome: str) -> Contrast:
    """The sum of `signs` times the cells' means."""
    value = sum(signs[g, t] * cells.mean(g, t) for g, t in CELLS if signs[g, t])
    error, df = independent_error(cells, signs) if cells.cluster is None else clustered_error(cells, signs)
    scale = float(np.max(np.abs(cells.outcome)))
    return Contrast(float(value), positive_error(error, scale, outcome), df)


def independent_error(cells: Cells, signs: FloatArray) -> tuple[float, float]:
    """Error of independent rows with a spread of its own in each cell, and Satterthwaite's degrees of freedom."""
    parts, sizes = [], []
    for g, t in CELLS:
        if signs[g, t]:
            values = cells.values(g, t)
            parts.append(float(signs[g, t] ** 2) * (spread(values) or 0.0) ** 2 / values.size)
            sizes.append(values.size)
    total = sum(parts)
    if total == 0:
        return 0.0, 1.0
    return math.sqrt(total), total**2 / sum(part**2 / (n - 1) for part, n in zip(parts, sizes, strict=True))


def clustered_error(cells: Cells, signs: FloatArray) -> tuple[float, float]:
    """Bias-reduced error (CR2) of rows in clusters, and Bell and McCaffrey's degrees of freedom (2002, Survey Methodology 28:169).

    With a mean for each cell, the adjustment of a cluster with m of a cell's n rows is a division by √(1 − m/n). Raises
    NotApplicable where a cluster makes up a whole cell.
    """
    cluster = np.asarray(cells.cluster, dtype=np.int64)
    count = int(cluster.max()) + 1
    scores, own, shared = np.zeros(count), np.zeros(count), []
    for g, t in CELLS:
        if not signs[g, t]:
            continue
        rows = cells.rows(g, t)
        n = int(rows.sum())
        sizes = np.bincount(cluster[rows], minlength=count).astype(np.float64)
        if sizes.max() == n:
            raise NotApplicable(
                f"All rows of {cells.groups[g]} in {cells.periods[t]} hang together in one cluster, so its error is unknown."
            )
        deviations = cells.values(g, t) - cells.outcome[0]
        sums = np.bincount(cluster[rows], weights=deviations - deviations.mean(), minlength=count)
        weight = float(signs[g, t]) / (n * np.sqrt(1 - sizes / n))
        scores += weight * sums
        own += weight**2 * sizes
        shared.append(weight * sizes / math.sqrt(n))
    common = np.array(shared)
    inner = common @ common.T
    trace = float(own.sum() - np.trace(inner))
    squares = float(np.sum(own**2) - 2 * np.sum(own * np.sum(common**2, axis=0)) + np.sum(inner**2))
    return float(np.linalg.norm(scores)), trace**2 / squares


def difference_in_differences(sample: Sample, design: Design, context: Context) -> TestResult:
    """How much more the outcome changed in A than in B."""
    cells = cells_of(sample, design)
    outcome = design.target.outcome
    found = contrast_of(cells, SIGNS, outcome)
    statistic = found.value / found.error
    effect = effect_of(found, cells, sample, design, context)
    return result_of(
        DIFFERENCE_IN_DIFFERENCES,
        sample,
        design,
        statistic_name="t",
        statistic=statistic,
        df=(found.df,),
        p_value=p_value(statistic, found.df, design.alternative),
        effect=effect,
        standardised=standardised_effect(effect, cells),
        groups=tuple(group_of(cells, g, t) for g, t in CELLS),
        measures=measures_of(cells, found, outcome),
        equivalence=two_one_sided_tests(found.value, found.error, found.df, context.delta, context.alpha),
        terms=terms_of(cells, outcome, context.level),
        minimum_detectable=minimum_detectable(found.error, found.df, context.alpha, design.alternative),
        caveats=caveats_of(cells),
    )


def effect_of(found: Contrast, cells: Cells, sample: Sample, design: Design, context: Context) -> Effect:
    """The difference of the two changes with its t interval."""
    low, high = t_interval(found.value, found.error, found.df, design.alternative, context.level)
    (a, b), (before, after) = cells.groups, cells.periods
    return Effect(
        name="difference in differences",
        label=f"{a} − {b}, change from {before} to {after}",
        value=found.value,
        low=low,
        high=high,
        level=context.level,
        unit=unit_of(sample, design),
    )


def standardised_effect(effect: Effect, cells: Cells) -> Effect | None:
    """The effect in standard deviations within the cells, pooled; the interval is scaled as if they were known."""
    squares = sum((spread(cells.values(g, t)) or 0.0) ** 2 * (cells.values(g, t).size - 1) for g, t in CELLS)
    pooled = math.sqrt(squares / (cells.outcome.size - 4))
    if pooled == 0:
        return None
    value, low, high = (None if end is None else end / pooled for end in (effect.value, effect.low, effect.high))
    name = "difference in differences, in standard deviations within group and period"
    return Effect(name=name, label=effect.label, value=value or 0.0, low=low, high=high, level=effect.level)


def cell_label(cells: Cells, g: int, t: int) -> str:
    """A cell's group and period."""
    return f"{cells.groups[g]}, {cells.periods[t]}"


def group_of(cells: Cells, g: int, t: int) -> Group:
    """Description of a cell."""
    values = cells.values(g, t)
    if cells.counted:
        return Tally(cell_label(cells, g, t), int(values.sum()), int(values.size)).as_group()
    return describe(Arm(cell_label(cells, g, t), values))


def terms_of(cells: Cells, outcome: str, level: float) -> tuple[Term, ...]:
    """The change within each group, and the difference of the groups in each period; those that vary."""
    (a, b), (before, after) = cells.groups, cells.periods
    named = (
        (f"change in {a}, {after} − {before}", np.array([[-1.0, 1.0], [0.0, 0.0]])),
        (f"change in {b}, {after} − {before}", np.array([[0.0, 0.0], [-1.0, 1.0]])),
        (f"{a} − {b} in {before}", np.array([[1.0, 0.0], [-1.0, 0.0]])),
        (f"{a} − {b} in {after}", np.array([[0.0, 1.0], [0.0, -1.0]])),
    )
    terms = []
    for name, signs in named:
        n = int(sum(cells.rows(g, t).sum() for g, t in CELLS if signs[g, t]))
        try:
            found = contrast_of(cells, signs, outcome)
        except NotApplicable:
            value = sum(signs[g, t] * cells.mean(g, t) for g, t in CELLS)
            terms.append(Term(name=name, estimate=float(value), n=n))
            continue
        low, high = t_interval(found.value, found.error, found.df, "two-sided", level)
        statistic = found.value / found.error
        p = p_value(statistic, found.df, "two-sided")
        terms.append(Term(name=name, estimate=found.value, low=low, high=high, statistic=statistic, p_value=p, n=n))
    return tuple(terms)


def clusters_per_group(cells: Cells) -> int:
    """Clusters of the group that has fewer."""
    cluster = np.asarray(cells.cluster)
    return min(int(np.unique(cluster[cells.group == g]).size) for g in (0, 1))


def measures_of(cells: Cells, found: Contrast, outcome: str) -> tuple[Measure, ...]:
    """How far the groups were apart before, and how rows hang together."""
    spreads = [spread(cells.values(g, t)) or 0.0 for g, t in CELLS]
    measures = [
        Measure(
            name="difference of the groups in the earlier period",
            value=cells.mean(0, 0) - cells.mean(1, 0),
            meaning="groups that start far apart need not have gone on in parallel",
        )
    ]
    if min(spreads) > 0:
        meaning = "of groups and periods; 1 where all spread alike, which is not assumed"
        measures.append(Measure(name="ratio of the largest to the smallest SD", value=max(spreads) / min(spreads), meaning=meaning))
    if cells.cluster is not None:
        naive = independent_error(cells, SIGNS)[0]
        measures.append(Measure(name="clusters", value=float(np.unique(cells.cluster).size), meaning="what counts as independent"))
        measures.append(
            Measure(
                name="clusters in the smaller group",
                value=float(clusters_per_group(cells)),
                meaning="degrees of freedom come from these",
            )
        )
        if naive > 0:
            meaning = "below 1 where the same units are measured twice, above 1 where rows of a cluster are alike"
            measures.append(
                Measure(name="ratio of the error to that of independent rows", value=found.error / naive, meaning=meaning)
            )
    return tuple(measures)


def caveats_of(cells: Cells) -> tuple[str, ...]:
    """What must be taken on trust."""
    (a, b), (before, after) = cells.groups, cells.periods
    said = [
        f"It is assumed that {a} would have changed as {b} did, had nothing set them apart (parallel trends); two periods cannot "
        "show whether that holds.",
        f"Of the two periods, {before} is taken as the earlier and {after} as the later.",
    ]
    if cells.cluster is None:
        said.append("Every row is taken as independent: units that have a row in both periods need to be named as clusters.")
    elif clusters_per_group(cells) < FEW_CLUSTERS:
        said.append(f"One group has {clusters_per_group(cells)} clusters, so its error is itself uncertain.")
    return tuple(said)


def draw_changes(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The four means with their intervals, joined within groups, and where A would be had it changed as B did."""
    cells = cells_of(sample, design)
    base = float(cells.outcome[0])
    means = np.array([[cells.mean(g, t) + base for t in (0, 1)] for g in (0, 1)])
    for g, colour, shape in ((0, BLUE, "o"), (1, ORANGE, "s")):
        ends = [cell_ends(cells, g, t, design.target.outcome, result.effect.level) for t in (0, 1)]
        errors = np.abs(np.array(ends).T - means[g])
        n = " / ".join(str(cells.values(g, t).size) for t in (0, 1))
        label = f"{plain(cells.groups[g], 24)} (n = {n})"
        places = np.array([0.0, 1.0]) + (0.02 if g else -0.02)
        axes.errorbar(places, means[g], yerr=errors, fmt=f"-{shape}", color=colour, capsize=5, lw=1.8, ms=7, label=label)
    axes.plot([0, 1], [means[0, 0], means[0, 0] + means[1, 1] - means[1, 0]], "--", color=INK, lw=1.2,
              label=f"{plain(cells.groups[0], 18)}, had it changed as {plain(cells.groups[1], 18)}")  # fmt: skip
    axes.set_xticks([0, 1], [plain(period, 22) for period in cells.periods])
    axes.set_xlim(-0.3, 1.3)
    axes.set_xlabel(axis_label(sample.card, design.target.predictors[1]))
    shown = axis_label(sample.card, design.target.outcome)
    axes.set_ylabel(f"share with {shown} = {plain(success_level(sample, design), 18)}" if cells.counted else f"mean of {shown}")
    axes.legend(frameon=False)
    headline(axes, result.effect)


def cell_ends(cells: Cells, g: int, t: int, outcome: str, level: float) -> tuple[float, float]:
    """The interval of a cell's mean; the mean alone where it has none."""
    signs = np.zeros((2, 2))
    signs[g, t] = 1.0
    mean = cells.mean(g, t) + float(cells.outcome[0])
    try:
        found = contrast_of(cells, signs, outcome)
    except NotApplicable:
        return mean, mean
    low, high = t_interval(mean, found.error, found.df, "two-sided", level)
    return (mean if low is None else low), (mean if high is None else high)


PERIOD = re.compile(r"(?:^|[\W_])(?:before|after|pre|post|baseline|earlier|later)(?:$|[\W_\d])", re.IGNORECASE)
"""Names of levels that tell two periods apart."""


def usual(case: Case) -> str | None:
    """Before and after in two groups."""
    target = case.target
    if case.task != "interact" or len(target.predictors) != 2:
        return None
    period = case.card.column(target.predictors[1])
    if period is None or not_two_moments(period, target.filters) is not None:
        return None
    told = is_called_time(period) or any(PERIOD.search(level.name) for level in period.levels)
    if told or case.sheet.design == "before-after" or case.sheet.time == target.predictors[1]:
        return "two groups are followed over two periods, so the change of one is compared with the change of the other"
    return None


DIFFERENCE_IN_DIFFERENCES = Method(
    name="difference_in_differences",
    title="Difference in differences",
    summary="Did an outcome change more in one group than in another between two periods?",
    estimand="change of the mean (or proportion) from the earlier to the later period in A, minus the same change in B",
    source="cell means with Satterthwaite degrees of freedom; with clusters, bias-reduced errors (CR2) and degrees of freedom of "
    "Bell and McCaffrey 2002, Survey Methodology 28:169",
    tasks=("interact",),
    needs=Needs(
        outcome=NUMERIC | {Kind.BINARY},
        predictor=GROUPING,
        predictors=(2, 2),
        groups=(2, 2),
        second=GROUPING | NUMERIC,
        moments=True,
        interaction=True,
        takes=frozenset({"cluster"}),
        rows=8,
        per_group=4,
    ),
    run=difference_in_differences,
    draw=draw_changes,
    prefer=usual,
    asked_for=r"difference[- ]in[- ]differences?|diff[- ]in[- ]diff|\bdid\b estimator",
    assumption="By rule, a change in one group is compared with the change in the other over the same two periods.",
)

METHODS: tuple[Method, ...] = (DIFFERENCE_IN_DIFFERENCES,)
