"""What in the rows a naive analysis would trip over."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.data.kinds import YEAR_WORDS
from kosmos_graph.data.prepare import Prepared
from kosmos_graph.data.table import shown
from kosmos_graph.data.words import word_set, words_of
from kosmos_graph.domain.data_card import Kind, Trap

TIME_WORDS = YEAR_WORDS | word_set("month week day quarter period date time t hour minute wave visit round")
PART_WORDS = word_set("quarter qtr month week")
SHORTEST_SERIES = 6
PANEL_UNITS = 10
TELLING = (Kind.CONTINUOUS, Kind.COUNT, Kind.DATETIME, Kind.IDENTIFIER, Kind.TEXT)


def find_traps(columns: Sequence[Prepared]) -> tuple[Trap, ...]:
    """Repeated ids, panels, ordered series and duplicate rows, in this order."""
    repeated = [trap for column in columns if (trap := _repeated(column))]
    panel = [] if repeated else _panel(columns)
    series = ([trap for column in columns if (trap := _series(column))] or _split_series(columns))[:1]
    duplicates = _duplicates(columns)
    return (*repeated, *panel, *series, *duplicates)


def _repeated(column: Prepared) -> Trap | None:
    counts = column.cells.counts
    several = int((counts > 1).sum())
    if column.card.kind is not Kind.IDENTIFIER or not several:
        return None
    name = column.card.name
    detail = f"{several} of {len(counts)} values of `{shown(name)}` have several rows (up to {int(counts.max())})."
    return Trap(kind="repeated ids", column=name, n=several, detail=detail)


def _panel(columns: Sequence[Prepared]) -> list[Trap]:
    """One row per unit and point in time: a column of names in which each stands once at each time."""
    times = [column for column in columns if _timed(column) and 1 < column.cells.distinct < column.cells.present]
    units = [column for column in columns if column.card.kind in (Kind.NOMINAL, Kind.TEXT) and _many_units(column)]
    for time in times:
        for unit in units:
            pairs = unit.cells.codes.astype(np.int64) * (time.cells.distinct + 1) + time.cells.codes
            if len(np.unique(pairs)) == len(pairs):
                name = unit.card.name
                detail = f"One row for each `{shown(name)}` and `{shown(time.card.name)}`: rows of one unit are not independent."
                return [Trap(kind="repeated ids", column=name, n=int((unit.cells.counts > 1).sum()), detail=detail)]
    return []


def _many_units(column: Prepared) -> bool:
    return column.cells.distinct >= PANEL_UNITS and column.cells.present >= 2 * column.cells.distinct


def _timed(column: Prepared) -> bool:
    if column.card.kind is Kind.DATETIME:
        return True
    words = words_of(column.card.name)
    return column.card.kind.numeric and bool(words) and (words[-1] in TIME_WORDS or bool(YEAR_WORDS & set(words)))


def _series(column: Prepared) -> Trap | None:
    """One row per point in time: all different, and in order down the rows or evenly spaced."""
    card = column.card
    rows = len(column.values)
    if not _timed(column) or card.missing or card.distinct != rows or rows < SHORTEST_SERIES:
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
    """One row per point in time that a year and a part of it, such as a quarter, give together, in order down the rows."""
    whole = [column for column in columns if column.card.kind.numeric and YEAR_WORDS & set(words_of(column.card.name))]
    parts = [column for column in columns if column.card.kind.numeric and PART_WORDS & set(words_of(column.card.name)[-1:])]
    for year in whole:
        for part in parts:
            points = year.values.to_numpy(dtype=np.float64) * 100 + part.values.to_numpy(dtype=np.float64)
            if len(points) >= SHORTEST_SERIES and bool((np.diff(points) > 0).all()):
                names = f"`{shown(year.card.name)}` and `{shown(part.card.name)}`"
                detail = f"{names} give each row its own point in time: neighbouring rows may depend on each other."
                return [Trap(kind="ordered series", column=year.card.name, n=len(points), detail=detail)]
    return []


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
