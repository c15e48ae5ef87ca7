"""What the nodes need from outside. The graph closes over it; none of it is ever in the state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar

from kosmos_graph.agents.protocol import Analyst, Designer, Material
from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.calls import CallSite, CallUsage
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.quote import Quote
from kosmos_graph.domain.report import Report
from kosmos_graph.domain.results import Execution, TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.runner import Drawing

A_co = TypeVar("A_co", covariant=True)


async def nothing() -> None:
    """Done at once."""


@dataclass(frozen=True)
class Opened(Generic[A_co]):
    """An agent for one execution of one node. `usage` fills with its answered calls while it works.

    `forget` has the node ask anew when it is executed again: answers that were no good would be given out again otherwise.
    """

    agent: A_co
    usage: Sequence[CallUsage] = ()
    forget: Callable[[], Awaitable[None]] = nothing


@dataclass(frozen=True)
class Link(Generic[A_co]):
    """One link of a role's chain. `model` is its name as the user wrote it."""

    model: str
    open: Callable[[CallSite], Opened[A_co]]


@dataclass(frozen=True)
class Event:
    """A node of a run began, or came to an end that is about to be checkpointed. `branch` names the hypothesis or cycle."""

    run_id: str
    node: str
    branch: str
    phase: Literal["started", "finished", "paused", "failed"]


class Store(Protocol):
    """Where a run's files go. Writing the same content again is a no-op."""

    def put_artefacts(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """Keep files under their content-derived names."""
        ...

    def artefact(self, run_id: str, name: str) -> bytes:
        """A file that was kept. Raises StoreError where it is gone."""
        ...

    def put_report(self, run_id: str, report: Report, notebook: str) -> None:
        """Write the report in every format, and the notebook, replacing what is there."""
        ...

    def log(self, event: Event, moment: datetime) -> None:
        """Append an event to the run's log."""
        ...


class DataSource(Protocol):
    """Data sets by path."""

    def open_all(self, paths: Sequence[str], sheet: StudySheet) -> tuple[Dataset, ...]:
        """Read the files anew. Raises BadInput."""
        ...

    def reopen(self, card: DataCard, sheet: StudySheet) -> Dataset:
        """The data set that `card` describes. Raises DataChanged when the file is another one now."""
        ...


class Execute(Protocol):
    """Executes a design."""

    async def __call__(self, dataset: Dataset, design: Design, sheet: StudySheet, options: Options, key: str) -> Execution:
        """The execution under the generation key `key`; one that failed is a result."""
        ...


class RunCode(Protocol):
    """Runs a design's own code."""

    async def __call__(
        self, dataset: Dataset, design: Design, sheet: StudySheet, options: Options, key: str
    ) -> tuple[Execution, Mapping[str, bytes]]:
        """The execution under the generation key `key`, and its files by their names; one that failed is a result."""
        ...


class Draw(Protocol):
    """Draws the figure of a result."""

    async def __call__(self, dataset: Dataset, design: Design, sheet: StudySheet, result: TestResult) -> Drawing | None:
        """The figure; None where the numbers cannot be placed on an axis."""
        ...


@dataclass(frozen=True)
class Services:
    """Everything the nodes close over. Both chains have at least one link. While `stopping`, no node starts.

    `prepare` begins, without waiting, what computing will need; `close` lets go of files until they are needed again.
    """

    designers: tuple[Link[Designer], ...]
    analysts: tuple[Link[Analyst], ...]
    store: Store
    data: DataSource
    execute: Execute
    run_code: RunCode
    draw: Draw
    clock: Callable[[], datetime]
    approve: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    watch: Callable[[Event], None] = lambda event: None
    stopping: Callable[[], bool] = lambda: False
    quote: Callable[[Material], Quote | None] = lambda material: None
    prepare: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None
