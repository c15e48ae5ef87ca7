"""What in the rows a naive analysis would trip over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.data.dates import MONTHS
from kosmos_graph.data.kinds import YEAR_WORDS
from kosmos_graph.data.prepare import Prepared
from kosmos_graph.data.repeats import repeated_units, timed
from kosmos_graph.data.table import shown
from kosmos_graph.data.words import word_set, words_of
from kosmos_graph.domain.data_card import Kind, Trap
from kosmos_graph.domain.study_sheet import StudySheet

PART_WORDS = word_set("quarter qtr month week")
SHORTEST_SERIES = 6
TELLING = (Kind.CONTINUOUS, Kind.COUNT, Kind.DATETIME, Kind.IDENTIFIER, Kind.TEXT)


def find_traps(columns: Sequence[Prepared], sheet: StudySheet) -> tuple[Trap, ...]:
    """Repeated units, ordered series and duplicate rows, in this order."""
    series = ([trap for column in columns if (trap := _series(column))] or _split_series(columns))[:1]
    return (*repeated_units(columns, sheet), *series, *_duplicates(columns))


def _series(column: Prepared) -> Trap | None:
    """One row per point in time: all different, and in order down the rows or evenly spaced."""
    card = column.card
    rows = len(column.values)
    if not timed(column) or card.missing or card.distinct != rows or rows < SHORTEST_SERIES:
        return None
    points = _points(column)
    steps = np.diff(points)
    ordered = bool((steps > 0).all() or (steps < 0).all())
    even = _even(np.diff(np.sort(points)), calendar=card.kind is Kind.DATETIME)
    dated = card.kind is Kind.DATETIME or bool(YEAR_WORDS & set(words_of(card.name)))
    if not (even or (ordered and dated)):
        return None
    detail = f"`{shown(card.name)}` gives each row its own point in time: neighbouring rows may depend on each other."
    return Trap(kind="ordered series", column=card.name, n=rows, detail=detail)


def _split_series(columns: Sequence[Prepared]) -> list[Trap]:
    """One row per point in time that a year and a part of it, such as a quarter, give together."""
    whole = [column for column in columns if column.card.kind.numeric and YEAR_WORDS & set(words_of(column.card.name))]
    parts = [(column, part) for column in columns if column not in whole and (part := _parts(column)) is not None]
    for year in whole:
        for column, part in parts:
            points = year.values.to_numpy(dtype=np.float64) * 100 + part
            if len(points) >= SHORTEST_SERIES and _one_each(points, np.unique(part)):
                names = f"`{shown(year.card.name)}` and `{shown(column.card.name)}`"
                detail = f"{names} give each row its own point in time: neighbouring rows may depend on each other."
                return [Trap(kind="ordered series", column=year.card.name, n=len(points), detail=detail)]
    return []


def _parts(column: Prepared) -> npt.NDArray[np.float64] | None:
    """The part of the year of each row: numbers, `Q1` to `Q4`, or names of months, under a name such as `quarter`; else None."""
    if not PART_WORDS & set(words_of(column.card.name)[-1:]):
        return None
    if column.card.kind.numeric:
        return column.values.to_numpy(dtype=np.float64)
    parts = [_part(level.name) for level in column.card.levels]
    if not column.card.kind.categorical or None in parts:
        return None
    return np.append(np.array(parts, dtype=np.float64), np.nan)[column.values.cat.codes.to_numpy()]


def _part(level: str) -> float | None:
    if found := re.fullmatch(r"[QqMmWwTt]?0?([1-9]|[1-5][0-9])", level):
        return float(found[1])
    month = level[:3].lower()
    return float(MONTHS.index(month)) if month in MONTHS else None


def _one_each(points: npt.NDArray[np.float64], parts: npt.NDArray[np.float64]) -> bool:
    """Points in order down the rows; or in any order, different, and without a gap of more than a tenth of all."""
    steps = np.diff(points)
    if np.isnan(points).any():
        return False
    if (steps > 0).all() or (steps < 0).all():
        return True
    ends = np.searchsorted(parts, np.array([points.min(), points.max()]) % 100)
    years = points.max() // 100 - points.min() // 100
    possible = years * len(parts) + ends[1] - ends[0] + 1
    return bool(len(np.unique(points)) == len(points) >= 0.9 * possible)


def _points(column: Prepared) -> npt.NDArray[np.float64]:
    if column.card.kind is Kind.DATETIME:
        return column.values.to_numpy().astype("datetime64[us]").astype(np.int64).astype(np.float64)
    return column.values.to_numpy(dtype=np.float64)


def _even(gaps: npt.NDArray[np.float64], calendar: bool) -> bool:
    """Equal gaps; months, quarters and years in a calendar differ by up to a tenth, and working days jump."""
    middle = float(np.median(gaps))
    return bool((np.abs(gaps - middle) <= (0.11 if calendar else 1e-9) * middle).mean() >= (0.75 if calendar else 1.0))


def _duplicates(columns: Sequence[Prepared]) -> list[Trap]:
    """Rows equal in every cell, where a column can tell rows apart and there are at least as many combinations as rows."""
    if len(columns) < 2 or not any(column.card.kind in TELLING for column in columns):
        return []
    if any(column.cells.distinct == column.cells.rows for column in columns):
        return []
    if prod(max(column.cells.distinct, 1) for column in columns) < columns[0].cells.rows:
        return []
    codes = pd.DataFrame({place: column.cells.codes for place, column in enumerate(columns)})
    n = int(codes.duplicated().sum())
    detail = f"{n} {'row repeats' if n == 1 else 'rows repeat'} an earlier one in every cell."
    return [Trap(kind="duplicate rows", column=None, n=n, detail=detail)] if n else []
