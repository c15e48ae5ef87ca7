"""Runs one job in one jail: data in, outcome out."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from kosmos_graph.domain.code_experiment import Outcome, Rung
from kosmos_graph.sandbox import returned
from kosmos_graph.sandbox.clean import clean
from kosmos_graph.sandbox.collect import Uncollectable, collect
from kosmos_graph.sandbox.data_files import opened
from kosmos_graph.sandbox.inside.removing import remove
from kosmos_graph.sandbox.jail import Ended
from kosmos_graph.sandbox.jobs import Job
from kosmos_graph.sandbox.limits import Limits
from kosmos_graph.sandbox.passed import Passed, out_of_cpu, out_of_memory


class Runs(Protocol):
    """A jail: gives a scratch folder and runs a job in it."""

    rung: Rung

    def folder(self) -> Path: ...

    def run(self, job: Job, folder: Path, files: Sequence[int], cancelled: Callable[[], bool] = bool) -> Ended: ...

    def close(self) -> None: ...


def run(jail: Runs, job: Job, cancelled: Callable[[], bool] = bool) -> Outcome:
    """The outcome of `job`. Raises DataGone, JailDown, and OSError where no scratch folder can be made."""
    with opened(job.data) as files:
        folder = jail.folder()
        try:
            ended = jail.run(job, folder, files, cancelled)
            return _outcome(jail.rung, job, folder, ended)
        finally:
            remove(folder)


def lasts(outcome: Outcome, limits: Limits) -> bool:
    """Whether a job with these limits, which are part of it, would end so again.

    How far code comes by the wall clock is the machine's doing, and what is killed from outside its limits may be the kernel's,
    for want of memory elsewhere.
    """
    if outcome.state == "time-out":
        return outcome.error == out_of_cpu(limits).sentence
    return outcome.state in ("ok", "error", "limit") and outcome.error != _ended_by(signal.SIGKILL)


def _outcome(rung: Rung, job: Job, folder: Path, ended: Ended) -> Outcome:
    stdout = clean(ended.printed.decode("utf-8", "replace"))
    whole = Outcome(id=job.id, state="error", stdout=stdout, rung=rung, seconds=ended.seconds)
    if ended.cancelled:
        return whole.model_copy(update={"state": "cancelled", "error": "the job was cancelled"})
    if ended.exit_code == -signal.SIGXCPU or ended.passed is not None:
        return _limited(whole, ended.passed or out_of_cpu(job.limits))
    if ended.exit_code < 0:
        return whole.model_copy(update={"error": _ended_by(-ended.exit_code)})
    return _collected(whole, job, folder)


def _collected(whole: Outcome, job: Job, folder: Path) -> Outcome:
    """`whole` with what the file of results adds."""
    try:
        content = collect(folder, job.limits.result_bytes)
    except Uncollectable as refused:
        return whole.model_copy(update={"error": str(refused)})
    if content.get("memory") is True:
        return _limited(whole, out_of_memory(job.limits))
    whole = whole.model_copy(update={"calls": returned.calls(content)})
    if (error := returned.error(content)) is not None:
        return whole.model_copy(update={"error": error})
    try:
        return whole.model_copy(update={"state": "ok", "results": returned.results(content, job.results)})
    except returned.Unshaped as unshaped:
        return whole.model_copy(update={"error": str(unshaped)})


def _limited(outcome: Outcome, passed: Passed) -> Outcome:
    return outcome.model_copy(update={"state": passed.state, "error": passed.sentence})


def _ended_by(number: int) -> str:
    try:
        return f"the code was ended by the signal {signal.Signals(number).name}"
    except ValueError:
        return f"the code was ended by the signal {number}"
