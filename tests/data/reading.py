"""Small files for the tests of reading data."""

from __future__ import annotations

from pathlib import Path

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.data.load import load_dataset
from kosmos_graph.data.sheet import read_sheet
from kosmos_graph.domain.data_card import ColumnCard


def read(folder: Path, content: str | bytes, name: str = "data.csv", about: dict[str, object] | None = None) -> Dataset:
    """The data set in a file of this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_dataset(path, read_sheet(about))


def column(folder: Path, *cells: str, name: str = "v", about: dict[str, object] | None = None) -> ColumnCard:
    """The card of a column of these cells, beside a column of numbers that names nothing."""
    rows = "".join(f"{cell}\t{number + 0.5}\n" for number, cell in enumerate(cells))
    found = read(folder, f"{name}\tother\n{rows}", "data.tsv", about).card.column(name)
    assert found is not None
    return found


def levels(card: ColumnCard) -> list[str]:
    """The names of the levels, in order."""
    return [level.name for level in card.levels]
