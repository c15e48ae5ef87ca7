"""What was explored by code: a record's hypotheses whose experiment was code, as a report shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kosmos_graph.domain.analysis import Study
from kosmos_graph.domain.code_experiment import Outcome
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.report import Exploration, Repair
from kosmos_graph.domain.results import Artefact, Execution
from kosmos_graph.render.numbers import count
from kosmos_graph.render.record import Record

UNSAFE = "It ran without a sandbox: it could have read and changed whatever the user can."


def explorations(record: Record) -> tuple[Exploration, ...]:
    """The hypotheses that code explored, in their order."""
    return tuple(_explorations(record))


def _explorations(record: Record) -> Iterator[Exploration]:
    for hypothesis in record.hypotheses:
        study = record.studies.get(hypothesis.id)
        if study is not None and study.status == "explored" and study.execution.outcome is not None:
            yield _exploration(hypothesis, study, study.execution.outcome)


def _exploration(hypothesis: Hypothesis, study: Study, outcome: Outcome) -> Exploration:
    design, files = study.design, study.execution.files
    return Exploration(
        id=hypothesis.id,
        hypothesis=hypothesis.statement,
        kind=hypothesis.task,
        rationale=hypothesis.rationale,
        objective=design.protocol.objective,
        method_reason=design.method_reason,
        dataset=design.target.dataset,
        author=hypothesis.author,
        design_author=design.author,
        results=outcome.results,
        calls=outcome.calls,
        rung=outcome.rung,
        code=_code(study.execution),
        files=tuple((path_of(file), file.caption) for file in files),
        repairs=failed_code(study.failed),
        caveats=tuple(_caveats(outcome)),
    )


def failed_code(executions: Iterable[Execution]) -> tuple[Repair, ...]:
    """The code of those executions that failed and were code."""
    failed = (one for one in executions if one.status == "failed" and one.files)
    return tuple(Repair(error=one.error or "it failed", code=_code(one)) for one in failed)


def path_of(file: Artefact) -> str:
    """Where a file lies in the run's folder."""
    return f"artifacts/{file.filename}"


def _code(execution: Execution) -> str:
    return next((path_of(file) for file in execution.files if file.suffix == "py"), "")


def _caveats(outcome: Outcome) -> Iterator[str]:
    yield (
        "Code that a model wrote computed these numbers. What they mean is the model's word, nobody has checked the code, "
        "and none of them is adjusted for the number of looks at the data."
    )
    tests = sum(len(call.p_values) or 1 for call in outcome.calls)
    if tests:
        many = f"at least {count(tests)} tests; their p-values are" if tests > 1 else "at least one test; its p-value is"
        yield f"The code computed {many} exploratory."
    if outcome.rung == "no sandbox":
        yield UNSAFE
