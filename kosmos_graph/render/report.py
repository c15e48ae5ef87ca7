"""Builds the report from a run's record: pure, the same record gives the same report."""

from __future__ import annotations

from kosmos_graph.claims.references import hypothesis_of, references_in
from kosmos_graph.domain.analysis import Deviation
from kosmos_graph.domain.report import DataSource, Report, RunSheet
from kosmos_graph.render.answer import answer
from kosmos_graph.render.answered import Answered, answered
from kosmos_graph.render.assumptions import assumptions
from kosmos_graph.render.caveats import notice, report_caveats
from kosmos_graph.render.explorations import explorations
from kosmos_graph.render.fill import fill, synthesis_values
from kosmos_graph.render.findings import finding, unanswered
from kosmos_graph.render.record import Record
from kosmos_graph.render.usage import usage_by_model


def build_report(record: Record) -> Report:
    """The whole report: the answer first, every number in it computed."""
    found, missing, explored = answered(record), unanswered(record), explorations(record)
    return Report(
        question=record.material.question.text,
        partial=record.partial,
        notice=notice(record),
        answer=answer(record.material.question.text, found, missing, explored),
        synthesis=_synthesis(record, found),
        synthesis_author=record.synthesis.author if record.synthesis is not None and record.synthesis.sentences else None,
        sentences_dropped=_dropped(record, found),
        findings=tuple(finding(one) for one in found),
        explorations=explored,
        unanswered=missing,
        assumptions=assumptions(record, found),
        caveats=report_caveats(record, found),
        run=run_sheet(record),
    )


def run_sheet(record: Record) -> RunSheet:
    """The provenance of a run."""
    material = record.material
    return RunSheet(
        id=record.run_id,
        question=material.question.text,
        data=tuple(
            DataSource(name=card.name, path=card.path, sha256=card.sha256, rows=card.rows, columns=len(card.columns))
            for card in material.cards
        ),
        sheet_sha256=material.sheet.sha256,
        options=material.options,
        designers=record.designers,
        analysts=record.analysts,
        versions=dict(sorted(record.versions.items())),
        prompts=dict(sorted(record.prompts.items())),
        plans=tuple(plan.sha256 for plan in record.plans),
        quote=record.quote,
        usage=usage_by_model(record.calls),
        fallbacks=tuple(sorted(record.fallbacks, key=lambda one: one.model_dump_json())),
        deviations=tuple(deviation for hypothesis in record.hypotheses for deviation in _deviations(record, hypothesis.id)),
        started=record.started,
        finished=record.finished,
        seconds=record.seconds,
    )


def _deviations(record: Record, hypothesis: str) -> tuple[Deviation, ...]:
    study = record.studies.get(hypothesis)
    return study.deviations if study is not None else ()


def _synthesis(record: Record, found: tuple[Answered, ...]) -> tuple[str, ...]:
    """The synthesis filled in; a sentence about a hypothesis without a result is left out."""
    if record.synthesis is None:
        return ()
    values = synthesis_values(
        ((one.hypothesis.id, one.values) for one in found), [one.judgement for one in found if one.judgement is not None]
    )
    known = {one.hypothesis.id for one in found} | {None}
    return tuple(
        fill(sentence.text, values)
        for sentence in record.synthesis.sentences
        if {hypothesis_of(name) for name in references_in(sentence.text)} <= known
    )


def _dropped(record: Record, found: tuple[Answered, ...]) -> int:
    analyses = [one.study.analysis for one in found]
    synthesis = record.synthesis.dropped if record.synthesis is not None else 0
    return synthesis + sum(analysis.dropped for analysis in analyses if analysis is not None)
