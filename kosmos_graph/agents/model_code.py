"""Asks a model for an experiment in its own code, and for a repair of one that failed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field

from kosmos_graph.agents.code_error import shown_error
from kosmos_graph.agents.quoting import quoted
from kosmos_graph.agents.replies import Reply, Text, WordsCheck
from kosmos_graph.claims.check import check_words
from kosmos_graph.domain.code_experiment import CodeExperiment, DeclaredResult
from kosmos_graph.domain.results import Execution
from kosmos_graph.experiments.code_check import LONGEST_CODE, MOST_RESULTS, complaints
from kosmos_graph.prompts import render_prompt

SAME = "This is the code that failed, and it would fail again: change what its error names, or do it another way."
SUMMARY = "your own Python, for what none of the others answers"


class ResultReply(Reply):
    """One result that the code returns."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    kind: Literal["number", "table"]
    meaning: Text


class CodeReply(Reply):
    """An experiment in code; what it is for comes first, since a small model writes better code for what it has said."""

    objective: Text
    results: Annotated[tuple[ResultReply, ...], Field(min_length=1, max_length=MOST_RESULTS)]
    code: Annotated[str, Field(min_length=1, max_length=LONGEST_CODE)]


class CodeCheck:
    """Sends a reply back once, for what can be said against its code without executing it, for code that has `failed` already, and
    for an objective with claims.

    What is no better then is left to the review, or to the execution of a repair: a model that writes R and nothing else has a
    hypothesis unanswered, and does not end the run.
    """

    def __init__(self, names: Collection[str], failed: str | None = None) -> None:
        self._failed = failed
        self._objective: WordsCheck[CodeReply] = WordsCheck(names, "objective")

    def __call__(self, reply: CodeReply) -> tuple[str, ...]:
        """Why the first reply cannot stand; nothing after it."""
        first = self._objective.first is None
        objections = self._objective(reply)
        again = (SAME,) if self._failed is not None and reply.code.split() == self._failed.split() else ()
        return (*complaints(experiment_of(reply)), *again, *objections) if first else ()


def code_ask(dataset: str, names: Collection[str], failed: tuple[CodeExperiment, Execution] | None = None) -> str:
    """The last part of the prompt; `failed` is the code to be repaired, with what came of it, `names` what the model knows."""
    told = _failed(*failed, names) if failed is not None else ""
    return render_prompt("design_study_code", dataset=quoted(dataset, 200), failed=told)


def experiment_of(reply: CodeReply) -> CodeExperiment:
    """The experiment of a reply. A meaning is shown as the model's words."""
    results = tuple(DeclaredResult(name=one.name, kind=one.kind, meaning=one.meaning) for one in reply.results)
    return CodeExperiment(code=reply.code, results=results)


def objective_of(reply: CodeReply, names: Collection[str], otherwise: str) -> str:
    """The reply's objective, or ours where it cannot stand."""
    return otherwise if check_words(reply.objective, names) else reply.objective.strip()


def _failed(experiment: CodeExperiment, execution: Execution, names: Collection[str]) -> str:
    shown = quoted(shown_error((execution.error or "it failed").strip(), experiment.code, names))
    return f"\nThis code failed:\n{experiment.code}\n\nIts error: {shown}\nWrite the whole experiment again, mended.\n"
