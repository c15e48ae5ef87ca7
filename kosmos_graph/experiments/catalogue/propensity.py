"""What matching and weighting by a propensity score share: the score, the balance of the covariates, and what is assumed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Group, Term, TestResult
from kosmos_graph.experiments.catalogue.counts import Tally, successes
from kosmos_graph.experiments.catalogue.describe import describe, spread
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.catalogue.plots import BLUE, ORANGE, headline
from kosmos_graph.experiments.contrast import contrast
from kosmos_graph.experiments.design_matrix import DesignMatrix, FloatArray, centred, design_matrix, numeric_values
from kosmos_graph.experiments.maximum_likelihood import LogisticFit, fit_logistic, separated
from kosmos_graph.experiments.method import Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BALANCED = 0.1
"""Standardised difference up to which a covariate counts as balanced (Austin 2009, Stat Med 28:3083)."""
LEAST_PER_ARM = 10
MOST_SHOWN = 14

NEEDS = Needs(
    outcome=NUMERIC | {Kind.BINARY},
    predictor=GROUPING,
    predictors=(1, 1),
    groups=(2, 2),
    covariates=NUMERIC | GROUPING,
    adjusts=True,
    rows=40,
    per_group=LEAST_PER_ARM,
)


@dataclass(frozen=True)
class Scored:
    """Rows with their outcome, whether they are of A, and their propensity score: the probability of A given the covariates.

    `labels` are A and B. `counted` says that the outcome is 1 for the success level and 0 for others.
    """

    outcome: FloatArray
    of_a: npt.NDArray[np.bool_]
    labels: tuple[str, str]
    counted: bool
    fit: LogisticFit

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.outcome.size)

    @property
    def scores(self) -> FloatArray:
        """Propensity score of each row."""
        return self.fit.shares

    def columns(self) -> tuple[tuple[str, FloatArray], ...]:
        """The covariates as the score has them: a number, or 0/1 for each level but the reference, with the name of each."""
        found: list[tuple[str, FloatArray]] = []
        for block in self.fit.matrix.blocks:
            names = [f"{block.column}: {level}" for level in block.levels] or [block.column]
            found.extend(zip(names, block.values.T, strict=True))
        return tuple(found)


def scored(sample: Sample, design: Design) -> Scored:
    """The rows with their propensity scores. Raises NotApplicable where the groups are too small, the outcome does not vary, or the
    covariates tell the groups apart without error.
    """
    target = design.target
    if len(target.predictors) != 1 or not design.covariates:
        raise NotApplicable("A propensity score needs a column of two groups, and covariates.")
    by = target.predictors[0]
    if by in design.covariates or target.outcome in (by, *design.covariates):
        raise NotApplicable("A covariate cannot be the outcome or the groups as well.")
    labels, of_a = arms_of(sample, design)
    matrix = design_matrix(sample, target, design.covariates[-1], design.covariates[:-1])
    counted = isinstance(sample.frame[target.outcome].dtype, pd.CategoricalDtype)
    outcome = successes(sample, design).astype(np.float64) if counted else numeric_values(sample.frame, target.outcome)
    centred(outcome, target.outcome)
    return Scored(outcome, of_a, labels, counted, score_fit(matrix, of_a, by))


def arms_of(sample: Sample, design: Design) -> tuple[tuple[str, str], npt.NDArray[np.bool_]]:
    """A and B, and which rows are of A."""
    by = design.target.predictors[0]
    series = sample.frame[by]
    if not isinstance(series.dtype, pd.CategoricalDtype):
        raise NotApplicable(f"The column {by} does not hold levels, so it makes no groups.")
    present = [str(level) for level in series.cat.remove_unused_categories().cat.categories]
    if len(present) != 2:
        raise NotApplicable(f"Two groups are compared, and {by} makes {len(present)}.")
    labels = contrast(design.target, present, sample.card.column(by))
    if set(labels) != set(present):
        raise NotApplicable("A level that the design compares has no rows after exclusions.")
    of_a = np.asarray(series.astype(object).to_numpy() == labels[0], dtype=np.bool_)
    smallest = min(int(of_a.sum()), int((~of_a).sum()))
    if smallest < LEAST_PER_ARM:
        raise NotApplicable(f"The smaller group has {smallest} complete rows; a propensity score needs {LEAST_PER_ARM} in each.")
    return labels, of_a


def score_fit(matrix: DesignMatrix, of_a: npt.NDArray[np.bool_], by: str) -> LogisticFit:
    """Logistic regression of belonging to A on the covariates."""
    try:
        return fit_logistic(matrix, of_a)
    except NotApplicable as refused:
        if separated(np.column_stack([np.ones(matrix.n), matrix.columns]), of_a.astype(np.float64)):
            raise NotApplicable(
                f"The covariates tell the groups of {by} apart without error, so no row of one group is like a row of the other "
                "(no overlap), and nothing can be compared."
            ) from refused
        raise


def standardised_differences(found: Scored, weights: FloatArray) -> tuple[float, ...]:
    """By column, mean of A less mean of B under `weights`, in standard deviations: the root of the mean variance of both groups.

    The standard deviations are those without weights, so that before and after are on one scale.
    """
    differences = []
    for _, values in found.columns():
        a, b = values[found.of_a], values[~found.of_a]
        scale = math.sqrt(((spread(a) or 0.0) ** 2 + (spread(b) or 0.0) ** 2) / 2)
        wa, wb = weights[found.of_a], weights[~found.of_a]
        centre = float(values[0])
        means = float(wa @ (a - centre)) / float(wa.sum()) - float(wb @ (b - centre)) / float(wb.sum())
        differences.append(means / scale)
    return tuple(differences)


def balance_terms(found: Scored, before: tuple[float, ...], after: tuple[float, ...], how: str) -> tuple[Term, ...]:
    """The balance table: each column's standardised difference before and after."""
    names = [name for name, _ in found.columns()]
    return tuple(
        Term(name=f"standardised difference of {name}, {when}", estimate=value)
        for name, pair in zip(names, zip(before, after, strict=True), strict=True)
        for when, value in zip((f"before {how}", f"after {how}"), pair, strict=True)
    )


