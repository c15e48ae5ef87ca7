"""A hypothesis with its result and verdict, as the parts of a report read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from kosmos_graph.claims.licence import is_randomised
from kosmos_graph.claims.references import unadjusted_confounders
from kosmos_graph.domain.analysis import Judgement, Study
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.results import TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.applicability import refusal
from kosmos_graph.experiments.comparison import disagreements
from kosmos_graph.render.fill import study_values
from kosmos_graph.render.record import Record


@dataclass(frozen=True)
class Answered:
    """One hypothesis whose experiment gave a result. `judgement` is None while verdicts are not set."""

    hypothesis: Hypothesis
    study: Study
    result: TestResult
    judgement: Judgement | None
    sheet: StudySheet
    alpha: float
    card: DataCard

    @property
    def design(self) -> Design:
        """The design that gave the result."""
        return self.study.design

    @cached_property
    def values(self) -> Mapping[str, str]:
        """A text for every reference."""
        return study_values(self.hypothesis, self.design, self.result, self.judgement, self.sheet, self.alpha)

    @property
    def p_adjusted(self) -> float | None:
        """The adjusted p, None where nothing was tested or verdicts are not set."""
        return self.judgement.p_adjusted if self.judgement is not None else None

    @property
    def significant(self) -> bool:
        """Whether the adjusted p is at most alpha."""
        return self.p_adjusted is not None and self.p_adjusted <= self.alpha

    @cached_property
    def unadjusted(self) -> tuple[str, ...]:
        """The declared confounders that an effect is not adjusted for; none where the groups were assigned at random."""
        tested = self.hypothesis.expects == "effect" and bool(self.design.target.predictors)
        return () if not tested or is_randomised(self.design, self.sheet) else unadjusted_confounders(self.design, self.sheet)

    @cached_property
    def unadjusted_because(self) -> str:
        """Why no method adjusts for them, in sentences; empty where one would."""
        covariates = (*self.design.covariates, *self.unadjusted)
        return refusal(self.card, self.sheet, self.hypothesis.task, "effect", self.design.target, covariates)

    @cached_property
    def disagreements(self) -> tuple[str, ...]:
        """Sentences on the sensitivity results that disagree."""
        beside = self.study.execution.sensitivity
        return tuple(sentence for other in beside for sentence in disagreements(self.result, other, self.alpha))


def answered(record: Record) -> tuple[Answered, ...]:
    """The hypotheses that have a result, in their order."""
    return tuple(_answered(record))


def _answered(record: Record) -> Iterator[Answered]:
    for hypothesis in record.hypotheses:
        study = record.studies.get(hypothesis.id)
        if study is not None and study.execution.result is not None:
            yield Answered(
                hypothesis=hypothesis,
                study=study,
                result=study.execution.result,
                judgement=record.judgements.get(hypothesis.id),
                sheet=record.material.sheet,
                alpha=record.material.options.alpha,
                card=record.material.card(hypothesis.target.dataset),
            )
