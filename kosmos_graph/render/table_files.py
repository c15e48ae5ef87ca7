"""The tables of a run as CSV files under their content's hash, unrounded."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence

from kosmos_graph.domain.code_experiment import Cell
from kosmos_graph.domain.results import Artefact, Group, Term, TestResult
from kosmos_graph.domain.value import Value

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet take a cell for a formula."""


def csv_file(columns: Sequence[str], rows: Iterable[Sequence[Cell]], caption: str) -> tuple[Artefact, bytes]:
    """A table as an artefact. No cell of it is a formula to a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_harmless(name) for name in columns])
    writer.writerows([_harmless(value) for value in row] for row in rows)
    content = buffer.getvalue().encode()
    return Artefact(sha256=hashlib.sha256(content).hexdigest(), suffix="csv", caption=caption), content


def tables_of(result: TestResult) -> tuple[tuple[Artefact, bytes], ...]:
    """The groups and the terms of a result, where it has any."""
    tables = ((Group, result.groups, "the groups"), (Term, result.terms, "the terms"))
    return tuple(_table(kind, values, caption) for kind, values, caption in tables if values)


def _table(kind: type[Value], values: Sequence[Value], caption: str) -> tuple[Artefact, bytes]:
    columns = list(kind.model_fields)
    return csv_file(columns, ([getattr(value, name) for name in columns] for value in values), caption)


def _harmless(value: Cell) -> Cell:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
