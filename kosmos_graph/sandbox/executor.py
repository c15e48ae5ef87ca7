"""Executors: jobs in, outcomes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from kosmos_graph.domain.code_experiment import Outcome, Rung
from kosmos_graph.sandbox.jobs import Job
from kosmos_graph.sandbox.ladder import Ladder


class Executor(Protocol):
    """Runs jobs. Every method may be called from any thread; `result` and `as_completed` wait."""

    def submit(self, job: Job) -> str:
        """Give `job` to be run, unless it is running or has a stored outcome; its id."""
        ...

    def result(self, id: str, timeout: float | None = None) -> Outcome:  # noqa: A002
        """The outcome of a submitted job. Raises TimeoutError after `timeout` seconds, KeyError where nobody submitted it."""
        ...

    def cancel(self, id: str) -> bool:  # noqa: A002
        """End a job that has not ended; whether there was one to end."""
        ...

    def as_completed(self, ids: Iterable[str]) -> Iterator[Outcome]:
        """The outcomes of submitted jobs, each once, in the order in which they end."""
        ...

    def close(self) -> None:
        """Cancel what runs, and end every process of this executor."""
        ...


class LocalExecutor:
    """Runs up to `workers` jails on this machine; outcomes are stored in `home`.

    Raises StoreError where `home` cannot be written, BadInput where no rung of the ladder holds.
    """

    def __init__(self, ladder_or_rung: Ladder | Rung, home: Path, workers: int = 1) -> None:
        raise NotImplementedError

    def submit(self, job: Job) -> str:
        raise NotImplementedError

    def result(self, id: str, timeout: float | None = None) -> Outcome:  # noqa: A002
        raise NotImplementedError

    def cancel(self, id: str) -> bool:  # noqa: A002
        raise NotImplementedError

    def as_completed(self, ids: Iterable[str]) -> Iterator[Outcome]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
