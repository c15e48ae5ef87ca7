"""Delimited text, of whatever delimiter, to a table of cells."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from kosmos_graph.data.size import check_size
from kosmos_graph.data.table import Table, text_array
from kosmos_graph.errors import BadInput

DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "vertical bar", ",": "comma"}
BLANK = " "
NO_DELIMITER = "\x1f"
SAMPLE_ROWS = 200
LONGEST_TITLE = 10
SAMPLE = 1 << 20
BLOCK = 1 << 24
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
YEAR = re.compile(r"(1[5-9]|20|21)\d\d")
WIDE_FIELD = 100_000_000


@dataclass(frozen=True)
class Layout:
    """How the text is laid out: its delimiter, the lines before the header, and the number of fields of the header."""

    delimiter: str
    preamble: int
    fields: int


def read_text(text: str, shown: str) -> tuple[Table, str]:
    """The table and its delimiter. The first row is the header unless all of it is numbers.

    Short rows are filled up with missing cells, with a note. Raises BadInput for a text without rows, a row with more cells
    than the header, and a quote that is never closed; `shown` is the file's name for messages.
    """
    if not text.strip("\ufeff\r\n\t ,;|\x00"):
        raise BadInput(f"{shown} is empty: it holds no cell.")
    text, forced = _excel_hint(text if "\n" in text else text.replace("\r", "\n"))
    layout = find_layout(text, forced)
    if layout.delimiter == NO_DELIMITER and (fields := _blank_separated(text)):
        layout = Layout(BLANK, 0, fields)
        text = "\n".join(BLANK.join(line.split()) for line in text.splitlines())
    body = text.split("\n", layout.preamble)[-1] if layout.preamble else text
    check_size(body.count("\n") + 1, layout.fields, shown)
    columns, notes = _cells(body, layout, shown)
    if layout.preamble:
        notes = [f"{_lines(layout.preamble)} before the header passed over.", *notes]
    if layout.delimiter not in (",", NO_DELIMITER):
        sign = "blanks" if layout.delimiter == BLANK else f"a {DELIMITERS[layout.delimiter]}"
        notes = [f"Cells are separated by {sign}.", *notes]
    return _with_header(columns, notes, shown), layout.delimiter


def find_layout(text: str, forced: str | None = None) -> Layout:
    """The delimiter under which the first rows agree best with the header in their number of fields."""
    candidates = [_try(text, delimiter) for delimiter in ([forced] if forced else DELIMITERS)]
    fitting = [found for found in candidates if found[1].fields > 1]
    if not fitting:
        return Layout(NO_DELIMITER, 0, 1)
    best = max(fitting, key=lambda found: (found[0] >= 0.9 and not found[1].preamble, found[0], found[1].fields))
    return best[1]


def _blank_separated(text: str) -> int | None:
    """Number of columns of a table whose cells are separated by runs of blanks, most of them numbers; None if it is none."""
    lines = [line.split() for line in islice(text[:SAMPLE].splitlines(), SAMPLE_ROWS) if line.strip()]
    if len(lines) < 3 or len(lines[0]) < 2 or len({len(line) for line in lines[:-1]}) > 1:
        return None
    cells = [cell for line in lines[1:] for cell in line]
    return len(lines[0]) if sum(NUMBER.fullmatch(cell) is not None for cell in cells) >= 0.5 * len(cells) else None


def _excel_hint(text: str) -> tuple[str, str | None]:
    """Excel's own first line `sep=;`, taken off."""
    hint = re.match(r"\ufeff?\"?sep=([,;|\t])\"?\r?\n", text, re.IGNORECASE)
    return (text[hint.end() :], hint[1]) if hint else (text, None)


def _try(text: str, delimiter: str) -> tuple[float, Layout]:
    """Share of the sampled rows that have as many fields as the header, for one delimiter, and the layout found."""
    rows = _sample(text, delimiter)
    widths = [len(row) for row in rows]
    preamble = _preamble(rows)
    fields = widths[preamble] if widths else 1
    body = widths[preamble:]
    return sum(width == fields for width in body) / max(len(body), 1), Layout(delimiter, preamble, fields)


def _sample(text: str, delimiter: str) -> list[list[str]]:
    """The first rows, whole ones only, of which there are two at least however long they are."""
    second = text.find("\n", text.find("\n") + 1)
    end = max(SAMPLE, second + 1)
    rows: list[list[str]] = []
    try:
        for row in islice(csv.reader(io.StringIO(text[:end], newline=""), delimiter=delimiter), SAMPLE_ROWS):
            rows.append(row)  # noqa: PERF402 - what was read before an error counts
    except csv.Error:
        return rows
    return rows[:-1] if end < len(text) and 2 < len(rows) < SAMPLE_ROWS else rows


