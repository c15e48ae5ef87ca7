"""What a statistical method declares about itself, once, for review, `rules`, documentation and command line to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pandas as pd

from kosmos_graph.domain.data_card import DataCard, Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Task
from kosmos_graph.domain.results import Exclusion, TestResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Sampling = Literal["independent", "paired", "series"]
"""How rows hang together: independent units; pairs (two columns, or an id column); one row per point in time."""


class NotApplicable(Exception):
    """A method met a sample on which it has no answer (constant outcome, complete separation); the message says which.

    It never leaves this layer: the runner turns it into a failed execution, which is a result.
    """


@dataclass(frozen=True)
class Needs:
    """The columns, design and sample that a method needs.

    `groups` bounds the number of levels that the first predictor must have after the target's selection, `predictors` the
    number of predictors. `rows` and `per_group` are the smallest complete samples. `covariates`: None where none are taken,
    else the kinds allowed. `reference`, `delta`, `time`, `change_at`: whether the target or design must state it.
    """

    outcome: frozenset[Kind]
    predictor: frozenset[Kind] = frozenset()
    predictors: tuple[int, int | None] = (0, 0)
    groups: tuple[int, int | None] | None = None
    sampling: Sampling = "independent"
    covariates: frozenset[Kind] | None = None
    rows: int = 3
    per_group: int = 2
    reference: bool = False
    delta: bool = False
    time: bool = False
    change_at: bool = False


@dataclass(frozen=True)
class Sample:
    """The rows a method analyses: complete cases of the design's columns, after filters, exclusions, and level selection.

    `frame` keeps the prepared column types; a grouping column keeps only the levels present, A before B where the target names
    levels. For paired designs in long format, `frame` is already one row per pair, with columns `target.outcome` (the value
    under level A) and `BASELINE` (under level B); in wide format likewise, from the two columns. `n_read` counts the rows of
    the file (pairs for paired long format are counted in pairs after reading).
    """

    frame: pd.DataFrame
    card: DataCard
    n_read: int
    exclusions: tuple[Exclusion, ...] = ()


BASELINE = "\x00baseline"
"""Name of the second measurement's column in a paired sample. A data file cannot have it: NUL is refused in names."""


@dataclass(frozen=True)
class Context:
    """What is fixed for the run: `alpha`, the interval's `level` (1 − alpha), δ in outcome units or None, and the seed."""

    alpha: float
    level: float
    delta: float | None
    seed: int


Run = Callable[[Sample, Design, Context], TestResult]
Draw = Callable[["Axes", Sample, Design, TestResult], None]


@dataclass(frozen=True)
class Method:
    """One method of the catalogue. `name` is what designs, reports and the command line call it.

    `summary` is one line for a model or a person choosing; `source` the paper or the function that computes it. `sensitivity`
    names methods that are run beside it and cannot change a verdict.
    """

    name: str
    title: str
    summary: str
    estimand: str
    source: str
    tasks: tuple[Task, ...]
    needs: Needs
    run: Run
    draw: Draw
    sensitivity: tuple[str, ...] = field(default=())
