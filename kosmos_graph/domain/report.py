"""The report: what `report.json` holds, unrounded, and the run sheet that goes with it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kosmos_graph.domain.analysis import Deviation, Verdict
from kosmos_graph.domain.calls import Fallback
from kosmos_graph.domain.code_experiment import RecordedCall, Result, Rung
from kosmos_graph.domain.hypothesis import Task
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.quote import Quote
from kosmos_graph.domain.results import Effect, Equivalence, Exclusion, Group, Measure, Term, TestResult
from kosmos_graph.domain.value import Value

SCHEMA_VERSION = 1


class EffectView(Value):
    """An effect with its confidence interval, unrounded.

    `null` is the value of no effect; with `inverse` a larger value means a smaller outcome.
    """

    name: str
    label: str
    value: float
    low: float | None
    high: float | None
    level: float
    null: float = 0.0
    unit: str | None = None
    inverse: bool = False


class Finding(Value):
    """One hypothesis and what came of it."""

    id: str
    hypothesis: str
    kind: Task
    rationale: str
    verdict: Verdict | None
    verdict_basis: str
    method: str
    method_title: str
    method_reason: str
    dataset: str
    outcome: str
    predictors: tuple[str, ...]
    covariates: tuple[str, ...]
    statistic_name: str | None
    statistic: float | None
    df: float | tuple[float, ...] | None
    p_value: float | None
    p_adjusted: float | None
    effect: EffectView
    standardised: EffectView | None
    other_effects: tuple[EffectView, ...]
    equivalence: Equivalence | None
    minimum_detectable: float | None = Field(
        description="Smallest distance from the effect's null that is detected with 80 % power. Of a ratio it is that above 1: "
        "0.25 stands for 1.25, and for its reciprocal 0.8."
    )
    n: int
    n_read: int
    groups: tuple[Group, ...]
    exclusions: tuple[Exclusion, ...]
    measures: tuple[Measure, ...]
    terms: tuple[Term, ...]
    sensitivity: tuple[TestResult, ...]
    author: str
    design_author: str
    analysis_author: str | None
    interpretation: tuple[str, ...]
    confounders: tuple[str, ...]
    anomalies: tuple[str, ...]
    follow_ups: tuple[str, ...]
    sentences_dropped: int
    figure: str | None
    figure_caption: str | None
    tables: tuple[str, ...] = Field(default=(), description="Paths of the tables in the run's folder, unrounded.")
    caveats: tuple[str, ...]
    rung: Rung = Field(default="no sandbox", description="What held the process that computed it.")
    refuted_by: str
    design: dict[str, object] = Field(description="The locked design, whole.")


class Repair(Value):
    """A version of an experiment's code that failed, and how."""

    error: str
    code: str = Field(description="Path of the code in the run's folder.")


class Exploration(Value):
    """One hypothesis that was explored by code of the designer's own: what it returned, which is exploratory, and no verdict.

    `calls` are the tests of scipy and statsmodels that it was seen to call, `rung` is the sandbox that held it.
    """

    id: str
    hypothesis: str
    kind: Task
    rationale: str
    objective: str
    method_reason: str
    dataset: str
    author: str
    design_author: str
    results: tuple[Result, ...]
    calls: tuple[RecordedCall, ...]
    rung: Rung
    code: str = Field(description="Path of the code in the run's folder.")
    files: tuple[tuple[str, str], ...] = Field(description="Paths in the run's folder, each with what the file is.")
    repairs: tuple[Repair, ...]
    caveats: tuple[str, ...]


class Unanswered(Value):
    """A hypothesis that has no finding, or the question itself, and why; `failed` is the code that was tried, oldest first."""

    hypothesis: str
    reason: str
    failed: tuple[Repair, ...] = ()


class RoleUsage(Value):
    """Use of one model in one role. `cost` sums the known prices; `unknown_price_calls` were not priced.

    In `repaired_replies` the value stood among other text, which was left out.
    """

    role: str
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float
    unknown_price_calls: int
    repaired_replies: int = 0


class DataSource(Value):
    """One data file as it was when the run began."""

    name: str
    path: str
    sha256: str
    rows: int
    columns: int


class RunSheet(Value):
    """Provenance of a run. Clock fields, which differ between equal runs, are exactly `CLOCK_FIELDS`; `id` differs too."""

    id: str
    question: str
    data: tuple[DataSource, ...]
    sheet_sha256: str | None
    options: Options
    designers: tuple[str, ...]
    analysts: tuple[str, ...]
    versions: dict[str, str]
    prompts: dict[str, str]
    plans: tuple[str, ...]
    quote: Quote | None = None
    usage: tuple[RoleUsage, ...]
    fallbacks: tuple[Fallback, ...]
    deviations: tuple[Deviation, ...]
    started: str
    finished: str
    seconds: float


CLOCK_FIELDS = ("started", "finished", "seconds")


class Report(Value):
    """The whole report."""

    schema_version: Literal[1] = 1
    question: str
    partial: str | None = Field(default=None, description="Why the report is on part of the run only.")
    notice: str | None = Field(default=None, description="What a reader has to know first: models that gave up, and who took over.")
    answer: str
    synthesis: tuple[str, ...]
    synthesis_author: str | None
    sentences_dropped: int
    findings: tuple[Finding, ...]
    explorations: tuple[Exploration, ...] = ()
    unanswered: tuple[Unanswered, ...]
    assumptions: tuple[str, ...]
    caveats: tuple[str, ...]
    run: RunSheet


def view(effect: Effect) -> EffectView:
    """What a report shows of an effect."""
    return EffectView.model_validate(effect.model_dump(exclude={"directed"}))
