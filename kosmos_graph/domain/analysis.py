"""What is said about results: sentences with references that code fills in, and the studies they belong to."""

from __future__ import annotations

from typing import Literal

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Artefact, Execution
from kosmos_graph.domain.value import Value

Section = Literal["interpretation", "confounders", "anomalies", "follow-ups"]
Verdict = Literal["supported", "refuted", "inconclusive"]


class Sentence(Value):
    """One sentence, in which `{effect}`, `{p}`, `{n}`, `{verdict}`, `{direction}` (in a synthesis `{c1h2.effect}` and so on)
    stand for computed values. It is filled in only when it is rendered.
    """

    section: Section
    text: str


class Rejection(Value):
    """A sentence that a check of claims sent back, and why."""

    text: str
    reason: str


class Analysis(Value):
    """What an analyst says about one execution. `dropped` counts sentences left out after the bounded number of tries."""

    key: str
    hypothesis: str
    sentences: tuple[Sentence, ...]
    dropped: int = 0
    author: str


class ClaimsCheck(Value):
    """Outcome of checking the analysis (or synthesis) with the same key."""

    key: str
    accepted: tuple[Sentence, ...]
    rejected: tuple[Rejection, ...]


class Deviation(Value):
    """Something done otherwise than the locked plan says."""

    hypothesis: str
    planned: str
    done: str
    reason: str


class Study(Value):
    """One hypothesis, carried through: the design that ran last, its execution and analysis.

    `status` is `not answered` when no execution succeeded after the bounded repairs; `reason` then says why. What code returned
    is `explored`: it gets no analysis and no verdict. `failed` are the executions of earlier designs, which were repaired.
    """

    hypothesis: str
    design: Design
    execution: Execution
    analysis: Analysis | None
    figure: Artefact | None = None
    deviations: tuple[Deviation, ...] = ()
    status: Literal["analysed", "explored", "not answered"]
    reason: str | None = None
    failed: tuple[Execution, ...] = ()


class Judgement(Value):
    """What `adjust_findings` settled for one hypothesis. `p_adjusted` is Holm's over the family of locked primaries.

    `verdict` is None for estimates. `basis` says in words by which rule the verdict follows.
    """

    hypothesis: str
    verdict: Verdict | None
    p_adjusted: float | None
    p_equivalence_adjusted: float | None = None
    basis: str


class Synthesis(Value):
    """What an analyst says across results: agreement, patterns, conflicts. References carry the hypothesis: `{c1h1.effect}`."""

    key: str
    sentences: tuple[Sentence, ...]
    dropped: int = 0
    author: str
