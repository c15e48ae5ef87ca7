"""What a study sheet says about how rows came about, put into a target: clusters, weights, strata, follow-up, exposure, time."""

from __future__ import annotations

from itertools import combinations

from kosmos_graph.agents.reading.levels import positive_level
from kosmos_graph.domain.data_card import DataCard, Kind
from kosmos_graph.domain.hypothesis import Expectation, Target, Task
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.applicability import applicable_methods, is_series, repeated_unit

Part = dict[str, str | None]


def structured(target: Target, card: DataCard, sheet: StudySheet) -> tuple[Target, ...]:
    """The target with all that the sheet says of its rows, then with less and less of it, and at last as it is.

    The first for which there is a method is to be used: one that leaves a statement aside is better than none, and review and
    report say what was left aside. A censored duration is never taken for a complete one, so follow-up is in all of them.
    """
    followed = target.model_copy(update=_follow_up(target, card, sheet))
    made = (_cluster(target, card, sheet), _weight(target, card, sheet), _exposure(target, card, sheet), _time(target, card, sheet))
    parts = [part for part in made if part]
    chosen = [some for size in range(len(parts), -1, -1) for some in combinations(parts, size)]
    within = _within(followed, card, sheet)
    first = (followed.model_copy(update=within),) if within else ()
    rest = (followed.model_copy(update={name: value for part in some for name, value in part.items()}) for some in chosen)
    return (*first, *rest)


def answerable(card: DataCard, sheet: StudySheet, task: Task, expects: Expectation, target: Target) -> bool:
    """Whether some method answers this about the target, with what the sheet says of its rows, without covariates."""
    return any(applicable_methods(card, sheet, task, expects, one) for one in structured(target, card, sheet))


def _follow_up(target: Target, card: DataCard, sheet: StudySheet) -> Part:
    """Whether what a duration waits for had happened, where the outcome is the sheet's duration."""
    column = card.column(sheet.event) if sheet.event is not None else None
    if column is None or target.outcome != sheet.duration:
        return {}
    return {"event": column.name, "event_level": positive_level(column)}


def _within(target: Target, card: DataCard, sheet: StudySheet) -> Part:
    """The declared unit, where three or more levels of the one predictor are compared and each unit has a row at every level.

    Of units that are declared as pairs some may lack a row, which leaves them out. Weights go before, as no method takes both.
    """
    unit, by = repeated_unit(card, sheet, target), card.column(target.predictors[0]) if len(target.predictors) == 1 else None
    column = card.column(unit) if unit is not None and unit in (sheet.pair, sheet.id) else None
    if by is None or column is None or len(by.levels) < 3 or sheet.weight is not None:
        return {}
    if any(part is not None for part in (target.levels, target.baseline, target.reference, target.event, target.quantity)):
        return {}
    rows = {level.n for level in by.levels}
    complete = not column.missing and rows == {column.distinct}
    return {"pair": column.name} if complete or (column.name == sheet.pair and max(rows) <= column.distinct) else {}


def _cluster(target: Target, card: DataCard, sheet: StudySheet) -> Part:
    """The unit that the user declares and that has several rows, unless the target compares within it."""
    unit = repeated_unit(card, sheet, target)
    declared = unit is not None and unit in (sheet.cluster, sheet.id, sheet.pair)
    return {"cluster": unit} if declared and unit not in target.columns else {}


def _weight(target: Target, card: DataCard, sheet: StudySheet) -> Part:
    if sheet.weight is None or card.column(sheet.weight) is None or sheet.weight in target.columns:
        return {}
    stratum = sheet.stratum if sheet.stratum is not None and card.column(sheet.stratum) is not None else None
    return {"weight": sheet.weight, "stratum": None if stratum in target.columns else stratum}


def _exposure(target: Target, card: DataCard, sheet: StudySheet) -> Part:
    outcome = card.column(target.outcome)
    counted = outcome is not None and outcome.kind is Kind.COUNT
    stated = sheet.exposure is not None and card.column(sheet.exposure) is not None and sheet.exposure not in target.columns
    return {"exposure": sheet.exposure} if counted and stated else {}


def _time(target: Target, card: DataCard, sheet: StudySheet) -> Part:
    """The column that orders the points of a series, where what goes with the outcome is asked and not how large it is."""
    found = next((trap.column for trap in card.traps if trap.kind == "ordered series"), None)
    name = found if sheet.time is None or card.column(sheet.time) is None else sheet.time
    asked = bool(target.predictors) and target.quantity in (None, "skill") and (target.pair, target.baseline) == (None, None)
    return {"time": name} if asked and name is not None and name not in target.columns and is_series(card, sheet) else {}
