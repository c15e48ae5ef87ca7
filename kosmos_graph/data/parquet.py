"""Parquet to a table of cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kosmos_graph.data.size import check_size
from kosmos_graph.data.table import Table, text_array
from kosmos_graph.errors import BadInput


def read_parquet(content: bytes, shown: str) -> Table:
    """Every column as text that reads back as the same value; nested values as JSON, binary ones as missing.

    Raises BadInput for a file that is not valid Parquet.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        check_size(file.metadata.num_rows, file.metadata.num_columns, shown)
        table = file.read()
    except (pa.ArrowException, OSError) as exc:
        raise BadInput(f"{shown} is not a readable Parquet file; it may be damaged.") from exc
    if table.num_columns == 0 or table.num_rows == 0:
        raise BadInput(f"{shown} is empty: it has {table.num_rows} rows and {table.num_columns} columns.")
    binary = [place for place, kind in enumerate(table.schema.types, start=1) if _binary(kind)]
    notes = tuple(f"Column {place} holds binary data, which was not read." for place in binary)
    return Table(tuple(table.column_names), tuple(_text(column) for column in table.columns), notes)


def _text(chunked: Any) -> Any:
    column = chunked.combine_chunks()
    column = column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks)
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(pa.chunked_array([column.cast(kind.value_type)]))
    if _binary(kind):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_timestamp(kind):
        return _timestamp(column)
    if pa.types.is_duration(kind):
        return _spelled(column.cast(pa.duration("us"), safe=False), _seconds)
    if pa.types.is_nested(kind):
        return _spelled(column, _json)
    return pc.cast(pc.cast(column, pa.float64()) if pa.types.is_floating(kind) else column, pa.string())


def _spelled(column: Any, spell: Callable[[Any], str]) -> Any:
    return text_array([None if value is None else spell(value) for value in column.to_pylist()])


def _seconds(duration: timedelta) -> str:
    return repr(duration.total_seconds())


def _json(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _timestamp(column: Any) -> Any:
    """Microseconds, in UTC where the column has a zone; a day without a time of day is a date."""
    naive = pc.cast(column, pa.timestamp("us", column.type.tz), safe=False)
    naive = naive.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us")) if column.type.tz else naive
    return pc.strftime(naive, "%Y-%m-%dT%H:%M:%S")


def _binary(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))
