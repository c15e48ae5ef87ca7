"""Reviews a design against data card and study sheet, before anything is run: hard checks that reject, graded ones that lower."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kosmos_graph.data.filters import complaint
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.design import CODE, Design, Review, ReviewItem
from kosmos_graph.domain.hypothesis import Hypothesis, Target
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.applicability import objections, with_delta
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.code_check import complaints
from kosmos_graph.experiments.counting import has_value, level_names, rows_left, smallest_group
from kosmos_graph.experiments.planned_power import standardised_detectable

Severity = Literal["hard", "graded"]
Aspect = Literal["rigour", "completeness", "feasibility"]

LARGE_EFFECT = 0.8
"""Standardised difference that Cohen (1988) calls large: a design that detects only larger ones has little power."""
UNBALANCED = 4.0
"""Ratio of group sizes from which the smaller group sets the precision."""
MANY_MISSING = 0.05


@dataclass(frozen=True)
class Check:
    """One check: `finding` is None where it is passed."""

    name: str
    severity: Severity
    aspect: Aspect
    finding: str | None
    remedy: str = ""


def review_design(
    design: Design, hypothesis: Hypothesis, card: DataCard, sheet: StudySheet, options: Options, others: Sequence[Design]
) -> Review:
    """The review of `design`, which must not repeat `others`, the plan's designs; those of its own hypothesis are passed over."""
    checks = (*_hard(design, hypothesis, card, sheet, others), *_graded(design, hypothesis, card, sheet, options))
    items = tuple(
        ReviewItem(check=check.name, severity=check.severity, aspect=check.aspect, finding=check.finding, remedy=check.remedy)
        for check in checks
        if check.finding is not None
    )
    return Review(
        key=design.key,
        items=items,
        rigour=_grade(checks, "rigour"),
        completeness=_grade(checks, "completeness"),
        feasibility=_grade(checks, "feasibility"),
    )


def faults(design: Design, card: DataCard) -> tuple[str, ...]:
    """What is wrong with a design whatever its hypothesis and method, in sentences: columns, levels, conditions, parts."""
    missing = _columns(design, card)
    if missing is not None:
        return (missing,)
    found = (_levels(design.target, card), _filters(design.target, card), _roles(design))
    return tuple(sentence for sentence in found if sentence is not None)


def _grade(checks: Sequence[Check], aspect: Aspect) -> float:
    """Share of the aspect's checks that are passed."""
    own = [check.finding is None for check in checks if check.aspect == aspect]
    return sum(own) / len(own) if own else 1.0


def _hard(design: Design, hypothesis: Hypothesis, card: DataCard, sheet: StudySheet, others: Sequence[Design]) -> Iterator[Check]:
    yield Check("data set", "hard", "feasibility", _dataset(design, card), "Name the data set that the card describes.")
    yield Check("method exists", "hard", "feasibility", _method(design), "Choose a method of the catalogue.")
    yield Check(
        "columns exist", "hard", "feasibility", _columns(design, card), "Use the names of the data card, letter for letter."
    )
    yield Check("levels exist", "hard", "feasibility", _levels(design.target, card), "Use levels that the data card lists.")
    yield Check("filters fit", "hard", "feasibility", _filters(design.target, card), "State conditions that fit the column's kind.")
    yield Check("filters leave rows", "hard", "feasibility", _rows(design.target, card), "Drop or widen a condition.")
    yield Check("one role each", "hard", "rigour", _roles(design), "Give every column one part in the design.")
    yield Check(
        "answers its hypothesis", "hard", "rigour", _answers(design, hypothesis), "Keep the hypothesis's outcome and predictor."
    )
    yield Check("no duplicate", "hard", "rigour", _duplicate(design, others), "Test something that no other design tests.")
    yield Check("code", "hard", "feasibility", _code(design), "Write Python that defines experiment(data, seed) and returns them.")
    yield Check(
        "method fits", "hard", "rigour", _fits(design, card, sheet), "Choose another admissible method, or change the columns."
    )


