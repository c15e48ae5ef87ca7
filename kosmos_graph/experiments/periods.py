"""Two moments of a column, the earlier first: by the order that it has, by numbers and dates, or by what its levels' words say."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date

from kosmos_graph.domain.data_card import ColumnCard, Kind
from kosmos_graph.domain.filters import Filter
from kosmos_graph.experiments.counting import levels_left

LATER = re.compile(r"\b(after|post|follow|end|exit|final|new)", re.IGNORECASE)
EARLIER = re.compile(r"\b(before|pre|base|start|entry|initial|old)", re.IGNORECASE)

TIMES = frozenset(
    ("year", "yr", "time", "wave", "visit", "week", "month", "day", "session", "round", "occasion", "phase", "period")
)
"""Words that columns of moments are called by."""


def is_called_time(column: ColumnCard) -> bool:
    """Whether the column's name has a word for moments."""
    return bool(TIMES & set(re.findall(r"[a-z]+", column.name.lower())))


def not_two_moments(column: ColumnCard, filters: Sequence[Filter]) -> str | None:
    """Why the rows that are left do not have two moments in order, as the end of a sentence; None where they have."""
    levels = levels_left(column, filters)
    n = len(levels) if levels is not None else column.distinct
    if n != 2:
        return f"{column.name} has {n} values"
    if levels is not None and in_order(levels, column) is None:
        return f"which of {levels[0]} and {levels[1]} ({column.name}) comes first is not clear: give their order in the study sheet"
    return None


def in_order(levels: Sequence[str], card: ColumnCard | None) -> tuple[str, str] | None:
    """The two levels, the earlier first; None where nothing tells."""
    first, second = levels
    if card is not None and card.kind is Kind.ORDINAL:
        return first, second
    if card is not None and card.reference in levels:
        return (first, second) if card.reference == first else (second, first)
    a, b = moment(first), moment(second)
    if a is not None and b is not None and a != b:
        return (first, second) if a < b else (second, first)
    lateness = [bool(LATER.search(level)) - bool(EARLIER.search(level)) for level in levels]
    if lateness[0] == lateness[1]:
        return None
    return (first, second) if lateness[0] < lateness[1] else (second, first)


def moment(level: str) -> float | None:
    """A level as a number or a date (counted in days) that can be put in order; None where it is neither."""
    try:
        return float(date.fromisoformat(level).toordinal())
    except ValueError:
        pass
    try:
        found = float(level)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
