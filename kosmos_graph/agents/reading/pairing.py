"""Comparisons within the same units: before and after, two measurements side by side, two moments in rows of their own."""

from __future__ import annotations

import re
from dataclasses import replace

from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.levels import after_and_before
from kosmos_graph.agents.reading.moments import NUMBERED, measurement_pairs, numbered_pairs
from kosmos_graph.agents.reading.scene import COLUMN, Scene, general_words, unknown_words
from kosmos_graph.agents.reading.signs import asks_sameness, direction, sign
from kosmos_graph.agents.reading.words import ROW_STEMS, pieces, stem
from kosmos_graph.domain.data_card import ColumnCard
from kosmos_graph.experiments.periods import TIMES

THAN = re.compile(
    r"\b(?:than|compared (?:to|with)|relative to|versus|vs|as opposed to|rather than|as against|in comparison (?:to|with)|"
    r"in contrast to)\b"
)
CHANGE = re.compile(
    r"\b(?:chang\w*|differ\w*|improv\w*|more|less|increas\w*|decreas\w*|before|after|effect|gain\w*|lose|loses|lost|"
    r"drop\w*|ris\w*|rose|fall\w*|fell|shift\w*|compar\w*|declin\w*|grow\w*|grew|"
    r"reduc\w*|same|work\w*|progress\w*|worse\w*|better|vs|versus|drift\w*)\b"
)
OVER_UNITS = re.compile(
    r"\b(?:chang\w*|improv\w*|from|before|baseline|since|over the|after|during|gain\w*|lose|lost|went|progress\w*|increas\w*|"
    r"decreas\w*|drop\w*|fell|rose|rise|fall|declin\w*)\b"
)
RELATED = re.compile(
    r"\b(?:correlat\w*|associat\w*|relat(?:ed|es?|ion\w*)|predict\w*|depend\w*|link\w*|explain\w*|regress\w*|connect\w*|"
    r"influenc\w*|affect\w*|determin\w*)\b"
)
FROM_START = re.compile(
    r"\b(?:from|than|since|versus|vs|compared (?:to|with)|relative to|with) (?:the |its |their |at )?"
    r"(?:baseline|before|beforehand|start|initial\w*|beginning|pretest)\b"
)
UNIT_PHRASES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:, )?(?:comparing |measured |taken |tested |using |looking )?(?:in |for |within |of |on |at |among |by |across |from )?"
        r"(?:the |these |those )?(?:very )?(?:same|identical) (?:[a-z]+ )??(?P<unit>[a-z]+)\b(?! as\b)",
        r"\bwithin (?:each |every |the same |the |their |a |these )?(?P<unit>[a-z]+)\b",
        r"\b(?:paired|matched|pairwise|repeated)(?: (?:comparison|data|analysis|samples?|measurements?|observations?|measures?))?"
        r"(?: (?:by|on|within|per|across|over) (?:the )?(?P<unit>[a-z]+))\b",
        r"\b(?P<unit>paired)\b(?: (?:comparison|data|analysis|samples?|measurements?|observations?))?",
        r"\bwithin[- ](?P<unit>subjects?|persons?|participants?|units?|pairs?)\b",
    )
)
EACH = re.compile(r"\b(?:for|in|of|on|at|per) (?:each|every) (?P<unit>[a-z]+)\b|\beach (?P<other>[a-z]+) s\b")
COMPARING = re.compile(r"\b(?:compar\w*|differ\w*|chang\w*|than|versus|vs)\b")
SUBJECT = re.compile(r"^(?:do|does|did|are|is|were|was|have|has|had|can|will) $")


def with_units_cut(scene: Scene) -> Scene:
    """The scene without the words that ask for a comparison within the same units; `within` is set where there were any."""
    known = general_words(scene)
    for pattern in (*UNIT_PHRASES, *((EACH,) if COMPARING.search(scene.text) else ())):
        for found in pattern.finditer(scene.text):
            unit = next(part for part in found.groups() if part is not None)
            if unit != "paired" and stem(unit) not in ROW_STEMS and stem(unit) not in known and stem(unit) not in ("unit", "pair"):
                continue
            before, after = scene.text[: found.start()], scene.text[found.end() :]
            kept = "they" if SUBJECT.match(before) else ","
            return replace(scene, text=_squeezed(f"{before} {kept} {after}"), within=True)
    return scene


def _squeezed(text: str) -> str:
    parts = [part.strip() for part in re.sub(r"\s+", " ", text).split(",")]
    return " , ".join(part for part in parts if part)


def compare_measurements(scene: Scene) -> Frame | Unread | None:
    """Two numeric columns of the same rows against each other: before and after, or `is X larger than Y?`."""
    if len(scene.columns_with_two_levels) > 0 or RELATED.search(scene.text):
        return None
    meant = _columns_meant(scene)
    told = _numbers_told(scene, meant)
    pair = _moments(scene, meant)
    if told is not None or pair is not None:
        return told if pair is None or told is not None else _change(scene, pair)
    return _side_by_side(scene, meant)


