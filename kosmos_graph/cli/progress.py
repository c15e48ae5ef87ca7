"""What a person sees while a run goes on, on stderr: a live table on a terminal, plain lines in a pipe."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kosmos_graph.graph.services import Event
    from kosmos_graph.runs import Run


MODEL_BOUND = ("plan_research", "design_study", "repair_study", "analyse_study", "synthesise_findings")
"""The nodes that ask a model; before the first of them that starts, also in a resumed run, it is said what leaves the machine."""


class Progress:
    """Follows one run. `watch` is called from another thread."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.run: Run | None = None
        self._followed = threading.Event()
        self._told = False
        self._doing: dict[str, str] = {}
        self._live: Any = None

    def say(self, text: str) -> None:
        """One line on stderr, whatever `quiet` says."""
        if self._live is not None:
            self._live.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=sys.stderr, flush=True)

    def follow(self, run: Run) -> None:
        """Say the run's id, first of all."""
        self.run = run
        self.say(f"run {run.id}")
        self._followed.set()

    def watch(self, event: Event) -> None:
        """Tell of one event, after the run's id was said."""
        self._followed.wait()
        if event.phase == "started" and event.node in MODEL_BOUND:
            self._disclose()
        if self.quiet:
            return
        self._doing[event.branch] = event.node if event.phase == "started" else f"{event.node} ({event.phase})"
        if self._live is not None:
            self._live.update(self._table())
        elif not sys.stderr.isatty() and event.phase != "finished":
            self.say(f"  {event.branch:<8} {self._doing[event.branch]}")

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Keep the live table up, on a terminal, until the run ends."""
        if self.quiet or not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.live import Live

        with Live(self._table(), console=Console(stderr=True), transient=True, refresh_per_second=8) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def _table(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for branch, doing in sorted(self._doing.items()):
            table.add_row(Text(branch, style="bold"), Text(doing))
        return table

    def _disclose(self) -> None:
        """Say once what leaves the machine, before the first model is asked."""
        from kosmos_graph.runs import disclosed

        if self.run is not None and not self._told and (sentence := disclosed(self.run)):
            self.say(sentence)
        self._told = True
