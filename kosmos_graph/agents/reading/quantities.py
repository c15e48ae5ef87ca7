"""Questions for one quantity: how much it is, or whether it differs from a stated value."""

from __future__ import annotations

import re
from dataclasses import replace

from kosmos_graph.agents.reading.clauses import level_filters
from kosmos_graph.agents.reading.comparisons import success_of
from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.lexicon import UNITS
from kosmos_graph.agents.reading.scene import Scene, unknown_words
from kosmos_graph.agents.reading.signs import direction, sign
from kosmos_graph.agents.reading.tokens import Token
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.hypothesis import Quantity

ASKS = re.compile(
    r"^(?:(?:so|and|please|can you|could you|tell me|i want to know|i would like to know|roughly|"
    r"approximately|about|,|estimate|give me|report|find|calculate|compute) )*"
    r"(?:(?:(?:on|in|for|at|during|of|to) )?(?:what|which|how many|how much)(?: is| are| was| were| s|)\b|"
    r"how\b|(?:the )?(?:mean|average|"
    r"median|proportion|share|percentage|percent|fraction|typical|lower|upper|first|third|N\d+)\b|estimate\b|"
    r"(?:estimate|give|report|find|calculate|compute)\b)"
)
AMOUNT = re.compile(
    r"^(?:[a-z]+ )*?how (?:much|many|likely|common|often|frequent\w*|prevalent|large|big|long|high|C\d+|[a-z]+ C\d+)\b"
)
RELATING = re.compile(
    r"\b(?:differ\w*|relat\w*|associat\w*|correlat\w*|effects?|affect\w*|depend\w*|influenc\w*|impact\w*|"
    r"compar\w*|than|chang\w*|trend\w*|predict\w*|"
    r"explain\w*|increas\w*|decreas\w*|link\w*|var(?:y|ies)|drive\w*|ris\w+|grow\w*|cause\w*|connection|"
    r"versus|vs|between|more|less|most|least|evolve\w*)\b"
)
PROPORTION = re.compile(
    r"\b(?:proportions?|share|percentage|percent|fraction|rate|prevalence|probability|chances?|likelihood|"
    r"how likely|how common|how often|how frequent\w*|how prevalent|odds)\b"
)
MEAN = re.compile(r"\b(?:mean|average|expected|typically|typical|averaged|on average)\b")
MEDIAN = re.compile(r"\b(?:median|middle)\b")
PERCENTILE = re.compile(r"(N\d+)(?: ?(?:th|st|nd|rd))? (?:percentile|quantile|centile)")
NAMED_QUANTILES = (
    (re.compile(r"\b(?:lower|first|1st|less|bottom) quartile\b"), 0.25),
    (re.compile(r"\b(?:upper|third|3rd|top) quartile\b"), 0.75),
    (re.compile(r"\b(?:first|1st|bottom) decile\b"), 0.1),
    (re.compile(r"\b(?:ninth|9th|top) decile\b"), 0.9),
)
UNOFFERED = re.compile(
    r"\b(?:maximum|minimum|max|min|sum|total (?:of|number)|standard deviation|variance|range of|mode of|"
    r"how many|number of|count of|most|least|skew\w*|kurtosis|interquartile)\b"
)
COUNTED = re.compile(r"^(?!.*\b(?:maximum|minimum|max|min|sum|total|deviation|variance|range|mode|most|least|skew\w*|kurtosis)\b)")
NOUN_OF_RATE = re.compile(r"\b(?P<noun>[a-z]+) (?:rate|probability|risk|prevalence|frequency|odds|chance)\b")
WHOSE = re.compile(
    r"\b(?:proportion|share|percentage|percent|fraction|prevalence|rate) of (?P<whose>(?:[a-z]+ "
    r")+?)(?=[CLN]\d|is\b|are\b|was\b|were\b|that\b|who\b|have\b|has\b|had\b|in\b|$)"
)
PLAIN_RATES = frozenset(
    [
        "the",
        "a",
        "an",
        "overall",
        "average",
        "mean",
        "total",
        "what",
        "which",
        "whose",
        "typical",
        "observed",
        "estimated",
        "its",
        "their",
        "crude",
        "raw",
        "general",
        "highest",
    ]
)
HOW_LONG = re.compile(r"\bhow (?:long|soon|quickly)\b")
VERB = re.compile(r"\b(?:is|are|was|were|be|have|has|had|who|that|which|belong\w*|come|comes|came|live\w*)\b(?P<rest>.*?[CL]\d.*)$")
PREPOSITION = re.compile(r"\b(?:from|on|in|at)\b(?P<rest>.*?[CL]\d.*)$")
GROUPED = re.compile(
    r"\b(?:by(?! how| what| which)|per|for each|in each|within each|for every|of each|across|for different|at each|on each|"
    r"broken down by|split by|grouped by|for the different|in the different) (?P<x>.+)"
)
AGAINST = re.compile(
    r"\b(?P<how>more than or equal|above|over|exceed\w*|at least|more|high|below|under|at most|less|"
    r"differ\w*|deviat\w*|equals?|equal|same|compatible|consistent|close)\b"
    r"(?: [a-z]+){0,2}?(?: (?:C\d+))?(?: (?:than|from|to|as|with|of))?(?: (?:a|the|an|value|exactly|"
    r"about))* (?P<n>N\d+|half|a third|a quarter)(?: (?P<unit>[a-z]+))?"
)
IS_VALUE = re.compile(
    r"^(?:is|are|was|were|does|do)\b.*\b(?:C\d+|L\d+)(?: [a-z]+){0,2}? (?:=|equals?|is|be)? ?(?:exactly |"
    r"about )?(?P<n>N\d+)(?: (?P<unit>[a-z]+))?(?: ,|$)"
)
MEDIAN_NOTE = (
    "A median is compared with a value by the Wilcoxon signed-rank test, which is about the pseudo-median: the two are equal where "
    "the values are spread alike to both sides."
)
FRACTIONS = {"half": 0.5, "a third": 1 / 3, "a quarter": 0.25}


