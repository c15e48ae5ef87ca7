"""`What affects Y?`: recognising the open question, and the columns that could answer it."""

from __future__ import annotations

import re
from dataclasses import replace

from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.relations import AFFECT, LINKED
from kosmos_graph.agents.reading.scene import MARK, Scene, unknown_words
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind
from kosmos_graph.domain.study_sheet import StudySheet

WHAT = r"(?:what|which)(?: (?!is\b|are\b|does\b|do\b|was\b)[a-z]+){0,5}?"
PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{WHAT} (?:{AFFECT}|explain\w*|account\w* for|govern\w*|decid\w*|mak\w*) (?P<y>.+)",
        rf"\b{WHAT} (?:is |are |were |was )?(?:\w+ ){{0,2}}?(?:{LINKED}|important|relevant|predictive|"
        r"responsible|useful|matter\w*|informative)(?: \w+)?? (?:with|to|for|in|of) (?P<y>.+)",
        r"\b(?:what|which)\b(?: [a-z]+){0,4}? (?:is|are|was|were|does|do|did|can|could) "
        r"(?P<y>[^CL]*[CL]\d+(?: [a-z]+){0,3}?) (?:\w+ly )?(?:depend\w*|associated|related|correlated|"
        r"affected|influenced|"
        r"driven|determined|explained|predicted|linked|correlate|shaped|caused|vary|varies|change)(?: (?:on|"
        r"with|by|to|upon|from))?$",
        r"\b(?:predictors?|drivers?|determinants?|causes?|correlates?|risk factors?|factors?|influences?|"
        r"variables?) (?:\w+ )??(?:of|for|behind|affecting|influencing|driving|predicting|"
        r"determining|explaining|associated with|related to|that (?:[a-z]+)(?: [a-z]+){0,2}?) (?P<y>[^CL]*[CL]\d+.*)",
        r"^(?:how|what) (?:can|could|do|does|would|should) (?:we |one |i |you )?(?:best )?(?:predict|explain|"
        r"model) (?P<y>[^CL]*[CL]\d+(?: [a-z]+){0,3})$",
        r"^(?:how) (?:can|could) (?P<y>[^CL]*[CL]\d+(?: [a-z]+){0,3}?) be (?:\w+ )?(?:predicted|explained)$",
        r"^why (?:do|does|is|are|did) (?P<y>[^CL]*[CL]\d+) (?:vary|varies|differ)(?: so much)?$",
        r"^(?:predict|explain|model) (?P<y>[^CL]*[CL]\d+)$",
        r"^(?P<y>[^CL]*[CL]\d+(?: [a-z]+){0,2}?) (?:depend\w*|is (?:driven|determined|affected|influenced)) "
        r"(?:on|by) (?:what|which)(?: [a-z]+)*$",
    )
)


LISTED = re.compile(
    r"(?: ,)? (?:out of|among|amongst|from among|from|of|considering|given|namely|such as|like|:|is it)(?: the [a-z]+)?"
    r"(?: , )?(?P<xs> ?C\d+(?:(?: ,)?(?: and| or)? C\d+)+)$"
)


def what_affects(scene: Scene) -> Frame | Unread | None:
    """The frame of an open question for predictors, all columns or those that the question lists at its end; None for others."""
    listed = LISTED.search(scene.text)
    if listed is not None:
        frame = what_affects(replace(scene, text=scene.text[: listed.start()]))
        if isinstance(frame, Frame) and not set(frame.outcomes) & set(scene.columns_in(listed.group("xs"))):
            return replace(frame, predictors=scene.columns_in(listed.group("xs")))
    for pattern in PATTERNS:
        found = pattern.search(scene.text)
        if found is None or MARK.search(scene.text[: found.start("y")]):
            continue
        return _open(scene, found.group("y"))
    return None


def _open(scene: Scene, y: str) -> Frame | Unread | None:
    outcomes, levels = scene.columns_in(y), scene.levels_in(y)
    if len(outcomes) == 1 and not [level for level in levels if level[0] != outcomes[0]]:
        return Frame("affect", outcomes, success=levels[0][1] if levels else None)
    if not outcomes and len({column for column, _ in levels}) == 1 and len(levels) == 1:
        column, level = levels[0]
        return Frame("affect", (column,), success=level)
    if not outcomes and not levels:
        words = unknown_words(scene, y)
        return Unread(f"no column of the data matches “{' '.join(words[:6])}”" if words else "it does not name the outcome")
    return (
        None
        if len(outcomes) > 1
        else Unread("it asks what affects an outcome within a part of the rows or between groups", outcomes)
    )


def predictors_of(outcome: ColumnCard, card: DataCard, sheet: StudySheet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns that could affect `outcome`, in the data's order, and notes on those left out."""
    kept: list[str] = []
    notes: list[str] = []
    for column in card.columns:
        reason = None if column.name == outcome.name else _left_out(column, outcome, card, sheet)
        if column.name != outcome.name and reason is None and any(_same_partition(column, card.column(name)) for name in kept):
            reason = "it divides the rows as another column does"
        if reason is not None:
            notes.append(f"{column.name} was left out of the predictors: {reason}.")
        elif column.name != outcome.name:
            kept.append(column.name)
    return tuple(kept), tuple(notes)


def _left_out(column: ColumnCard, outcome: ColumnCard, card: DataCard, sheet: StudySheet) -> str | None:
    if column.kind in (Kind.TEXT, Kind.IDENTIFIER, Kind.EMPTY, Kind.DATETIME):
        return "it is empty" if column.kind == Kind.EMPTY else f"its kind is {column.kind.value}"
    if column.name in (sheet.id, sheet.pair, sheet.cluster, sheet.weight, sheet.time, *(trap.column for trap in card.traps)):
        return "it tells rows apart and measures nothing"
    if column.name in (sheet.exposure, sheet.stratum) or (
        sheet.duration is not None and column.name in (sheet.event, sheet.duration)
    ):
        return "it says how the rows came about or were followed, and is allowed for as such"
    if column.name in sheet.covariates_with("mediator", "collider"):
        return "the study sheet declares it a mediator or collider"
    return _uninformative(column, outcome, card)


def _uninformative(column: ColumnCard, outcome: ColumnCard, card: DataCard) -> str | None:
    if column.distinct < 2:
        return "it has one value only"
    if column.kind.categorical and len(column.levels) > max(2, card.rows // 10):
        return "it has too many levels for the rows there are"
    return "it divides the rows as the outcome does" if _same_partition(column, outcome) else None


def _same_partition(one: ColumnCard, other: ColumnCard | None) -> bool:
    """Whether two columns' levels have the same sizes, as the same information coded twice has."""
    if other is None or len(one.levels) < 2 or one.missing != other.missing:
        return False
    sizes = sorted(level.n for level in one.levels)
    return sum(sizes) >= 20 and sizes == sorted(level.n for level in other.levels) and len(set(sizes)) == len(sizes)
