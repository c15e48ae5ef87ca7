"""What the code returned, as JSON of the declared shape.

This is a courtesy to whoever repairs the code: its sentences say what was wrong in terms of Python. The parent process checks the
JSON again and trusts none of it.
"""

from __future__ import annotations

import datetime
import math
import numbers
from collections.abc import Mapping
from typing import Any

MOST_ROWS = 1000
MOST_COLUMNS = 50
MOST_TEXT = 500
"""Characters of one cell."""
_LARGEST_INTEGER = 2**63 - 1


class NotAsDeclared(Exception):
    """The sentence that says what is not as it was declared."""


def shape(returned: Any, declared: list[dict[str, str]]) -> dict[str, Any]:
    """The results by name: a number, or `{"columns": […], "rows": [[…], …]}`. Raises NotAsDeclared."""
    if returned is None:
        raise NotAsDeclared("experiment returned nothing; it has to return a dict of the declared results")
    if not isinstance(returned, Mapping):
        raise NotAsDeclared(f"experiment returned {_kind(returned)}; it has to return a dict of the declared results")
    kinds = {result["name"]: result["kind"] for result in declared}
    if missing := [name for name in kinds if name not in returned]:
        raise NotAsDeclared(f"experiment did not return the declared {_names(missing)}")
    if unknown := [name for name in returned if name not in kinds]:
        raise NotAsDeclared(f"experiment returned {_names(unknown)}, which had not been declared")
    return {name: number(name, returned[name]) if kind == "number" else table(name, returned[name]) for name, kind in kinds.items()}


def number(name: str, value: Any) -> int | float:
    """A finite int or float. Raises NotAsDeclared."""
    value = _plain(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NotAsDeclared(f"the result {name!r} is declared as a number, and experiment returned {_kind(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise NotAsDeclared(f"the result {name!r} is not a finite number: {value}")
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        raise NotAsDeclared(f"the result {name!r} is an integer of more than 64 bits; return a float")
    return value


def table(name: str, value: Any) -> dict[str, Any]:
    """A data frame or a list of flat rows. Raises NotAsDeclared."""
    rows = _rows(name, value)
    columns = list(dict.fromkeys(str(column) for row in rows for column in row))
    if len(rows) > MOST_ROWS or len(columns) > MOST_COLUMNS:
        size = f"{len(rows)} rows and {len(columns)} columns"
        raise NotAsDeclared(f"the table {name!r} has {size}; it may have {MOST_ROWS} and {MOST_COLUMNS}: summarise it")
    texts = [{str(column): cell for column, cell in row.items()} for row in rows]
    return {"columns": columns, "rows": [[_cell(name, column, row.get(column)) for column in columns] for row in texts]}


def _rows(name: str, value: Any) -> list[Mapping[Any, Any]]:
    if hasattr(value, "columns") and hasattr(value, "to_dict"):
        if any(label is not None for label in value.index.names):  # a grouped result: its groups are what its rows are about
            value = value.reset_index()
        if len(set(map(str, value.columns))) < len(value.columns):  # all but one of them would be left out without a word
            raise NotAsDeclared(f"the table {name!r} has two columns of the same name")
        return list(value.to_dict(orient="records"))
    if isinstance(value, (list, tuple)) and all(isinstance(row, Mapping) for row in value):
        return list(value)
    wanted = "is declared as a table: a DataFrame, or a list of dicts"
    raise NotAsDeclared(f"the result {name!r} {wanted}; experiment returned {_kind(value)}")


def _cell(table_name: str, column: str, value: Any) -> bool | int | float | str | None:
    """A flat value; what is missing in the ways of pandas is None."""
    value = _plain(value)
    if value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in {"NAType", "NaTType"}:
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return number(f"{table_name}.{column}", value)
    if isinstance(value, (datetime.date, datetime.datetime, datetime.timedelta)):
        return str(value)
    if isinstance(value, str):
        return value[:MOST_TEXT]
    if type(value).__name__ in {"Interval", "Period"}:
        return str(value)[:MOST_TEXT]
    raise NotAsDeclared(f"the table {table_name!r} has {_kind(value)} in the column {column!r}; its cells have to be flat")


def _plain(value: Any) -> Any:
    """The Python number or text in a scalar of numpy's or an array of no dimensions."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"


def _names(names: list[Any]) -> str:
    return ("result " if len(names) == 1 else "results ") + ", ".join(repr(str(name)[:60]) for name in names[:10])
