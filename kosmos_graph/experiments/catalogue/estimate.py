"""How much: a mean, a proportion or a quantile with its interval, and no test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Quantity
from kosmos_graph.domain.results import Effect, Group, Term, TestResult
from kosmos_graph.experiments.catalogue.counts import success_level, successes
from kosmos_graph.experiments.catalogue.describe import describe
from kosmos_graph.experiments.catalogue.estimate_plots import draw_estimate
from kosmos_graph.experiments.catalogue.intervals import mean_with_ends, proportion_with_ends, quantile_with_ends
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.observed import Arm, FloatArray
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.tails import Ends
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample

Estimator = Callable[[FloatArray], tuple[float, Ends]]


def quantity_of(sample: Sample, design: Design) -> Quantity:
    """What is asked for: the target's word, else a proportion of a categorical outcome and the mean of a numeric one."""
    categorical = isinstance(sample.frame[design.target.outcome].dtype, pd.CategoricalDtype)
    asked = design.target.quantity or ("proportion" if categorical else "mean")
    if categorical != (asked == "proportion"):
        has = "levels" if categorical else "numbers"
        raise NotApplicable(f"A {asked} cannot be taken of this outcome, whose values are {has}.")
    return asked


def success_of(sample: Sample, design: Design) -> str:
    """The level that is counted. Raises NotApplicable where several could be meant."""
    card = sample.card.column(design.target.outcome)
    named = design.target.success or (card.positive if card else None)
    if named is None and len(sample.frame[design.target.outcome].cat.categories) != 2:
        raise NotApplicable("The design does not say which level's proportion is asked for.")
    return success_level(sample, design)


NO_SKILL = "How well an outcome is foretold is no mean, proportion or quantile; ask for a prediction."


def _probability(design: Design) -> float:
    probability = 0.5 if design.target.quantile is None else design.target.quantile
    if not 0 < probability < 1:
        raise NotApplicable("A quantile lies strictly between 0 and 1.")
    return probability


def _estimator(quantity: Quantity, design: Design, level: float) -> Estimator:
    match quantity:
        case "mean":
            return lambda values: mean_with_ends(values, level)
        case "proportion":
            return lambda values: proportion_with_ends(int(values.sum()), int(values.size), level)
        case "quantile":
            probability = _probability(design)
            return lambda values: quantile_with_ends(values, probability, level)
        case "skill":
            raise NotApplicable(NO_SKILL)


def _values(quantity: Quantity, sample: Sample, design: Design) -> FloatArray:
    """The outcome as numbers; 1 for the level counted and 0 for the others."""
    if quantity == "proportion":
        return np.asarray(successes(sample, design), dtype=np.float64)
    return sample.frame[design.target.outcome].to_numpy(dtype=np.float64)


def _name_and_label(quantity: Quantity, sample: Sample, design: Design) -> tuple[str, str]:
    outcome = design.target.outcome
    match quantity:
        case "mean":
            return "mean", f"mean of {outcome}"
        case "proportion":
            return "proportion", f"share of {outcome} that is {success_of(sample, design)}"
        case "quantile":
            probability = _probability(design)
            name = "median" if probability == 0.5 else f"{100 * probability:g} % quantile"
            return name, f"{name} of {outcome}"
        case "skill":
            raise NotApplicable(NO_SKILL)


def _arms(values: FloatArray, sample: Sample, design: Design) -> tuple[Arm, ...]:
    """The values by level of the predictor where one is named, else none."""
    if not design.target.predictors:
        return ()
    by = sample.frame[design.target.predictors[0]]
    if not isinstance(by.dtype, pd.CategoricalDtype):
        raise NotApplicable("The grouping column is not categorical.")
    codes = by.cat.codes.to_numpy()
    arms = (Arm(str(level), values[codes == code]) for code, level in enumerate(by.cat.categories))
    return tuple(arm for arm in arms if arm.n)


def _described(arm: Arm, quantity: Quantity) -> Group:
    if quantity == "proportion":
        return Group(label=arm.label, n=arm.n, n_success=int(arm.values.sum()))
    return describe(arm)


def _term(arm: Arm, estimator: Estimator) -> Term:
    value, (low, high) = estimator(arm.values)
    return Term(name=arm.label, estimate=value, low=low, high=high, n=arm.n)


def _caveats(ends: Ends, arms: tuple[Arm, ...]) -> tuple[str, ...]:
    short = "The sample is too small to bound the interval on both sides." if None in ends else None
    separate = "The groups' intervals are each at the stated level, not together." if len(arms) > 1 else None
    return tuple(sentence for sentence in (short, separate) if sentence)


def estimate(sample: Sample, design: Design, context: Context) -> TestResult:
    """The quantity over all rows as the effect, and per level of a predictor as terms. Intervals are two-sided."""
    quantity = quantity_of(sample, design)
    values = _values(quantity, sample, design)
    if values.size < 2:
        raise NotApplicable(f"Complete rows left after exclusions: {values.size}; an estimate needs at least 2.")
    estimator = _estimator(quantity, design, context.level)
    value, ends = estimator(values)
    name, label = _name_and_label(quantity, sample, design)
    unit = None if quantity == "proportion" else unit_of(sample, design)
    arms = _arms(values, sample, design)
    return result_of(
        ESTIMATE,
        sample,
        design,
        effect=Effect(name=name, label=label, value=value, low=ends[0], high=ends[1], level=context.level, unit=unit),
        groups=tuple(_described(arm, quantity) for arm in arms or (Arm("all rows", values),)),
        terms=tuple(_term(arm, estimator) for arm in arms),
        caveats=_caveats(ends, arms),
    )


ESTIMATE = Method(
    name="estimate",
    title="Estimate with confidence interval",
    summary="How much: a mean, a proportion or a quantile with its interval, per group where one is named; no test, no verdict.",
    estimand="mean, proportion or quantile of the outcome",
    source="Student's t interval; Wilson 1927, JASA 22:209; order statistics, Conover 1999, Practical Nonparametric Statistics",
    tasks=("estimate",),
    needs=Needs(outcome=NUMERIC | GROUPING, predictor=GROUPING, predictors=(0, 1), rows=2, per_group=1),
    run=estimate,
    draw=draw_estimate,
)

METHODS = (ESTIMATE,)
