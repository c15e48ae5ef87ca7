"""Rows at the edges of a table that are not data: units under the header, totals at the foot."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from kosmos_graph.data.cells import SIGNS_MISSING, SPELLED_MISSING, Cells, distinct_cells
from kosmos_graph.data.number_text import Mark, file_mark, read_numbers
from kosmos_graph.data.table import Table
from kosmos_graph.data.units import known_unit

TOTALS = frozenset(
    (
        "total", "totals", "grand total", "overall total", "sum", "average", "avg", "mean",
        "gesamt", "gesamtsumme", "summe", "mittelwert", "durchschnitt", "mittel",
        "total général", "total general", "somme", "moyenne", "suma", "promedio", "media", "totale",
        "somma", "totaal", "gemiddelde",
    )
)  # fmt: skip
"""First cells of rows that sum up the rows above."""
MOST_TOTALS = 3
FEWEST_SUMMED = 2
MOSTLY = 0.95
UNIT_LABEL = re.compile(r"units?|einheit(en)?|unité|([ymdhs]{2,4}[:/. -]?){2,}", re.IGNORECASE)
"""What may stand in a row of units in a column that holds no numbers: `unit`, or the form of a date."""


def without_unit_row(table: Table, delimiter: str) -> tuple[Table, dict[str, str]]:
    """The table without a row of units under its header, and the units by column.

    A first row is one if a known unit stands in it, no number does, and all that stands in it, but for a word such as `unit`,
    stands in columns whose other cells are numbers.
    """
    row = _row(table, 0)
    if table.rows < FEWEST_SUMMED or not any(map(known_unit, row)):
        return table, {}
    units = _units(table, row, delimiter)
    if not units:
        return table, {}
    note = "The row under the header holds units and no data."
    return Table(table.names, tuple(column.slice(1) for column in table.columns), (*table.notes, note)), units


def _units(table: Table, row: Sequence[str], delimiter: str) -> dict[str, str]:
    """The known units by column; none if anything in `row` shows that it is no row of units."""
    rest = [distinct_cells(column.slice(1)) for column in table.columns]
    mark = file_mark(rest)
    units = {}
    for name, cell, cells in zip(table.names, row, rest, strict=True):
        numeric = cells.share(read_numbers(cells, mark, delimiter).ok) >= MOSTLY
        unit = known_unit(cell) if numeric else None
        if unit:
            units[name] = unit
        elif cell and not (_no_number(cell) if numeric else UNIT_LABEL.fullmatch(cell)):
            return {}
    return units


def _no_number(cell: str) -> bool:
    return not any(letter.isdigit() for letter in cell)


def without_totals(table: Table, delimiter: str) -> Table:
    """The table without the last rows that are called totals or means, where the arithmetic confirms it; all with a note.

    A row is confirmed if in one column at least its number is the sum or the mean of the numbers above, as far as its decimals
    go. Names that also stand further up in the table are levels, and their rows data.
    """
    found = _totals(table)
    rows = table.rows - found
    if not found or rows < FEWEST_SUMMED:
        return table
    columns = [distinct_cells(column) for column in table.columns]
    mark = file_mark(columns)
    confirmed = [
        place for place in range(rows, table.rows) if any(_sums_up(cells, place, rows, mark, delimiter) for cells in columns)
    ]
    keep = [*range(rows), *(place for place in range(rows, table.rows) if place not in confirmed)]
    return Table(table.names, tuple(column.take(keep) for column in table.columns), (*table.notes, *_notes(found, len(confirmed))))


def _totals(table: Table) -> int:
    """Number of last rows whose first cell is called a total and stands in that column only there."""
    found = 0
    while found < min(MOST_TOTALS, table.rows) and _label(_row(table, table.rows - 1 - found)) in TOTALS:
        found += 1
    if not found:
        return 0
    above = {text.strip(" :.").casefold() for text in distinct_cells(table.columns[0].slice(0, table.rows - found)).texts()}
    return 0 if above & TOTALS else found


def _label(row: Sequence[str]) -> str:
    return next((cell for cell in row if cell), "").strip(" :.").casefold()


def _row(table: Table, place: int) -> list[str]:
    """The trimmed cells of a row; blank for what means a missing cell."""
    if not table.rows:
        return [""] * len(table.columns)
    cells = [(column[place].as_py() or "").strip() for column in table.columns]
    return ["" if cell in (*SPELLED_MISSING, *SIGNS_MISSING) else cell for cell in cells]


def _sums_up(cells: Cells, place: int, rows: int, mark: Mark | None, delimiter: str) -> bool:
    code = cells.codes[place]
    numbers = read_numbers(cells, mark, delimiter)
    if code < 0 or not numbers.ok[code]:
        return False
    above = cells.codes[:rows][cells.codes[:rows] >= 0]
    values = numbers.values[above][numbers.ok[above]]
    stated = float(numbers.values[code])
    if len(values) < FEWEST_SUMMED or len(values) < MOSTLY * len(above):
        return False
    slack = _rounding(str(cells.values[int(code)]), mark) + 1e-9 * float(np.abs(values).sum())
    return abs(float(values.sum()) - stated) <= slack or abs(float(values.mean()) - stated) <= slack


def _rounding(text: str, mark: Mark | None) -> float:
    """Half a unit of the last decimal that is written."""
    decimals = re.search(rf"\{mark or '.'}(\d+)", text)
    return 0.5 * 10.0 ** -(len(decimals[1]) if decimals else 0)


def _notes(found: int, confirmed: int) -> list[str]:
    notes = [f"{_rows(confirmed)} with the sum or mean of the rows above left out at the end."] if confirmed else []
    if kept := found - confirmed:
        notes.append(
            f"{_rows(kept)} at the end with a name such as total or mean kept, because the numbers are not the sum or mean of the "
            "rows above."
        )
    return notes


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


def without_edge_rows(table: Table, delimiter: str) -> tuple[Table, dict[str, str]]:
    """The rows of data alone, and the units by column that a row of units gave."""
    table, units = without_unit_row(table, delimiter)
    return without_totals(table, delimiter), units
