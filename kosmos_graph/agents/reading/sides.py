"""Which side of `than` a lone level stands on, and values that a comparison names and the reading has lost."""

from __future__ import annotations

import re
from dataclasses import replace

from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.levels import positive_level
from kosmos_graph.agents.reading.lexicon import NARROW, NUMBER_WORDS
from kosmos_graph.agents.reading.pairing import THAN
from kosmos_graph.agents.reading.scene import Scene, unknown_words
from kosmos_graph.agents.reading.signs import direction, sign
from kosmos_graph.agents.reading.words import ROW_STEMS, stem
from kosmos_graph.domain.data_card import Kind

NARROW_STEMS = frozenset(stem(word) for word in NARROW)
COUNTED = "|".join(word for word in NUMBER_WORDS if word not in ("one", "hundred", "zero"))
LOST_VALUE = re.compile(
    rf"\bthan (?:(?:in|on|with|for|at|those|the|that|of|ones|who|have|had|[a-z]+s) ){{0,4}}(?:{COUNTED})\b(?! times)"
)
GRADE = re.compile(r"\b(?:more|less|most|least|increas\w*|decreas\w*)\b")


def sided(frame: Frame, scene: Scene) -> Frame | Unread:
    """The frame with its levels and sign as `than` orders them: what stands before it is compared with what stands after it.

    Where only one of two levels is named, the other side is the other level, provided that no word there means something else.
    """
    if LOST_VALUE.search(scene.full_text):
        return Unread("the value after “than” is not clear: give it as a number beside its column", _columns(frame))
    if _mixed(scene):
        return Unread("it joins levels of different columns into one group", _columns(frame))
    than, pair = THAN.search(scene.text), _pair(frame, scene)
    return frame if than is None or len(pair) != 2 else _oriented(frame, scene, pair, than)


def _pair(frame: Frame, scene: Scene) -> tuple[str, ...]:
    """The two levels that a relation with one predictor compares; other than two where it compares none."""
    if frame.ask != "relate" or len(frame.predictors) != 1:
        return ()
    return frame.levels or tuple(level.name for level in scene.column(frame.predictors[0]).levels)


def _oriented(frame: Frame, scene: Scene, pair: tuple[str, ...], than: re.Match[str]) -> Frame | Unread:
    before, after = scene.text[: than.start()], scene.text[than.end() :]
    own = frame.predictors[0]
    sides = [[level for column, level in scene.levels_in(side) if column == own and level in pair] for side in (before, after)]
    if not sides[0] and not sides[1]:
        sides = _trait_sides(scene, own, before, after)
    if bool(sides[0]) == bool(sides[1]):
        return frame
    strange = _other_side(scene, before if sides[1] else after)
    if strange:
        return Unread(f"no column or level of the data matches “{strange}”", _columns(frame))
    return frame if sides[0] else _turned(frame, pair, sides[1][0], before)


def _mixed(scene: Scene) -> bool:
    """`Women and children`: two levels of different columns that make one side of a comparison."""
    for found in re.finditer(r"\b(L\d+) (?:and|or) (?:the )?(L\d+)\b", scene.full_text):
        (first, _), (second, _) = (scene.levels_in(mark)[0] for mark in found.groups())
        if first != second:
            return True
    return False


def _trait_sides(scene: Scene, own: str, before: str, after: str) -> list[list[str]]:
    """The yes of a yes/no column on the side on which alone the column stands: `than the insured`."""
    yes = positive_level(scene.column(own))
    if yes is None or scene.column(own).kind != Kind.BINARY or re.search(r"\b(?:not|no|without|non)\b", scene.text):
        return [[], []]
    return [[yes] if own in scene.columns_in(side) else [] for side in (before, after)]


def _columns(frame: Frame) -> tuple[str, ...]:
    return (*frame.outcomes, *frame.predictors)


def _turned(frame: Frame, pair: tuple[str, ...], second: str, before: str) -> Frame:
    """The levels in the order of the question, for the level that stands after `than`."""
    first = next(level for level in pair if level != second)
    words = GRADE.findall(before)
    asked = None if frame.equal else direction(sign(words[-1]) if words else 0)
    return replace(frame, levels=(first, second), direction=asked)


def _other_side(scene: Scene, text: str) -> str:
    """The first word of a side that names something other than rows in general; empty where there is none."""
    unknown = [word for word in unknown_words(scene, text) if stem(word) not in ROW_STEMS]
    narrow = [word for word in text.split() if stem(word) in NARROW_STEMS]
    return next(iter((*unknown, *narrow)), "")
