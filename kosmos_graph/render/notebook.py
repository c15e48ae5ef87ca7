"""The notebook of a run: every experiment as a cell that runs it again, without the agents, and compares the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kosmos_graph.domain.analysis import Study
from kosmos_graph.domain.code_experiment import CodeExperiment, NamedNumber
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Hypothesis, Target
from kosmos_graph.domain.results import TestResult
from kosmos_graph.render.escape import markdown
from kosmos_graph.render.record import Record

Cell = dict[str, Any]
OWN_ARGUMENTS = ("dataset", "outcome", "predictors")
"""Fields of a target that the call names in another way."""


def render_notebook(record: Record) -> str:
    """`notebook.ipynb` in version 4.5 of its format; equal records give equal bytes."""
    notebook = {
        "cells": [cell | {"id": f"cell-{number}"} for number, cell in enumerate(_cells(record))],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def _cells(record: Record) -> Iterator[Cell]:
    yield _text(
        f"# {markdown(record.material.question.text)}",
        "",
        f"The experiments of run {markdown(record.run_id)}, run again. A cell with other numbers than the report raises "
        "an AssertionError. It needs the package kosmos-graph, and the data files where they were.",
    )
    yield _code(*_setup(record))
    for hypothesis in record.hypotheses:
        study = record.studies.get(hypothesis.id)
        if study is not None and study.status != "not answered":
            yield _text(f"## {markdown(hypothesis.id)}: {markdown(hypothesis.statement)}", "", markdown(study.design.method_reason))
            yield _code(*_experiment(hypothesis, study))


def _setup(record: Record) -> Iterator[str]:
    material = record.material
    yield "import hashlib, math"
    yield "from pathlib import Path"
    yield "from kosmos_graph import run_code, run_method"
    yield "from kosmos_graph.domain.study_sheet import SmallestEffect, StudySheet"
    yield ""
    yield f"DATA = {_pretty({card.name: card.path for card in material.cards})}"
    yield f"SHA256 = {_pretty({card.name: card.sha256 for card in material.cards})}"
    yield f"SHEET = StudySheet.model_validate_json({material.sheet.model_dump_json()!r})"
    yield f"OPTIONS = {_pretty({'alpha': material.options.alpha, 'seed': material.options.seed})}"
    yield ""
    yield "for name, path in DATA.items():"
    yield "    assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == SHA256[name], f'{path} is another file now'"
    yield ""
    yield "def same(found, reported):"
    yield "    assert (found is None) == (reported is None), (found, reported)"
    yield "    assert found is None or math.isclose(found, reported, rel_tol=1e-9, abs_tol=1e-300), (found, reported)"
    yield "    return found"


def _experiment(hypothesis: Hypothesis, study: Study) -> Iterator[str]:
    design, result = study.design, study.execution.result
    name = hypothesis.id if hypothesis.id.isidentifier() else "found"
    if design.code is not None:
        yield from _code_experiment(name, design.code, study)
    elif result is not None:
        yield from _method(name, design)
        yield from _compared(name, result)


def _method(name: str, design: Design) -> Iterator[str]:
    target = design.target
    yield f"{name} = run_method("
    yield f"    {design.method!r},"
    yield f"    DATA[{target.dataset!r}],"
    yield f"    {target.outcome!r},"
    yield f"    {list(target.predictors)!r},"
    if design.covariates:
        yield f"    covariates={list(design.covariates)!r},"
    if design.alternative != "two-sided":
        yield f"    alternative={design.alternative!r},"
    if design.delta is not None:
        yield f"    delta=SmallestEffect(value={design.delta.value!r}, source={design.delta.source!r}),"
    yield from (f"    {field}={value!r}," for field, value in _stated(target))
    yield f"    name={target.dataset!r}, about=SHEET, options=OPTIONS,"
    yield ")"


def _stated(target: Target) -> Iterator[tuple[str, object]]:
    """What the target states beside outcome and predictors."""
    for field, value in target.model_dump(exclude_defaults=True).items():
        if field not in OWN_ARGUMENTS:
            yield field, value


def _compared(name: str, result: TestResult) -> Iterator[str]:
    effect = result.effect
    for part in ("value", "low", "high"):
        yield f"same({name}.effect.{part}, {getattr(effect, part)!r})"
    yield f"same({name}.p_value, {result.p_value!r})"
    yield f"{name}.effect, {name}.p_value"


def _code_experiment(name: str, experiment: CodeExperiment, study: Study) -> Iterator[str]:
    dataset = study.design.target.dataset
    yield f"CODE = {_literal(experiment.code)}"
    yield f"{name} = run_code("
    yield "    CODE,"
    yield f"    DATA[{dataset!r}],"
    yield f"    {[result.model_dump() for result in experiment.results]!r},"
    yield f"    name={dataset!r}, about=SHEET, options=OPTIONS,"
    yield ")  # in the sandbox"
    results = study.execution.outcome.results if study.execution.outcome is not None else ()
    yield f"returned = {{result.name: result for result in {name}.results}}"
    for result in results:
        if isinstance(result, NamedNumber):
            yield f"same(returned[{result.name!r}].value, {result.value!r})"
    yield "returned"


def _literal(code: str) -> str:
    """The code as a Python literal that can be read, where that is safe."""
    plain = "'''" not in code and "\\" not in code and not code.endswith("'")
    visible = all(character == "\n" or character.isprintable() for character in code)
    return f"'''{code}'''" if plain and visible else repr(code)


def _pretty(value: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key!r}: {held!r}" for key, held in value.items()) + "}"


def _text(*lines: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": _source(lines)}


def _code(*lines: str) -> Cell:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": _source(lines)}


def _source(lines: tuple[str, ...]) -> list[str]:
    text = "\n".join(lines).split("\n")
    return [f"{line}\n" for line in text[:-1]] + text[-1:]
