"""How large a data file may be."""

from __future__ import annotations

from kosmos_graph.errors import BadInput

MAX_BYTES = 2 * 1024**3 - 1
MAX_CELLS = 60_000_000
MAX_COLUMNS = 5_000


def check_bytes(size: int, shown: str) -> None:
    """Raise BadInput when a file, or what a compressed one unpacks to, is larger than MAX_BYTES."""
    if size > MAX_BYTES:
        found = f"{size / 1024**3:.1f} GB"
        raise BadInput(f"{shown} has {found}, and the limit is 2 GB: leave out columns or take a sample of its rows.")


def check_size(rows: int, columns: int, shown: str) -> None:
    """Raise BadInput when a table has more than MAX_CELLS cells or MAX_COLUMNS columns."""
    if columns > MAX_COLUMNS:
        raise BadInput(f"{shown} has {columns:,} columns, and the limit is {MAX_COLUMNS:,}: leave out columns.")
    if rows * columns > MAX_CELLS:
        raise BadInput(
            f"{shown} has about {rows:,} rows of {columns} columns, and the limit is {MAX_CELLS:,} cells: "
            "leave out columns or take a sample of its rows."
        )