def balance_caveat(found: Scored, after: tuple[float, ...], how: str) -> tuple[str, ...]:
    """Which columns are not balanced."""
    left = [name for (name, _), value in zip(found.columns(), after, strict=True) if abs(value) > BALANCED]
    if not left:
        return ()
    return (f"After {how}, {', '.join(left)} still differ{'s' * (len(left) == 1)} by more than {BALANCED:g} standard deviations.",)


def confounding_caveat(design: Design) -> str:
    """What the data cannot show."""
    return (
        f"It is assumed that nothing but the covariates has to do with both {design.target.predictors[0]} and "
        f"{design.target.outcome} (no unmeasured confounding), and that no covariate follows from {design.target.predictors[0]}; "
        "the data cannot show that."
    )


def groups_of(found: Scored) -> tuple[Group, ...]:
    """Both groups as they are."""
    described = []
    for label, rows in zip(found.labels, (found.of_a, ~found.of_a), strict=True):
        values = found.outcome[rows]
        counted = Tally(label, int(values.sum()), int(values.size)).as_group() if found.counted else describe(Arm(label, values))
        described.append(counted)
    return tuple(described)


def raw_difference(found: Scored) -> float:
    """Mean of A less mean of B, as they are."""
    base = found.outcome[0]
    return float(np.mean(found.outcome[found.of_a] - base) - np.mean(found.outcome[~found.of_a] - base))


def in_deviations(effect: Effect, found: Scored) -> Effect | None:
    """The effect in standard deviations within the groups, whose mean square is taken as known; None for proportions."""
    arms = (found.outcome[found.of_a], found.outcome[~found.of_a])
    scale = math.sqrt(sum((spread(arm) or 0.0) ** 2 for arm in arms) / 2)
    if found.counted or scale == 0:
        return None
    low, high = (None if end is None else end / scale for end in (effect.low, effect.high))
    name = "adjusted difference in standard deviations of the outcome"
    return Effect(name=name, label=effect.label, value=effect.value / scale, low=low, high=high, level=effect.level)


def draw_balance(axes: Axes, found: Scored, result: TestResult, how: str) -> None:
    """Standardised differences of the covariates before and after, the largest on top, within the limits of balance."""
    rows = [term for term in result.terms if term.name.startswith("standardised difference of ")]
    pairs = [
        (name, first.estimate, second.estimate)
        for (name, _), first, second in zip(found.columns(), rows[::2], rows[1::2], strict=True)
    ]
    shown = sorted(pairs, key=lambda pair: -abs(pair[1]))[:MOST_SHOWN]
    places = np.arange(len(shown))[::-1]
    axes.axvspan(-BALANCED, BALANCED, color="#DDDDDD", alpha=0.5, lw=0)
    axes.axvline(0, color="#888888", lw=1, ls="--")
    axes.plot([pair[1] for pair in shown], places, "s", color=ORANGE, ms=7, label=f"before {how}")
    axes.plot([pair[2] for pair in shown], places, "o", color=BLUE, ms=7, label=f"after {how}")
    axes.set_yticks(places, [plain(pair[0], 26) for pair in shown])
    axes.set_ylim(-0.7, len(shown) - 0.3)
    sizes = f"n = {int(found.of_a.sum())} and {int((~found.of_a).sum())}"
    a, b = (plain(label, 16) for label in found.labels)
    axes.set_xlabel(f"standardised difference of the covariates, {a} − {b} ({sizes})")
    axes.legend(frameon=False)
    headline(axes, result.effect)