def _dataset(design: Design, card: DataCard) -> str | None:
    return (
        None
        if design.target.dataset == card.name
        else f"The design is about {design.target.dataset}, and the data are {card.name}."
    )


def _code(design: Design) -> str | None:
    """A design has code, or a method of the catalogue."""
    if (design.code is None) != (design.method != CODE):
        return f"A design whose method is {CODE} has code, and no other has."
    return None if design.code is None else " ".join(complaints(design.code)) or None


def _method(design: Design) -> str | None:
    return None if design.method in (*CATALOGUE, CODE) else f"The catalogue has no method called {design.method}."


def _columns(design: Design, card: DataCard) -> str | None:
    missing = [name for name in (*design.target.columns, *design.covariates) if card.column(name) is None]
    return f"The data have no column {', '.join(missing)}." if missing else None


def _levels(target: Target, card: DataCard) -> str | None:
    """The levels compared and the success level are levels of their columns, and the two compared differ."""
    outcome = card.column(target.outcome)
    grouping = card.column(target.predictors[0]) if target.predictors else None
    for level in target.levels or ():
        if grouping is None or not has_value(grouping, level):
            return f"{grouping.name if grouping else 'The design'} has no level {level}."
    if target.levels is not None and target.levels[0] == target.levels[1]:
        return f"{target.levels[0]} is compared with itself."
    if target.success is not None and outcome is not None and all(found.name != target.success for found in outcome.levels):
        return f"{outcome.name} has no level {target.success}."
    return None


def _filters(target: Target, card: DataCard) -> str | None:
    return next((found for condition in target.filters if (found := complaint(condition, card)) is not None), None)


def _rows(target: Target, card: DataCard) -> str | None:
    return None if rows_left(card, target, ()) > 0 else "The conditions leave no complete row."


def _roles(design: Design) -> str | None:
    target = design.target
    structure = (target.event, target.cluster, target.weight, target.stratum, target.exposure)
    parts = (target.outcome, target.baseline, *target.predictors, target.pair, target.time, *structure, *design.covariates)
    named = [name for name in parts if name is not None]
    twice = sorted({name for name in named if named.count(name) > 1})
    return f"{', '.join(twice)} has two parts in the design." if twice else None


def _answers(design: Design, hypothesis: Hypothesis) -> str | None:
    """A design may narrow its hypothesis's target, and keeps the outcome and, where there are any, the first predictor."""
    asked, planned = hypothesis.target, design.target
    if design.hypothesis != hypothesis.id:
        return f"The design belongs to {design.hypothesis}, and the hypothesis is {hypothesis.id}."
    if asked.outcome != planned.outcome or asked.predictors[:1] != planned.predictors[:1]:
        return "The design tests other columns than its hypothesis names."
    return None


def _duplicate(design: Design, others: Sequence[Design]) -> str | None:
    for other in others:
        same = all(getattr(other, part) == getattr(design, part) for part in ("target", "covariates", "method", "code"))
        if same and other.hypothesis != design.hypothesis:
            return f"It repeats the design of hypothesis {other.hypothesis}."
    return None


def _fits(design: Design, card: DataCard, sheet: StudySheet) -> str | None:
    method = CATALOGUE.get(design.method)
    if method is None:
        return None
    stated = sheet if design.delta is None else with_delta(sheet, design.target.outcome, design.delta)
    found = objections(method, card, stated, design.target, design.covariates)
    return " ".join(found) or None


