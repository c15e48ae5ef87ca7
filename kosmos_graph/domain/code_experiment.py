"""What an experiment in code declares, what it returned, and how it ended.

Everything here but the declaration comes out of a jail, where code that nobody has read could write what it liked: it has the
declared shape, and nothing more is known of it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kosmos_graph.domain.value import Value

Rung = Literal["bubblewrap", "landlock", "docker", "sandbox-exec", "no sandbox"]
"""What held the code: the rungs of the ladder from the best one down, and no sandbox, which is only ever asked for by name."""

State = Literal["ok", "error", "time-out", "cancelled", "limit", "lost"]
"""How a job ended.

error: the code raised, or returned something else than it had declared. time-out: wall or CPU time. limit: memory, processes,
disk, files or output. lost: its jail died under it, twice.
"""

Cell = bool | int | float | str | None


class DeclaredResult(Value):
    """One result that the code says it will return: a finite number, or a table of flat rows."""

    name: str
    kind: Literal["number", "table"]
    meaning: str
    unit: str | None = None


class CodeExperiment(Value):
    """What a design of the kind `code` executes: Python that defines `experiment(data, seed)`, and what that returns."""

    code: str
    results: tuple[DeclaredResult, ...]


class NamedNumber(Value):
    """A number that the code returned, with what it had declared about it."""

    kind: Literal["number"] = "number"
    name: str
    value: int | float
    meaning: str
    unit: str | None = None


class NamedTable(Value):
    """A table that the code returned; each row has as many cells as there are columns."""

    kind: Literal["table"] = "table"
    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    meaning: str
    unit: str | None = None


Result = Annotated[NamedNumber | NamedTable, Field(discriminator="kind")]


class RecordedCall(Value):
    """A test that the code called by a public name of scipy or statsmodels; a fit has a p-value for each coefficient."""

    function: str
    p_values: tuple[float, ...] = ()
    statistic: float | None = None


class Outcome(Value):
    """How a job ended and what came of it.

    `results` is empty unless `state` is ok. `calls` is a lower bound: code can compute a p-value by itself. `error` is one
    sentence, and where the code raised, below an empty line the end of its traceback. `seconds` is wall time.
    """

    id: str
    state: State
    results: tuple[Result, ...] = ()
    calls: tuple[RecordedCall, ...] = ()
    stdout: str = ""
    error: str | None = None
    rung: Rung
    seconds: float = 0.0

    @property
    def sentence(self) -> str | None:
        """The first line of `error`."""
        return None if self.error is None else self.error.partition("\n")[0]
