"""Questions that set two or more named levels, or two columns, against each other."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kosmos_graph.agents.reading.clauses import level_filters
from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.levels import after_and_before, positive_level
from kosmos_graph.agents.reading.pairing import THAN, pairs_in_rows
from kosmos_graph.agents.reading.scene import LEVEL, Scene, unknown_words
from kosmos_graph.agents.reading.signs import DOWN, UP, asks_sameness, direction, sign, sign_of
from kosmos_graph.domain.data_card import ColumnCard, Kind
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Direction

LIKELY = re.compile(
    r"\b(?:likely|likelihood|probab\w*|chances?|odds|risk|proportions?|share|percentage|percent|fraction|"
    r"rates?|often|frequen\w*|common\w*|prevalen\w*|"
    r"tend\w*)\b"
)


def compare_levels(scene: Scene) -> Frame | Unread | None:
    """Two or more levels of one column compared in an outcome; None where no column has two of its levels named."""
    grouped = _grouped(scene)
    if grouped is None:
        return None
    column, levels = grouped
    if scene.column(column).kind.numeric or scene.column(column).kind == Kind.DATETIME:
        return _between_values(scene, column, levels)
    outcomes = tuple(name for name in scene.columns_in(scene.text) if name != column)
    others = tuple((name, level) for name, level in scene.levels_in(scene.text) if name != column)
    success = None
    if not outcomes:
        named = _named_outcome(scene, others)
        if named is None:
            return Unread(_no_outcome(scene), (column,))
        outcomes, success = (named[0],), named[1]
        others = tuple(option for option in others if option[0] != named[0])
    else:
        own = [level for name, level in others if name == outcomes[0]]
        success = own[0] if own else None
        others = tuple(option for option in others if option[0] not in outcomes)
    return _between(scene, column, levels, outcomes, success, others)


def _between_values(scene: Scene, column: str, values: tuple[str, ...]) -> Frame | Unread:
    """Two values of a count compared: the slope over rows that have one of them has the sign of the difference."""
    outcomes = tuple(name for name in scene.columns_in(scene.text) if name != column)
    others = tuple(option for option in scene.levels_in(scene.text) if option[0] not in (column, *outcomes))
    if scene.column(column).kind != Kind.COUNT or len(values) != 2 or len(outcomes) != 1:
        return Unread(
            f"{column} holds numbers, so its values make no groups; declare it nominal or ordinal on the study sheet", (column,)
        )
    (first, second), asked = _ordered(scene, column, values)
    if pairs_in_rows(scene, scene.column(column), (first, second)) is not None:
        rows = level_filters(scene, others)
        return Frame("relate", outcomes, (column,), (first, second), asked, equal=asks_sameness(scene.text), filters=rows)
    turned = direction(-sign_of(asked)) if float(first) < float(second) else asked
    within = Filter(column=column, operator="in", value=tuple(sorted(values, key=float)))
    note = f"{column} holds numbers: rows with one of its two values were compared by the slope between them."
    return Frame(
        "relate",
        outcomes,
        (column,),
        direction=turned,
        equal=asks_sameness(scene.text),
        filters=(within, *level_filters(scene, others)),
        notes=(note,),
    )


def _between(
    scene: Scene,
    column: str,
    levels: tuple[str, ...],
    outcomes: tuple[str, ...],
    success: str | None,
    others: tuple[tuple[str, str], ...],
) -> Frame | Unread:
    filters = level_filters(scene, others)
    if len(outcomes) > 1 and not listed(scene, outcomes):
        extra = tuple(name for name in outcomes if scene.column(name).kind.categorical)
        if len(outcomes) - len(extra) != 1:
            return Unread("it names several columns, and which of them is the outcome is not clear", outcomes)
        return Unread(f"what it asks about {extra[0]} beside the comparison is not clear", outcomes)
    if len(levels) > 2:
        within = (
            filters
            if len(levels) == len(scene.column(column).levels)
            else (*filters, *level_filters(scene, _options(column, levels)))
        )
        return Frame("relate", outcomes, (column,), success=success, equal=asks_sameness(scene.text), filters=within)
    pair, asked = _ordered(scene, column, levels)
    return Frame("relate", outcomes, (column,), pair, asked, success, equal=asks_sameness(scene.text), filters=filters)


def _options(column: str, levels: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((column, level) for level in levels)


def _grouped(scene: Scene) -> tuple[str, tuple[str, ...]] | None:
    """The column with two or more levels named, and those levels, in the question's order."""
    options = scene.levels_in(scene.text)
    for column in dict.fromkeys(name for name, _ in options):
        levels = tuple(level for name, level in options if name == column)
        if len(levels) > 1:
            return column, levels
    return None


