"""The distinct cells of one column: what every later step looks at instead of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SPELLED_MISSING = (
    "", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "Null", "<NA>", "NaT",
    "#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!",
)  # fmt: skip
"""Spellings that mean a missing cell in any column (`na` in small letters and capitals, but not `Na`, which is sodium)."""
SIGNS_MISSING = ("-", "--", ".", "?")
"""Signs that mean a missing cell, unless `+` stands in the same column and `-` is its opposite."""
WORDS_MISSING = ("None", "none", "NONE", *(f"{sign}{word}" for sign in ("", "-", "+") for word in ("inf", "Inf", "Infinity")))
"""Words that mean a missing cell among numbers and dates (no mean is taken of infinity), and a level among words."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """`codes` gives each row's place in `values`, −1 for a missing cell; `values` are distinct trimmed texts in order of first
    appearance (an Arrow string array), `counts` the rows that hold each.
    """

    codes: npt.NDArray[np.int32]
    values: Any
    counts: npt.NDArray[np.int64]

    @property
    def rows(self) -> int:
        """All rows."""
        return len(self.codes)

    @property
    def present(self) -> int:
        """Rows that hold a value."""
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        """Number of distinct values."""
        return len(self.values)

    def texts(self) -> list[str]:
        """The distinct values."""
        return [str(value) for value in self.values.to_pylist()]

    def share(self, mask: Mask) -> float:
        """Share of the present rows whose value is in `mask`; 0 where none is present."""
        return float(self.counts[mask].sum() / self.present) if self.present else 0.0

    def without(self, mask: Mask) -> Cells:
        """The cells with the values in `mask` made missing."""
        if not mask.any():
            return self
        places = np.where(mask, -1, np.cumsum(~mask) - 1).astype(np.int32)
        codes = np.append(places, np.int32(-1))[self.codes]
        return Cells(codes, self.values.filter(pa.array(~mask)), self.counts[~mask])

    def renamed(self, names: list[str]) -> Cells:
        """The cells with the distinct values called `names`, those of one name made one."""
        unique = list(dict.fromkeys(names))
        place = {name: number for number, name in enumerate(unique)}
        merged = np.array([place[name] for name in names], dtype=np.int32)
        codes = np.append(merged, np.int32(-1))[self.codes]
        counts = np.zeros(len(unique), dtype=np.int64)
        np.add.at(counts, merged, self.counts)
        return Cells(codes, pa.array(unique, pa.string()), counts)


def distinct_cells(column: Any) -> Cells:
    """The cells of an Arrow string array, blanks trimmed, with SPELLED_MISSING and SIGNS_MISSING made missing."""
    encoded = pc.utf8_trim_whitespace(column).dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    values = encoded.dictionary
    counts = np.bincount(codes[codes >= 0], minlength=len(values)).astype(np.int64)
    cells = Cells(codes, values, counts)
    cells = cells.without(is_in(cells, SPELLED_MISSING))
    return cells if is_in(cells, ("+",)).any() else cells.without(is_in(cells, SIGNS_MISSING))


def is_in(cells: Cells, texts: tuple[str, ...]) -> Mask:
    """Which distinct values are among `texts`."""
    return flags(pc.is_in(cells.values, value_set=pa.array(texts, pa.string())))


def matches(values: Any, pattern: str) -> Mask:
    """Which texts match the whole of `pattern` (RE2 syntax)."""
    return flags(pc.match_substring_regex(values, pattern=f"^(?:{pattern})$"))


def flags(booleans: Any) -> Mask:
    """An Arrow boolean array as a numpy mask; null is False."""
    mask: Mask = pc.fill_null(booleans, False).to_numpy(zero_copy_only=False).astype(np.bool_)
    return mask
