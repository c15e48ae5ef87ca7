"""Units that have several rows: by the name of their column, or by how the rows are laid out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kosmos_graph.data.kinds import YEAR_WORDS
from kosmos_graph.data.prepare import Prepared
from kosmos_graph.data.table import shown
from kosmos_graph.data.words import word_set, words_of
from kosmos_graph.domain.data_card import Kind, Trap
from kosmos_graph.domain.study_sheet import StudySheet

TIME_WORDS = YEAR_WORDS | word_set(
    "quarter month week day period date time t hour minute wave visit round occasion session phase moment timepoint"
)
QUANTITIES = word_set(
    "age dose dosage conc concentration temp temperature level size length distance depth height width weight score rate "
    "grade rating rank order count points price rep reps replicate replication repeat repetition"
)
"""Last words of names of what measures, or counts replicates anew in every group, and so names no unit."""
RUNNING = word_set("no nr num number n i idx index row rows obs observation")
"""Last words of names of running numbers, which may begin anew in every group: units only where the other column is a time."""
OCCASIONS = word_set("before after pre post baseline followup follow prior during initial final start end")
PANEL_UNITS = 10
FEWEST_UNITS = 8
MANY_UNITS = 20
MOST_CONDITIONS = 12
NEARLY_ALL = 0.9


def repeated_units(columns: Sequence[Prepared], sheet: StudySheet) -> list[Trap]:
    """Traps of identifiers with several rows; without any, of at most one column whose rows are laid out as those of units."""
    named = [trap for column in columns if (trap := _repeated(column))]
    found = named or _panel(columns) or _crossed(columns, sheet)
    return [trap.model_copy(update={"varying": _varying(trap, columns)}) for trap in found]


def _varying(trap: Trap, columns: Sequence[Prepared]) -> tuple[tuple[str, int], ...]:
    """For each other column with levels, the units in which it takes more than one of them; missing cells are left out."""
    unit = next(column for column in columns if column.card.name == trap.column)
    others = [column for column in columns if column is not unit and column.card.kind.categorical]
    return tuple((other.card.name, _units_with_several(unit, other)) for other in others)


def _units_with_several(unit: Prepared, other: Prepared) -> int:
    there = (unit.cells.codes >= 0) & (other.cells.codes >= 0)
    units = np.unique(_pairs(unit, other)[there]) // (other.cells.distinct + 1)
    return int((np.unique(units, return_counts=True)[1] > 1).sum())


def timed(column: Prepared) -> bool:
    """Whether the column is a date-time, or numbers under a name that says a time."""
    return column.card.kind is Kind.DATETIME or (column.card.kind.numeric and _says_time(column))


def _says_time(column: Prepared) -> bool:
    words = words_of(column.card.name)
    return bool(words) and (words[-1] in TIME_WORDS or bool(YEAR_WORDS & set(words)))


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
    times = [column for column in columns if timed(column) and 1 < column.cells.distinct < column.cells.present]
    units = [column for column in columns if column.card.kind in (Kind.NOMINAL, Kind.TEXT) and _many_units(column)]
    for time in times:
        for unit in units:
            if len(np.unique(_pairs(unit, time))) == unit.cells.rows:
                name = unit.card.name
                detail = f"One row for each `{shown(name)}` and `{shown(time.card.name)}`: rows of one unit are not independent."
                return [Trap(kind="repeated ids", column=name, n=_several(unit), detail=detail)]
    return []


def _many_units(column: Prepared) -> bool:
    return not _says_time(column) and column.cells.distinct >= PANEL_UNITS and column.cells.present >= 2 * column.cells.distinct


def _crossed(columns: Sequence[Prepared], sheet: StudySheet) -> list[Trap]:
    """Names or whole numbers, each of which stands equally often under each condition or time that another column gives.

    Once each (but for a tenth of the combinations) from 8 values on; several times each, without exception, from 20 on.
    The column with the most values is taken.
    """
    units = [column for column in columns if _may_be_units(column, sheet)]
    for unit in sorted(units, key=lambda column: -column.cells.distinct):
        for condition in columns:
            if condition is not unit and _may_be_conditions(condition, unit) and _balanced(unit, condition):
                return [_crossing(unit, condition)]
    return []


def _crossing(unit: Prepared, condition: Prepared) -> Trap:
    name = shown(unit.card.name)
    detail = (
        f"Each of {unit.cells.distinct} values of `{name}` stands equally often with each value of "
        f"`{shown(condition.card.name)}`, as units measured repeatedly do: their rows are not independent."
    )
    return Trap(kind="repeated ids", column=unit.card.name, n=_several(unit), detail=detail)


def _several(unit: Prepared) -> int:
    return int((unit.cells.counts > 1).sum())


def _may_be_units(column: Prepared, sheet: StudySheet) -> bool:
    card, cells = column.card, column.cells
    if card.kind not in (Kind.NOMINAL, Kind.TEXT, Kind.COUNT) or cells.distinct < FEWEST_UNITS or cells.present != cells.rows:
        return False
    if card.name in (sheet.treatment, sheet.time, sheet.stratum, sheet.weight, sheet.primary_outcome) or _says_time(column):
        return False
    if QUANTITIES & set(words_of(card.name)[-1:]) or not _nearly_equal(column):
        return False
    return card.kind is not Kind.COUNT or not _stated_number(card.name, sheet)


def _nearly_equal(column: Prepared) -> bool:
    """Whether the values have as many rows each, at least two: what a balanced crossing with any other column needs."""
    counts = column.cells.counts
    return bool(counts.max() >= 2 and counts.mean() >= NEARLY_ALL * counts.max())


def _stated_number(name: str, sheet: StudySheet) -> bool:
    statement = sheet.statement(name)
    return statement is not None and statement.kind is not None


def _may_be_conditions(column: Prepared, unit: Prepared) -> bool:
    """Few levels, fewer than there are units; any number of times. Running numbers are units under times alone."""
    cells = column.cells
    occasion = timed(column) or _occasions(column)
    if cells.distinct < 2 or cells.present != cells.rows or column.card.kind in (Kind.TEXT, Kind.IDENTIFIER, Kind.EMPTY):
        return False
    if RUNNING & set(words_of(unit.card.name)[-1:]) and not occasion:
        return False
    return occasion or (column.card.kind is not Kind.CONTINUOUS and cells.distinct <= min(MOST_CONDITIONS, unit.cells.distinct - 1))


def _occasions(column: Prepared) -> bool:
    """Levels such as before and after, or levels under a name that says a time."""
    levels = [set(words_of(level.name)) for level in column.card.levels]
    return column.card.kind.categorical and (_says_time(column) or (bool(levels) and all(OCCASIONS & words for words in levels)))


def _balanced(unit: Prepared, condition: Prepared) -> bool:
    cells = unit.cells.distinct * condition.cells.distinct
    rows = unit.cells.rows
    if rows < NEARLY_ALL * cells or (rows > cells and unit.cells.distinct < MANY_UNITS):
        return False
    counts = np.unique(_pairs(unit, condition), return_counts=True)[1]
    if counts.max() == 1:
        return True
    return unit.cells.distinct >= MANY_UNITS and len(counts) == cells and bool((counts == counts[0]).all())


def _pairs(unit: Prepared, other: Prepared) -> npt.NDArray[np.int64]:
    """A number for each row, the same for rows alike in both columns."""
    pairs: npt.NDArray[np.int64] = unit.cells.codes.astype(np.int64) * (other.cells.distinct + 1) + other.cells.codes
    return pairs