def _preamble(rows: list[list[str]]) -> int:
    """Number of title, comment or blank rows before the header: they are shorter than the rows nine in ten of the rest agree on."""
    widths = [len(row) for row in rows if row]
    usual, agreeing = Counter(widths).most_common(1)[0] if widths else (0, 0)
    if usual < 2:
        return 0
    lead = _title_block(rows, usual)
    while lead < len(rows) - 1 and _before_header(rows[lead], rows[lead + 1], usual):
        lead += 1
    filled = sum(bool(row) for row in rows[lead:])
    return lead if len(rows[lead]) == usual and agreeing >= 0.9 * filled else 0


def _title_block(rows: list[list[str]], usual: int) -> int:
    """Number of rows up to a blank one, where those above it have fewer cells than the table."""
    blank = next((place for place, row in enumerate(rows[:LONGEST_TITLE]) if not any(cell.strip() for cell in row)), 0)
    above = rows[:blank]
    return blank + 1 if blank + 1 < len(rows) and above and all(len(row) < usual for row in above) else 0


def _before_header(row: list[str], following: list[str], usual: int) -> bool:
    if len(row) != usual:
        return len(row) <= 1 or row[0].lstrip().startswith("#")
    return _padded_title(row, following)


def _padded_title(row: list[str], following: list[str]) -> bool:
    """A title filled up with delimiters, as spreadsheets save it, right above a complete row of names."""
    alone = len(row) > 2 and bool(row[0].strip()) and not any(cell.strip() for cell in row[1:])
    return alone and all(cell.strip() and not NUMBER.fullmatch(cell.strip()) for cell in following)


def _cells(text: str, layout: Layout, shown: str) -> tuple[list[Any], list[str]]:
    spaced = f'{layout.delimiter} "' in text[:SAMPLE]
    if not spaced and text.count('"') % 2 == 0:
        try:
            return _fast(text, layout), []
        except pa.ArrowInvalid:
            pass
    return _slow(text, layout, shown, spaced)


def _fast(text: str, layout: Layout) -> list[Any]:
    """Arrow's parser; it refuses what the careful one below can explain."""
    names = [f"f{place}" for place in range(layout.fields)]
    table = arrow_csv.read_csv(
        pa.BufferReader(text.encode("utf-8", "replace")),
        read_options=arrow_csv.ReadOptions(column_names=names, block_size=BLOCK),
        parse_options=arrow_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values='"' in text),
        convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    return [_whole(column) for column in table.columns]


def _whole(column: Any) -> Any:
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)


def _slow(text: str, layout: Layout, shown: str, spaced: bool) -> tuple[list[Any], list[str]]:
    columns: list[list[str | None]] = [[] for _ in range(layout.fields)]
    short: list[int] = []
    for line, row in _rows(text, layout.delimiter, shown, spaced):
        extra = row[layout.fields :]
        if any(cell.strip() for cell in extra):
            raise BadInput(
                f"{shown} has {len(row)} cells in line {line + layout.preamble} where the header has {layout.fields}: "
                "quote cells that contain the delimiter, or mend the line."
            )
        if len(row) < layout.fields:
            short.append(line + layout.preamble)
        for place, column in enumerate(columns):
            column.append(row[place] if place < len(row) else None)
    notes = [f"{_lines(len(short))} (the first is line {short[0]}) shorter than the header: missing cells."] if short else []
    return [text_array(column) for column in columns], notes


def _rows(text: str, delimiter: str, shown: str, spaced: bool) -> list[tuple[int, list[str]]]:
    """Rows with the line on which each ends; blank lines are no rows."""
    former = csv.field_size_limit(WIDE_FIELD)
    try:
        for strict in (True, False):
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=spaced, strict=strict)
            try:
                return [(reader.line_num, row) for row in reader if row]
            except csv.Error as exc:
                if not strict or "unexpected end" in str(exc):
                    raise BadInput(f"{shown} cannot be read as a table: a quote is opened and never closed.") from exc
    finally:
        csv.field_size_limit(former)
    raise AssertionError("the second pass returns or raises")


def _with_header(columns: list[Any], notes: list[str], shown: str) -> Table:
    if not columns or len(columns[0]) == 0:
        raise BadInput(f"{shown} is empty: it holds no cell.")
    first = [column[0].as_py() or "" for column in columns]
    if _all_numbers(first):
        names = tuple(f"column {place}" for place in range(1, len(first) + 1))
        return Table(names, tuple(columns), (*notes, "The first row holds numbers only and is data: the columns have no names."))
    if len(columns[0]) == 1:
        raise BadInput(f"{shown} has a header and no rows.")
    return Table(tuple(first), tuple(column.slice(1) for column in columns), tuple(notes))


def _all_numbers(cells: list[str]) -> bool:
    """Whether a first row is data: numbers in every cell, unless they are different years, as the head of a wide table is."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled or not all(NUMBER.fullmatch(cell) for cell in filled):
        return False
    years = all(YEAR.fullmatch(cell) for cell in filled) and len(set(filled)) == len(filled) and len(filled) > 1
    return not years


def _lines(number: int) -> str:
    return "1 line" if number == 1 else f"{number} lines"
