"""Whether what a designer decided on is what the question asks: row by row, sign by sign, column by column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchmarks.question_file import AskedQuestion, ExpectedStudy
from kosmos_graph.data.dataset import Dataset
from kosmos_graph.data.filters import mask
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Direction, Hypothesis, Target
from kosmos_graph.domain.study_sheet import StudySheet

FLIPPED: dict[Direction | None, Direction | None] = {"positive": "negative", "negative": "positive", None: None}


@dataclass(frozen=True)
class Decided:
    """A hypothesis and the design that the review accepted for it."""

    hypothesis: Hypothesis
    design: Design


def objections(question: AskedQuestion, decided: tuple[Decided, ...], data: Dataset, sheet: StudySheet) -> tuple[str, ...]:
    """Why the decided studies do not answer the question; none if they do.

    Each study must be an expected one, and each expected one must be there. For "what affects Y?" the predictors of all
    hypotheses together are compared with the expected set.
    """
    if question.unanswerable:
        return (f"unanswerable: {question.unanswerable}",)
    if question.type == "what_affects":
        return tuple(_affect_objections(question.expect[0], decided, data))
    found = [_least(question, one, data, sheet) for one in decided]
    wrong = [reason for reasons, _ in found for reason in reasons]
    missing = set(range(len(question.expect))) - {index for _, index in found}
    return (*wrong, *(f"nothing on {' or '.join(question.expect[index].outcome)}" for index in sorted(missing)))


def _least(question: AskedQuestion, one: Decided, data: Dataset, sheet: StudySheet) -> tuple[list[str], int]:
    """The objections against the expected study that fits best, and that study's position."""
    candidates = [
        (list(study_objections(variant, one, data, sheet)), index)
        for index, expected in enumerate(question.expect)
        for variant in (expected, *expected.also)
    ]
    return min(candidates, key=lambda candidate: len(candidate[0]))


def study_objections(expected: ExpectedStudy, one: Decided, data: Dataset, sheet: StudySheet) -> Iterator[str]:
    """What is not as expected in one study."""
    design, target = one.design, one.design.target
    if design.method not in expected.methods:
        yield f"method {design.method}"
    if target.outcome not in expected.outcome:
        yield f"outcome {target.outcome}"
    yield from _predictor_objections(expected, design, sheet)
    yield from _detail_objections(expected, one)
    if not same_rows(data, expected, target):
        yield f"other rows: {target.levels or ''} {[(f.column, f.operator, f.value) for f in target.filters]}"
    yield from _direction_objections(expected, one)


def _predictor_objections(expected: ExpectedStudy, design: Design, sheet: StudySheet) -> Iterator[str]:
    predictors, adjusted = set(design.target.predictors), set(design.covariates)
    free = {*expected.may, *sheet.covariates_with("confounder", "pre-treatment")}
    fits = [
        set(by) <= predictors and predictors - set(by) <= {*expected.adjust, *expected.may} and _first(by, expected, design)
        for by in expected.by
    ]
    if not any(fits):
        yield f"predictors {list(design.target.predictors)}"
    if design.target.outcome in predictors:
        yield "the outcome is among the predictors"
    if not set(expected.adjust) <= predictors | adjusted:
        yield f"adjusted for {sorted(adjusted)}"
    if adjusted - set(expected.adjust) - free:
        yield f"adjusted, unasked, for {sorted(adjusted - set(expected.adjust) - free)}"


def _first(by: list[str], expected: ExpectedStudy, design: Design) -> bool:
    """Whether the tested term is asked about: the first predictor is none that is merely adjusted for."""
    return not by or design.target.predictors[0] not in {*expected.adjust, *expected.may}


