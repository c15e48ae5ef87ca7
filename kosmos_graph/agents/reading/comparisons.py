"""Questions that set two or more named levels, or two columns, against each other."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kosmos_graph.agents.reading.clauses import level_filters
from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.levels import after_and_before, positive_level
from kosmos_graph.agents.reading.lexicon import AFTER, BEFORE
from kosmos_graph.agents.reading.scene import LEVEL, Scene, unknown_words
from kosmos_graph.agents.reading.signs import DOWN, UP, asks_sameness, direction, sign, sign_of
from kosmos_graph.agents.reading.words import pieces
from kosmos_graph.domain.data_card import ColumnCard, Kind
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Direction

THAN = re.compile(r"\b(?:than|compared (?:to|with)|relative to|versus|vs|as opposed to|rather than|as against)\b")
LIKELY = re.compile(
    r"\b(?:likely|likelihood|probab\w*|chances?|odds|risk|proportions?|share|percentage|percent|fraction|"
    r"rates?|often|frequen\w*|common\w*|prevalen\w*|"
    r"tend\w*)\b"
)
OVER_UNITS = re.compile(
    r"\b(?:chang\w*|improv\w*|from|before|baseline|since|over the|after|during|gain\w*|lose|lost|went|progress\w*)\b"
)
CHANGE = re.compile(
    r"\b(?:chang\w*|differ\w*|improv\w*|more|less|increas\w*|decreas\w*|before|after|effect|gain\w*|"
    r"drop\w*|ris\w*|rose|fall\w*|fell|shift\w*|compare\w*|"
    r"reduc\w*|same|work\w*|progress\w*|go up|go down|went up|went down|worse\w*|better)\b"
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
    if len(outcomes) > 1 and not _joined(scene, outcomes):
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


def _joined(scene: Scene, outcomes: tuple[str, ...]) -> bool:
    """Whether the outcomes stand in one list: `bill length and bill depth`."""
    marks = [
        f"C{number}" for number, mention in enumerate(scene.mentions) if mention.options[0][0] in outcomes and not mention.is_level
    ]
    return re.search(r"(?: ,)?(?: and| or)? ".join(rf"{mark}(?: ,)?(?: [a-z]+)?" for mark in marks), scene.text) is not None


def _ordered(scene: Scene, column: str, levels: tuple[str, ...]) -> tuple[tuple[str, str], Direction | None]:
    """(A, B) and the sign of A minus B that the question expects."""
    than = THAN.search(scene.text)
    if than is None:
        return _time_order(scene.column(column), levels) or (levels[0], levels[1]), None
    before = _levels_of(scene, column, scene.text[: than.start()])
    after = [level for level in _levels_of(scene, column, scene.text[than.end() :]) if level not in before[:1]]
    compared = scene.text[: than.start()] if before else scene.text
    if before and after:
        return (before[0], after[0]), direction(_graded(compared))
    return (levels[0], levels[1]), None


def _graded(text: str) -> int:
    """The sign of the last word of comparison before `than`."""
    words = re.findall(r"\b(?:more|less|most|least|increas\w*|decreas\w*)\b", text)
    return sign(words[-1]) if words else 0


def _levels_of(scene: Scene, column: str, text: str) -> list[str]:
    return [level for mark in LEVEL.findall(text) for name, level in scene.levels_in(mark) if name == column]


def _time_order(card: ColumnCard, levels: tuple[str, ...]) -> tuple[str, str] | None:
    found = after_and_before(card)
    return found if found is not None and set(found) == set(levels) else None


def compare_measurements(scene: Scene) -> Frame | Unread | None:
    """Two numeric columns of the same rows against each other: before and after, or `is X larger than Y?`."""
    pair = _before_and_after(scene)
    if pair is not None and CHANGE.search(scene.text):
        after, before = pair
        return Frame(
            "paired",
            (after,),
            baseline=before,
            direction=direction(_change_sign(scene.text, scene, pair)),
            equal=asks_sameness(scene.text),
        )
    numeric = [name for name in scene.columns_in(scene.text) if scene.column(name).kind.numeric]
    if len(numeric) != 2 or len(scene.columns_in(scene.text)) != 2:
        return None
    x, y = numeric
    marks = [f"C{number}" for number, mention in enumerate(scene.mentions) if not mention.is_level]
    if re.search(rf"{marks[0]}.*\b(?:more|less)\b(?: [a-z]+){{0,2}} than\b.*C\d+", scene.text) and not re.search(
        r"\b(?:more|less) C\d+.*than", scene.text
    ):
        return Frame("paired", (x,), baseline=y, direction=direction(_graded(scene.text)))
    if re.search(
        r"\bdifference between (?:the )?(?:mean |average |typical )?C\d+ and (?:the )?(?:mean |average |typical )?C\d+(?: ,|$)",
        scene.text,
    ) or re.search(r"\b(?:is|are|do|does) C\d+ and C\d+ (?:differ\w*|the same|equal)(?: on average)?(?: ,|$)", scene.text):
        return Frame("paired", (x,), baseline=y, equal=asks_sameness(scene.text))
    return None


def _change_sign(text: str, scene: Scene, pair: tuple[str, str]) -> int:
    than = THAN.search(text)
    if than is None:
        return sign(text)
    first = scene.columns_in(text[: than.start()])
    return _graded(text) * (-1 if first and first[-1] == pair[1] and pair[0] not in first else 1)


def _before_and_after(scene: Scene) -> tuple[str, str] | None:
    """(after, before): two columns whose names differ only in a word of time, when the question names both or their stem."""
    if _grouped(scene) is not None:
        return None
    named: set[str] = set()
    for number, mention in enumerate(scene.mentions):
        if not mention.is_level and re.search(rf"\bC{number}\b", scene.text):
            named |= set(mention.columns)
    for after, before in measurement_pairs(scene.card.columns):
        if named == {after, before} or (named and named <= {after, before} and OVER_UNITS.search(scene.text)):
            return after, before
    return None


def measurement_pairs(columns: Iterable[ColumnCard]) -> tuple[tuple[str, str], ...]:
    """(after, before) names of numeric columns that are the same measurement at two times, by their names."""
    numeric = [(column.name, pieces(column.name)) for column in columns if column.kind.numeric or column.kind == Kind.BINARY]
    found = []
    for after, late in numeric:
        for before, early in numeric:
            if after != before and _same_but_time(late, early):
                found.append((after, before))
    return tuple(found)


def _same_but_time(late: tuple[str, ...], early: tuple[str, ...]) -> bool:
    marks_late, marks_early = AFTER & set(late), BEFORE & set(early)
    if not marks_early or AFTER & set(early) or BEFORE & set(late):
        return False
    rest = [word for word in late if word not in marks_late]
    return bool(marks_late or rest) and rest == [word for word in early if word not in marks_early]


def success_of(card: ColumnCard) -> str:
    """The level of a two-level outcome whose proportion is compared: the one that means yes, else the last."""
    return positive_level(card) or card.levels[-1].name
