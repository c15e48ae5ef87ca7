"""Many hypotheses or results at once, outside the graph: one outcome each, in order, failures included as values."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kosmos_graph.agents.protocol import Analyst, Designer, Evidence, Material
from kosmos_graph.claims.check import check_sentences, study_licence, synthesis_licence
from kosmos_graph.domain.analysis import Analysis, ClaimsCheck, Judgement, Rejection, Sentence, Study, Synthesis
from kosmos_graph.domain.design import Design, Review
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.results import Execution
from kosmos_graph.errors import ModelError
from kosmos_graph.experiments.review import review_design
from kosmos_graph.experiments.verdict import judge
from kosmos_graph.ids import generation_key

MAX_DESIGNS = 3
MAX_CLAIM_TRIES = 3

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class DesignOutcome:
    """What came of one hypothesis: its last design and that design's review, or why there is none that may be run.

    With a `failure`, `design` and `review` are the last ones tried, None where the model gave none.
    """

    hypothesis: Hypothesis
    design: Design | None
    review: Review | None
    failure: str | None


@dataclass(frozen=True)
class ExperimentResult:
    """A design that was run, and its execution, which may have failed."""

    hypothesis: Hypothesis
    design: Design
    execution: Execution


@dataclass(frozen=True)
class AnalysisOutcome:
    """What was made of one result. `judgement` is None for an experiment that failed, `analysis` where `failure` says why."""

    hypothesis: Hypothesis
    analysis: Analysis | None
    judgement: Judgement | None
    failure: str | None


@dataclass(frozen=True)
class BatchAnalysis:
    """One outcome per result, in order, and the synthesis across them: None where `failure` says why."""

    outcomes: tuple[AnalysisOutcome, ...]
    synthesis: Synthesis | None
    failure: str | None


async def design_experiments(designer: Designer, material: Material, hypotheses: Sequence[Hypothesis]) -> tuple[DesignOutcome, ...]:
    """Design and review an experiment for each hypothesis, `options.parallel` at a time; rejected ones are designed again."""

    async def one(hypothesis: Hypothesis) -> DesignOutcome:
        return await _design(designer, material, hypothesis)

    return await _each(one, hypotheses, material.options.parallel)


async def analyze(analyst: Analyst, material: Material, results: Sequence[ExperimentResult]) -> BatchAnalysis:
    """Judge all results as one family, say what each means, and synthesise. Sentences that the results do not license are dropped.

    Raises ValueError where a hypothesis has two results.
    """
    judgements = _judgements(material, results)

    async def one(result: ExperimentResult) -> AnalysisOutcome:
        return await _outcome(analyst, material, result, judgements.get(result.hypothesis.id))

    outcomes = await _each(one, results, material.options.parallel)
    evidence = tuple(
        Evidence(result.hypothesis, _study(result, outcome), outcome.judgement)
        for result, outcome in zip(results, outcomes, strict=True)
        if outcome.judgement is not None
    )
    if not evidence:
        return BatchAnalysis(outcomes, None, "there is no result to synthesise")
    try:
        return BatchAnalysis(outcomes, await _synthesis(analyst, material, evidence), None)
    except ModelError as error:
        return BatchAnalysis(outcomes, None, str(error))


async def _each(work: Callable[[A], Awaitable[B]], items: Sequence[A], parallel: int) -> tuple[B, ...]:
    places = asyncio.Semaphore(parallel)

    async def one(item: A) -> B:
        async with places:
            return await work(item)

    return tuple(await asyncio.gather(*(one(item) for item in items)))


async def _design(designer: Designer, material: Material, hypothesis: Hypothesis) -> DesignOutcome:
    design: Design | None = None
    reviews: list[Review] = []
    try:
        card = material.card(hypothesis.target.dataset)
        for generation in range(1, MAX_DESIGNS + 1):
            design = await designer.design_study(material, hypothesis, generation, tuple(reviews))
            reviews.append(review_design(design, hypothesis, card, material.sheet, material.options, ()))
            if reviews[-1].accepted:
                return DesignOutcome(hypothesis, design, reviews[-1], None)
    except ModelError as error:
        return DesignOutcome(hypothesis, design, reviews[-1] if reviews else None, str(error))
    except KeyError:
        return DesignOutcome(hypothesis, None, None, f"there is no data set {hypothesis.target.dataset!r}")
    return DesignOutcome(hypothesis, design, reviews[-1], _why_rejected(reviews[-1]))


def _why_rejected(review: Review) -> str:
    hard = dict.fromkeys(item.finding.rstrip(".") for item in review.items if item.severity == "hard")
    findings = "; ".join(hard)
    return f"no design passed the review in {MAX_DESIGNS} tries: {findings}"


def _judgements(material: Material, results: Sequence[ExperimentResult]) -> dict[str, Judgement]:
    entries = [(one.hypothesis, one.execution.result) for one in results if one.execution.result is not None]
    size = sum(one.hypothesis.expects != "estimate" for one in results)
    return {judgement.hypothesis: judgement for judgement in judge(entries, material.options.alpha, size)}


async def _outcome(analyst: Analyst, material: Material, result: ExperimentResult, judgement: Judgement | None) -> AnalysisOutcome:
    if result.execution.result is None or judgement is None:
        reason = result.execution.error or "the experiment failed"
        return AnalysisOutcome(result.hypothesis, None, None, reason)
    try:
        return AnalysisOutcome(result.hypothesis, await _analysis(analyst, material, result), judgement, None)
    except ModelError as error:
        return AnalysisOutcome(result.hypothesis, None, judgement, str(error))


async def _analysis(analyst: Analyst, material: Material, result: ExperimentResult) -> Analysis:
    hypothesis, design, execution = result.hypothesis, result.design, result.execution
    assert execution.result is not None, "only successful executions are analysed"  # noqa: S101
    card = material.card(design.target.dataset)
    licence = study_licence(hypothesis, design, execution.result, material.sheet, material.options.alpha, card)

    async def draft(rejected: tuple[Rejection, ...]) -> tuple[Sentence, ...]:
        return await analyst.analyse_study(material, hypothesis, design, execution, rejected)

    check = await _licensed(draft, design.key, lambda key, sentences: check_sentences(key, sentences, licence))
    return Analysis(
        key=check.key, hypothesis=hypothesis.id, sentences=check.accepted, dropped=len(check.rejected), author=analyst.author
    )


async def _synthesis(analyst: Analyst, material: Material, evidence: tuple[Evidence, ...]) -> Synthesis:
    licence = synthesis_licence(
        tuple((one.hypothesis, one.study, one.judgement) for one in evidence), material.cards, material.sheet
    )

    async def draft(rejected: tuple[Rejection, ...]) -> tuple[Sentence, ...]:
        return await analyst.synthesise_findings(material, evidence, rejected)

    check = await _licensed(draft, "synthesis", lambda key, sentences: check_sentences(key, sentences, licence))
    return Synthesis(key=check.key, sentences=check.accepted, dropped=len(check.rejected), author=analyst.author)


async def _licensed(
    draft: Callable[[tuple[Rejection, ...]], Awaitable[tuple[Sentence, ...]]],
    subject: str,
    check: Callable[[str, tuple[Sentence, ...]], ClaimsCheck],
) -> ClaimsCheck:
    """The check of the draft that keeps the most sentences, the earlier of equals; a draft without rejections ends the tries."""
    checks: list[ClaimsCheck] = []
    rejected: tuple[Rejection, ...] = ()
    for attempt in range(1, MAX_CLAIM_TRIES + 1):
        checks.append(check(generation_key(subject, attempt), await draft(rejected)))
        rejected = checks[-1].rejected
        if not rejected:
            break
    return max(checks, key=lambda found: len(found.accepted))


def _study(result: ExperimentResult, outcome: AnalysisOutcome) -> Study:
    return Study(
        hypothesis=result.hypothesis.id,
        design=result.design,
        execution=result.execution,
        analysis=outcome.analysis,
        status="analysed",
    )
