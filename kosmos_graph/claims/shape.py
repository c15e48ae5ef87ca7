"""What kind of statement a result supports, and which side of the null it has shown."""

from __future__ import annotations

from typing import Literal

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Hypothesis, Task
from kosmos_graph.domain.results import Effect, TestResult

Shape = Literal[
    "estimate",
    "reference",
    "groups",
    "several groups",
    "ordered groups",
    "pairs",
    "table",
    "slope",
    "interaction",
    "prediction",
    "trend",
    "step",
]
"""What is stated about what.

estimate: a quantity. reference: one sample against a value. groups: A against B. several groups: a difference anywhere among
the levels of the first predictor. ordered groups: a rise or fall along its levels. pairs: two measurements of one unit. table:
two columns together, without a direction. slope: outcome along a numeric predictor. interaction: whether one predictor's effect
depends on another. prediction: how well new rows are foretold. trend: outcome along time. step: outcome before and after a date.
"""

OF_TASK: dict[Task, Shape] = {
    "trend": "trend",
    "step": "step",
    "change": "pairs",
    "interact": "interaction",
    "predict": "prediction",
}
"""Tasks that settle the shape."""

UNSIDED: frozenset[Shape] = frozenset({"interaction", "prediction"})
"""Shapes whose sign is that of no difference between groups and of no slope, so that no sentence may name a direction by it."""

Sign = Literal[-1, 0, 1]

ROUNDING = 1e-9


def shape_of(hypothesis: Hypothesis, design: Design, result: TestResult) -> Shape:
    """The shape of what `result` says."""
    if hypothesis.expects == "estimate" or hypothesis.task == "estimate":
        return "estimate"
    if (shape := OF_TASK.get(hypothesis.task)) is not None:
        return shape
    if not result.effect.directed:
        return "table" if hypothesis.task == "associate" else "several groups"
    return _directed_shape(design, result)


def _directed_shape(design: Design, result: TestResult) -> Shape:
    if not design.target.predictors:
        return "reference"
    if "along the trend" in result.effect.label:
        return "ordered groups"
    return "groups" if groups_compared(design, result) is not None else "slope"


def groups_compared(design: Design, result: TestResult) -> tuple[str, str] | None:
    """A and B of the effect "A minus B": levels, or for paired columns the outcome and its baseline; None for other effects."""
    target = design.target
    if target.interaction:
        return None
    if target.baseline is not None:
        return target.outcome, target.baseline
    if target.levels is not None:
        return target.levels
    labels = [group.label for group in result.groups]
    columns = set(labels) <= set(target.columns)
    ordered = "along the trend" in result.effect.label
    if not target.predictors or not result.effect.directed or not 2 <= len(labels) <= 3 or columns or ordered:
        return None
    return labels[0], labels[1]


def adjusted_for(design: Design) -> tuple[str, ...]:
    """The columns held constant: the further predictors, then the covariates, each once. A prediction holds none constant."""
    target = design.target
    if target.quantity == "skill":
        return ()
    tested = 2 if target.interaction else 1
    return tuple(dict.fromkeys((*target.predictors[tested:], *design.covariates)))


def moderator(design: Design) -> str | None:
    """The column that the first predictor's effect may depend on."""
    target = design.target
    return target.predictors[1] if target.interaction and len(target.predictors) > 1 else None


def tests_equivalence(result: TestResult) -> bool:
    """Whether the result's own p belongs to a test of equivalence, so that a small p speaks for no relevant difference."""
    return result.equivalence is not None and result.p_value == result.equivalence.p_value


def excludes_null(effect: Effect) -> bool | None:
    """Whether the interval leaves out the value of no effect; None where it has no end."""
    if effect.low is None and effect.high is None:
        return None
    return (effect.low is not None and effect.low > effect.null) or (effect.high is not None and effect.high < effect.null)


def shown_sign(result: TestResult, alpha: float) -> Sign:
    """The side of the null that the result has shown: 1 or −1, 0 where the null is not left out.

    A directed effect is shown by its interval, at level 1 − alpha or more; without interval, and without a direction (where 1
    means "there is one"), by its own p.
    """
    effect = result.effect
    if result.p_value is None:
        return 0
    by_p = not tests_equivalence(result) and result.p_value <= alpha
    if not effect.directed:
        return 1 if by_p else 0
    excluded = excludes_null(effect)
    if excluded is None:
        return effect.sign if by_p else 0
    return effect.sign if excluded and effect.level >= 1 - alpha - ROUNDING else 0
