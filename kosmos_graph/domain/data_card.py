"""What a data set looks like: its columns, their kinds, and the traps seen in it. Never a row."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Literal

from kosmos_graph.domain.value import Value


class Kind(StrEnum):
    """Measurement level of a column, as the methods' applicability rules use it."""

    CONTINUOUS = "continuous"
    COUNT = "count"
    BINARY = "binary"
    ORDINAL = "ordinal"
    NOMINAL = "nominal"
    DATETIME = "date-time"
    TEXT = "free text"
    IDENTIFIER = "identifier"
    EMPTY = "empty"

    @property
    def numeric(self) -> bool:
        """Whether the prepared column holds float64 numbers with a meaningful difference."""
        return self in (Kind.CONTINUOUS, Kind.COUNT)

    @property
    def categorical(self) -> bool:
        """Whether the prepared column is a pandas Categorical of strings."""
        return self in (Kind.BINARY, Kind.ORDINAL, Kind.NOMINAL)


class Level(Value):
    """One level of a categorical column and the number of rows that have it."""

    name: str
    n: int


class ColumnCard(Value):
    """One column.

    `levels` is set for categorical kinds (ordinal ones in their order, a coded level under the label that the dictionary
    gives it), `low` and `high` for numeric kinds, `earliest` and `latest` (ISO 8601) for date-times. `unit` comes from the
    name (`mass_g`) or the study sheet. `notes` are sentences of ours on what was found and done (decimal commas read, three
    cells that are no numbers), never cell contents.
    """

    name: str
    kind: Kind
    missing: int
    distinct: int
    levels: tuple[Level, ...] = ()
    low: float | None = None
    high: float | None = None
    earliest: str | None = None
    latest: str | None = None
    unit: str | None = None
    label: str | None = None
    reference: str | None = None
    positive: str | None = None
    notes: tuple[str, ...] = ()

    def n_of(self, level: str) -> int:
        """Rows that have `level`; 0 if there is no such level."""
        return next((found.n for found in self.levels if found.name == level), 0)


class Trap(Value):
    """Something about the rows that a naive analysis would trip over.

    `repeated ids`: `column` identifies a unit that has several rows, and `varying` gives, for each other column with levels,
    the number of units in which it takes more than one of them. `ordered series`: `column` orders the rows in time and
    there is one row per point. `duplicate rows`: identical rows, `n` of them.
    """

    kind: Literal["repeated ids", "ordered series", "duplicate rows"]
    column: str | None
    n: int
    detail: str
    varying: tuple[tuple[str, int], ...] = ()


class DataCard(Value):
    """One data set as it was read: `name` is unique in the run and is the file's base name (numbered if two are equal)."""

    name: str
    path: str
    sha256: str
    format: Literal["csv", "tsv", "parquet", "excel", "json lines"]
    rows: int
    columns: tuple[ColumnCard, ...]
    traps: tuple[Trap, ...] = ()
    notes: tuple[str, ...] = ()

    def units_varying(self, unit: str, column: str) -> int | None:
        """How many of the repeated units in the column `unit` have more than one level of `column`; None where not counted."""
        counted = (trap.varying for trap in self.traps if trap.column == unit and trap.kind == "repeated ids")
        return next((n for varying in counted for name, n in varying if name == column), None)

    def column(self, name: str) -> ColumnCard | None:
        """The card of the column called `name`, or None."""
        columns, by_name = self._indexed
        if columns is not self.columns:  # a copy with other columns has the index of its original
            self.__dict__.pop("_indexed")
            _, by_name = self._indexed
        return by_name.get(name)

    @cached_property
    def _indexed(self) -> tuple[tuple[ColumnCard, ...], dict[str, ColumnCard]]:
        """The columns by name, the first of equal names, with the columns that they were taken from."""
        return self.columns, {column.name: column for column in reversed(self.columns)}