def _named_outcome(scene: Scene, others: tuple[tuple[str, str], ...]) -> tuple[str, str] | None:
    """The outcome that a level names: `more likely to be smokers`, `the share of females`."""
    if not others or not (LIKELY.search(scene.text) or UP.search(scene.text) or DOWN.search(scene.text) or "differ" in scene.text):
        return None
    found = re.search(
        r"\b(?:to (?:be |have |become )?|be |being |proportions? of |share of |percentage of |percent |"
        r"fraction of |rates? of )(?:a |an |the )?(L\d+)",
        scene.text,
    )
    if found is not None:
        named = scene.levels_in(found.group(1))[0]
        return named if named in others else None
    return others[0] if len(others) == 1 and LIKELY.search(scene.text) else None


def _no_outcome(scene: Scene) -> str:
    words = unknown_words(scene, scene.text)
    said = " ".join(words[:6]).join("“”") if words else "what is compared"
    return f"it compares groups, and no column of the data matches {said}"


def listed(scene: Scene, outcomes: tuple[str, ...]) -> bool:
    """Whether the outcomes stand in one list: `bill length and bill depth`."""
    marks = [
        f"C{number}" for number, mention in enumerate(scene.mentions) if mention.options[0][0] in outcomes and not mention.is_level
    ]
    marks = [mark for mark in marks if re.search(rf"\b{mark}\b", scene.text)]
    joint = r"(?: ,)?(?: and| or)?(?: the| a| their)? ".join(rf"{mark}(?: ,)?(?: [a-z]+)?" for mark in marks)
    return re.search(joint, scene.text) is not None


def _ordered(scene: Scene, column: str, levels: tuple[str, ...]) -> tuple[tuple[str, str], Direction | None]:
    """(A, B) and the sign of A minus B that the question expects."""
    than = THAN.search(scene.text)
    if than is None:
        return _without_than(scene, column, levels)
    before = _levels_of(scene, column, scene.text[: than.start()])
    after = [level for level in _levels_of(scene, column, scene.text[than.end() :]) if level not in before[:1]]
    compared = scene.text[: than.start()] if before else scene.text
    if before and after:
        return (before[0], after[0]), direction(_graded(compared))
    return (levels[0], levels[1]), None


def _without_than(scene: Scene, column: str, levels: tuple[str, ...]) -> tuple[tuple[str, str], Direction | None]:
    """`Did Y rise from A to B`, `between 1990 and 2000`: the sign is that of later minus earlier."""
    shift = re.search(
        r"\bfrom (?:[a-z]+ ){0,2}?(?P<a>L\d+)(?: [a-z]+){0,2}? (?:to|until|through) (?:[a-z]+ ){0,2}?(?P<b>L\d+)", scene.text
    )
    if shift is not None:
        start, end = (_levels_of(scene, column, shift.group(part)) for part in ("a", "b"))
        if start and end and start != end:
            return (end[0], start[0]), direction(sign(scene.text))
    card = scene.column(column)
    times = _time_order(card, levels)
    if times is None and card.kind.numeric:
        times = (max(levels, key=float), min(levels, key=float))
    if times is None:
        return (levels[0], levels[1]), None
    return times, None if re.search(r" or ", scene.text) else direction(sign(scene.text))


def _graded(text: str) -> int:
    """The sign of the last word of comparison before `than`."""
    words = re.findall(r"\b(?:more|less|most|least|increas\w*|decreas\w*)\b", text)
    return sign(words[-1]) if words else 0


def _levels_of(scene: Scene, column: str, text: str) -> list[str]:
    return [level for mark in LEVEL.findall(text) for name, level in scene.levels_in(mark) if name == column]


def _time_order(card: ColumnCard, levels: tuple[str, ...]) -> tuple[str, str] | None:
    found = after_and_before(card)
    return found if found is not None and set(found) == set(levels) else None


def success_of(card: ColumnCard) -> str:
    """The level of a two-level outcome whose proportion is compared: the one that means yes, else the last."""
    return positive_level(card) or card.levels[-1].name