def estimate(scene: Scene) -> Frame | Unread | None:
    """How much: a mean, proportion or quantile of one column, overall, in a part, or by group."""
    text = scene.text
    if not (ASKS.search(text) or AMOUNT.search(text)) or RELATING.search(GROUPED.sub("", text)):
        return None
    groups = GROUPED.search(text)
    group: tuple[str, ...] = ()
    if groups is not None:
        group = tuple(name for name in scene.columns_in(groups.group("x")) if scene.column(name).kind.categorical)
        text = text[: groups.start()] if group else text
    if UNOFFERED.search(text) and not PROPORTION.search(text) and not (COUNTED.search(text) and _quantity(scene, text)[0]):
        return Unread("it asks for a figure that is not among the estimates offered: a mean, a proportion or a quantile")
    if PROPORTION.search(text):
        return _proportion(scene, text, group)
    return _location(scene, text, group)


def _location(scene: Scene, text: str, group: tuple[str, ...]) -> Frame | Unread | None:
    outcomes = tuple(name for name in scene.columns_in(text) if name not in group)
    quantity, quantile = _quantity(scene, text)
    if quantity is None and not AMOUNT.search(text):
        return None
    if len(outcomes) != 1:
        words = unknown_words(scene, text)
        reason = (
            f"no column of the data matches “{' '.join(words[:6])}”"
            if not outcomes and words
            else "it is not clear which one column it asks about"
        )
        return Unread(reason, outcomes)
    column = scene.column(outcomes[0])
    if column.kind.categorical and HOW_LONG.search(text):
        told = "state on the study sheet which column is its duration" if column.kind == Kind.BINARY else "name a column of times"
        if scene.sheet.duration is not None:
            told = f"ask for the median of {scene.sheet.duration}"
        return Unread(f"it asks how long, and {column.name} is {column.kind.value}: {told}", outcomes)
    if column.kind in (Kind.BINARY, Kind.NOMINAL) and not group and not scene.levels_in(text):
        return (
            _of_level(column.name, success_of(column), group)
            if column.kind == Kind.BINARY
            else Unread(f"{column.name} is {column.kind}: ask for the share of one of its levels", outcomes)
        )
    frame = Frame("estimate", outcomes, group, quantity=quantity or "mean", quantile=quantile)
    return replace(frame, filters=level_filters(scene, scene.levels_in(scene.text)))