def _side_by_side(scene: Scene, two: tuple[str, ...]) -> Frame | Unread | None:
    """`Is X larger than Y?` of two numeric columns."""
    if len(two) != 2 or not all(scene.column(name).kind.numeric for name in two):
        return None
    if not (scene.within or _compared(scene)) or _same_on_both_sides(scene):
        return None
    units = {scene.column(name).unit for name in two} - {None}
    if len(units) > 1:
        return Unread(f"{two[0]} and {two[1]} are in different units, so their difference means nothing", two)
    shift = _shift(scene)
    first, second = shift or two
    asked = sign(scene.text) if shift else _graded(scene.text)
    return _paired(scene, first, second, asked)


def _same_on_both_sides(scene: Scene) -> bool:
    """Whether the column after `than` stands before it too, so that values of it are compared: `four C0 ... than eight C0`."""
    than = THAN.search(scene.text)
    sides = (scene.text[: than.start()], scene.text[than.end() :]) if than is not None else ("", "")
    first, second = (set(scene.columns_in(side)) for side in sides)
    return bool(second) and second < first


def _numbers_told(scene: Scene, meant: tuple[str, ...]) -> Frame | None:
    """`Was energy higher in 2019 than in 2020?` where the columns are called energy_2019 and energy_2020."""
    said = [token.word for token in scene.tokens if token.kind == "number"]
    for later, earlier in numbered_pairs(scene.card.columns):
        ends = [_ending(name, said) for name in (later, earlier)]
        if not set(meant) & {later, earlier} or not set(meant) <= {later, earlier} or None in ends or not CHANGE.search(scene.text):
            continue
        if THAN.search(scene.text) and sign(scene.text):
            first, second = (later, earlier) if said.index(str(ends[0])) < said.index(str(ends[1])) else (earlier, later)
            return _paired(scene, first, second, _graded(scene.text))
        return _paired(scene, later, earlier, sign(scene.text))
    return None


def _ending(name: str, said: list[str]) -> str | None:
    """The number of the question that a column's name ends with, in full or as the last two digits of a year."""
    found = NUMBERED.match(name)
    number = found.group("number") if found is not None else ""
    return next((word for word in said if word == number or (len(word) == 4 and len(number) == 2 and word[2:] == number)), None)


def _paired(scene: Scene, first: str, second: str, asked: int) -> Frame:
    equal = asks_sameness(scene.text)
    return Frame("paired", (first,), baseline=second, direction=None if equal else direction(asked), equal=equal)


def _columns_meant(scene: Scene) -> tuple[str, ...]:
    """Every column that a mention left in the text may mean, in order."""
    marks = [int(mark[1:]) for mark in COLUMN.findall(scene.text)]
    return tuple(dict.fromkeys(name for number in marks for name in scene.mentions[number].columns))


def _moments(scene: Scene, meant: tuple[str, ...]) -> tuple[str, str] | None:
    """(after, before) where the question is about one measurement at two times, named both or by what they share."""
    sure = len(COLUMN.findall(scene.text)) > 1 or len(scene.columns_in(scene.text)) == len(meant)
    both = len(scene.columns_in(scene.text)) == len(meant)
    pairs = measurement_pairs(scene.card.columns)
    for after, before in pairs:
        if (
            set(meant) == {after, before}
            and CHANGE.search(scene.text)
            and (both or not unknown_words(scene, re.sub(r"[a-z]+ (?=C\d)", "", scene.text)))
        ):
            return after, before
        if len(meant) == 1 and meant[0] in (after, before) and FROM_START.search(scene.text):
            return after, before
    families = numbered_pairs(scene.card.columns)
    for later, earlier in families:
        named_both = set(meant) == {later, earlier} and CHANGE.search(scene.text)
        if named_both and (sure or OVER_UNITS.search(scene.text)):
            return later, earlier
    return None


def _change(scene: Scene, pair: tuple[str, str]) -> Frame:
    after, before = pair
    shift = _shift(scene)
    if shift is not None:
        return _paired(scene, *shift, sign(scene.text))
    than = THAN.search(scene.text)
    if than is None or not sign(scene.text[: than.start()]):
        return _paired(scene, after, before, sign(scene.text))
    first = scene.columns_in(scene.text[: than.start()])
    early = bool(first) and first[-1] == before and after not in first
    early = early or re.search(r"\b(?:before|baseline)\b", scene.text[: than.start()]) is not None
    return _paired(scene, after, before, _graded(scene.text) * (-1 if early else 1))


def _shift(scene: Scene) -> tuple[str, str] | None:
    """(to, from) of `from C0 to C1`."""
    found = re.search(r"\bfrom (?:the )?(?P<a>C\d+) to (?:the )?(?P<b>C\d+)", scene.text)
    if found is None:
        return None
    a, b = scene.columns_in(found.group("a"))[0], scene.columns_in(found.group("b"))[0]
    return (b, a) if a != b else None


