"""Which methods of the catalogue may be used on given columns, the preferred one first, and why not the others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind, Trap
from kosmos_graph.domain.hypothesis import Expectation, Target, Task
from kosmos_graph.domain.study_sheet import SmallestEffect, StudySheet
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.counting import (
    level_names,
    parameters,
    rows_left,
    rows_of,
    smallest_group,
)
from kosmos_graph.experiments.method import Case, Method
from kosmos_graph.experiments.periods import not_two_moments
from kosmos_graph.experiments.preferences import preferences

SERIES_POINTS = 40
"""Fewest points in time from which a trend or step is tested (Newey–West errors need that many)."""
ROWS_PER_PARAMETER = 10
"""Fewest rows, or events of a yes/no outcome, per parameter of a regression (Harrell 2015, Regression Modeling Strategies)."""
PER_PARAMETER = "per parameter"
"""Words of the objection that rows are too few for a regression's coefficients."""
PARTS = {
    "cluster": "rows that hang together",
    "exposure": "what the counts are counts per",
    "interaction": "two predictors whose effects may depend on each other",
    "stratum": "strata",
    "time": "a column of times",
}
STRUCTURE: tuple[tuple[str, frozenset[Kind]], ...] = (
    ("event", frozenset({Kind.BINARY})),
    ("weight", frozenset({Kind.CONTINUOUS, Kind.COUNT})),
    ("exposure", frozenset({Kind.CONTINUOUS, Kind.COUNT})),
    ("cluster", frozenset({Kind.IDENTIFIER, Kind.NOMINAL, Kind.ORDINAL, Kind.BINARY, Kind.COUNT})),
    ("stratum", frozenset({Kind.NOMINAL, Kind.ORDINAL, Kind.BINARY, Kind.COUNT})),
)
"""Parts of a target that say how rows came about, and the kinds of column that can."""


@dataclass(frozen=True)
class Choice:
    """A method that may be used; `reason` says in words why it fits, `preferred` marks the default."""

    method: str
    preferred: bool
    reason: str


def applicable_methods(
    card: DataCard, sheet: StudySheet, task: Task, expects: Expectation, target: Target, covariates: tuple[str, ...] = ()
) -> tuple[Choice, ...]:
    """The admissible methods, the preferred one first, then in the catalogue's order; empty where there is none."""
    admitted = [
        method
        for method in CATALOGUE.values()
        if serves(method, card, task, expects, target, covariates) and not objections(method, card, sheet, target, covariates)
    ]
    defaults = tuple(_preferred(Case(card, sheet, task, expects, target, covariates)))
    names = [method.name for method in admitted]
    ranked = [name for name, _ in defaults if name in names]
    ordered = (*dict.fromkeys(ranked), *(name for name in names if name not in ranked))
    reasons = dict(reversed(defaults))
    return tuple(Choice(name, place == 0, reasons.get(name) or CATALOGUE[name].summary) for place, name in enumerate(ordered))


def _preferred(case: Case) -> Iterator[tuple[str, str]]:
    """The usual choices with the reason, the most usual first: what a method says of itself is more particular than the table."""
    for method in CATALOGUE.values():
        reason = method.prefer(case) if method.prefer is not None else None
        if reason is not None:
            yield method.name, reason
    yield from preferences(case)


def delta_for(sheet: StudySheet, outcome: str) -> SmallestEffect | None:
    """The sheet's δ, where it speaks of this outcome: it is in units of the primary outcome, if one is declared."""
    return sheet.smallest_effect if sheet.primary_outcome in (None, outcome) else None


def with_delta(sheet: StudySheet, outcome: str, delta: SmallestEffect | None) -> StudySheet:
    """The sheet with `delta` as the smallest effect that matters in `outcome`."""
    return sheet.model_copy(update={"smallest_effect": delta, "primary_outcome": outcome})