def _quantity(scene: Scene, text: str) -> tuple[Quantity | None, float | None]:
    found = PERCENTILE.search(text)
    if found is not None:
        value = scene.number(found.group(1)).value or 50.0
        return "quantile", value / 100 if value > 1 else value
    for words, quantile in NAMED_QUANTILES:
        if words.search(text):
            return "quantile", quantile
    if MEDIAN.search(text):
        return "quantile", 0.5
    return ("mean", None) if MEAN.search(text) else (None, None)


def _proportion(scene: Scene, text: str, group: tuple[str, ...]) -> Frame | Unread | None:
    """The share of rows with a level. Levels after the verb are asked about, those before it say among which rows."""
    columns = tuple(name for name in scene.columns_in(text) if name not in group)
    levels = tuple(option for option in scene.levels_in(text) if option[0] not in group)
    if MEDIAN.search(text) or PERCENTILE.search(text) or (columns and MEAN.search(text) and scene.column(columns[0]).kind.numeric):
        return _location(scene, text, group)
    if len(columns) == 1 and scene.column(columns[0]).kind.categorical:
        own = [level for name, level in levels if name == columns[0]]
        return _share(
            scene, columns[0], own[0] if own else None, tuple(option for option in levels if option[0] != columns[0]), group
        )
    if columns:
        return (
            None
            if scene.column(columns[0]).kind.numeric and len(columns) == 1 and re.search(r"\brate\b", text) and MEAN.search(text)
            else _mean_of_rate(scene, columns, text)
        )
    if not levels:
        words = unknown_words(scene, text)
        return Unread(
            f"no column or level of the data matches “{' '.join(words[:6])}”" if words else "it names no column and no level"
        )
    noun = NOUN_OF_RATE.search(text)
    if noun is not None and noun.group("noun") not in PLAIN_RATES:
        return Unread(f"no column or level of the data matches “{noun.group()}”", tuple(column for column, _ in levels))
    told = _after_noun(text)
    verb = VERB.search(told) or PREPOSITION.search(told)
    asked = scene.levels_in(verb.group("rest")) if verb is not None else ()
    asked = tuple(option for option in asked if option in levels) or levels[:1]
    chosen = asked[0] if len(levels) > 1 and asked != levels else levels[0] if not asked else asked[0]
    return _share(scene, chosen[0], chosen[1], tuple(option for option in levels if option != chosen), group)


def _after_noun(text: str) -> str:
    found = PROPORTION.search(text)
    return text[found.end() :] if found else text


def _mean_of_rate(scene: Scene, columns: tuple[str, ...], text: str) -> Frame | Unread | None:
    """`What is the unemployment rate?` of a numeric column is its mean."""
    if len(columns) == 1 and scene.column(columns[0]).kind.numeric and (MEAN.search(text) or MEDIAN.search(text)):
        return _location(scene, text, ())
    return Unread("a share is asked for, and the column holds numbers: ask for its mean or median", columns)


def _share(
    scene: Scene, column: str, level: str | None, others: tuple[tuple[str, str], ...], group: tuple[str, ...]
) -> Frame | Unread:
    card = scene.column(column)
    if level is None and len(card.levels) != 2:
        return Unread(f"it asks for a share of {column}: name one of its levels", (column,))
    own = _of_level(column, level or success_of(card), group)
    return replace(own, filters=level_filters(scene, tuple(option for option in others if option[0] != column)))


def _of_level(column: str, level: str, group: tuple[str, ...]) -> Frame:
    return Frame("estimate", (column,), group, success=level, quantity="proportion")


