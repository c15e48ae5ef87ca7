"""A table of text cells, as a file of any format yields it before kinds are decided."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

NAME_LENGTH = 100
INVISIBLE = (
    "[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f"
    "\\x{ad}\\x{200b}\\x{200e}\\x{200f}\\x{202a}-\\x{202e}\\x{2060}\\x{2066}-\\x{2069}\\x{feff}]"
)
"""Control characters other than blanks and line ends, marks of writing direction, soft hyphens and blanks without width (RE2)."""


@dataclass(frozen=True)
class Table:
    """Columns of text, each an Arrow string array with null for an absent cell, all of one length.

    `names` are as the file has them until `tidied`. `notes` are sentences on what was found while reading.
    """

    names: tuple[str, ...]
    columns: tuple[Any, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0]) if self.columns else 0


def text_array(values: list[str | None]) -> Any:
    """An Arrow string array; lone surrogates, which UTF-8 does not have, become question marks."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else value.encode("utf-8", "replace").decode() for value in values], pa.string())


def tidied(table: Table) -> Table:
    """The table without blank rows, nameless empty columns and invisible characters, under names that are unique and printable."""
    return _visible(_named(_without_blank_rows(_without_empty_nameless(table))))


def _visible(table: Table) -> Table:
    """The table without characters that cannot be seen, of which a level could not be told from another; noted by column."""
    columns, notes = list(table.columns), list(table.notes)
    for place, column in enumerate(columns):
        found = pc.sum(pc.match_substring_regex(column, INVISIBLE)).as_py() or 0
        if found:
            columns[place] = pc.replace_substring_regex(column, pattern=INVISIBLE, replacement="")
            notes.append(
                f"{_count(found, 'cell')} of column `{table.names[place]}` had control or invisible characters, taken out."
            )
    return Table(table.names, tuple(columns), tuple(notes))


def _blank(column: Any) -> Any:
    return pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)


def _without_empty_nameless(table: Table) -> Table:
    kept = [place for place, name in enumerate(table.names) if _printable(name) or not pc.all(_blank(table.columns[place])).as_py()]
    if len(kept) == len(table.names) or not kept:
        return table
    note = f"{_count(len(table.names) - len(kept), 'column')} without a name and without any cell left out."
    return Table(tuple(table.names[place] for place in kept), tuple(table.columns[place] for place in kept), (*table.notes, note))


def _without_blank_rows(table: Table) -> Table:
    if not table.columns:
        return table
    blank = _blank(table.columns[0])
    for column in table.columns[1:]:
        if not pc.any(blank).as_py():
            return table
        blank = pc.and_(blank, _blank(column))
    found = pc.sum(blank).as_py() or 0
    if not found:
        return table
    keep = pc.invert(blank)
    note = f"{_count(found, 'row')} in which every cell is blank left out."
    return Table(table.names, tuple(column.filter(keep) for column in table.columns), (*table.notes, note))


def _named(table: Table) -> Table:
    notes = list(table.notes)
    printable = [_printable(name) for name in _unquoted(table.names)]
    taken, names, last = set(printable), dict[str, None](), dict[str, int]()
    for place, (written, name) in enumerate(zip(table.names, printable, strict=True), start=1):
        unique = name or f"column {place}"
        if unique in names:
            unique = _numbered(unique, taken, last)
            notes.append(f"Column {place} has the name of an earlier column and is called `{unique}`.")
        elif not name:
            notes.append(f"Column {place} has no name and is called `{unique}`.")
        elif name != written.strip().strip("'"):
            notes.append(
                f"The name of column {place} had control characters, runs of blanks or great length; it is called `{name}`."
            )
        names[unique] = None
    return Table(tuple(names), table.columns, tuple(notes))


def _numbered(name: str, taken: set[str], last: dict[str, int]) -> str:
    """`name (2)`, or the next number that no column has."""
    number = last.get(name, 1) + 1
    while f"{name} ({number})" in taken:
        number += 1
    last[name] = number
    taken.add(f"{name} ({number})")
    return f"{name} ({number})"


def _unquoted(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names without single quotes, if all have them."""
    quoted = all(len(name) > 2 and name[0] == name[-1] == "'" for name in names)
    return tuple(name[1:-1] for name in names) if quoted else names


def _printable(name: str) -> str:
    """`name` on one line, without control, format, private or surrogate characters, at most NAME_LENGTH long."""
    spaced = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", name)
    kept = "".join(letter for letter in spaced if unicodedata.category(letter) not in ("Cf", "Cs", "Co"))
    tidy = " ".join(kept.split())
    return tidy if len(tidy) <= NAME_LENGTH else tidy[: NAME_LENGTH - 1] + "…"


def shown(text: str) -> str:
    """A file's or sheet's name as it may stand in a message: one line, printable."""
    return _printable(text) or "?"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
