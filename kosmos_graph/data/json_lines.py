"""JSON lines (or one JSON array of objects) to a table of cells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kosmos_graph.data.size import check_size
from kosmos_graph.data.table import Table, text_array
from kosmos_graph.errors import BadInput


def read_json_lines(text: str, shown: str) -> Table:
    """One row an object, columns in the order in which they first appear; a key that a line lacks is missing.

    Lists and objects become their JSON text. Raises BadInput with the number of
    the line that is no object.
    """
    columns: dict[str, list[str | None]] = {}
    rows = 0
    nested = False
    for rows, entry in enumerate(_objects(text, shown), start=1):
        for key, value in entry.items():
            column = columns.setdefault(key, [])
            column.extend([None] * (rows - 1 - len(column)))
            column.append(_cell(value))
            nested = nested or isinstance(value, list | dict)
    check_size(rows, len(columns), shown)
    if not rows or not columns:
        raise BadInput(f"{shown} is empty: it holds no JSON object with a key.")
    for column in columns.values():
        column.extend([None] * (rows - len(column)))
    notes = ("Lists and objects inside a row were kept as text.",) if nested else ()
    return Table(tuple(columns), tuple(text_array(column) for column in columns.values()), notes)


def _objects(text: str, shown: str) -> Iterator[dict[str, Any]]:
    if text.lstrip().startswith("["):
        yield from _array(text, shown)
        return
    for line, content in enumerate(text.split("\n"), start=1):
        if content.strip():
            yield _object(_parsed(content, f"line {line}", shown), f"line {line}", shown)


def _array(text: str, shown: str) -> Iterator[dict[str, Any]]:
    entries = _parsed(text, "its array", shown)
    for place, entry in enumerate(entries, start=1):
        yield _object(entry, f"entry {place}", shown)


def _parsed(text: str, where: str, shown: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise BadInput(f"{shown} is not JSON lines: {where} is not valid JSON.") from exc


def _object(entry: Any, where: str, shown: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise BadInput(f'{shown} is not JSON lines: {where} is not an object such as {{"name": 1}}.')
    return entry


def _cell(value: Any) -> str | None:
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)
