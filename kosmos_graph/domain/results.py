"""What running a design gave. Every number here was computed; nothing is rounded, and what can be derived is not stored."""

from __future__ import annotations

from typing import Literal

from kosmos_graph.domain.code_experiment import Outcome, Rung
from kosmos_graph.domain.design import Alternative
from kosmos_graph.domain.value import Value


class Effect(Value):
    """An estimate with its confidence interval [low, high] at `level`; an end that is unbounded or unknown is None.

    `name` is a term of the field ("difference of means"), `label` says its direction in the data's words ("Gentoo − Adelie").
    `null` is the value of no effect: 0 for differences, slopes and correlations, 1 for ratios, 0.5 for P(X>Y), the reference
    for a one-sample mean. `unit` is that of the outcome where the effect is in outcome units. With `inverse` a larger value means
    a smaller outcome: a higher hazard, a shorter duration.
    """

    name: str
    label: str
    value: float
    low: float | None
    high: float | None
    level: float
    null: float = 0.0
    unit: str | None = None
    directed: bool = True
    inverse: bool = False

    @property
    def sign(self) -> Literal[-1, 0, 1]:
        """Side of the null on which the estimate lies, turned where it is `inverse`: 1 is where the outcome is larger."""
        larger, smaller = (self.value > self.null, self.value < self.null)[:: -1 if self.inverse else 1]
        return 1 if larger else -1 if smaller else 0


class Group(Value):
    """Description of one group, or of all rows where there are no groups. Fields that do not apply are None.

    For binary outcomes `n_success` of `n` have the success level.
    """

    label: str
    n: int
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    low: float | None = None
    high: float | None = None
    n_success: int | None = None


class Exclusion(Value):
    """Rows left out before the analysis: `n` of them, because of `variable`, within `group` where groups are compared."""

    reason: Literal[
        "missing",
        "filter",
        "excluded by the study sheet",
        "not in the groups compared",
        "unpaired",
        "outside the valid range",
    ]
    variable: str
    group: str | None
    n: int


class Measure(Value):
    """A measure of how far an assumption holds (skewness, ratio of variances, smallest expected count). Shown, never a switch."""

    name: str
    value: float
    meaning: str


class Equivalence(Value):
    """Two one-sided tests against ±δ (Schuirmann 1987): `p_value` is the larger of the two. Interval at level 1 − 2·alpha."""

    delta: float
    p_value: float
    low: float
    high: float


class Term(Value):
    """One row of a table: a coefficient of a regression, a pairwise comparison, a cell. `p_value` is as `adjustment` says."""

    name: str
    estimate: float
    low: float | None = None
    high: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    adjustment: str | None = None
    n: int | None = None


class TestResult(Value):
    """One method's outcome on one sample.

    `statistic` and `df` (one entry, or numerator and denominator) as the field reports them; None for methods without.
    `p_value` is raw, for `alternative`; None for `estimate`. `effect` is in outcome units (or a risk difference, a
    correlation), `standardised` its standardised twin; `other_effects` stand beside. `minimum_detectable` is the smallest
    distance from the null detectable with 80 % power at the design's alpha and n, in units of `effect`; of a ratio, above 1.
    `caveats` are sentences of ours.
    """

    __test__ = False

    method: str
    title: str
    estimand: str
    statistic_name: str | None
    statistic: float | None
    df: tuple[float, ...] = ()
    p_value: float | None
    alternative: Alternative = "two-sided"
    effect: Effect
    standardised: Effect | None = None
    other_effects: tuple[Effect, ...] = ()
    groups: tuple[Group, ...] = ()
    n_read: int
    n_analysed: int
    exclusions: tuple[Exclusion, ...] = ()
    measures: tuple[Measure, ...] = ()
    equivalence: Equivalence | None = None
    terms: tuple[Term, ...] = ()
    minimum_detectable: float | None = None
    caveats: tuple[str, ...] = ()


class Artefact(Value):
    """A file in the run's folder under its content: `artifacts/<sha256>.<suffix>`."""

    sha256: str
    suffix: Literal["png", "csv", "json", "py", "txt"]
    caption: str

    @property
    def filename(self) -> str:
        """Base name of the file."""
        return f"{self.sha256}.{self.suffix}"


class Execution(Value):
    """One run of a locked (or repaired) design. `failed` is a result: `error` says what happened, and repair may follow.

    A design of the kind `code` has an `outcome` in the place of `result`; `files` are its code, what it printed and its results.
    `rung` is what held the process that computed it. `notes` are sentences of ours on what went wrong beside it.
    """

    key: str
    design: str
    status: Literal["ok", "failed"]
    result: TestResult | None = None
    sensitivity: tuple[TestResult, ...] = ()
    error: str | None = None
    outcome: Outcome | None = None
    files: tuple[Artefact, ...] = ()
    rung: Rung = "no sandbox"
    notes: tuple[str, ...] = ()