def _graded(text: str) -> int:
    """The sign of the last word of comparison before `than`."""
    than = THAN.search(text)
    words = re.findall(r"\b(?:more|less|most|least|increas\w*|decreas\w*)\b", text if than is None else text[: than.start()])
    return sign(words[-1]) if words else 0


COMPARED = tuple(
    re.compile(pattern)
    for pattern in (
        r"C\d+.*\b(?:more|less)\b(?: [a-z]+){0,2} than\b.*C\d+",
        r"\b(?:more|less) C\d+(?: [a-z]+){0,2}? than (?:[a-z]+ ){0,2}?C\d+",
        r"\bdifference between (?:the )?(?:mean |average |typical |median )?C\d+ and (?:the )?(?:mean |average |typical |median )?"
        r"C\d+(?: ,|$)",
        r"\b(?:is|are|do|does|did|was|were) C\d+ and C\d+ (?:\w+ly )?(?:differ\w*|the same|equal)(?: on average)?(?: ,|$)",
        r"\bdoes? C\d+ (?:\w+ly )?differ from C\d+|\bis C\d+ (?:\w+ly )?different from C\d+",
        r"\bfrom C\d+ to C\d+",
    )
)


def _compared(scene: Scene) -> bool:
    """Whether two columns are set against each other as quantities of one sort."""
    marks = [f"C{number}" for number, mention in enumerate(scene.mentions) if not mention.is_level]
    subject_of_other = re.search(r"\b(?:more|less) C\d+ .*\b(?:have|has|had|get|earn|live)\b", scene.text) is not None
    return len(marks) >= 2 and not subject_of_other and any(pattern.search(scene.text) for pattern in COMPARED)


def change_of_units(scene: Scene) -> Frame | None:
    """`Did the score change?` where one column tells two measurements of the same units apart, by its levels' names."""
    outcomes = scene.columns_in(scene.text)
    moments = [(column.name, found) for column in scene.card.columns if (found := after_and_before(column)) is not None]
    if len(outcomes) != 1 or len(moments) != 1 or moments[0][0] in outcomes or not CHANGE.search(scene.text):
        return None
    if any(column == moments[0][0] for column, _ in scene.levels_in(scene.text)) or RELATED.search(scene.text):
        return None
    if len({column for column, _ in scene.levels_in(scene.text)}) > 1 or re.search(r"^(?:what|which)\b(?!.*\bchang)", scene.text):
        return None
    others = scene.levels_in(scene.text)
    if others and re.search(r"\b(?:in|among|for|within|at) (?:the )?(?:[a-z]+ )?L\d+", scene.text) is None:
        return None
    reversed_order = re.search(r"\bbefore\b.*\bthan\b.*\bafter\b", scene.text) is not None
    asked = direction(-sign(scene.text) if reversed_order else sign(scene.text))
    return Frame("relate", outcomes, (moments[0][0],), moments[0][1], asked, equal=asks_sameness(scene.text))


def unit_column(scene: Scene) -> str | None:
    """The column that tells which rows are the same unit: declared, or found by the profile to repeat."""
    repeated = (trap.column for trap in scene.card.traps if trap.kind == "repeated ids")
    named = next((name for name in (scene.sheet.pair, scene.sheet.id, *repeated) if name is not None), None)
    return named if named is not None and scene.card.column(named) is not None else None


def pairs_in_rows(scene: Scene, x: ColumnCard, levels: tuple[str, str] | None) -> str | None:
    """The unit's column, where two levels (or values) of `x` are two measurements of the same units, in rows of their own."""
    unit, sheet = unit_column(scene), scene.sheet
    if unit is None or unit == x.name or (levels is None and len(x.levels) != 2):
        return None
    declared = sheet.design in ("paired", "before-after") and sheet.treatment in (None, x.name) and sheet.time in (None, x.name)
    if scene.card.units_varying(unit, x.name) == 0 and not (declared or scene.within):
        return None
    moments = after_and_before(x) is not None or x.name == sheet.time or (x.kind.numeric and bool(TIMES & set(pieces(x.name))))
    return unit if declared or moments or sheet.pair is not None or scene.within or _crossed(scene, x, unit, levels) else None


def _crossed(scene: Scene, x: ColumnCard, unit: str, levels: tuple[str, str] | None) -> bool:
    """Whether the counts say that every unit has one row at each level: balanced groups of units with two rows have them too."""
    card = scene.card.column(unit)
    if card is None or card.missing or card.distinct < 2 or scene.card.units_varying(unit, x.name) not in (None, card.distinct):
        return False
    compared = levels or tuple(level.name for level in x.levels)
    return x.kind.categorical and all(x.n_of(level) == card.distinct for level in compared)
