"""A job: code, the data it reads, its seed, its limits and what it has declared to return."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from kosmos_graph.domain.code_experiment import DeclaredResult
from kosmos_graph.ids import digest
from kosmos_graph.sandbox.limits import Limits


@dataclass(frozen=True)
class DataFile:
    """A Parquet file that the code gets as the data frame `data[name]`; `sha256` is that of its bytes, in hexadecimal."""

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class Job:
    """One execution of `experiment(data, seed)`, which `code` has to define. Equal content makes equal ids."""

    code: str
    data: tuple[DataFile, ...] = ()
    seed: int = 0
    limits: Limits = field(default_factory=Limits)
    results: tuple[DeclaredResult, ...] = ()

    @cached_property
    def id(self) -> str:
        """SHA-256 in hexadecimal of all that the outcome depends on; where the data files lie is not part of it."""
        return digest(
            {
                "code": self.code,
                "data": sorted([file.name, file.sha256] for file in self.data),
                "seed": self.seed,
                "limits": asdict(self.limits),
                "results": [result.model_dump() for result in self.results],
            }
        )