def _detail_objections(expected: ExpectedStudy, one: Decided) -> Iterator[str]:
    target = one.design.target
    if expected.expects and one.hypothesis.expects != expected.expects:
        yield f"expects {one.hypothesis.expects}"
    if expected.reference is not None and target.reference != expected.reference:
        yield f"reference {target.reference}"
    if expected.quantity and target.quantity not in expected.quantity:
        yield f"quantity {target.quantity}"
    if expected.quantile is not None and target.quantile != expected.quantile:
        yield f"quantile {target.quantile}"
    if target.baseline is not None and target.baseline not in (expected.baseline or ()):
        yield f"baseline {target.baseline}"
    if expected.baseline and (target.baseline is None or target.baseline == target.outcome):
        yield f"baseline {target.baseline}"
    if expected.pair and target.pair != expected.pair:
        yield f"pair {target.pair}"
    if expected.time and expected.time not in (target.time, *target.predictors):
        yield f"time {target.time}"
    if expected.change_at and not str(target.change_at).startswith(tuple(expected.change_at)):
        yield f"change at {target.change_at}"
    if expected.quantity and expected.success and not same_level(target.success, expected.success):
        yield f"success {target.success}"


def _direction_objections(expected: ExpectedStudy, one: Decided) -> Iterator[str]:
    stated, target = one.hypothesis.direction, one.design.target
    if expected.success is not None and target.success is not None and not same_level(target.success, expected.success):
        stated = FLIPPED[stated]
    if expected.slope and (stated or "none") not in expected.slope:
        yield f"direction {stated}"
    if expected.higher is None:
        return
    ends = target.levels or (target.outcome, target.baseline)
    claimed = None if stated is None else ends[0] if stated == "positive" else ends[1]
    if not same_level(claimed, expected.higher):
        yield f"higher {claimed}"


def _affect_objections(expected: ExpectedStudy, decided: tuple[Decided, ...], data: Dataset) -> Iterator[str]:
    named = {name for one in decided for name in one.design.target.predictors}
    adjusted = {name for one in decided for name in one.design.covariates}
    if not set(expected.by[0]) <= named:
        yield f"without {sorted(set(expected.by[0]) - named)}"
    if (named | adjusted) - {*expected.by[0], *expected.may}:
        yield f"with {sorted((named | adjusted) - {*expected.by[0], *expected.may})}"
    for one in decided:
        if one.design.target.outcome not in expected.outcome:
            yield f"outcome {one.design.target.outcome}"
        if one.design.method not in expected.methods:
            yield f"method {one.design.method}"
        if not same_rows(data, expected, one.design.target):
            yield f"other rows: {one.design.target.filters}"


def same_level(one: str | None, other: str) -> bool:
    """Whether two names mean the same level: `1` and `1.0` do."""
    if one is None:
        return False
    if one == other:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _of_level(column: pd.Series[Any], level: str) -> pd.Series[bool]:
    """Rows that have the level, whatever kind the column was read as."""
    return column.map(
        lambda cell: not pd.isna(cell) and (same_level(str(cell), level) or str(cell).startswith(f"{level}-"))
    ).astype(bool)


def _selected(data: Dataset, filters: tuple[Filter, ...], levels: tuple[str, str] | None, by: str | None) -> pd.Series[bool]:
    rows = pd.Series(data=True, index=data.frame.index)
    for condition in filters:
        rows &= mask(data.frame, condition)
    if levels and by in data.frame.columns:
        rows &= _of_level(data.frame[by], levels[0]) | _of_level(data.frame[by], levels[1])
    return rows


def analysed_rows(data: Dataset, target: Target) -> pd.Series[bool]:
    """Which rows the target selects, missing cells apart."""
    return _selected(data, target.filters, target.levels, target.predictors[0] if target.predictors else None)


def expected_rows(data: Dataset, expected: ExpectedStudy) -> pd.Series[bool]:
    """Which rows the question asks about, missing cells apart."""
    by = expected.by[0]
    return _selected(data, expected.filters, expected.levels, by[0] if by else None)


def same_rows(data: Dataset, expected: ExpectedStudy, target: Target) -> bool:
    """Whether the target selects the rows asked about, among those complete in outcome and predictors."""
    named = {*expected.outcome, *(name for by in expected.by for name in by)}
    if not {*named, *(name for name, _, _ in expected.where)} <= set(data.frame.columns):
        return False
    complete = data.frame[sorted(named)].notna().all(axis="columns")
    return bool((analysed_rows(data, target) & complete).equals(expected_rows(data, expected) & complete))
