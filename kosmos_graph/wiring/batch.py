"""What a caller of `design_experiments` and `analyze` needs beside them: the material, the agents, the experiments, the report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kosmos_graph.agents.batch import AnalysisOutcome, BatchAnalysis, DesignOutcome, ExperimentResult
from kosmos_graph.agents.model_analyst import ModelAnalyst
from kosmos_graph.agents.model_designer import ModelDesigner
from kosmos_graph.agents.protocol import Analyst, Designer, Material
from kosmos_graph.agents.rules_analyst import RulesAnalyst
from kosmos_graph.agents.rules_designer import RulesDesigner
from kosmos_graph.data.sheet import check_sheet, read_sheet
from kosmos_graph.domain.analysis import Study
from kosmos_graph.domain.question import Question
from kosmos_graph.domain.report import Report
from kosmos_graph.graph.nodes.research import parse_options, parse_paths, parse_question, sheet_source
from kosmos_graph.providers.chat_asker import ChatAsker
from kosmos_graph.providers.names import RULES
from kosmos_graph.render.record import Record
from kosmos_graph.render.report import build_report
from kosmos_graph.settings import Settings
from kosmos_graph.wiring.computing import begin_workers, execute
from kosmos_graph.wiring.data_files import DataFiles
from kosmos_graph.wiring.models import chain_of
from kosmos_graph.wiring.services import model_settings, versions

_FILES = DataFiles()


def material_of(
    question: str,
    data: str | Path | Sequence[str | Path],
    about: str | Path | Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Material:
    """The material of a batch: `data` and `about` (the study sheet) are read now, `options` are the fields of `Options`.

    Raises BadInput for what `start` refuses too.
    """
    listed = [data] if isinstance(data, str | Path) else data
    paths = parse_paths([str(path) for path in listed])
    asked, settled = Question(text=parse_question(question)), parse_options(dict(options or {}))
    sheet = read_sheet(sheet_source(str(about) if isinstance(about, Path) else about))
    cards = tuple(dataset.card for dataset in _FILES.open_all(paths, sheet))
    check_sheet(sheet, cards)
    return Material(question=asked, cards=cards, sheet=sheet, options=settled)


def get_designer(model: str | None = None, *, settings: Settings | None = None) -> Designer:
    """The designer that a model's name stands for, `rules` included; without a name, the one of the settings. It has no fallback.

    Raises UnknownModel, MissingKey or BadInput before any call.
    """
    alone = {"kosmos_analyst_model": RULES, "kosmos_fallback_models": None}
    chosen = model_settings(designer=model, settings=settings).model_copy(update=alone)
    link = chain_of(chosen, "designer")[0]
    return RulesDesigner() if isinstance(link, str) else ModelDesigner(ChatAsker(link, "designer"))


def get_analyst(model: str | None = None, *, settings: Settings | None = None) -> Analyst:
    """The analyst that a model's name stands for, like `get_designer`."""
    alone = {"kosmos_designer_model": RULES, "kosmos_fallback_models": None}
    chosen = model_settings(analyst=model, settings=settings).model_copy(update=alone)
    link = chain_of(chosen, "analyst")[0]
    return RulesAnalyst() if isinstance(link, str) else ModelAnalyst(ChatAsker(link, "analyst"))


async def run_experiments(material: Material, outcomes: Sequence[DesignOutcome]) -> tuple[ExperimentResult, ...]:
    """Run, in order, the designs that may be run. An experiment that failed is a result; no file is written.

    Raises DataChanged where a data file is no longer the one that `material` was made from.
    """
    begin_workers()
    return tuple([await _run(material, one) for one in outcomes if one.design is not None and one.failure is None])


def report_of(material: Material, results: Sequence[ExperimentResult], analysis: BatchAnalysis) -> Report:
    """The report on a batch: every reference filled in. Its run sheet has no id, no models and no times."""
    pairs = list(zip(results, analysis.outcomes, strict=True))
    record = Record(
        run_id="",
        material=material,
        hypotheses=tuple(result.hypothesis for result in results),
        studies={result.hypothesis.id: _study(result, outcome) for result, outcome in pairs},
        judgements={one.hypothesis.id: one.judgement for one in analysis.outcomes if one.judgement is not None},
        synthesis=analysis.synthesis,
        versions=versions(),
    )
    return build_report(record)


def _study(result: ExperimentResult, outcome: AnalysisOutcome) -> Study:
    return Study(
        hypothesis=result.hypothesis.id,
        design=result.design,
        execution=result.execution,
        analysis=outcome.analysis,
        status="not answered" if result.execution.result is None else "analysed",
        reason=outcome.failure,
    )


async def _run(material: Material, outcome: DesignOutcome) -> ExperimentResult:
    design = outcome.design
    assert design is not None, "only designs that passed their review are run"  # noqa: S101
    dataset = await asyncio.to_thread(_FILES.reopen, material.card(design.target.dataset), material.sheet)
    execution = await execute(dataset, design, material.sheet, material.options, design.key)
    return ExperimentResult(outcome.hypothesis, design, execution)