def refusal(
    card: DataCard, sheet: StudySheet, task: Task, expects: Expectation, target: Target, covariates: tuple[str, ...] = ()
) -> str:
    """Why no method may be used, in sentences: what the one among the usual ones lacks that lacks least; empty where one may."""
    if applicable_methods(card, sheet, task, expects, target, covariates):
        return ""
    usual = (CATALOGUE.get(name) for name, _ in _preferred(Case(card, sheet, task, expects, target, covariates)))
    fitting = [method for method in usual if method is not None and (expects == "no effect" or not method.needs.delta)]
    found = [told for method in fitting if (told := objections(method, card, sheet, target, covariates))]
    if found:
        fewest = min(found, key=len)
        return " ".join(fewest)
    return f"No method of the catalogue answers this about {target.outcome}."


def serves(method: Method, card: DataCard, task: Task, expects: Expectation, target: Target, covariates: tuple[str, ...]) -> bool:
    """Whether the method answers this sort of question."""
    if method.name == "estimate":
        described = task in ("trend", "step") and not _long_enough(card, target)
        return task == "estimate" or expects == "estimate" or described
    if task == "estimate" or expects == "estimate":
        return "estimate" in method.tasks
    return bool(set(method.tasks) & _tasks(card, task, target, covariates)) and (expects == "no effect" or not method.needs.delta)


def _tasks(card: DataCard, task: Task, target: Target, covariates: tuple[str, ...]) -> set[Task]:
    """An association with a grouping column is a comparison of its groups; an adjusted one, a term of a regression."""
    first = card.column(target.predictors[0]) if target.predictors else None
    tasks: set[Task] = {task}
    if task == "associate" and first is not None and first.kind.categorical:
        tasks.add("compare")
    if covariates and task in ("compare", "associate"):
        tasks.add("affect")
    return tasks


def _long_enough(card: DataCard, target: Target) -> bool:
    return rows_left(card, target, ()) >= SERIES_POINTS


