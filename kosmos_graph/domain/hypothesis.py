"""Hypotheses, and the target that a hypothesis and its design are about."""

from __future__ import annotations

from typing import Literal

from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.value import Value

Task = Literal["compare", "change", "associate", "affect", "interact", "predict", "trend", "step", "estimate"]
"""What kind of question a hypothesis answers.

compare: an outcome between groups (or against a stated value). change: before and after, or any paired measurements.
associate: two variables together. affect: one predictor's term in a regression on all of them. interact: whether the first
predictor's effect depends on the second. predict: how well the predictors foretell the outcome of new rows. trend: an outcome over
time. step: an outcome before and after a date. estimate: how much, with an interval and no verdict.
"""

Expectation = Literal["effect", "no effect", "estimate"]
Direction = Literal["positive", "negative"]
Quantity = Literal["mean", "proportion", "quantile", "skill"]
"""What is estimated or compared. skill: how well the predictors foretell the outcome of rows that were not learnt from."""


class Target(Value):
    """What is to be estimated: the closed choices that a design is built from. Every name is a column or level that exists.

    The effect's sign follows from it: `levels` (A, B) means A minus B; for binary outcomes, of the proportions of `success`;
    with `baseline` (a second column, wide format) outcome minus baseline; otherwise the slope or correlation with the first
    predictor. `pair` is the column that identifies pairs or repeated units in long format. `reference` is the value that a
    one-sample comparison tests against. `change_at` (ISO date) splits a series for a step.

    `event` is the column that says whether what the outcome (a duration) waits for had happened at its end, by its level
    `event_level`; other rows are censored. Rows with one value of `cluster` hang together; `weight` is how many units of the
    population a row stands for, `stratum` the part of it that the row was drawn from, and `exposure` what a count is a count per.
    With `interaction` the effect is the product of the first two predictors.
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
    event: str | None = None
    event_level: str | None = None
    cluster: str | None = None
    weight: str | None = None
    stratum: str | None = None
    exposure: str | None = None
    interaction: bool = False
    filters: tuple[Filter, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the target reads (filters apart), in a fixed order, without repeats."""
        structure = (self.event, self.cluster, self.weight, self.stratum, self.exposure)
        named = (self.outcome, self.baseline, *self.predictors, self.pair, self.time, *structure)
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
