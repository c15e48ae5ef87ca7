"""Sentences about claims and targets from templates: no digit but in names, and in values that the user stated."""

from __future__ import annotations

from dataclasses import replace

from kosmos_graph.agents.protocol import Material
from kosmos_graph.agents.reading.frame import Claim
from kosmos_graph.domain.data_card import ColumnCard, DataCard
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.study_sheet import StudySheet

RELATIONS = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "in": "is one of",
    "not in": "is none of",
    "is missing": "is missing",
    "is not missing": "is not missing",
}


def statement_of(claim: Claim, material: Material) -> str:
    """The claim as a sentence that data can support or refute (a descriptive one says what is estimated)."""
    card = material.card(claim.target.dataset)
    outcome = card.column(claim.target.outcome)
    claim = replace(claim, target=_followed(claim.target, card, material.sheet))
    sentence = _sentence(claim, outcome, card.column(claim.target.predictors[0]) if claim.target.predictors else None)
    return f"{sentence}{_adjusted(claim)}{among(claim.target.filters)}."


def _followed(target: Target, card: DataCard, sheet: StudySheet) -> Target:
    """The target with the sheet's event, where its outcome is the sheet's duration."""
    follows = sheet.event is not None and target.outcome == sheet.duration and card.column(sheet.event) is not None
    return target.model_copy(update={"event": sheet.event}) if follows else target


def _sentence(claim: Claim, outcome: ColumnCard | None, predictor: ColumnCard | None) -> str:
    target, what = claim.target, quantity_of(claim.target, outcome)
    match claim.task:
        case "estimate":
            return f"{what} is estimated{_by(target)}"
        case "change":
            return _change(claim, what)
        case "interact" | "predict":
            return _together(claim, what)
        case "trend":
            return _moves(claim, what, f"over {target.time}")
        case "step":
            return _moves(claim, what, f"at {_date(target.change_at or '')}")
    return _against(claim, what) if target.reference is not None else _related(claim, what, predictor)


def _together(claim: Claim, what: str) -> str:
    """What is said of several predictors at once."""
    target = claim.target
    if claim.task == "predict":
        return f"{listed(target.predictors)} foretell {target.outcome} of new rows better than its average does"
    if claim.direction is not None and target.levels is not None:
        moves = "rises more (or falls less)" if claim.direction == "positive" else "falls more (or rises less)"
        a, b = target.levels
        return f"{what} {moves} with {target.predictors[1]} for {a} than for {b} ({target.predictors[0]})"
    verb = "does not depend" if claim.expects == "no effect" else "depends"
    return f"The relation of {target.predictors[0]} with {what[0].lower()}{what[1:]} {verb} on {listed(target.predictors[1:2])}"


def _related(claim: Claim, what: str, predictor: ColumnCard | None) -> str:
    if predictor is None:
        return f"{what} is described"
    return _groups(claim, what) if predictor.kind.categorical else _slope(claim, predictor.name, what)


def quantity_of(target: Target, outcome: ColumnCard | None) -> str:
    """What is compared or estimated, in words: the mean of an outcome, or the proportion of one of its levels."""
    if target.success is not None:
        return f"The proportion of {target.success} in {target.outcome}"
    if target.event is not None and target.quantity in (None, "mean", "quantile"):
        which = "median " if target.quantile == 0.5 else "mean " if target.quantity == "mean" else ""
        return f"The {which}time until {target.event} ({target.outcome})"
    if target.quantity == "quantile":
        return f"The median of {target.outcome}" if target.quantile == 0.5 else f"The stated quantile of {target.outcome}"
    if outcome is not None and outcome.kind.categorical:
        return f"The distribution of {target.outcome}"
    return f"The mean of {target.outcome}"


def _by(target: Target) -> str:
    return f" for each level of {target.predictors[0]}" if target.predictors else ""


def _change(claim: Claim, what: str) -> str:
    target = claim.target
    if target.baseline is not None:
        pair = f"than {target.baseline}, measured on the same units"
        other = f"and that of {target.baseline}, measured on the same units,"
    else:
        a, b = target.levels or ("the later measurement", "the earlier one")
        pair = f"in {a} than in {b}, within the same {target.pair}"
        other = f"in {a} and in {b}, within the same {target.pair},"
    if claim.expects == "no effect":
        return f"{what} {other} are the same"
    if claim.direction is None:
        return f"{what} {other} differ"
    return f"{what} is {_comparative(claim)} {pair}"


def _moves(claim: Claim, what: str, when: str) -> str:
    if claim.expects == "no effect":
        return f"{what} does not change {when}"
    verb = {"positive": "rises", "negative": "falls", None: "changes"}[claim.direction]
    return f"{what} {verb} {when}"


def _date(date: str) -> str:
    """A date as the user gave it: the year alone where the year starts with it."""
    return date.removesuffix("-01-01")


def _against(claim: Claim, what: str) -> str:
    value = number(claim.target.reference or 0.0)
    if claim.expects == "no effect":
        return f"{what} equals {value}"
    told = {"positive": "is above", "negative": "is below", None: "differs from"}[claim.direction]
    return f"{what} {told} {value}"


def _groups(claim: Claim, what: str) -> str:
    target = claim.target
    by = target.predictors[0]
    if target.levels is None:
        return (
            f"{what} is the same for all levels of {by}"
            if claim.expects == "no effect"
            else f"{what} differs between the levels of {by}"
        )
    a, b = target.levels
    if claim.expects == "no effect":
        return f"{what} is the same for {a} and {b} ({by})"
    if claim.direction is None:
        return f"{what} differs between {a} and {b} ({by})"
    return f"{what} is {_comparative(claim)} for {a} than for {b} ({by})"


def _comparative(claim: Claim) -> str:
    words = ("higher", "lower") if claim.target.event is None else ("longer", "shorter")
    return words[0] if claim.direction == "positive" else words[1]


def _slope(claim: Claim, predictor: str, what: str) -> str:
    if claim.expects == "no effect":
        return f"{what} is not associated with {predictor}"
    if claim.direction is None:
        return f"{what} is associated with {predictor}"
    return f"{what} {'rises' if claim.direction == 'positive' else 'falls'} with {predictor}"


def _adjusted(claim: Claim) -> str:
    return f", with {listed(claim.covariates)} held constant" if claim.covariates else ""


def among(filters: tuple[Filter, ...]) -> str:
    """The selection of rows, as the end of a sentence."""
    return f", among rows in which {listed(tuple(condition_of(condition) for condition in filters))}" if filters else ""


def condition_of(condition: Filter) -> str:
    """A condition in words; its value is the user's own."""
    value = condition.value
    said = listed(value) if isinstance(value, tuple) else number(value) if isinstance(value, float) else value or ""
    return f"{condition.column} {RELATIONS[condition.operator]} {said}".strip()


def listed(names: tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def number(value: float) -> str:
    """A value that the user stated, as short as it can be written without loss."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
