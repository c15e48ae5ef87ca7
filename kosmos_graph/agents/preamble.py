"""What every prompt of a run starts with: the question and the data's structure, never a row, a count or a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kosmos_graph.agents.protocol import Material
from kosmos_graph.agents.quoting import listed, quoted, shown_names
from kosmos_graph.agents.reading.words import likeness, pieces
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Trap
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.prompts import render_prompt

COLUMNS_SHOWN = 40
COLUMNS_OF_EACH = 4
DATA_SETS_SHOWN = 10
LEVELS_SHOWN = 12

ALIKE = 0.6
"""Likeness from which a word of the question counts as a word of a name."""


@dataclass(frozen=True)
class ShownData:
    """The part of a data set that prompts show and offer: `columns`, the most relevant first; `names` as they are shown."""

    card: DataCard
    columns: tuple[ColumnCard, ...]
    names: dict[str, str]


def preamble(material: Material) -> str:
    """The system prompt: the same bytes in every ask of the run."""
    return render_prompt(
        "preamble",
        question=quoted(material.question.text),
        data=_data(material),
        study=_study(material.sheet),
    )


def shown_data(material: Material) -> tuple[ShownData, ...]:
    """The data sets and columns that prompts show. Wide data are cut to the columns that sheet and question name first."""
    cards = material.cards[:DATA_SETS_SHOWN]
    share = max(COLUMNS_OF_EACH, COLUMNS_SHOWN // max(1, len(cards)))
    return tuple(_shown(card, material, share) for card in cards)


def shown_levels(column: ColumnCard) -> dict[str, str]:
    """How the levels of `column` are shown, by level."""
    return shown_names([level.name for level in column.levels])


def _shown(card: DataCard, material: Material, share: int) -> ShownData:
    asked = frozenset(pieces(material.question.text))
    declared = _declared_columns(material.sheet)
    ranked = sorted(card.columns, key=lambda column: -_relevance(column, asked, declared))
    names = shown_names([column.name for column in card.columns])
    kept = tuple(ranked[:share])
    return ShownData(card, kept, {column.name: names[column.name] for column in kept})


def _relevance(column: ColumnCard, asked: frozenset[str], declared: frozenset[str]) -> float:
    """How much sheet and question say about a column: declared ones, then by the share of their words that are asked about."""
    if column.name in declared:
        return 3.0
    named = max(_overlap(pieces(column.name), asked), _overlap(pieces(column.label or ""), asked))
    levels = any(asked.intersection(pieces(level.name)) for level in column.levels)
    return named + (0.5 if levels else 0.0)


def _overlap(words: Sequence[str], asked: frozenset[str]) -> float:
    """Share of a name's words that the question says, in this or a like form."""
    said = sum(any(likeness(other, word) >= ALIKE for other in asked) for word in words)
    return said / len(words) if words else 0.0


def _declared_columns(sheet: StudySheet) -> frozenset[str]:
    named = tuple(name for _, name in _roles(sheet)[1:])
    stated = (name for hypothesis in sheet.hypotheses for name in (hypothesis.outcome, *hypothesis.predictors))
    covariates = (covariate.column for covariate in sheet.covariates)
    return frozenset(name for name in (*named, *stated, *covariates) if name is not None)


def _data(material: Material) -> str:
    shown = shown_data(material)
    parts = [_data_set(data) for data in shown] or ["There is no data set."]
    left = len(material.cards) - len(shown)
    return "\n\n".join([*parts, *([f"{left} more data sets are not shown."] if left else [])])


def _data_set(data: ShownData) -> str:
    lines = [f"Data set {quoted(data.card.name, 80)}, columns:"]
    lines += [_column(column, data.names[column.name]) for column in data.columns]
    left = len(data.card.columns) - len(data.columns)
    lines += [f"({left} more columns, which question and study do not name, are not shown.)"] if left else []
    return "\n".join([*lines, *(_trap(trap, data) for trap in data.card.traps if trap.column in data.names)])


def _column(column: ColumnCard, shown: str) -> str:
    unit = f", in {quoted(column.unit, 24)}" if column.unit else ""
    label = f", meaning {quoted(column.label, 80)}" if column.label else ""
    return f"- {quoted(shown)}: {column.kind.value}{unit}{label}{_levels(column)}"


def _levels(column: ColumnCard) -> str:
    shown = list(shown_levels(column).values())
    more = f" and {len(shown) - LEVELS_SHOWN} more" if len(shown) > LEVELS_SHOWN else ""
    return f", levels {listed(shown[:LEVELS_SHOWN])}{more}" if shown else ""


def _trap(trap: Trap, data: ShownData) -> str:
    name = quoted(data.names[trap.column or ""])
    match trap.kind:
        case "repeated ids":
            return f"Several rows share one value of {name}."
        case "ordered series":
            return f"The rows are in order of {name}."
        case "duplicate rows":
            return "Some rows are identical."


def _study(sheet: StudySheet) -> str:
    if not sheet.declared:
        return "The user declares nothing about the study: it is observational, with one row per independent unit."
    parts = [f"The user declares: the study design is {sheet.design}"]
    parts += [f"{role} {quoted(name, 60)}" for role, name in _roles(sheet) if name is not None]
    parts += [f"{covariate.role} {quoted(covariate.column, 60)}" for covariate in sheet.covariates]
    return "; ".join(parts) + "."


def _roles(sheet: StudySheet) -> tuple[tuple[str, str | None], ...]:
    return (
        ("unit of analysis", sheet.unit),
        ("treatment", sheet.treatment),
        ("id", sheet.id),
        ("pair", sheet.pair),
        ("cluster", sheet.cluster),
        ("stratum", sheet.stratum),
        ("time", sheet.time),
        ("weight", sheet.weight),
        ("duration of follow-up", sheet.duration),
        ("event", sheet.event),
        ("exposure", sheet.exposure),
        ("primary outcome", sheet.primary_outcome),
    )