def _graded(design: Design, hypothesis: Hypothesis, card: DataCard, sheet: StudySheet, options: Options) -> Iterator[Check]:
    tested = hypothesis.expects != "estimate" and design.code is None
    yield Check(
        "power",
        "graded",
        "rigour",
        _power(design, card, options) if tested else None,
        "Collect more rows, or expect large effects only.",
    )
    yield Check(
        "smallest effect",
        "graded",
        "rigour",
        _delta(design, hypothesis),
        "State the smallest effect that matters in the study sheet.",
    )
    yield Check("confounders", "graded", "rigour", _confounders(design, sheet), "Adjust for them, or say why not.")
    yield Check("mediators", "graded", "rigour", _barred(design, sheet), "Leave mediators and colliders out of the adjustment.")
    yield Check("balance", "graded", "rigour", _balance(design.target, card), "Read the interval with the smaller group in mind.")
    yield Check(
        "missing values",
        "graded",
        "rigour",
        _missing(design, card),
        "Say why the values are missing, and whether that depends on the outcome.",
    )
    yield Check("weights", "graded", "rigour", _weights(design, sheet), "Read the results as about the sample, not the population.")
    yield from _words(design)


def _power(design: Design, card: DataCard, options: Options) -> str | None:
    """Judged from rows alone: nothing about the outcome is looked at before the lock."""
    detectable = standardised_detectable(design, card, options.alpha)
    if detectable is None or detectable <= LARGE_EFFECT:
        return None
    rows = rows_left(card, design.target, design.covariates)
    return f"At most {rows} rows are left, with which only effects beyond Cohen's large ones are detected with 80 % power."


def _delta(design: Design, hypothesis: Hypothesis) -> str | None:
    if hypothesis.expects == "no effect" and design.delta is None:
        return "No difference is expected, and without a smallest effect that matters it can neither be shown nor refuted."
    return None


def _confounders(design: Design, sheet: StudySheet) -> str | None:
    declared = sheet.covariates_with("confounder")
    left = [name for name in declared if name not in design.covariates and name not in design.target.columns]
    if not left or sheet.design == "randomised":
        return None
    return f"Declared confounders are not adjusted for: {', '.join(left)}."


def _barred(design: Design, sheet: StudySheet) -> str | None:
    barred = [name for name in design.covariates if name in sheet.covariates_with("mediator", "collider")]
    return f"A declared mediator or collider is adjusted for: {', '.join(barred)}." if barred else None


def _balance(target: Target, card: DataCard) -> str | None:
    smallest = smallest_group(card, target)
    if smallest is None or target.pair is not None:
        return None
    column = card.column(target.predictors[0])
    largest = max(column.n_of(name) for name in level_names(card, target)) if column is not None else 0
    if smallest[1] and largest / smallest[1] < UNBALANCED:
        return None
    return f"The groups are of very different size: {smallest[0]} has {smallest[1]} rows, the largest {largest}."


def _missing(design: Design, card: DataCard) -> str | None:
    cards = (card.column(name) for name in (*design.target.columns, *design.covariates))
    many = [column.name for column in cards if column is not None and column.missing > MANY_MISSING * card.rows]
    return f"More than 5 % of the values are missing: {', '.join(many)}." if many else None


def _weights(design: Design, sheet: StudySheet) -> str | None:
    if design.target.weight is not None:
        return None
    if sheet.design != "survey" and sheet.weight is None:
        return None
    return "The rows come from a survey, and the method does not use its weights."


def _words(design: Design) -> Iterator[Check]:
    """Parts of the protocol that a reader needs."""
    protocol = design.protocol
    needed = (
        ("objective", protocol.objective),
        ("steps", protocol.steps),
        ("dependent variables", protocol.dependent_variables),
        ("what would refute it", protocol.refuted_by),
        ("sample size", protocol.sample_size),
        ("power", protocol.power),
        ("reproducibility", protocol.reproducibility),
        ("reason for the method", design.method_reason),
    )
    for name, content in needed:
        filled = any(part.strip() for part in ((content,) if isinstance(content, str) else content))
        yield Check(
            name, "graded", "completeness", None if filled else f"The protocol does not state its {name}.", f"State the {name}."
        )
