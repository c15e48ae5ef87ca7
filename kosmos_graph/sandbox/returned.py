"""What came out of a jail, checked against what had been declared: nothing that the other side checked is taken on trust."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kosmos_graph.domain.code_experiment import Cell, DeclaredResult, NamedNumber, NamedTable, RecordedCall, Result
from kosmos_graph.sandbox.clean import clean, one_line
from kosmos_graph.sandbox.inside.recording import MOST_CALLS
from kosmos_graph.sandbox.inside.shaping import MOST_COLUMNS, MOST_ROWS, MOST_TEXT

_LARGEST_INTEGER = 2**63 - 1
_MOST_P_VALUES = 50
_MOST_ERROR = 4000
_MOST_SENTENCE = 600
_FUNCTION = re.compile(r"[A-Za-z_][\w.]{0,120}", re.ASCII)


class Unshaped(Exception):
    """The sentence that says what does not have its declared shape."""


def results(content: Mapping[str, Any], declared: Sequence[DeclaredResult]) -> tuple[Result, ...]:
    """The declared results, in the order of the declaration. Raises Unshaped."""
    values = content.get("results")
    if not isinstance(values, dict) or set(values) != {result.name for result in declared}:
        raise Unshaped("the code's result file does not hold the declared results")
    return tuple(
        _number(result, values[result.name]) if result.kind == "number" else _table(result, values[result.name])
        for result in declared
    )


def calls(content: Mapping[str, Any]) -> tuple[RecordedCall, ...]:
    """The recorded calls that have the shape of one; others are left out."""
    found = content.get("calls")
    if not isinstance(found, list):
        return ()
    return tuple(call for item in found[:MOST_CALLS] if (call := _call(item)) is not None)


def error(content: Mapping[str, Any]) -> str | None:
    """The sentence about what went wrong, and below an empty line the end of the traceback; None where nothing did."""
    found = content.get("error")
    if not isinstance(found, str):
        return None
    sentence, _, trace = found.partition("\n\n")
    sentence = one_line(sentence, _MOST_SENTENCE) or "the code failed without a word"
    trace = clean(trace)[-_MOST_ERROR:].strip("\n")
    return f"{sentence}\n\n{trace}" if trace else sentence


def _number(result: DeclaredResult, value: Any) -> NamedNumber:
    if not _is_number(value):
        raise Unshaped(f"the result {result.name!r} is not a finite number")
    return NamedNumber(name=result.name, value=value, meaning=result.meaning, unit=result.unit)


def _table(result: DeclaredResult, value: Any) -> NamedTable:
    if not isinstance(value, dict) or not isinstance(value.get("columns"), list) or not isinstance(value.get("rows"), list):
        raise Unshaped(f"the result {result.name!r} is not a table")
    columns, rows = value["columns"], value["rows"]
    if len(columns) > MOST_COLUMNS or len(rows) > MOST_ROWS:
        raise Unshaped(f"the table {result.name!r} has more than {MOST_ROWS} rows or {MOST_COLUMNS} columns")
    if not all(isinstance(column, str) for column in columns):
        raise Unshaped(f"the table {result.name!r} has a column whose name is not text")
    if not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        raise Unshaped(f"the table {result.name!r} has rows of different lengths")
    return NamedTable(
        name=result.name,
        columns=tuple(one_line(column, MOST_TEXT) for column in columns),
        rows=tuple(tuple(_cell(result.name, cell) for cell in row) for row in rows),
        meaning=result.meaning,
        unit=result.unit,
    )


def _cell(table: str, value: Any) -> Cell:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean(value)[:MOST_TEXT]
    if _is_number(value):
        number: int | float = value
        return number
    raise Unshaped(f"the table {table!r} has a cell that is neither text nor a finite number")


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) <= _LARGEST_INTEGER


def _call(item: Any) -> RecordedCall | None:
    if not isinstance(item, dict) or not isinstance(item.get("function"), str) or not _FUNCTION.fullmatch(item["function"]):
        return None
    found = item.get("p_values")
    p_values = tuple(float(p) for p in found[:_MOST_P_VALUES] if _is_number(p) and 0 <= p <= 1) if isinstance(found, list) else ()
    statistic = float(item["statistic"]) if _is_number(item.get("statistic")) else None
    return RecordedCall(function=item["function"], p_values=p_values, statistic=statistic)
