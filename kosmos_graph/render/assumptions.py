"""What a run took for granted: everything undeclared, the policies, and the rules' thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.comparison import MOST_MISSING
from kosmos_graph.render.answered import Answered
from kosmos_graph.render.caveats import FEW_PER_GROUP, FEW_ROWS
from kosmos_graph.render.fill import POWER, delta, listed
from kosmos_graph.render.numbers import level, number, percent
from kosmos_graph.render.record import Record

UNDECLARED: tuple[tuple[str, str], ...] = (
    ("design", "The study design is not declared: it is taken as observational, so findings are associations."),
    ("unit", "The unit of analysis is not declared: each row is taken as one independent unit."),
    ("cluster", "No clusters are declared: rows are taken as independent of each other."),
    ("weight", "No weights are declared: every row counts the same."),
    ("covariates", "No confounders are declared: nothing is adjusted for but what a design names."),
    ("smallest_effect", "No smallest effect that matters is declared."),
    ("dictionary", "Kinds, units and levels of the columns were inferred from the data."),
    ("exclusions", "No exclusions are declared."),
)
"""Fields of the study sheet, and what is assumed where the user gave none."""

VERDICTS = (
    "Verdicts: supported by an adjusted p of at most alpha with the predicted sign (any sign where none was predicted); refuted by "
    "one with the opposite sign, or by an effect shown to lie within ±δ; all else is inconclusive."
)


def assumptions(record: Record, found: Sequence[Answered]) -> tuple[str, ...]:
    """Sentences on all that was assumed or chosen, without repeats."""
    designs = [design for plan in record.plans for design in plan.designs] or [one.design for one in found]
    sentences = (
        *record.notes,
        *_sheet(record.material.sheet, designs),
        *_data(record, designs),
        *_designs(designs, found),
        *_policies(record),
        *_defaults(designs),
    )
    return tuple(dict.fromkeys(sentences))


def _sheet(sheet: StudySheet, designs: Sequence[Design]) -> Iterator[str]:
    grouped = any((design.target.cluster, design.target.pair, design.target.time) != (None, None, None) for design in designs)
    untrue = {"unit", "cluster"} if grouped else set()
    yield from (sentence for name, sentence in UNDECLARED if name not in sheet.declared and name not in untrue)
    if sheet.exclusions:
        yield f"Rows are left out where {listed([filter_words(one) for one in sheet.exclusions])}, as the study sheet says."
    if sheet.covariates:
        yield f"Declared roles: {listed([f'{one.column} is a {one.role}' for one in sheet.covariates])}."


def _data(record: Record, designs: Sequence[Design]) -> Iterator[str]:
    """How the columns in use were read."""
    for card in record.material.cards:
        used = {
            name
            for design in designs
            if design.target.dataset == card.name
            for name in (*design.target.columns, *design.covariates)
        }
        columns = [column for column in card.columns if column.name in used]
        if columns:
            yield f"Columns of {card.name} are read as: {', '.join(f'{column.name} {column.kind.value}' for column in columns)}."
        yield from (f"{card.name}: {note}" for note in card.notes)
        yield from (f"{card.name}, {column.name}: {note}" for column in columns for note in column.notes)


def _designs(designs: Sequence[Design], found: Sequence[Answered]) -> Iterator[str]:
    effects = {one.hypothesis.id: one.result.effect for one in found}
    for design in designs:
        yield from _structure(design)
        if design.target.filters:
            yield f"{design.hypothesis} keeps rows where {listed([filter_words(one) for one in design.target.filters])}."
        if design.delta is not None and design.hypothesis in effects:
            size = delta(design.delta.value, effects[design.hypothesis])
            yield f"{design.hypothesis}: the smallest effect that matters (δ) is {size}; source: {design.delta.source}."
        if design.alternative != "two-sided":
            yield f"{design.hypothesis} is tested one-sided ({design.alternative}), as locked before the data were looked at."


def _structure(design: Design) -> Iterator[str]:
    """What is taken for granted of how the rows came about."""
    target = design.target
    if target.cluster is not None:
        yield f"{design.hypothesis}: rows with one value of {target.cluster} hang together; other rows are taken as independent."
    if target.event is not None:
        happened = f"{target.event} = {target.event_level}" if target.event_level is not None else f"{target.event} says so"
        yield (
            f"{design.hypothesis}: {target.outcome} ended with the event where {happened}; the other rows were followed for that "
            "long without it, and are taken as no more and no less at risk than those that were followed further."
        )
    if target.exposure is not None:
        yield f"{design.hypothesis}: {target.outcome} is counted per unit of {target.exposure}."
    if target.weight is not None:
        strata = f", drawn within the strata of {target.stratum}" if target.stratum is not None else ""
        yield f"{design.hypothesis}: each row stands for {target.weight} units of the population{strata}."


def _policies(record: Record) -> Iterator[str]:
    options = record.material.options
    yield "Rows with a missing value in a column that a design uses are left out (complete cases)."
    yield "Outliers stay in unless an exclusion was locked."
    yield f"Alpha is {number(options.alpha)}: intervals are at {level(options.level)}; tests are two-sided unless said otherwise."
    yield VERDICTS
    yield "The p values of all primary tests are adjusted together (Holm); sensitivity results stand beside and change no verdict."
    yield f"Smallest detectable effects refer to {percent(POWER)} power."
    yield (
        f"Caveats stand over {percent(MOST_MISSING)} missing, below {FEW_ROWS} rows in all and below {FEW_PER_GROUP} in a group."
    )
    yield f"Random numbers start from seed {options.seed}."


def _defaults(designs: Sequence[Design]) -> Iterator[str]:
    """What the methods say of having been chosen by rule, in the catalogue's order."""
    used = {design.method for design in designs if design.author == "rules"}
    yield from (method.assumption for name, method in CATALOGUE.items() if name in used and method.assumption)


def filter_words(condition: Filter) -> str:
    """A condition on rows in words."""
    match condition.value:
        case None:
            return f"{condition.column} {condition.operator}"
        case tuple() as several:
            return f"{condition.column} {condition.operator} ({', '.join(several)})"
        case float() as value:
            return f"{condition.column} {condition.operator} {number(value)}"
    return f"{condition.column} {condition.operator} {condition.value}"
