"""What a statistical method declares about itself, once, for review, `rules`, documentation and command line to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pandas as pd

from kosmos_graph.domain.data_card import DataCard, Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Expectation, Target, Task
from kosmos_graph.domain.results import Exclusion, TestResult
from kosmos_graph.domain.study_sheet import StudySheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Sampling = Literal["independent", "paired", "repeated", "clustered", "series"]
"""How rows hang together: independent units; pairs (two columns, or an id column); a row per unit (`pair`) and level of the first
predictor; rows that share a value of `cluster`; one row per point in time.
"""


Part = Literal["cluster", "exposure", "interaction", "stratum", "time"]
"""Parts of a target that a method may be told of and does not need."""


class NotApplicable(Exception):
    """A method met a sample on which it has no answer (constant outcome, complete separation); the message says which.

    It never leaves this layer: the runner turns it into a failed execution, which is a result.
    """


@dataclass(frozen=True)
class Needs:
    """The columns, design and sample that a method needs.

    `groups` bounds the number of levels that the first predictor must have after the target's selection, `predictors` the
    number of predictors. `rows` and `per_group` are the smallest complete samples, `clusters` the fewest clusters. `covariates`:
    None where none are taken, else the kinds allowed; with `adjusts` there must be one. `reference`, `delta`, `time`, `change_at`,
    `event`, `weight`, `interaction`: whether the target or design must state it; what is not needed would be ignored, and is
    refused, but for what `takes` names. `per_parameter`: what ten are needed of for each coefficient. `second` are the kinds of
    the further predictors where they differ from the first one's; with `moments` the second one has to tell two moments.
    `quantiles`: whether it answers about a median.
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
    event: bool = False
    weight: bool = False
    interaction: bool = False
    takes: frozenset[Part] = frozenset()
    adjusts: bool = False
    clusters: int = 0
    per_parameter: Literal["rows", "rarer level", "events"] | None = None
    second: frozenset[Kind] | None = None
    moments: bool = False
    quantiles: bool = False


@dataclass(frozen=True)
class Case:
    """A question about columns, as a method is told of it that says whether it is the usual choice."""

    card: DataCard
    sheet: StudySheet
    task: Task
    expects: Expectation
    target: Target
    covariates: tuple[str, ...]


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
Prefer = Callable[[Case], str | None]


@dataclass(frozen=True)
class Method:
    """One method of the catalogue. `name` is what designs, reports and the command line call it.

    `summary` is one line for a model or a person choosing; `source` the paper or the function that computes it. `sensitivity`
    names methods that are run beside it and cannot change a verdict.

    `prefer` gives the reason, in words, why the method is the usual choice in a case, None where it is not; among several, the
    catalogue's order decides. `asked_for` is a regular expression (lower case) by which a question asks for the method; of
    several that match, the last of the catalogue is meant, so that a general word does not hide a particular one.
    `assumption` is what a report says of the choice, beginning "By rule, ".
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
    prefer: Prefer | None = None
    asked_for: str = ""
    assumption: str = ""
