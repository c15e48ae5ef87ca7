"""Runs one method on one file: for a person, a notebook, an example; without question, agents or graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kosmos_graph.data.load import load_dataset
from kosmos_graph.data.sheet import check_sheet, read_sheet
from kosmos_graph.domain.design import Alternative, Design, Protocol
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.results import TestResult
from kosmos_graph.domain.study_sheet import SmallestEffect, StudySheet
from kosmos_graph.errors import BadInput
from kosmos_graph.experiments.applicability import delta_for, objections, with_delta
from kosmos_graph.experiments.catalogue import named
from kosmos_graph.experiments.method import Method
from kosmos_graph.experiments.review import faults
from kosmos_graph.experiments.runner import run_design


def run_method(
    method: str,
    data: str | Path,
    outcome: str,
    predictors: Sequence[str] | str = (),
    *,
    covariates: Sequence[str] = (),
    alternative: Alternative = "two-sided",
    delta: float | SmallestEffect | None = None,
    about: str | Path | Mapping[str, Any] | StudySheet | None = None,
    options: Mapping[str, Any] | None = None,
    name: str | None = None,
    **target: Any,
) -> TestResult:
    """The result of one method of the catalogue on a data file, read as a run would read it.

    `target` takes the other fields of `Target` (levels, success, pair, cluster, …), `about` a study sheet (a path or a mapping),
    `options` the fields of `Options` (alpha, seed), `name` what a run called the data set. δ is the sheet's unless `delta` gives
    another. Equal arguments give equal numbers. Raises BadInput where the method does not exist, does not fit the columns, or has
    no answer on this sample; the message says which and why.
    """
    found = named(method)
    sheet = about if isinstance(about, StudySheet) else read_sheet(Path(about) if isinstance(about, str) else about)
    dataset = load_dataset(Path(data), _with_event(sheet, target.get("event")), name=name)
    check_sheet(sheet, (dataset.card,))
    columns = (predictors,) if isinstance(predictors, str) else tuple(predictors)
    try:
        settled = Options(**(options or {}))
        asked = Target(dataset=dataset.card.name, outcome=outcome, predictors=columns, **target)
        smallest = SmallestEffect(value=delta, source="user") if isinstance(delta, int | float) else delta
        design = _design(found, asked, tuple(covariates), alternative, smallest or delta_for(sheet, outcome))
    except ValidationError as error:
        raise BadInput(f"what is asked for cannot be: {_complaint(error)}") from None
    stated = with_delta(sheet, outcome, design.delta)
    against = faults(design, dataset.card) or objections(found, dataset.card, stated, asked, design.covariates)
    if against:
        raise BadInput(" ".join(against))
    execution = run_design(dataset, design, sheet, settled, design.key)
    if execution.result is None:
        raise BadInput(execution.error or f"{found.title} gave no result")
    return execution.result


def _with_event(sheet: StudySheet, event: object) -> StudySheet:
    """The sheet under which the data are read: an event that is the same in every row is known only by its part."""
    return sheet.model_copy(update={"event": event}) if sheet.event is None and isinstance(event, str) else sheet


def _design(
    method: Method, target: Target, covariates: tuple[str, ...], alternative: Alternative, delta: SmallestEffect | None
) -> Design:
    return Design(
        key="c1h1g1",
        hypothesis="c1h1",
        method=method.name,
        method_reason="asked for by name",
        target=target,
        covariates=covariates,
        alternative=alternative,
        delta=delta,
        protocol=Protocol(objective="", steps=()),
        author="user",
    )


def _complaint(error: ValidationError) -> str:
    """The first thing that is wrong, under the name of the argument."""
    first = error.errors()[0]
    return f"{first['loc'][0]}: {first['msg']}"
