"""What the graph asks of its two agents, whoever plays them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kosmos_graph.domain.analysis import Judgement, Rejection, Sentence, Study
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.design import Design, Review
from kosmos_graph.domain.hypothesis import Hypothesis, ResearchPlan
from kosmos_graph.domain.question import Options, Question
from kosmos_graph.domain.results import Execution
from kosmos_graph.domain.study_sheet import StudySheet


@dataclass(frozen=True)
class Material:
    """What the whole run is about, the same in every ask."""

    question: Question
    cards: tuple[DataCard, ...]
    sheet: StudySheet
    options: Options

    def card(self, dataset: str) -> DataCard:
        """The card called `dataset`. Raises KeyError if there is none, which a reviewed design rules out."""
        return {card.name: card for card in self.cards}[dataset]


@dataclass(frozen=True)
class Evidence:
    """One hypothesis with everything that came of it, for a synthesis."""

    hypothesis: Hypothesis
    study: Study
    judgement: Judgement


class Designer(Protocol):
    """Proposes hypotheses and designs. Any method may raise ModelError; nothing else is raised on purpose."""

    author: str

    async def plan_research(self, material: Material, cycle: int, earlier: tuple[Hypothesis, ...]) -> ResearchPlan:
        """Hypotheses for a cycle, ids `hypothesis_id(cycle, 1…)`, none equal to another or to `earlier`."""
        ...

    async def design_study(
        self, material: Material, hypothesis: Hypothesis, generation: int, reviews: tuple[Review, ...]
    ) -> Design:
        """A design under `generation_key(hypothesis.id, generation)`; `reviews` are those that rejected earlier ones."""
        ...

    async def repair_study(
        self, material: Material, hypothesis: Hypothesis, failed: tuple[tuple[Design, Execution], ...], generation: int
    ) -> Design | None:
        """Another design after failed executions, oldest first; None when nothing else is admissible."""
        ...


class Analyst(Protocol):
    """Says what results mean, in sentences with references. Any method may raise ModelError."""

    author: str

    async def analyse_study(
        self,
        material: Material,
        hypothesis: Hypothesis,
        design: Design,
        execution: Execution,
        rejected: tuple[Rejection, ...],
    ) -> tuple[Sentence, ...]:
        """Sentences on one successful execution; `rejected` are those that were sent back, with the reasons."""
        ...

    async def synthesise_findings(
        self, material: Material, evidence: tuple[Evidence, ...], rejected: tuple[Rejection, ...]
    ) -> tuple[Sentence, ...]:
        """Sentences across results, in section `interpretation`."""
        ...
