"""Findings and what has none: a record's hypotheses as a report shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kosmos_graph.domain.analysis import Section, Study
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.report import Finding, Unanswered, view
from kosmos_graph.render.answered import Answered
from kosmos_graph.render.caveats import finding_caveats
from kosmos_graph.render.explorations import failed_code
from kosmos_graph.render.fill import fill
from kosmos_graph.render.record import Record
from kosmos_graph.render.table_files import tables_of

NOT_JUDGED = "verdicts are set for all hypotheses together, when all studies have ended"


def finding(one: Answered) -> Finding:
    """The finding of a hypothesis that has a result."""
    hypothesis, design, result, analysis = one.hypothesis, one.design, one.result, one.study.analysis
    figure = one.study.figure
    return Finding(
        id=hypothesis.id,
        hypothesis=hypothesis.statement,
        kind=hypothesis.task,
        rationale=hypothesis.rationale,
        verdict=one.judgement.verdict if one.judgement is not None else None,
        verdict_basis=one.judgement.basis if one.judgement is not None else NOT_JUDGED,
        method=result.method,
        method_title=result.title,
        method_reason=design.method_reason,
        dataset=design.target.dataset,
        outcome=design.target.outcome,
        predictors=design.target.predictors,
        covariates=design.covariates,
        statistic_name=result.statistic_name,
        statistic=result.statistic,
        df=_df(result.df),
        p_value=result.p_value,
        p_adjusted=one.p_adjusted,
        effect=view(result.effect),
        standardised=view(result.standardised) if result.standardised is not None else None,
        other_effects=tuple(view(effect) for effect in result.other_effects),
        equivalence=result.equivalence,
        minimum_detectable=result.minimum_detectable,
        n=result.n_analysed,
        n_read=result.n_read,
        groups=result.groups,
        exclusions=result.exclusions,
        measures=result.measures,
        terms=result.terms,
        sensitivity=one.study.execution.sensitivity,
        author=hypothesis.author,
        design_author=design.author,
        analysis_author=analysis.author if analysis is not None else None,
        interpretation=_said(one, "interpretation"),
        confounders=_said(one, "confounders"),
        anomalies=_said(one, "anomalies"),
        follow_ups=_said(one, "follow-ups"),
        sentences_dropped=analysis.dropped if analysis is not None else 0,
        figure=f"artifacts/{figure.filename}" if figure is not None else None,
        figure_caption=figure.caption if figure is not None else None,
        tables=tuple(f"artifacts/{table.filename}" for table, _ in tables_of(result)),
        caveats=finding_caveats(one),
        rung=one.study.execution.rung,
        refuted_by=design.protocol.refuted_by,
        design=design.model_dump(mode="json"),
    )


def unanswered(record: Record) -> tuple[Unanswered, ...]:
    """What has no finding, and why."""
    return tuple(_unanswered(record))


def _unanswered(record: Record) -> Iterator[Unanswered]:
    if not record.hypotheses:
        reason = record.undecided or record.partial or "no hypothesis could be made of the question and these data"
        yield Unanswered(hypothesis=record.material.question.text, reason=reason)
    for hypothesis in record.hypotheses:
        study = record.studies.get(hypothesis.id)
        if study is None or study.status == "not answered":
            failed = failed_code((*study.failed, study.execution)) if study is not None else ()
            yield Unanswered(hypothesis=hypothesis.statement, reason=_reason(record, hypothesis, study), failed=failed)


def _reason(record: Record, hypothesis: Hypothesis, study: Study | None) -> str:
    if any(hypothesis.id in plan.struck for plan in record.plans):
        return "struck from the plan by the user"
    if study is not None:
        return study.reason or study.execution.error or "the experiment gave no result"
    planned = {design.hypothesis for plan in record.plans for design in plan.designs}
    if hypothesis.id in planned:
        return "its experiment has not been carried through" if record.partial else "its experiment has not been run"
    return _without_design(record, hypothesis)


def _without_design(record: Record, hypothesis: Hypothesis) -> str:
    reviews = record.reviews.get(hypothesis.id, ())
    if any(review.accepted for review in reviews):
        same = any(plan.cycle == hypothesis.cycle for plan in record.plans)
        return "its design repeats that of another hypothesis" if same else "its plan was not locked"
    if not reviews:
        return "its design was not reached" if record.partial else "no design was made for it"
    findings = dict.fromkeys(item.finding for review in reviews for item in review.items if item.severity == "hard")
    return f"every design was rejected: {'; '.join(finding.rstrip('.') for finding in findings)}"


def _df(df: tuple[float, ...]) -> float | tuple[float, ...] | None:
    return None if not df else df[0] if len(df) == 1 else df


def _said(one: Answered, section: Section) -> tuple[str, ...]:
    analysis = one.study.analysis
    sentences = analysis.sentences if analysis is not None else ()
    return tuple(filled(sentence.text, one.values) for sentence in sentences if sentence.section == section)


def filled(template: str, values: Mapping[str, str]) -> str:
    """A sentence with its references filled in, and its first letter as the template has it."""
    return fill(template.strip(), values)