def against_value(scene: Scene) -> Frame | Unread | None:
    """Whether a mean or a proportion differs from a value that the question states."""
    found = AGAINST.search(scene.text) or IS_VALUE.search(scene.text)
    if found is None or re.search(rf"\b(?:in|during|since|before|after|year) {found.group('n')}\b", scene.text):
        return None
    value, token = _value(scene, found.group("n"))
    if value is None:
        return None
    if scene.columns_with_two_levels:
        return Unread("it compares groups by a stated margin, for which there is no method here", scene.columns_in(scene.text))
    outcomes, levels = scene.columns_in(scene.text), scene.levels_in(scene.text)
    if len(outcomes) > 1 or (not outcomes and not levels):
        return Unread("it compares with a value, and which one column it is about is not clear", outcomes)
    how = found.groupdict().get("how") or "equal"
    equal = not sign(_expand(how)) and re.search(r"\b(?:not|differ\w*|deviat\w*|other than)\b", scene.text) is None
    frame = Frame("against", direction=direction(sign(_expand(how))), reference=value, equal=equal)
    quantity, quantile = _quantity(scene, scene.text)
    if quantity == "quantile":
        if quantile != 0.5:
            return Unread("it compares a quantile with a value, for which there is no method here", outcomes)
        frame = replace(frame, quantity="quantile", quantile=quantile, notes=(MEDIAN_NOTE,))
    return _on_column(scene, frame, outcomes, levels, token, found.group("unit"))


def _expand(how: str) -> str:
    return {"above": "more", "over": "more", "at least": "more", "below": "less", "under": "less", "at most": "less"}.get(
        how, "more" if how.startswith("exceed") else how
    )


def _value(scene: Scene, mark: str) -> tuple[float | None, Token | None]:
    if mark in FRACTIONS:
        return FRACTIONS[mark], None
    token = scene.number(mark)
    return token.value, token


def _on_column(
    scene: Scene,
    frame: Frame,
    outcomes: tuple[str, ...],
    levels: tuple[tuple[str, str], ...],
    token: Token | None,
    unit: str | None,
) -> Frame | Unread:
    name = outcomes[0] if outcomes else levels[-1][0] if levels else ""
    card = scene.column(name)
    value = frame.reference if frame.reference is not None else 0.0
    if card.kind.numeric:
        if unit is not None and unit in UNITS and card.unit is not None and _unit(card.unit) != _unit(unit):
            return Unread(f"the value is given in {unit}, and {name} is in {card.unit}: give it in the column's unit", (name,))
        return replace(
            frame, outcomes=(name,), filters=level_filters(scene, tuple(option for option in levels if option[0] != name))
        )
    own = [level for column, level in levels if column == name]
    if not card.kind.categorical or (not own and len(card.levels) != 2):
        return Unread(f"{name} is {card.kind}, and is compared with a value", (name,))
    share = value / 100 if token is not None and (token.percent or value > 1) else value
    if not 0 < share < 1:
        return Unread(f"{name} has levels, and the value is no proportion", (name,))
    success = own[0] if own else success_of(card)
    rest = tuple(option for option in levels if option[0] != name)
    return replace(
        frame, outcomes=(name,), success=success, reference=share, quantity="proportion", filters=level_filters(scene, rest)
    )


def _unit(unit: str) -> str:
    word = unit.lower()
    same = {
        "grams": "g",
        "gram": "g",
        "kilograms": "kg",
        "millimeters": "mm",
        "millimetres": "mm",
        "centimeters": "cm",
        "centimetres": "cm",
        "years": "year",
    }
    return same.get(word, word).rstrip("s") if len(word) > 2 else word


def with_quantile(frame: Frame, scene: Scene) -> Frame:
    """The frame of a relation with the quantile of its outcome that is compared: a median is not a mean."""
    asked = frame.ask == "relate" and not frame.mutual and not frame.equal and frame.quantity is None and len(frame.outcomes) == 1
    if not asked or scene.column(frame.outcomes[0]).kind not in (Kind.CONTINUOUS, Kind.COUNT):
        return frame
    quantity, quantile = _quantity(scene, scene.text)
    return replace(frame, quantity="quantile", quantile=quantile) if quantity == "quantile" else frame
