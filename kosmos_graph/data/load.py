"""From paths to data sets: the only module that knows all formats."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from kosmos_graph.data.cells import distinct_cells
from kosmos_graph.data.dataset import Dataset
from kosmos_graph.data.derived import derive
from kosmos_graph.data.edge_rows import without_edge_rows
from kosmos_graph.data.encoding import decode
from kosmos_graph.data.excel import read_excel
from kosmos_graph.data.files import Format, check_file, fingerprint, format_of, named, read_bytes
from kosmos_graph.data.json_lines import read_json_lines
from kosmos_graph.data.number_text import file_mark
from kosmos_graph.data.parquet import read_parquet
from kosmos_graph.data.prepare import Prepared, Reading, Role, prepare_column
from kosmos_graph.data.table import Table, shown, tidied
from kosmos_graph.data.text_table import read_text
from kosmos_graph.data.traps import find_traps
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput

__all__ = ["fingerprint", "load_dataset", "load_datasets"]


def load_dataset(path: Path, sheet: StudySheet, *, name: str | None = None) -> Dataset:
    """Read one file under the statements of `sheet`. `name` defaults to the file's base name.

    Raises BadInput for a file that cannot be read as a table, and for statements that its columns contradict.
    """
    content = read_bytes(path)
    sha256 = hashlib.sha256(content).hexdigest()
    kind = format_of(path, content)
    table, delimiter = _read(content, kind, named(path))
    del content
    table, units = without_edge_rows(tidied(table), delimiter)
    if not table.rows:
        raise BadInput(f"{named(path)} has a header and no rows.")
    read = _prepare(table, sheet, delimiter, units)
    columns = [*read, *derive(read, sheet)]
    card = DataCard(
        name=name or shown(path.name),
        path=str(path).encode("utf-8", "replace").decode(),
        sha256=sha256,
        format="tsv" if kind == "csv" and delimiter == "\t" else kind,
        rows=table.rows,
        columns=tuple(column.card for column in columns),
        traps=find_traps(columns, sheet),
        notes=table.notes,
    )
    return Dataset(card, pd.DataFrame({column.card.name: column.values for column in columns}, copy=False))


def load_datasets(paths: Sequence[Path], sheet: StudySheet) -> tuple[Dataset, ...]:
    """Read several files, in order, under unique names: `penguins.csv`, `penguins (2).csv`.

    Raises BadInput when one file is given twice.
    """
    _refuse_twice(paths)
    names: list[str] = []
    for path in paths:
        names.append(_unique(path, names))
    return tuple(load_dataset(path, sheet, name=name) for path, name in zip(paths, names, strict=True))


def _refuse_twice(paths: Sequence[Path]) -> None:
    seen: set[Path] = set()
    for path in paths:
        check_file(path)
        resolved = path.resolve()
        if resolved in seen:
            raise BadInput(f"{named(path)} is given twice.")
        seen.add(resolved)


def _unique(path: Path, taken: Sequence[str]) -> str:
    base = shown(path.name)
    stem, dot, ending = base.rpartition(".")
    number, candidate = 1, base
    while candidate in taken:
        number += 1
        candidate = f"{stem} ({number}).{ending}" if dot and stem else f"{base} ({number})"
    return candidate


def _read(content: bytes, kind: Format, shown_path: str) -> tuple[Table, str]:
    """The table and the delimiter of its cells (a comma where the format has none)."""
    if kind == "parquet":
        return read_parquet(content, shown_path), ","
    if kind == "excel":
        return read_excel(content, shown_path), ","
    text, note = decode(content, shown_path)
    if kind == "json lines":
        table, delimiter = read_json_lines(text, shown_path), ","
    else:
        table, delimiter = read_text(text, shown_path)
    return Table(table.names, table.columns, (note, *table.notes) if note else table.notes), delimiter


def _prepare(table: Table, sheet: StudySheet, delimiter: str, units: Mapping[str, str]) -> list[Prepared]:
    cells = [distinct_cells(column) for column in table.columns]
    reading = Reading(file_mark(cells), delimiter)
    return [
        prepare_column(name, column, sheet.statement(name), _role(name, sheet), reading, units.get(name))
        for name, column in zip(table.names, cells, strict=True)
    ]


def _role(name: str, sheet: StudySheet) -> Role | None:
    if name == sheet.event:
        return "event"
    if name in (sheet.id, sheet.pair):
        return "unit"
    if name in (sheet.cluster, sheet.stratum):
        return "groups"
    if name == sheet.treatment:
        return "treatment"
    return "moments" if name == sheet.time and sheet.design != "time series" else None
