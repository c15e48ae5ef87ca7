"""Designs of experiments, their review, and the plan that locks them."""

from __future__ import annotations

from typing import Literal

from kosmos_graph.domain.code_experiment import CodeExperiment
from kosmos_graph.domain.hypothesis import Hypothesis, Target
from kosmos_graph.domain.question import Options, Question
from kosmos_graph.domain.study_sheet import SmallestEffect
from kosmos_graph.domain.value import Value

Alternative = Literal["two-sided", "greater", "less"]

CODE = "code"
"""The method of a design whose experiment is the designer's own code."""


class Protocol(Value):
    """The design in words, for a reader. No field holds a number that a model typed."""

    objective: str
    steps: tuple[str, ...]
    independent_variables: tuple[str, ...] = ()
    dependent_variables: tuple[str, ...] = ()
    control_variables: tuple[str, ...] = ()
    confounding_variables: tuple[str, ...] = ()
    control_group: str | None = None
    refuted_by: str = ""
    sample_size: str = ""
    power: str = ""
    resources: str = ""
    reproducibility: str = ""


class Design(Value):
    """One executable experiment for one hypothesis: `method` is a name in the catalogue, run on `target`.

    `method_reason` says in words why the method fits. `covariates` are adjusted for and are not tested. `delta` is locked with
    its source. `key` is the generation key, `c1h2g1`. With `code` the method is CODE, and `target` is what the code is about.
    """

    key: str
    hypothesis: str
    method: str
    method_reason: str
    target: Target
    covariates: tuple[str, ...] = ()
    alternative: Alternative = "two-sided"
    delta: SmallestEffect | None = None
    protocol: Protocol
    author: str
    code: CodeExperiment | None = None


class ReviewItem(Value):
    """One finding of a review. `hard` findings reject the design, `graded` ones lower its grades."""

    check: str
    severity: Literal["hard", "graded"]
    aspect: Literal["rigour", "completeness", "feasibility"]
    finding: str
    remedy: str


class Review(Value):
    """The review of the design with the same key. Grades in [0, 1] follow from the items alone: share of checks passed."""

    key: str
    items: tuple[ReviewItem, ...]
    rigour: float
    completeness: float
    feasibility: float

    @property
    def accepted(self) -> bool:
        """Whether the design may be locked: no hard finding."""
        return not any(item.severity == "hard" for item in self.items)


class LockedPlan(Value):
    """What was fixed before any outcome was looked at. `sha256` is over everything else in it (see `lock` in graph)."""

    cycle: int
    question: Question
    data: tuple[tuple[str, str], ...]
    options: Options
    hypotheses: tuple[Hypothesis, ...]
    designs: tuple[Design, ...]
    struck: tuple[str, ...] = ()
    sheet_sha256: str | None = None
    approved_by: Literal["nobody", "user"] = "nobody"
    sha256: str
