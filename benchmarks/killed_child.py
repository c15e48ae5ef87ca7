"""A process that runs a question and is killed, or kills itself, in the middle of it. See `benchmarks.crashes`."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults import QUESTION, settings_for
from kosmos_graph import start, workers
from kosmos_graph.domain.calls import Call
from kosmos_graph.graph.services import Event
from kosmos_graph.providers.journal import CallJournal

RUN = "killed"


@dataclass(frozen=True)
class Kill:
    """When a child is killed: at the `at`-th occasion of its kind, from 1, or after `at` seconds."""

    kind: str
    at: float


def child(base: str, home: Path, data: Path, kill: Kill) -> None:
    """Run the question in this process, which ends itself where the kill says so.

    Figures are drawn in the process itself: workers would take longer to begin than most children live.
    """
    workers.begin = lambda *arguments: None
    occasions = _Occasions(kill)
    if kill.kind.endswith("written"):
        put = CallJournal.put

        def watched(journal: CallJournal, call: Call) -> None:
            if kill.kind.startswith("before"):
                occasions.next()
            put(journal, call)
            if kill.kind.startswith("after"):
                occasions.next()

        CallJournal.put = watched  # type: ignore[method-assign]

    def watch(event: Event) -> None:
        if kill.kind == "node":
            occasions.next()

    start(QUESTION, [data], settings=settings_for(base, home), run_id=RUN, watch=watch).wait()


class _Occasions:
    def __init__(self, kill: Kill) -> None:
        self._kill = kill
        self._seen = 0

    def next(self) -> None:
        self._seen += 1
        if self._seen == self._kill.at:
            os.kill(os.getpid(), signal.SIGKILL)
