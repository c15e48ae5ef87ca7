"""Hypotheses, and the target that a hypothesis and its design are about."""

from __future__ import annotations

from typing import Literal

from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.value import Value

Task = Literal["compare", "change", "associate", "affect", "trend", "step", "estimate"]
"""What kind of question a hypothesis answers.

compare: an outcome between groups (or against a stated value). change: before and after, or any paired measurements.
associate: two variables together. affect: one predictor's term in a regression on all of them. trend: an outcome over time.
step: an outcome before and after a date. estimate: how much, with an interval and no verdict.
"""

Expectation = Literal["effect", "no effect", "estimate"]
Direction = Literal["positive", "negative"]
Quantity = Literal["mean", "proportion", "quantile"]


class Target(Value):
    """What is to be estimated: the closed choices that a design is built from. Every name is a column or level that exists.

    The effect's sign follows from it: `levels` (A, B) means A minus B; for binary outcomes, of the proportions of `success`;
    with `baseline` (a second column, wide format) outcome minus baseline; otherwise the slope or correlation with the first
    predictor. `pair` is the column that identifies pairs or repeated units in long format. `reference` is the value that a
    one-sample comparison tests against. `change_at` (ISO date) splits a series for a step.
    """

    dataset: str
    outcome: str
    predictors: tuple[str, ...] = ()
    levels: tuple[str, str] | None = None
    success: str | None = None
    baseline: str | None = None
    pair: str | None = None
    time: str | None = None
    reference: float | None = None
    quantity: Quantity | None = None
    quantile: float | None = None
    change_at: str | None = None
    filters: tuple[Filter, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the target reads (filters apart), in a fixed order, without repeats."""
        named = (self.outcome, self.baseline, *self.predictors, self.pair, self.time)
        return tuple(dict.fromkeys(name for name in named if name is not None))


class Hypothesis(Value):
    """One hypothesis. `id` is unique in the run. `author` is the model's name as the user wrote it, `rules`, or `user`.

    `expects` is `no effect` for a hypothesis of no difference and `estimate` for a descriptive question, which gets no verdict.
    """

    id: str
    cycle: int
    statement: str
    rationale: str
    task: Task
    expects: Expectation
    direction: Direction | None
    target: Target
    author: str


class ResearchPlan(Value):
    """What a designer makes of a question: hypotheses, or the sentence that says what it could not decide and which columns it
    considered. `notes` are sentences for the report's assumptions ("body_mass_g was taken as the outcome").
    """

    hypotheses: tuple[Hypothesis, ...] = ()
    undecided: str | None = None
    notes: tuple[str, ...] = ()