def objections(
    method: Method, card: DataCard, sheet: StudySheet, target: Target, covariates: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Sentences on why `method` may not be used on these columns; empty where it may.

    Only structure is looked at: kinds, levels, rows, and each column's own counts, never an outcome by group.
    """
    columns = tuple(_columns(method, card, target, covariates))
    if columns:
        return columns
    found = (
        *_shape(method, card, target),
        *_statements(method, card, sheet, target),
        *_adjustment(method, card, target, covariates),
        *_sizes(method, card, sheet, target, covariates),
        *_independence(method, card, sheet, target),
    )
    return tuple(dict.fromkeys(found))


def _columns(method: Method, card: DataCard, target: Target, covariates: Sequence[str]) -> Iterator[str]:
    """Every column exists, and has a kind that the method takes in its place."""
    needs = method.needs
    time = () if target.time is None else (target.time,)
    for name in (*target.columns, *covariates):
        if card.column(name) is None:
            yield f"The data have no column {name}."
    places = [(target.outcome, needs.outcome), *((target.baseline, needs.outcome) if target.baseline else (),)]
    for name, kinds in (place for place in places if place):
        column = card.column(name)
        if column is not None and column.kind not in kinds:
            yield f"{method.title} takes an outcome that is {_any_of(kinds)}, and {name} is {column.kind.value}."
    for place, name in enumerate(target.predictors):
        column = card.column(name)
        kinds = needs.second if place and needs.second is not None else needs.predictor
        if column is not None and kinds and column.kind not in kinds and not _tells_moments(column, target):
            yield f"{method.title} takes predictors that are {_any_of(kinds)}, and {name} is {column.kind.value}."
    for part, kinds in STRUCTURE:
        name = getattr(target, part)
        column = card.column(name) if name is not None else None
        if column is not None and column.kind not in kinds:
            yield f"{name} is {column.kind.value}, and cannot be the {part}: that takes a column that is {_any_of(kinds)}."
    for name in time:
        column = card.column(name)
        if column is not None and not (column.kind.numeric or column.kind == Kind.DATETIME):
            yield f"{name} is {column.kind.value}, and does not tell time."


def _tells_moments(column: ColumnCard, target: Target) -> bool:
    """Whether two values of a column of numbers tell the two measurements of each pair apart: a year, the number of a visit."""
    return target.pair is not None and target.levels is not None and column.kind.numeric and column.name == target.predictors[0]


def _any_of(kinds: frozenset[Kind]) -> str:
    return " or ".join(sorted(kind.value for kind in kinds))


def _shape(method: Method, card: DataCard, target: Target) -> Iterator[str]:
    """Number of predictors and of groups, and no column in two places."""
    needs = method.needs
    least, most = needs.predictors
    n = len(target.predictors)
    if n < least or (most is not None and n > most):
        yield f"{method.title} takes {_between(least, most)} predictors, and there are {n}."
    if target.outcome in target.predictors or target.outcome == target.baseline:
        yield f"{target.outcome} cannot be the outcome and what explains it."
    if needs.groups is not None and target.predictors:
        least, most = needs.groups
        groups = len(level_names(card, target))
        if groups < least or (most is not None and groups > most):
            yield f"{method.title} compares {_between(least, most)} groups, and {target.predictors[0]} makes {groups}."

    second = card.column(target.predictors[1]) if needs.moments and n > 1 else None
    why = not_two_moments(second, target.filters) if second is not None else None
    if why is not None:
        yield f"{method.title} compares two moments, and {why}."


def _between(least: int, most: int | None) -> str:
    return f"{least} or more" if most is None else str(least) if least == most else f"{least} to {most}"


def _statements(method: Method, card: DataCard, sheet: StudySheet, target: Target) -> Iterator[str]:
    """What target or study sheet must state for the method, and what the method would silently ignore."""
    needs = method.needs
    paired = target.baseline is not None or target.pair is not None
    described = method.name == "estimate"
    units = (
        "units measured repeatedly (a column of ids)"
        if needs.sampling == "repeated"
        else "pairs (a second measurement, or a column of ids)"
    )
    timed = target.time is not None and not described and "time" not in needs.takes
    parts = (
        (needs.reference, target.reference is not None, "a value to compare with"),
        (needs.change_at, target.change_at is not None and not described, "the date of the change"),
        (needs.time, timed, PARTS["time"]),
        (needs.sampling in ("paired", "repeated"), paired, units),
        (needs.event, target.event is not None, "a column that says whether the event happened"),
        (needs.weight, target.weight is not None, "weights"),
        (needs.interaction, target.interaction and "interaction" not in needs.takes, PARTS["interaction"]),
        (needs.sampling == "clustered", target.cluster is not None and "cluster" not in needs.takes, PARTS["cluster"]),
        (False, target.exposure is not None and "exposure" not in needs.takes, PARTS["exposure"]),
        (False, target.stratum is not None and "stratum" not in needs.takes, PARTS["stratum"]),
    )
    for needed, given, what in parts:
        if needed != given:
            yield f"{method.title} {'needs' if needed else 'would ignore'} {what}{'' if needed else ', which the design states'}."
    if needs.event and target.event is None:
        yield "If it happened to every row, derive a column of ones in the study sheet, and name that as the event."
    event = card.column(target.event) if needs.event and target.event is not None else None
    if event is not None and len(event.levels) == 1 and event.levels[0].name != target.event_level:
        one = event.levels[0].name
        yield (
            f"{method.title} needs events, and no event happened: {event.name} is {one} in every row. If {one} says that it "
            "happened, state it as `positive` in the study sheet's dictionary."
        )
    elif event is not None and all(level.name != target.event_level for level in event.levels):
        yield (
            f"{method.title} needs to be told which level of {event.name} says that the event happened: state it as `positive` in "
            "the study sheet's dictionary."
        )
    if needs.delta and delta_for(sheet, target.outcome) is None:
        yield f"{method.title} needs the smallest effect that matters (δ), which is not stated: give it in the study sheet."
    if target.pair is not None and target.baseline is None and needs.sampling == "paired" and not target.predictors:
        yield "Pairs in two rows each need the column that tells the two measurements apart."
    if method.name == "estimate" and target.quantity is None and target.time is None:
        yield "An estimate needs to be told which quantity: a mean, a proportion or a quantile."
    column = card.column(target.outcome)
    if method.name == "estimate" and target.quantity and column and (target.quantity == "proportion") == column.kind.numeric:
        yield f"{target.outcome} is {column.kind.value}, which has no {target.quantity}."
    if target.reference is not None and target.quantity == "quantile" and not needs.quantiles:
        yield f"{method.title} compares a mean or a proportion, and the question is about a median."


def _adjustment(method: Method, card: DataCard, target: Target, covariates: Sequence[str]) -> Iterator[str]:
    kinds = method.needs.covariates
    if covariates and kinds is None:
        yield f"{method.title} cannot adjust for other columns."
    if not covariates and method.needs.adjusts:
        yield f"{method.title} needs a covariate."
    for name in covariates:
        column = card.column(name)
        if name in target.columns:
            yield f"{name} cannot be a covariate beside its other part in the design."
        elif kinds is not None and column is not None and column.kind not in kinds:
            yield f"{name} is {column.kind.value}, which cannot be adjusted for."


def _sizes(method: Method, card: DataCard, sheet: StudySheet, target: Target, covariates: Sequence[str]) -> Iterator[str]:
    """Rows at least as many as the method needs; for regressions ten rows (or events) per parameter."""
    needs = method.needs
    rows = rows_left(card, target, covariates)
    pairs = rows // max(2, len(level_names(card, target))) if target.pair is not None else rows
    if pairs < needs.rows:
        unit = {"paired": "pairs", "repeated": "units"}.get(needs.sampling, "rows")
        yield f"{method.title} needs {needs.rows} complete {unit}, and at most {pairs} are left."
    group = smallest_group(card, target) if needs.predictor and needs.groups is not None and target.pair is None else None
    if group is not None and group[1] < needs.per_group:
        yield f"{method.title} needs {needs.per_group} rows per group, and {group[0]} has {group[1]}."
    cluster = card.column(target.cluster) if target.cluster is not None else None
    if cluster is not None and cluster.distinct < needs.clusters:
        yield f"{method.title} needs {needs.clusters} clusters, and {cluster.name} has {cluster.distinct}."
    if needs.per_parameter is not None:
        yield from _parameters(method, card, target, covariates, rows)


def _parameters(method: Method, card: DataCard, target: Target, covariates: Sequence[str], rows: int) -> Iterator[str]:
    wanted = parameters(card, (*target.predictors, *covariates), target)
    if target.interaction:
        wanted += math.prod(parameters(card, (name,), target) for name in target.predictors[:2])
    have, unit = _information(method, card, target, rows)
    if have < ROWS_PER_PARAMETER * wanted:
        yield (
            f"{method.title} needs {ROWS_PER_PARAMETER} {unit} {PER_PARAMETER}: there are {have} for {wanted} parameters; "
            "name fewer predictors."
        )


def _information(method: Method, card: DataCard, target: Target, rows: int) -> tuple[int, str]:
    """What a coefficient is learnt from, and how many of it there are."""
    outcome, event = (card.column(name) if name is not None else None for name in (target.outcome, target.event))
    match method.needs.per_parameter:
        case "rarer level" if outcome is not None and outcome.levels:
            return min(rows, *(level.n for level in outcome.levels)), "events (rows with the rarer level of the outcome)"
        case "events" if event is not None and target.event_level is not None:
            return min(rows, event.n_of(target.event_level)), "events"
        case _:
            return rows, "complete rows"


def _independence(method: Method, card: DataCard, sheet: StudySheet, target: Target) -> Iterator[str]:
    """Methods for independent rows are refused where rows hang together."""
    if method.needs.sampling == "series":
        yield from _one_series(card, target)
    if method.needs.sampling in ("paired", "repeated"):
        yield from _one_row_a_level(card, target)
    if method.needs.sampling != "independent":
        return
    unit = repeated_unit(card, sheet, target)
    if unit is not None and unit != target.cluster and target.interaction:
        yield (
            f"{method.title} takes no clusters: it takes every row as independent, and {unit} has several rows for each of its "
            "values. Select one row for each, or average the rows first."
        )
    elif unit is not None and unit != target.cluster:
        yield (
            f"{method.title} takes every row as independent, and {unit} has several rows for each of its values: "
            f"{_within_units(card, sheet, target, unit)}, select one row for each, or average the rows first."
        )
    if is_series(card, sheet) and method.name != "estimate" and target.time is None:
        yield (
            f"{method.title} takes every row as independent, and the rows are points in time: ask for a trend over time or for a "
            "change at a date, which allow for dependence in time."
        )


def _within_units(card: DataCard, sheet: StudySheet, target: Target, unit: str) -> str:
    """What makes rows of the same units comparable: clusters where a level has several rows of a unit, else pairs or moments."""
    by = card.column(target.predictors[0]) if len(target.predictors) == 1 else None
    column = card.column(unit)
    levels = level_names(card, target)
    if by is None or column is None or unit in (sheet.id, sheet.pair) or len(levels) < 2:
        return "compare within units (a pair column and two moments)"
    rows = {by.n_of(level) for level in levels}
    apart = max(rows) > column.distinct or card.units_varying(unit, by.name) == 0
    if apart and (len(levels) > 2 or unit != sheet.cluster):
        return f"state in the study sheet that it is the cluster (`cluster: {unit}`), for methods that allow for clusters"
    if len(levels) == 2:
        return "compare within units (a pair column and two moments)"
    stated = f"`id: {unit}`" if rows == {column.distinct} else f"`pair: {unit}`, which leaves out units without a row at each level"
    return f"state in the study sheet that it is the unit ({stated}), for a repeated-measures analysis within it"


def _one_row_a_level(card: DataCard, target: Target) -> Iterator[str]:
    """More rows at a level than there are units cannot be put in pairs."""
    unit = card.column(target.pair) if target.pair is not None else None
    by = card.column(target.predictors[0]) if target.predictors else None
    if unit is None or by is None or target.filters:
        return
    most = max((rows_of(by, level, card.rows) for level in level_names(card, target)), default=0)
    if most > unit.distinct:
        yield (
            f"{unit.name} has several rows at one level of {by.name}, so it is not clear which rows make a pair: "
            f"select one row for "
            "each, or average the rows first."
        )


def _one_series(card: DataCard, target: Target) -> Iterator[str]:
    time = card.column(target.time) if target.time is not None else None
    if time is not None and time.distinct < rows_left(card, target, ()):
        yield (
            f"{time.name} does not give each row its own point in time, so the rows are several series: select one of them, or "
            "average them."
        )
    points = rows_left(card, target, ())
    if points < SERIES_POINTS:
        yield f"A test that allows for dependence in time needs {SERIES_POINTS} points, and there are {points}."


def is_series(card: DataCard, sheet: StudySheet) -> bool:
    """Whether rows are points of one series: as the user declares, else as the profile found."""
    if "design" in sheet.declared:
        return sheet.design == "time series"
    return sheet.design == "time series" or any(trap.kind == "ordered series" for trap in card.traps)


def repeated_unit(card: DataCard, sheet: StudySheet, target: Target) -> str | None:
    """The column whose values have several rows each among those that the target selects; None where rows are independent."""
    if target.pair is not None:
        return None
    for name in (sheet.cluster, sheet.id, sheet.pair, *_repeating(card.traps)):
        column = card.column(name) if name is not None else None
        if column is None or column.name in target.predictors:
            continue
        if rows_left(card, target.model_copy(update={"levels": None, "predictors": ()}), (), missing=False) > column.distinct:
            return column.name
    return None


def _repeating(traps: Sequence[Trap]) -> tuple[str, ...]:
    return tuple(trap.column for trap in traps if trap.kind == "repeated ids" and trap.column is not None)
