"""The report on a run that is not finished: a view of its state, which it does not change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kosmos_graph.checkpoints.forking import thread
from kosmos_graph.checkpoints.sqlite import open_saver
from kosmos_graph.domain.calls import Call
from kosmos_graph.domain.report import Report
from kosmos_graph.errors import RunStopped
from kosmos_graph.experiments.verdict import judge
from kosmos_graph.graph.build import compile_research
from kosmos_graph.graph.services import Services
from kosmos_graph.graph.views import family_of, record_of
from kosmos_graph.render.report import build_report
from kosmos_graph.settings import Settings


def state_of(run_id: str, settings: Settings, services: Services) -> dict[str, Any]:
    """What is finished of a run, branches that wait for their siblings included. Raises StoreError."""
    with open_saver(settings.kosmos_home) as saver:
        values: dict[str, Any] = compile_research(services, saver).get_state(thread(run_id)).values
    return {**values, "run_id": run_id}


def partial_report(state: Any, reason: str, calls: Iterable[Call], services: Services) -> Report:
    """What is finished of a run, as a report that says at its top that it is partial, and why.

    Verdicts are set over the whole family of locked tests, so those that come later can only confirm them. All that the run has
    used of models is in it, also for what is not finished. Raises RunStopped while the data have not been read.
    """
    if "report" in state:
        report: Report = state["report"]
        return report
    if "start" not in state:
        raise RunStopped(f"nothing of run {state['run_id']} is finished yet: go on with `resume {state['run_id']}`")
    entries, size = family_of(state)
    judgements = judge(entries, state["settled"].alpha, size)
    record = replace(
        record_of(state, services),
        judgements={one.hypothesis: one for one in judgements},
        synthesis=None,
        calls=tuple(call.usage for call in calls if call.settled),
        partial=reason,
    )
    return build_report(record)
