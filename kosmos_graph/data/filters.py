"""Typed conditions on rows, applied value by value."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from kosmos_graph.data.nearest import did_you_mean
from kosmos_graph.data.number_text import number_label
from kosmos_graph.data.table import shown
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind
from kosmos_graph.domain.filters import Filter

ORDERINGS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Scalar = float | str


def mask(frame: pd.DataFrame, condition: Filter) -> pd.Series[bool]:
    """Which rows of a prepared frame satisfy the condition; a missing cell satisfies `is missing` alone.

    A number may be given as text and a level as its number. The condition must be one without a `complaint`.
    """
    column = frame[condition.column]
    if condition.operator in ("is missing", "is not missing"):
        missing = column.isna()
        return missing if condition.operator == "is missing" else ~missing
    return (_satisfied(column, condition) & column.notna()).astype(bool)


def complaint(condition: Filter, card: DataCard) -> str | None:
    """A sentence on why the condition cannot be applied to the data set, or None."""
    column = card.column(condition.column)
    if column is None:
        names = [found.name for found in card.columns]
        return f"`{card.name}` has no column `{shown(condition.column)}`{did_you_mean(condition.column, names) or '.'}"
    return _ill_formed(condition, column) or next((found for value in _given(condition) if (found := _unfit(column, value))), None)


def _ill_formed(condition: Filter, column: ColumnCard) -> str | None:
    """Why operator, form of the value and kind of the column do not go together, or None."""
    wanted = {"is missing": "no value", "is not missing": "no value", "in": "a list of values", "not in": "a list of values"}
    found = "no value" if condition.value is None else "a list of values" if isinstance(condition.value, tuple) else "one value"
    needed = wanted.get(condition.operator, "one value")
    if found != needed:
        return f"The condition on `{column.name}` with `{condition.operator}` takes {needed}, and has {found}."
    if condition.operator in ORDERINGS and not _orderable(column.kind):
        return f"`{column.name}` is {column.kind.value} and has no order, so `{condition.operator}` does not apply to it."
    return None


def _given(condition: Filter) -> tuple[Scalar, ...]:
    """The values to compare with, one or several or none."""
    if condition.value is None:
        return ()
    return condition.value if isinstance(condition.value, tuple) else (condition.value,)


def _orderable(kind: Kind) -> bool:
    return kind.numeric or kind in (Kind.ORDINAL, Kind.DATETIME)


def _unfit(column: ColumnCard, value: Scalar) -> str | None:
    """Why `value` cannot be compared with the column's values, or None."""
    if column.kind.numeric and _number(value) is None:
        return f"`{column.name}` holds numbers, and `{shown(str(value))}` is none."
    if column.kind is Kind.DATETIME and _moment(value) is None:
        return f"`{column.name}` holds dates, and `{shown(str(value))}` is no date such as 2024-12-31."
    if column.kind.categorical:
        levels = [level.name for level in column.levels]
        if _text(value, levels) not in levels:
            near = did_you_mean(str(value), levels)
            return f"`{column.name}` has no level `{shown(str(value))}`{near or '.'}"
    return None


def _satisfied(column: pd.Series[Any], condition: Filter) -> pd.Series[Any]:
    values, given = _comparable(column, _given(condition))
    if condition.operator in ORDERINGS:
        found: pd.Series[Any] = ORDERINGS[condition.operator](values, given[0])
        return found
    among = values.isin(given)
    return among if condition.operator in ("==", "in") else ~among


def _comparable(column: pd.Series[Any], given: tuple[Scalar, ...]) -> tuple[pd.Series[Any], list[Any]]:
    """The column and the given values in one type in which they compare: numbers, moments, ranks of levels, or text."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = [str(level) for level in column.cat.categories]
        codes = pd.Series(column.cat.codes.to_numpy(), index=column.index)
        return codes, [levels.index(text) if (text := _text(value, levels)) in levels else -2 for value in given]
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column, [pd.Timestamp(moment) if (moment := _moment(value)) else pd.NaT for value in given]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column, [float("nan") if (number := _number(value)) is None else number for value in given]
    return column, [_text(value, []) for value in given]


def _number(value: Scalar) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _text(value: Scalar, levels: list[str]) -> str:
    """The text that a level given as a number has: `1`, not `1.0`. Text that is a level stays."""
    if value in levels or (isinstance(value, str) and not levels):
        return str(value)
    number = _number(value)
    return str(value) if number is None or math.isnan(number) else _number_text(number)


def _number_text(number: float) -> str:
    return number_label(number) if abs(number) < float("inf") else str(number)


def _moment(value: Scalar) -> datetime | None:
    """A naive moment from ISO 8601 text (a bare year is its first day); one with a zone is turned into UTC."""
    text = _text(value, [])
    try:
        found = datetime.fromisoformat(f"{text}-01-01" if len(text) == 4 and text.isdigit() else text)
    except ValueError:
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
