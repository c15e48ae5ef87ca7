"""Waiting for a run, and what is printed and returned when it ends, however it ends."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from types import FrameType

    from kosmos_graph.cli.progress import Progress
    from kosmos_graph.domain.report import Report
    from kosmos_graph.errors import KosmosError
    from kosmos_graph.runs import Run

INTERRUPTED = 130
PARTIAL = 3


@dataclass(frozen=True)
class Wanted:
    """What the user wants when the run ends. `decided`: the plan had been decided on, so that one that still waits did not fit."""

    as_json: bool = False
    partial: bool = False
    record: Path | None = None
    decided: bool = False


class Stopping:
    """What signals do to a run: the first Ctrl-C or SIGTERM lets it drain, a second Ctrl-C stops it at once."""

    def __init__(self, run: Run, progress: Progress) -> None:
        self.run = run
        self.progress = progress
        self.asked = 0

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        """Take a signal."""
        del frame
        self.asked += 1
        at_once = self.asked > 1 and signum == signal.SIGINT
        self.run.stop(now=at_once)
        if self.asked == 1:
            self.progress.say("stopping: what is under way ends first; Ctrl-C again stops at once")

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take signals inside the block."""
        before = {signum: signal.signal(signum, self) for signum in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)


def finish(run: Run, progress: Progress, wanted: Wanted) -> None:
    """Wait for the run, record it and print its answer; exit with what came of it.

    A recording that cannot be written does not keep the answer back.
    """
    stopping = Stopping(run, progress)
    with stopping.listening(), progress.shown():
        run.wait()
    recorded = record_to(wanted.record, run, progress)
    if stopping.asked and run.status != "finished":
        progress.say(f"interrupted; what is finished is kept. Go on with: kosmos-graph resume {run.id}")
        if wanted.partial:
            print_interrupted(run, as_json=wanted.as_json)
        raise typer.Exit(INTERRUPTED)
    if run.status == "waiting":
        show_pending(run, progress, as_json=wanted.as_json)
        raise typer.Exit(2 if wanted.decided else 1)
    report = result_of(run, progress, wanted)
    print_report(report, as_json=wanted.as_json)
    if report.partial is None:
        progress.say(f"report: {run.folder / 'report.md'}")
    code = PARTIAL if report.unanswered or report.partial else 0
    raise typer.Exit(code or (0 if recorded else 1))


def record_to(path: Path | None, run: Run, progress: Progress) -> bool:
    """Write the recording that is wanted, and say where it is or why it is not. Whether all is as wanted."""
    from kosmos_graph.errors import KosmosError

    if path is None:
        return True
    try:
        run.record(path)
    except KosmosError as error:
        progress.say(f"the run is not recorded: {error}")
        return False
    progress.say(f"recording: {path}")
    return True


def print_report(report: Report, *, as_json: bool) -> None:
    """The answer, or the whole report as JSON."""
    if as_json:
        from kosmos_graph.render.json_report import render_json

        sys.stdout.write(render_json(report))
    else:
        from kosmos_graph.render.explain import render_answer

        print(render_answer(report))


def result_of(run: Run, progress: Progress, wanted: Wanted) -> Report:
    """The run's report, or the partial one where money, time or the data ended, or where one is wanted.

    Where the run stopped, how to go on is said before the reason.
    """
    from kosmos_graph.errors import BudgetReached, DataChanged, KosmosError

    try:
        return run.result
    except KosmosError as error:
        if run.status == "failed":
            raise
        more = " with a larger --budget, --max-calls or --deadline" if isinstance(error, BudgetReached) else ""
        progress.say(f"stopped; what is finished is kept. Go on{more}: kosmos-graph resume {run.id}")
        if not wanted.partial and not isinstance(error, BudgetReached | DataChanged):
            raise
        return partial_of(run, error)


def print_interrupted(run: Run, *, as_json: bool) -> None:
    """The partial report of a run that was interrupted; nothing where nothing is finished."""
    from kosmos_graph.errors import RunStopped

    with contextlib.suppress(RunStopped):
        print_report(run.partial("the run was interrupted"), as_json=as_json)


def partial_of(run: Run, error: KosmosError) -> Report:
    """The partial report; where nothing is finished yet, what stopped the run is raised."""
    from kosmos_graph.errors import RunStopped

    try:
        return run.partial(str(error))
    except RunStopped:
        raise error from None


def show_pending(run: Run, progress: Progress, *, as_json: bool) -> None:
    """Print the plan that waits, and how to decide on it."""
    from kosmos_graph.domain.design import LockedPlan
    from kosmos_graph.render.plan import render_plan

    assert run.pending is not None  # noqa: S101 - what the status says
    if as_json:
        print_json(run.pending.plan)
    else:
        print(render_plan(LockedPlan.model_validate(run.pending.plan)))
    if run.pending.complaint:
        progress.say(f"the decision was not taken: {run.pending.complaint}")
    progress.say(f"the plan waits for you: kosmos-graph resume {run.id} --accept   (or --strike ID, or --edit JSON)")


def print_json(value: Any) -> None:
    """Print JSON with sorted keys."""
    print(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str))
