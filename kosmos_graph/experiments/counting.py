"""How many rows, groups and parameters a target leaves, judged from a data card alone.

Only counts of single columns are used: they are structure. An outcome counted by group would be a look at the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence

from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Target


def rows_left(card: DataCard, target: Target, covariates: Sequence[str], *, missing: bool = True) -> int:
    """The most complete rows that can be left: those of the rarest selected level, less the worst column's missing cells.

    With `missing` off, empty cells are not deducted.
    """
    bounds = [card.rows]
    for condition in target.filters:
        column = card.column(condition.column)
        if column is not None:
            bounds.append(_selected(column, condition, card.rows))
    if target.levels is not None and target.predictors:
        grouping = card.column(target.predictors[0])
        bounds.append(sum(rows_of(grouping, level, card.rows) for level in target.levels) if grouping is not None else 0)
    names = (*target.columns, *covariates) if missing else ()
    complete = [card.rows - column.missing for name in names if (column := card.column(name)) is not None]
    return max(0, min((*bounds, *complete)))


def _selected(column: ColumnCard, condition: Filter, rows: int) -> int:
    """Rows that satisfy a condition, as far as the card tells; for a value of a number, the share it has on average."""
    if column.kind.categorical and condition.operator in ("==", "in"):
        wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        return sum(column.n_of(str(level)) for level in wanted)
    if column.kind.categorical and condition.operator in ("!=", "not in"):
        barred = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        return rows - column.missing - sum(column.n_of(str(level)) for level in barred)
    if condition.operator == "==" and column.distinct:
        return -(-(rows - column.missing) // column.distinct)
    if condition.operator == "is missing":
        return column.missing
    return rows - column.missing


def rows_of(column: ColumnCard, level: str, rows: int) -> int:
    """Rows that have a level; for a value of a column of numbers, the share it has on average, and 0 outside the column's range."""
    if not column.kind.numeric:
        return column.n_of(level)
    return -(-(rows - column.missing) // max(1, column.distinct)) if has_value(column, level) else 0


def has_value(column: ColumnCard, level: str) -> bool:
    """Whether `level` is a level of the column, or a number within the range of a column of numbers."""
    if not column.kind.numeric or column.low is None or column.high is None:
        return any(found.name == level for found in column.levels)
    try:
        return column.low <= float(level) <= column.high
    except ValueError:
        return False


def level_names(card: DataCard, target: Target) -> tuple[str, ...]:
    """Levels of the first predictor that the target compares: those it names, else those that its filters leave."""
    column = card.column(target.predictors[0]) if target.predictors else None
    if column is None:
        return ()
    if target.levels is not None:
        return target.levels
    return (levels_left(column, target.filters) or ()) if column.levels else ()


def levels_left(column: ColumnCard, filters: Sequence[Filter]) -> tuple[str, ...] | None:
    """Levels with rows that conditions leave, or the values that they name of a column of numbers; None where they name none."""
    if column.levels:
        return tuple(level.name for level in column.levels if level.n > 0 and _passes(level.name, column.name, filters))
    named = (condition.value for condition in filters if condition.column == column.name and condition.operator == "in")
    return next((values for values in named if isinstance(values, tuple)), None)


def _passes(level: str, column: str, filters: Sequence[Filter]) -> bool:
    for condition in filters:
        if condition.column != column:
            continue
        wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        inside = level in wanted
        if (condition.operator in ("==", "in") and not inside) or (condition.operator in ("!=", "not in") and inside):
            return False
    return True


def smallest_group(card: DataCard, target: Target) -> tuple[str, int] | None:
    """The smallest group compared, and its rows; None where there are no groups."""
    column = card.column(target.predictors[0]) if target.predictors else None
    if column is None or not column.levels:
        return None
    sizes = [(column.n_of(name), name) for name in level_names(card, target)]
    return (min(sizes)[1], min(sizes)[0]) if sizes else None


def smallest_expected_count(card: DataCard, target: Target) -> float | None:
    """Rows of the smallest group times the overall share of the rarer level of a yes/no outcome.

    That is the smallest expected count of the 2×2 table under no difference, from its margins alone.
    """
    outcome, group = card.column(target.outcome), smallest_group(card, target)
    if outcome is None or group is None or len(outcome.levels) != 2:
        return None
    total = sum(level.n for level in outcome.levels)
    return group[1] * min(level.n for level in outcome.levels) / total if total else 0.0


def parameters(card: DataCard, names: Sequence[str], target: Target) -> int:
    """Coefficients of a regression on these columns, the intercept apart: one for a number, levels less one for others."""
    total = 0
    for name in dict.fromkeys(names):
        column = card.column(name)
        if column is None:
            continue
        levels = len(level_names(card, target)) if target.predictors and name == target.predictors[0] else len(column.levels)
        total += max(1, levels - 1) if column.kind.categorical else 1
    return total


def usable(column: ColumnCard) -> bool:
    """Whether a column can take part in an analysis at all."""
    return column.kind not in (Kind.TEXT, Kind.IDENTIFIER, Kind.EMPTY)
