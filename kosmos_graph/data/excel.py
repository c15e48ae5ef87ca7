"""The first Excel sheet with data to a table of cells."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import ParseError

from kosmos_graph.data.size import check_bytes, check_size
from kosmos_graph.data.table import Table, text_array
from kosmos_graph.data.table import shown as printable
from kosmos_graph.errors import BadInput

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
SMALLEST = 2
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
UNREADABLE = (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, ParseError)
"""What openpyxl lets through of a damaged workbook."""


def read_excel(content: bytes, shown: str) -> Table:
    """Cells as Excel last computed them; dates as ISO text. Blank rows above the header are passed over.

    Raises BadInput for workbooks that are protected, old, damaged or without data.
    """
    _refuse_ole(content, shown)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_bytes(sum(entry.file_size for entry in archive.infolist()), shown)
        found = _first_with_data(content, shown)
    except UNREADABLE as exc:
        raise BadInput(f"{shown} is not a readable Excel workbook; it may be damaged.") from exc
    if found is None:
        raise BadInput(f"{shown} is empty: no sheet has data.")
    rows, notes = found
    if len(rows) == 1:
        raise BadInput(f"{shown} has a header and no rows.")
    rows, notes = _below_title(rows, notes)
    width = max(len(row) for row in rows)
    check_size(len(rows), width, shown)
    padded = [[*row, *[None] * (width - len(row))] for row in rows]
    columns = tuple(text_array([row[place] for row in padded[1:]]) for place in range(width))
    return Table(tuple(name or "" for name in padded[0]), columns, notes)


def _below_title(rows: list[list[str | None]], notes: tuple[str, ...]) -> tuple[list[list[str | None]], tuple[str, ...]]:
    """The rows without those above the header in which the first cell alone is filled, if a whole row of names follows them."""
    lead = next((place for place, row in enumerate(rows) if len(row) > 1), 0)
    if not lead or len(rows) - lead < SMALLEST or not all(name and not NUMBER.fullmatch(name.strip()) for name in rows[lead]):
        return rows, notes
    return rows[lead:], (*notes, f"{lead} {'row' if lead == 1 else 'rows'} above the header passed over.")


def _refuse_ole(content: bytes, shown: str) -> None:
    if not content.startswith(OLE):
        return
    if ENCRYPTED in content:
        raise BadInput(f"{shown} is protected by a password: save it without one.")
    raise BadInput(f"{shown} is in the old Excel format: save it as .xlsx.")


def _first_with_data(content: bytes, shown: str) -> tuple[list[list[str | None]], tuple[str, ...]] | None:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            for sheet in book.worksheets:
                rows = _rows(sheet, shown)
                if rows:
                    return rows, _notes(sheet.title, [other.title for other in book.worksheets if other is not sheet])
        finally:
            book.close()
    return None


def _rows(sheet: Any, shown: str) -> list[list[str | None]]:
    rows: list[list[str | None]] = []
    cells = 0
    for values in sheet.iter_rows(values_only=True):
        row = [_cell(value) for value in values]
        while row and row[-1] is None:
            row.pop()
        if rows or row:
            rows.append(row)
        cells += len(row)
        check_size(cells, 1, shown)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _notes(read: str, others: list[str]) -> tuple[str, ...]:
    if not others:
        return ()
    named = ", ".join(f"`{printable(other)}`" for other in others)
    return (f"The sheet `{printable(read)}` was read, and not {named}.",)


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        whole_day = not (value.hour or value.minute or value.second or value.microsecond)
        return value.date().isoformat() if whole_day else value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)
