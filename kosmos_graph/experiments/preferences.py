"""The table of preferences: which method is the default for which question and kinds of columns, and why."""

from __future__ import annotations

from collections.abc import Iterator

from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind
from kosmos_graph.domain.hypothesis import Expectation, Target, Task
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.counting import level_names, smallest_expected_count

EXPECTED_COUNT = 5.0
"""Smallest expected count of a table from which a score test is preferred to an exact one (Cochran 1954, Biometrics 10:417)."""


def preferences(
    card: DataCard, sheet: StudySheet, task: Task, expects: Expectation, target: Target, covariates: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Preferred methods with the reason in words, the most preferred first."""
    outcome = card.column(target.outcome)
    if outcome is None:
        return
    if task == "estimate" or expects == "estimate":
        yield "estimate", "the question asks how much, so an estimate with its interval answers it, and no test"
        return
    if expects == "no effect":
        yield from _equivalence(target)
    match task:
        case "change":
            yield from _change(outcome)
        case "trend" | "step":
            yield from _series(task)
        case "affect":
            yield from _affect(outcome, card, sheet, target, covariates)
        case "compare" | "associate":
            yield from _relation(outcome, card, target, covariates)


def _equivalence(target: Target) -> Iterator[tuple[str, str]]:
    reason = "the question is whether there is no difference beyond the smallest one that matters"
    if target.reference is not None:
        yield "one_sample_tost", reason
    elif target.baseline is not None or target.pair is not None:
        yield "paired_tost", reason
    else:
        yield "tost", reason


def _change(outcome: ColumnCard) -> Iterator[tuple[str, str]]:
    if outcome.kind == Kind.BINARY:
        yield "mcnemar", "a yes/no outcome is measured twice on the same units"
    elif outcome.kind == Kind.ORDINAL:
        yield "sign_test", "an ordered outcome is measured twice on the same units, and its steps have no size"
    else:
        yield "paired_t", "a number is measured twice on the same units, so the change within each unit is what counts"


def _series(task: Task) -> Iterator[tuple[str, str]]:
    if task == "trend":
        yield "trend_hac", "the rows are points in time, and neighbouring ones may depend on each other"
    else:
        yield "step_hac", "the rows are points in time, and the question names the date of a change"
    yield "estimate", "the series has too few points for a test that allows for dependence in time, so it is described"


def _affect(
    outcome: ColumnCard, card: DataCard, sheet: StudySheet, target: Target, covariates: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    if sheet.design == "randomised" and len(level_names(card, target)) == 2 and covariates and outcome.kind.numeric:
        yield "ancova", "the groups were assigned at random, and adjusting for what was known before sharpens the comparison"
    if outcome.kind == Kind.BINARY:
        yield "logistic_regression", "a yes/no outcome, with the other columns held constant"
    yield "linear_regression", "a numeric outcome, with the other columns held constant and errors that allow unequal spread"


def _relation(outcome: ColumnCard, card: DataCard, target: Target, covariates: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    first = card.column(target.predictors[0]) if target.predictors else None
    if target.reference is not None or first is None:
        yield from _against(outcome, target)
    elif first.kind.categorical:
        if outcome.kind == first.kind == Kind.ORDINAL and target.levels is None and not covariates:
            yield "kendall", "both columns have ordered levels whose steps have no size, so their ranks are compared"
        yield from _groupwise(outcome, card, target, covariates)
    else:
        yield from _slopes(outcome, covariates)


def _against(outcome: ColumnCard, target: Target) -> Iterator[tuple[str, str]]:
    if target.quantity == "quantile":
        yield "one_sample_wilcoxon", "a median is compared with a stated value, so the centre of the ranks is compared with it"
        return
    if outcome.kind == Kind.BINARY:
        yield "one_sample_proportion", "a proportion is compared with a stated value"
    yield "one_sample_t", "a mean is compared with a stated value"


def _groupwise(outcome: ColumnCard, card: DataCard, target: Target, covariates: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    two = len(level_names(card, target)) == 2
    if outcome.kind == Kind.BINARY and covariates:
        yield "logistic_regression", "a yes/no outcome between groups, with the covariates held constant"
    if outcome.kind == Kind.BINARY and two:
        yield from _two_proportions(card, target)
    if outcome.kind in (Kind.BINARY, Kind.NOMINAL):
        yield "chi_square", "both columns have levels, and the test asks whether they go together"
    elif outcome.kind == Kind.ORDINAL:
        name = "mann_whitney" if two else "kruskal_wallis"
        yield name, "the outcome's levels are ordered and their steps have no size, so ranks are compared"
    elif covariates:
        yield "ancova", "two groups are compared at equal covariates"
        yield "linear_regression", "groups are compared with the covariates held constant"
    elif two:
        yield "welch_t", "two independent groups and a numeric outcome; their spreads may differ, so no pre-test is needed"
    else:
        yield "welch_anova", "several independent groups and a numeric outcome; their spreads may differ, so no pre-test is needed"


def _two_proportions(card: DataCard, target: Target) -> Iterator[tuple[str, str]]:
    smallest = smallest_expected_count(card, target)
    if smallest is not None and smallest < EXPECTED_COUNT:
        yield (
            "boschloo_exact",
            "two proportions, and the smallest group with the overall share of successes expects too few for a score test",
        )
    yield "risk_difference", "two proportions are compared, and their difference has a plain meaning"


def _slopes(outcome: ColumnCard, covariates: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if outcome.kind == Kind.BINARY:
        yield "logistic_regression", "a yes/no outcome against a number"
    elif outcome.kind == Kind.ORDINAL:
        yield "spearman", "ordered levels against a number, so ranks are compared"
    else:
        told = "with the covariates held constant" if covariates else "the slope has the units of the data"
        yield "linear_regression", f"two numbers: {told}, and the errors allow unequal spread"
