"""Clauses beside the main question: what is adjusted for, and conditions on numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kosmos_graph.agents.reading.frame import Unread
from kosmos_graph.agents.reading.lexicon import STOP
from kosmos_graph.agents.reading.scene import MARK, Scene, unknown_words
from kosmos_graph.agents.reading.words import ROW_STEMS, pieces, stem
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.filters import Filter, Operator

END = r"(?= ,|$| (?:is|are|do|does|did|has|have|was|were|what|how|which|can|will) )"
ADJUST = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:after )?(?:adjust\w*|control\w*|account\w*|correct\w*|allowing) for (?P<z>.+?){END}",
        r"\b(?:after |while |when |with )?(?:hold\w*|keep\w*) (?P<z>.+?) (?:constant|fixed|equal|the same)",
        r"\bwith (?P<z>.+?) (?:held|kept) (?:constant|fixed|equal)",
        r"\b(?:net of|conditional on|over and above|beyond|after removing(?: the)?(?: effects?)?(?: of)?|when "
        rf"adjusted for|on top of) (?P<z>.+?){END}",
        r"\b(?:taking|when taking|after taking) (?P<z>.+?) into account",
        r"\b(?:once|when|after|if) (?P<z>C\d+(?:(?: ,)?(?: and)? C\d+)*) (?:is|are) (?:taken into account|"
        r"accounted for|controlled for|adjusted for|held \w+|known)",
        rf"\bgiven (?:the )?(?:same )?(?P<z>C\d+(?: and C\d+)*){END}",
        rf"\b(?:at|for) (?:the same|equal|a given|a fixed) (?P<z>C\d+){END}",
        r"\b(?:independent(?:ly)?|regardless|irrespective) of (?P<z>C\d+(?: and C\d+)*)(?= ,|$)",
    )
)
AGED = re.compile(
    r"\b(?:among|for|in|of|only) (?:all |the |only )?(?P<who>[a-z]+|L\d+|C\d+) (?P<cut>(?P<how>over|above|"
    r"under|below|at least|at most|more age than|"
    r"less age than|more than|less than) (?:the age of )?(?P<n>N\d+)(?: years?)?(?: of age| old| "
    r"age)*)(?=$| ,| (?:is|are|do|does|did|was|were|has|have)\b)"
)
"""`Among people over 60`: years of age, where the data have exactly one column of ages."""
BOUNDS: tuple[tuple[re.Pattern[str], Operator], ...] = (
    (re.compile(r"\b(?:at least|no less than|minimum of)\b"), ">="),
    (re.compile(r"\b(?:at most|up to|no more than|maximum of)\b"), "<="),
    (re.compile(r"\b(?:more|above|over|after|exceed\w*|beyond)\b"), ">"),
    (re.compile(r"\b(?:less|below|under|before)\b"), "<"),
    (re.compile(r"(?:=|\b(?:is|of|equals?|exactly)\b)"), "=="),
)
CONDITION = re.compile(
    r"\b(?:with|whose|where|when|having|if|among|for|only|of those|restricted to|within)\b"
    r"(?P<body>(?: (?!and |,)(?:[a-z=]+|C\d+)){0,7}? N\d+)(?: [a-z]+(?= ,|$))?"
)


@dataclass(frozen=True)
class Clauses:
    """What stands beside the main question, and the scene without it."""

    scene: Scene
    covariates: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()


def cut_clauses(scene: Scene) -> Clauses | Unread:
    """Take the adjustment and the numeric conditions out of a scene."""
    adjusted = _cut_adjustment(scene)
    if isinstance(adjusted, Unread):
        return adjusted
    rest, covariates = adjusted
    excluded = _exclusion(rest)
    if isinstance(excluded, Unread):
        return excluded
    rest, first = excluded
    filters: list[Filter] = [*first]
    while (found := _condition(rest)) is not None:
        condition, span = found
        filters.append(condition)
        rest = rest.without(span)
    return Clauses(rest, covariates, tuple(filters))


def _cut_adjustment(scene: Scene) -> tuple[Scene, tuple[str, ...]] | Unread:
    for pattern in ADJUST:
        found = pattern.search(scene.text)
        if found is None:
            continue
        rest = scene.without(found.span())
        if "independent" in pattern.pattern and len(scene.columns_in(rest.text)) + len(scene.levels_in(rest.text)) < 2:
            continue
        columns = scene.columns_in(found.group("z"))
        if not columns or (unknown_words(scene, found.group("z")) and " and " in found.group("z") and len(columns) < 2):
            return Unread("it asks to adjust for something that no column holds")
        return rest, columns
    return scene, ()


EXCLUDING = re.compile(
    r"(?:^|(?<= ))(?:excluding|except(?:ing)?(?: for)?|ignoring|leaving out|apart from|aside from|"
    r"omitting|dropping|other than|but not|"
    r"not counting|disregarding|without(?= (?:the |on |at |in )*L\d+(?: [a-z]+)? ,|.* L\d+$))\b(?P<what>(?: (?!,)\S+)*)"
)


def _exclusion(scene: Scene) -> tuple[Scene, tuple[Filter, ...]] | Unread:
    """`Excluding the Airport, ...`: rows that have none of the named levels."""
    found = EXCLUDING.search(scene.text)
    if found is None:
        return scene, ()
    levels = scene.levels_in(found.group("what"))
    rest = scene.without(found.span())
    columns = dict.fromkeys(column for column, _ in levels)
    plain = all(word in STOP or stem(word) in ROW_STEMS for word in re.findall(r"\b[a-z]+\b", found.group("what")))
    if (
        not levels
        or not plain
        or scene.columns_in(found.group("what"))
        or any(scene.column(name).kind == Kind.DATETIME for name in columns)
    ):
        return Unread("what it leaves out is not clear: name a level of a column after “excluding”, at the end or before a comma")
    return rest, tuple(_without_levels(scene, name, tuple(level for column, level in levels if column == name)) for name in columns)


def _without_levels(scene: Scene, column: str, levels: tuple[str, ...]) -> Filter:
    if len(levels) == 1:
        return Filter(column=column, operator="!=", value=float(levels[0]) if scene.column(column).kind.numeric else levels[0])
    return Filter(column=column, operator="not in", value=levels)


def _condition(scene: Scene) -> tuple[Filter, tuple[int, int]] | None:
    aged = _aged(scene)
    if aged is not None:
        return aged
    for found in CONDITION.finditer(scene.text):
        body = found.group("body")
        columns = scene.columns_in(body)
        token = scene.number(MARK.findall(body)[-1])
        if len(columns) != 1 or token.value is None or token.percent:
            continue
        if scene.column(columns[0]).kind not in (Kind.CONTINUOUS, Kind.COUNT):
            continue
        outside = scene.text[: found.start()] + scene.text[found.end() :]
        operator = next((operator for words, operator in BOUNDS if words.search(body)), None)
        if operator is None or not scene.columns_in(outside):
            continue
        return Filter(column=columns[0], operator=operator, value=token.value), found.span()
    return None


def _aged(scene: Scene) -> tuple[Filter, tuple[int, int]] | None:
    ages = [column.name for column in scene.card.columns if column.kind.numeric and {"age", "ages"} & set(pieces(column.name))]
    found = AGED.search(scene.text)
    if found is None or len(ages) != 1:
        return None
    operator = next((operator for words, operator in BOUNDS if words.search(found.group("how"))), None)
    value = scene.number(found.group("n")).value
    who = found.group("who")
    if operator is None or value is None or not 0 < value < 125 or not (stem(who) in ROW_STEMS or MARK.fullmatch(who)):
        return None
    return Filter(column=ages[0], operator=operator, value=value), found.span("cut")


def level_filters(scene: Scene, levels: tuple[tuple[str, str], ...]) -> tuple[Filter, ...]:
    """Rows that have the named levels: one of them, or any of several of one column."""
    columns = dict.fromkeys(column for column, _ in levels)
    named = ((column, tuple(level for name, level in levels if name == column)) for column in columns)
    return tuple(condition for column, own in named for condition in _level_filter(scene, column, own))


def _level_filter(scene: Scene, column: str, levels: tuple[str, ...]) -> tuple[Filter, ...]:
    card = scene.column(column)
    if card.kind == Kind.DATETIME:
        years = sorted(int(level) for level in levels)
        return (
            Filter(column=column, operator=">=", value=f"{years[0]}-01-01"),
            Filter(column=column, operator="<", value=f"{years[-1] + 1}-01-01"),
        )
    if len(levels) == 1:
        return (Filter(column=column, operator="==", value=float(levels[0]) if card.kind.numeric else levels[0]),)
    return (Filter(column=column, operator="in", value=levels),)
