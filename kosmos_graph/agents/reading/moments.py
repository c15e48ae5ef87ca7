"""Columns that hold one measurement at two times, by their names or labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from kosmos_graph.agents.reading.lexicon import AFTER, BEFORE
from kosmos_graph.agents.reading.words import pieces
from kosmos_graph.domain.data_card import ColumnCard, Kind

NUMBERED = re.compile(r"^(?P<stem>.*?[^\W\d])[ _.-]*(?P<number>\d{1,4})$")


def measurement_pairs(columns: Iterable[ColumnCard]) -> tuple[tuple[str, str], ...]:
    """(after, before) names of columns whose names differ only in words of time: `score_before`, `score_after`."""
    return _measurement_pairs(tuple(column.name for column in columns if _measured(column)))


@lru_cache(maxsize=64)
def _measurement_pairs(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    named = [(name, pieces(name)) for name in names]
    early = [(name, parts) for name, parts in named if BEFORE & set(parts)]
    return tuple(
        (after, before) for after, late in named for before, parts in early if after != before and _same_but_time(late, parts)
    )


def numbered_pairs(columns: Iterable[ColumnCard]) -> tuple[tuple[str, str], ...]:
    """(later, earlier) names of numeric columns whose names differ only in a number at their end: `bp1`, `bp2`; `wt71`, `wt82`."""
    return _numbered_pairs(tuple(column.name for column in columns if column.kind.numeric))


@lru_cache(maxsize=64)
def _numbered_pairs(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    families: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        found = NUMBERED.match(name)
        if found is not None:
            families.setdefault(found.group("stem").lower(), []).append((int(found.group("number")), name))
    return tuple(
        (late, early)
        for members in families.values()
        for later, late in members
        for earlier, early in members
        if later > earlier and len(members) <= 24
    )


def _measured(column: ColumnCard) -> bool:
    return column.kind.numeric or column.kind == Kind.BINARY


def _same_but_time(late: tuple[str, ...], early: tuple[str, ...]) -> bool:
    marks_late, marks_early = AFTER & set(late), BEFORE & set(early)
    if not marks_early or AFTER & set(early) or BEFORE & set(late):
        return False
    rest = [word for word in late if word not in marks_late]
    return bool(marks_late or rest) and rest == [word for word in early if word not in marks_early]
