"""A run as a caller holds it: its status, its end, its report, and the means to stop it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langgraph.types import Command

from kosmos_graph import background
from kosmos_graph.checkpoints.both_faces import BothFaces
from kosmos_graph.checkpoints.forking import thread
from kosmos_graph.checkpoints.sqlite import open_saver
from kosmos_graph.domain.calls import Call
from kosmos_graph.domain.report import Report, RoleUsage
from kosmos_graph.errors import BadInput, DataChanged, KosmosError, RunStopped, StoreError
from kosmos_graph.graph.build import compile_research
from kosmos_graph.graph.pausing import APPROVE
from kosmos_graph.graph.services import Services
from kosmos_graph.graph.views import calls_of
from kosmos_graph.render.usage import usage_by_model
from kosmos_graph.run_folder import RunFolders
from kosmos_graph.run_lock import RunLock
from kosmos_graph.runs.lineage import calls_behind, own_calls
from kosmos_graph.runs.partial import partial_report, state_of
from kosmos_graph.runs.recording import recording_of, write_recording
from kosmos_graph.runs.records import Status
from kosmos_graph.settings import Settings
from kosmos_graph.wiring.calls import Calls
from kosmos_graph.wiring.servers import specs_of
from kosmos_graph.wiring.services import now


@dataclass
class Pending:
    """A locked plan that waits for a decision; `complaint` says what was wrong with the last one."""

    plan: dict[str, Any]
    complaint: str | None = None


class Run:
    """A run in this process, or one that has ended. Made by `start`, `resume` and `fork`.

    `decisions` answer the plans that wait, in their order; where they end, the run waits for a person.
    """

    def __init__(
        self, run_id: str, settings: Settings, record: dict[str, Any], services: Services, decisions: Sequence[object] = ()
    ) -> None:
        self.id = run_id
        self.settings = settings
        self.folders = RunFolders(settings.kosmos_home)
        self.pending: Pending | None = None
        self._record = record
        self._decisions = decisions
        self._draining = False
        self._services = replace(services, stopping=lambda: self._draining)
        self._future: concurrent.futures.Future[Report | None] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = False

    @property
    def folder(self) -> Path:
        """Where the run's files are."""
        return self.folders.path(self.id)

    @property
    def status(self) -> Status:
        """How the run stands now."""
        if self._future is not None and not self._future.done():
            return "running"
        status: Status = self._record["status"]
        return status

    @property
    def options(self) -> Mapping[str, Any]:
        """What the run was begun with: the fields of `Options`."""
        options: Mapping[str, Any] = self._record["options"]
        return options

    @property
    def designers(self) -> tuple[str, ...]:
        """The designer's chain of models, by their names."""
        return tuple(self._record["chains"]["designer"])

    @property
    def replayed(self) -> bool:
        """Whether the run repeats a recording, and so asks no model."""
        return self._record.get("replay") is not None

    def wait(self, timeout: float | None = None) -> Status:
        """Wait until the run is finished, waits for a person or has stopped, at most `timeout` seconds; then its status."""
        if self._future is not None:
            with contextlib.suppress(KosmosError, concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
                self._future.result(timeout)
        return self.status

    @property
    def result(self) -> Report:
        """The report, waited for. Raises what stopped the run, and RunStopped while the plan waits for a decision."""
        try:
            report = self._future.result() if self._future is not None else None
        except concurrent.futures.CancelledError as error:
            raise RunStopped(f"run {self.id} was stopped; what is finished is kept, and `resume` goes on") from error
        if report is not None:
            return report
        raise RunStopped(f"run {self.id} waits for a decision on its plan: resume it with one")

    @property
    def usage(self) -> tuple[RoleUsage, ...]:
        """Calls, tokens and cost by role and model, of everything that is checkpointed so far."""
        with open_saver(self.settings.kosmos_home) as saver:
            return usage_by_model(_calls(saver, self.id))

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every request of the run that was answered or failed, in that order."""
        return own_calls(self.settings.kosmos_home, self.id)

    def partial(self, reason: str) -> Report:
        """The report on what is finished, for the `reason` that it is partial. Raises RunStopped before there is anything."""
        state = state_of(self.id, self.settings, self._services)
        calls = calls_behind(self.settings.kosmos_home, self._record, state)
        return partial_report(state, reason, calls, self._services)

    def record(self, path: str | Path) -> None:
        """Write a recording of the run, from which `start(replay=…)` repeats it without any model.

        Raises BadInput for a run that repeats a recording itself, StoreError.
        """
        if self.replayed:
            raise BadInput(f"run {self.id} repeats a recording, and is recorded by it: copy {self._record['replay']}")
        state = state_of(self.id, self.settings, self._services)
        calls = calls_behind(self.settings.kosmos_home, self._record, state)
        price_of = Calls.of(self.settings).price_of
        models = {spec.name: (spec, price_of(spec)) for spec in specs_of(self.settings)}
        write_recording(Path(path).expanduser(), recording_of(self._record, state, calls, models))

    def stop(self, *, now: bool = False) -> None:
        """Begin no further step, and let those under way end; or with `now` cancel these too.

        What is finished is kept; `wait` waits for the end, and `resume` goes on.
        """
        self._draining = True
        if now:
            background.loop().call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    def begin(self, given: Any, lock: RunLock) -> Run:
        """Go on in the background with what the graph is given, holding the run's lock until it ends."""
        self._note("running")
        self._future = background.submit(self._drive(given, lock))
        return self

    async def _drive(self, given: Any, lock: RunLock) -> Report | None:
        status: Status = "interrupted"
        stopped: KosmosError | None = None
        self._task = asyncio.current_task()
        try:
            if self._cancelled:
                raise asyncio.CancelledError
            with open_saver(self.settings.kosmos_home) as saver:
                graph = compile_research(self._services, saver)
                result = await graph.ainvoke(given, self._config)
                for decision in self._decisions:
                    if _pending(result):
                        result = await graph.ainvoke(Command(resume=decision), self._config)
                self.pending = _pending(result)
                status = "waiting" if self.pending else "finished"
                return None if self.pending else result["report"]
        except KosmosError as error:
            usable = isinstance(error, DataChanged) or not isinstance(error, BadInput)  # data can be put back
            status, stopped = "stopped" if usable else "failed", error
            raise
        finally:
            with contextlib.suppress(StoreError):
                self._note(status, stopped)
            self._services.close()
            lock.release()

    @property
    def _config(self) -> Any:
        return thread(self.id) | {"max_concurrency": self._record["options"]["parallel"]}

    def _note(self, status: Status, stopped: KosmosError | None = None) -> None:
        why = {"detail": "" if stopped is None else str(stopped), "error": "" if stopped is None else type(stopped).__name__}
        self._record = {**self._record, **why, "status": status, "updated": now().isoformat()}
        self.folders.put_record(self.id, self._record)


def _pending(result: Mapping[str, Any]) -> Pending | None:
    for one in result.get("__interrupt__") or ():
        if isinstance(one.value, Mapping) and one.value.get("kind") == APPROVE:
            return Pending(plan=dict(one.value["plan"]), complaint=one.value.get("complaint"))
    return None


def _calls(saver: BothFaces, run_id: str) -> Any:
    found = saver.get_tuple(thread(run_id))
    return calls_of(found.checkpoint["channel_values"]) if found is not None else ()
