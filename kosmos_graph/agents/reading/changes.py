"""Questions that hold the change of one group against that of another: `Did Y rise more in A than in B from 1991 to 1992?`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.levels import after_and_before
from kosmos_graph.agents.reading.moments import measurement_pairs
from kosmos_graph.agents.reading.pairing import THAN
from kosmos_graph.agents.reading.scene import Scene, squeeze
from kosmos_graph.agents.reading.signs import direction, sign
from kosmos_graph.agents.reading.words import pieces
from kosmos_graph.data.number_text import number_label
from kosmos_graph.domain.data_card import ColumnCard
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Direction
from kosmos_graph.experiments.periods import TIMES, in_order

MOVED = (
    r"(?:chang(?:e|es|ed|ing)|ris(?:e|es|en|ing)|rose|fall(?:s|en|ing)?|fell|grow(?:s|n|ing)?|grew|increas(?:e|es|ed|ing)|"
    r"decreas(?:e|es|ed|ing)|drop(?:s|ped|ping)?|declin(?:e|es|ed|ing)|improv(?:e|es|ed|ing)|worsen(?:s|ed|ing)?|evolved?|"
    r"develop(?:s|ed)?)"
)
CHANGE = (
    r"(?:changes?|rises?|increases?|decreases?|gains?|growth|drops?|falls?|declines?|reductions?|improvements?|loss(?:es)?|trends?|"
    r"development|evolution)"
)
GAP = r"(?:differences?|gaps?|disparity|disparities)"
GRADE = r"(?:more|less)"
UNLIKE = rf"(?:{GRADE}|differ\w*|depend\w*|vary|varies|varied|the same|same|equal\w*|similar\w*|alike)"
ACROSS = r"(?:between|across|among|by|on|upon|with|for|in|from)"
COMPARED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{MOVED} (?:[a-z]+ ){{0,2}}?(?:{GRADE}|differently|unequally|alike|equally|similarly|as much)\b",
        rf"\b{MOVED} (?:in|for|at|among) (?:the )?L\d+ (?:[a-z]+ )?(?:{GRADE}|as much)\b",
        rf"\b{CHANGE} (?:in|of) [^,]*?C\d+.*?\b{UNLIKE}\b",
        rf"\b{UNLIKE} (?:[a-z]+ )?{CHANGE} (?:in|of) [^,]*?C\d+",
        rf"C\d+ {CHANGE} (?:[a-z]+ )?{UNLIKE}\b",
        rf"\b{UNLIKE} C\d+ (?:changes?|growth|gains?|increases?|decreases?|declines?|reductions?|losses|loss)\b",
    )
)
"""What sets changes against each other, whatever the data have."""
WIDENED = re.compile(
    rf"\b{GAP} in [^,]*?C\d+(?:.*\b(?:{MOVED}|widen(?:s|ed)?|narrow(?:s|ed)?|clos(?:e|es|ed)|shr[aiu]nk)\b| (?:[a-z]+ )?{UNLIKE}\b)"
)
FARTHER = re.compile(rf"\bdiffer\w* (?:[a-z]+ )?{GRADE}\b|\b{GAP} in [^,]*?C\d+.*\b{UNLIKE}\b|\b{UNLIKE} {GAP} in [^,]*?C\d+")
"""A difference of the groups that is set against that at another moment."""
PAST = re.compile(rf"\b(?:did|has|have|had|was|were)\b.*\b(?:{MOVED}|{CHANGE})\b")
GAINED = frozenset(("gain", "gains", "gained", "lose", "loses", "lost"))
MARKED = r"(?:L|C|N|D)\d+"
LEAD = r"(?:the )?(?:(?:two|both) )?(?:(?:years?|periods?|waves?|visits?|months?) )?"
COURSE = re.compile(
    r"(?: ,)?\b(?:over|across|during|between|throughout|through)(?: the)?(?: (?:two|both))? (?:time|years?|periods?|waves?)\b"
)
SPAN = re.compile(
    rf"(?: ,)?\b(?P<lead>between|from|in|over|during|before|comparing) {LEAD}(?P<a>{MARKED})"
    rf" (?:and|to|until|till|through|with|versus|vs|than|compared (?:with|to))(?: (?:in|at|during))? {LEAD}(?P<b>{MARKED})"
)
ONE = re.compile(rf"(?: ,)?\b(?P<lead>since|after|from|by|until|till|to|in|over|across|between|with|on) {LEAD}(?P<a>{MARKED})\b")
BEFORE_AFTER = re.compile(
    r"\b(?:between|from) (?:the )?before (?:and|to) (?:the )?after\b|\bafter (?:versus|vs|compared (?:to|with)) before\b"
)


@dataclass(frozen=True)
class Period:
    """Two moments of a column, the earlier first. `rest` is the question without them, `named` whether it names them."""

    column: ColumnCard
    moments: tuple[str, str]
    rest: str
    named: bool


def changes_compared(scene: Scene) -> Frame | Unread | None:
    """The frame of a question that compares changes; None only for a question that does not.

    A comparison of changes is never answered by one of levels: where outcome, groups or periods are not clear, the question is
    left unread.
    """
    period = _period(scene)
    rest = period.rest if isinstance(period, Period) else scene.text
    by, levels = _groups(scene, rest)
    outcomes = tuple(name for name in scene.columns_in(rest) if name != by)
    if not _asks(scene, rest, period):
        return _change_of_each(outcomes, by, levels, rest, period)
    if not outcomes or (by is None and len(scene.levels_in(scene.text)) < 2):
        return None
    told = f"it asks how {outcomes[0]} changed in each group"
    named = (*outcomes, *((by,) if by is not None else ()))
    if isinstance(period, Unread) or len(outcomes) > 1:
        reason = period.reason if isinstance(period, Unread) else f"names {outcomes[1]} beside"
        considered = period.considered if isinstance(period, Unread) else ()
        return Unread(f"{told}, and {reason}", tuple(dict.fromkeys((*named, *considered))))
    return _held_apart(scene, outcomes[0], by, levels, period)


def _held_apart(scene: Scene, outcome: str, by: str | None, levels: tuple[str, ...], period: Period) -> Frame | Unread:
    """The changes of two groups, or of all groups of a column, over the two moments."""
    told, named = f"it asks how {outcome} changed in each group", (outcome, *((by,) if by is not None else ()), period.column.name)
    if in_order(period.moments, period.column) is None and after_and_before(period.column) is None:
        first, second = period.moments
        return Unread(
            f"{told}, and which of {first} and {second} comes first is not clear: give their order in the study sheet", named
        )
    if by == period.column.name or period.column.name in {column for column, _ in scene.levels_in(period.rest)}:
        return Unread(f"{told}, and names moments of {period.column.name} that do not make one change", tuple(dict.fromkeys(named)))
    if by is None or len(levels) not in (0, 2):
        return Unread(f"{told}, and not which two groups are compared", named)
    pair = (levels[0], levels[1]) if levels else None
    asked = _direction(period.rest) if pair is not None else None
    return Frame("interact", (outcome,), (by, period.column.name), levels=pair, direction=asked, filters=_only(period))


def _change_of_each(
    outcomes: tuple[str, ...], by: str | None, levels: tuple[str, ...], rest: str, period: Period | Unread
) -> Unread | None:
    """`Did Y rise in A and B from 1991 to 1992?` asks about two changes, and does not compare them."""
    if isinstance(period, Unread) or not (period.named and by is not None and len(levels) > 1 and PAST.search(rest)):
        return None
    reason = "it asks about a change in each of several groups: ask about one of them, or whether one changed more than the other"
    return Unread(reason, (*outcomes, by, period.column.name))


def _asks(scene: Scene, rest: str, period: Period | Unread) -> bool:
    """Whether changes are compared: in so many words, or as a change in the past that is set against that of another group."""
    if any(pattern.search(rest) for pattern in COMPARED):
        return True
    if isinstance(period, Unread) or not (period.named or period.column.name == scene.sheet.time):
        return False
    gained = not GAINED.isdisjoint(token.word for token in scene.tokens)
    if WIDENED.search(rest) is not None or (period.named and FARTHER.search(rest) is not None):
        return True
    return THAN.search(rest) is not None and (gained or PAST.search(rest) is not None)


def _groups(scene: Scene, rest: str) -> tuple[str | None, tuple[str, ...]]:
    """The column of the groups, and those that are named; no column where none or several could be meant."""
    named = scene.levels_in(rest)
    columns = tuple(dict.fromkeys(column for column, _ in named))
    if columns:
        return (columns[0], tuple(level for _, level in named)) if len(columns) == 1 and len(named) > 1 else (None, ())
    told = re.search(rf"\b{ACROSS} (?:the |two |both |different |all |each ){{0,3}}(?P<by>C\d+)(?: groups?)?(?: ,|$)", rest)
    name = scene.columns_in(told.group("by"))[0] if told is not None else None
    return (name, ()) if name is not None and scene.column(name).kind.categorical else (None, ())


def _period(scene: Scene) -> Period | Unread:
    """The column and the moments that the question names, else the one column that has two of them."""
    for span in SPAN.finditer(scene.text):
        for column in scene.card.columns:
            first, second = (_value(scene, span.group(part), column) for part in "ab")
            if first is not None and second is not None and first != second and _is_time(column, scene):
                rest = squeeze(f"{scene.text[: span.start()]} {scene.text[span.end() :]}")
                return Period(column, _ordered(column, (first, second)), rest, True)
    found = [(column, two) for column in scene.card.columns if (two := _two_moments(column, scene)) is not None]
    declared = [one for one in found if one[0].name == scene.sheet.time]
    if len(declared or found) == 1:
        return _whole(scene, *(declared or found)[0])
    if found:
        return Unread("several columns tell the earlier rows from the later ones", tuple(column.name for column, _ in found))
    time = scene.card.column(scene.sheet.time) if scene.sheet.time is not None else None
    if time is not None and time.distinct > 2:
        return Unread(f"{time.name} has {time.distinct} moments: name the two that are compared", (time.name,))
    if scene.within or measurement_pairs(scene.card.columns):
        return Unread("both measurements are in one row: name the later one, and adjust for the earlier one")
    return Unread("no column tells the earlier rows from the later ones")


def _whole(scene: Scene, column: ColumnCard, moments: tuple[str, str]) -> Period:
    """The question without words for the course of time, and without the one moment that the change began or ended with."""
    text, named = COURSE.sub(" ", BEFORE_AFTER.sub(" ", scene.text)), False
    for found in reversed([*ONE.finditer(text)]):
        wanted = moments[0] if found.group("lead") in ("since", "after", "from") else moments[1]
        whole = column.name in scene.columns_in(found.group("a"))
        ended = found.group("lead") in ("since", "after", "from", "by", "until", "till", "to")
        if whole or (ended and _value(scene, found.group("a"), column) == wanted):
            text, named = f"{text[: found.start()]} {text[found.end() :]}", True
    return Period(column, moments, squeeze(text), named or text != scene.text)


def _value(scene: Scene, mark: str, column: ColumnCard) -> str | None:
    """The level or value of a column that a mark stands for; None where it stands for something else."""
    if mark[0] == "L":
        return next((level for name, level in scene.levels_in(mark) if name == column.name), None)
    said = scene.number(mark).word if mark[0] in "ND" else ""
    return said if any(level.name == said for level in column.levels) else None


def _two_moments(column: ColumnCard, scene: Scene) -> tuple[str, str] | None:
    """Both moments of a column that has two, by what its levels or the column are called, or as the sheet declares it."""
    told = after_and_before(column)
    if told is not None:
        return told[1], told[0]
    if column.distinct != 2 or not _is_time(column, scene):
        return None
    if column.kind.numeric and column.low is not None and column.high is not None:
        return number_label(column.low), number_label(column.high)
    levels = tuple(level.name for level in column.levels)
    if len(levels) != 2:
        return None
    return in_order(levels, column) or ((levels[0], levels[1]) if column.name == scene.sheet.time else None)


def _is_time(column: ColumnCard, scene: Scene) -> bool:
    dated = column.kind.categorical or column.kind.numeric
    called = bool(TIMES & {*pieces(column.name), *pieces(column.label or "")})
    return dated and (column.name == scene.sheet.time or called or after_and_before(column) is not None)


def _ordered(column: ColumnCard, moments: tuple[str, str]) -> tuple[str, str]:
    told = after_and_before(column)
    if told is not None and {*told} == {*moments}:
        return told[1], told[0]
    levels = [level.name for level in column.levels if level.name in moments] or [*moments]
    return in_order(levels, column) or moments


def _only(period: Period) -> tuple[Filter, ...]:
    """The condition that leaves the two moments, of a column that has others."""
    others = len(period.column.levels) > 2 or period.column.kind.numeric
    return (Filter(column=period.column.name, operator="in", value=period.moments),) if others else ()


def _direction(text: str) -> Direction | None:
    """The sign of A's change minus B's; None where only more change is asked for, or another one."""
    than = THAN.search(text)
    before = text[: than.start()] if than is not None else ""
    grades = re.findall(rf"\b{GRADE}\b", before)
    moves = [word for word in re.findall(rf"\b(?:{MOVED}|{CHANGE})\b", before) if sign(word)]
    return direction(sign(moves[-1]) * sign(grades[-1])) if grades and moves else None
