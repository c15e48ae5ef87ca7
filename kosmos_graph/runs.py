"""Runs as a caller sees them: start, resume, fork, list, look back."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from langgraph.types import Command

from kosmos_graph import background
from kosmos_graph.checkpoints.both_faces import BothFaces
from kosmos_graph.checkpoints.forking import Step, copy_until, steps_of, thread
from kosmos_graph.checkpoints.sqlite import open_saver
from kosmos_graph.data.disclosure import disclosure
from kosmos_graph.domain.report import Report, RoleUsage
from kosmos_graph.errors import BadInput, KosmosError, RunExists, RunStopped, StoreError, UnknownRun
from kosmos_graph.graph.build import compile_research
from kosmos_graph.graph.nodes.research import parse_options, parse_paths, parse_question
from kosmos_graph.graph.pausing import APPROVE
from kosmos_graph.graph.services import Event, Services
from kosmos_graph.graph.views import calls_of
from kosmos_graph.ids import is_run_id, new_run_id
from kosmos_graph.render.json_report import render_json
from kosmos_graph.render.markdown import render_markdown
from kosmos_graph.render.usage import usage_by_model
from kosmos_graph.run_folder import RunFolders
from kosmos_graph.run_lock import FILENAME as LOCK_FILE
from kosmos_graph.run_lock import RunLock
from kosmos_graph.settings import Settings, load_settings
from kosmos_graph.wiring.data_files import unchanged
from kosmos_graph.wiring.servers import hosts_of, places_of
from kosmos_graph.wiring.services import at_home, build_services, model_settings, now

Status = Literal["running", "finished", "waiting", "stopped", "failed", "interrupted", "unreadable"]
"""running: some process has it. finished: there is a report. waiting: the plan waits for a person. stopped: a model, the data
or the disk stopped it, and it can be resumed. failed: its input cannot be used. interrupted: its process ended before it did.
unreadable: its record is damaged.
"""


@dataclass(frozen=True)
class RunSummary:
    """One line of a list of runs. `detail` says why a run is not finished."""

    id: str
    status: Status
    question: str
    began: str
    detail: str = ""


@dataclass
class Pending:
    """A locked plan that waits for a decision; `complaint` says what was wrong with the last one."""

    plan: dict[str, Any]
    complaint: str | None = None


class Run:
    """A run in this process, or one that has ended. Made by `start`, `resume` and `fork`."""

    def __init__(self, run_id: str, settings: Settings, record: dict[str, Any], services: Services) -> None:
        self.id = run_id
        self.settings = settings
        self.folders = RunFolders(settings.kosmos_home)
        self.pending: Pending | None = None
        self._record = record
        self._services = services
        self._future: concurrent.futures.Future[Report | None] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._stopping = False

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

    def stop(self) -> None:
        """Stop now. What is finished is kept; `wait` waits for the end, and `resume` goes on."""
        background.loop().call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        self._stopping = True
        if self._task is not None:
            self._task.cancel()

    def _begin(self, given: Any, lock: RunLock) -> Run:
        self._note("running", "")
        self._future = background.submit(self._drive(given, lock))
        return self

    async def _drive(self, given: Any, lock: RunLock) -> Report | None:
        status: Status = "interrupted"
        detail = ""
        self._task = asyncio.current_task()
        try:
            if self._stopping:
                raise asyncio.CancelledError
            with open_saver(self.settings.kosmos_home) as saver:
                graph = compile_research(self._services, saver)
                result = await graph.ainvoke(given, self._config)
                self.pending = _pending(result)
                status = "waiting" if self.pending else "finished"
                return None if self.pending else result["report"]
        except BadInput as error:
            status, detail = "failed", str(error)
            raise
        except KosmosError as error:
            status, detail = "stopped", str(error)
            raise
        finally:
            with contextlib.suppress(StoreError):
                self._note(status, detail)
            lock.release()

    @property
    def _config(self) -> Any:
        return thread(self.id) | {"max_concurrency": self._record["options"]["parallel"]}

    def _note(self, status: Status, detail: str) -> None:
        self._record = {**self._record, "status": status, "detail": detail, "updated": now().isoformat()}
        self.folders.put_record(self.id, self._record)


def start(
    question: str,
    data: Sequence[str | Path] = (),
    *,
    about: str | Path | Mapping[str, Any] | None = None,
    model: str | None = None,
    designer: str | None = None,
    analyst: str | None = None,
    fallback: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    approve: bool = False,
    home: str | Path | None = None,
    run_id: str | None = None,
    settings: Settings | None = None,
    watch: Callable[[Event], None] | None = None,
) -> Run:
    """Begin a run in the background and return at once. `options` are the fields of `Options`.

    `watch` is called with every event, on the background loop: it must be quick. Raises BadInput before anything is written.
    """
    chosen = model_settings(model=model, designer=designer, analyst=analyst, fallback=fallback, home=home, settings=settings)
    services = build_services(chosen, watch=watch)
    paths = [str(Path(path).expanduser().absolute()) for path in parse_paths([str(path) for path in data])]
    sheet = str(Path(about).expanduser().absolute()) if isinstance(about, str | Path) else about
    identity = new_run_id() if run_id is None else run_id
    record = {
        "id": identity,
        "question": parse_question(question),
        "data": paths,
        "about": dict(sheet) if isinstance(sheet, Mapping) else sheet,
        "options": parse_options(dict(options or {})).model_dump(),
        "approve": approve,
        "models": {"model": chosen.litellm_model, "fallback": chosen.kosmos_fallback_models},
        "chains": {
            "designer": [link.model for link in services.designers],
            "analyst": [link.model for link in services.analysts],
        },
        "servers": places_of(chosen),
        "began": now().isoformat(),
        "versions": dict(services.versions),
    }
    lock = _new_folder(RunFolders(chosen.kosmos_home), identity)
    return Run(identity, chosen, record, services)._begin(_input(record), lock)


def resume(
    run_id: str,
    *,
    decision: object = None,
    moved: bool = False,
    home: str | Path | None = None,
    settings: Settings | None = None,
    watch: Callable[[Event], None] | None = None,
) -> Run:
    """Go on with a run where it stopped. `decision` answers a plan that waits (see `graph.approval.Decision`).

    A finished run is returned with its report and nothing is run. `moved` says that a model's other address is meant. Raises
    UnknownRun, RunExists while another process has it, DataChanged when a data file is another one now, MissingKey, and
    BadInput when a model would be asked elsewhere than before.
    """
    base = _base(home, settings)
    record = _record_of(RunFolders(base.kosmos_home), run_id)
    chosen = model_settings(
        model=record["models"]["model"],
        designer=record["chains"]["designer"][0],
        analyst=record["chains"]["analyst"][0],
        fallback=[name for name in (record["models"]["fallback"] or "").split(",") if name],
        settings=base,
    )
    services = build_services(chosen, watch=watch)
    if not moved:
        _check_servers(record["servers"], places_of(chosen))
    record = {**record, "servers": places_of(chosen)}
    lock = _take(RunFolders(base.kosmos_home), run_id)
    try:
        given = _continuation(base.kosmos_home, record, decision)
        return Run(run_id, chosen, record, services)._begin(given, lock)
    except BaseException:
        lock.release()
        raise


def fork(
    run_id: str,
    at: str,
    *,
    home: str | Path | None = None,
    new_id: str | None = None,
    settings: Settings | None = None,
    watch: Callable[[Event], None] | None = None,
) -> Run:
    """Begin a new run that goes on from a step of another one; `at` is a step that `history` names.

    At a step inside a study, everything but that study is kept. Raises UnknownRun, BadInput for an unknown step.
    """
    base = _base(home, settings)
    folders = RunFolders(base.kosmos_home)
    record = _record_of(folders, run_id)
    identity = new_run_id() if new_id is None else new_id
    with open_saver(base.kosmos_home) as saver:
        step = _find_step(steps_of(saver, run_id), at)
        lock = _new_folder(folders, identity)
        try:
            copy_until(saver, run_id, step, identity)
            folders.put_record(identity, {**record, "id": identity, "forked": {"run": run_id, "at": at}, "status": "interrupted"})
            _copy_artefacts(folders, run_id, identity)
        finally:
            lock.release()
    return resume(identity, settings=base, watch=watch)


def list_runs(*, home: str | Path | None = None, settings: Settings | None = None) -> tuple[RunSummary, ...]:
    """All runs of a home folder, oldest first."""
    base = _base(home, settings)
    folders = RunFolders(base.kosmos_home)
    found = (_summary_of(folders, run_id) for run_id in folders.run_ids())
    return tuple(sorted(found, key=lambda summary: (summary.began, summary.id)))


def history(run_id: str, *, home: str | Path | None = None, settings: Settings | None = None) -> tuple[Step, ...]:
    """The steps of a run, oldest first. Raises UnknownRun."""
    base = _base(home, settings)
    _record_of(RunFolders(base.kosmos_home), run_id)
    with open_saver(base.kosmos_home) as saver:
        return steps_of(saver, run_id)


def disclosed(run: Run) -> str | None:
    """What leaves the machine in this run, as one sentence; None when no model is hosted or no data are read yet."""
    hosts = hosts_of(run.settings)
    if not hosts:
        return None
    with open_saver(run.settings.kosmos_home) as saver:
        found = saver.get_tuple(thread(run.id))
    cards = found.checkpoint["channel_values"].get("cards") if found is not None else None
    return disclosure(tuple(card for _, card in sorted(cards.items())), hosts) if cards else None


def _base(home: str | Path | None, settings: Settings | None) -> Settings:
    return at_home(settings or load_settings(**({"kosmos_home": Path(home)} if home is not None else {})))


def _input(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in ("question", "data", "about", "options", "approve")}


def _continuation(home: Path, record: Mapping[str, Any], decision: object) -> Any:
    """What the graph is given to go on: nothing, a decision, or the input again when it was killed before its first step."""
    with open_saver(home) as saver:
        found = saver.get_tuple(thread(record["id"]))
    if found is None and record["status"] in ("finished", "waiting", "stopped"):
        raise StoreError(f"the checkpoints of run {record['id']} are gone from {home}, so it cannot go on: start another run")
    if found is None or "question" not in found.checkpoint["channel_values"]:
        return _input(record)
    for _, card in sorted((found.checkpoint["channel_values"].get("cards") or {}).items()):
        if "report" not in found.checkpoint["channel_values"]:
            unchanged(card)
    if decision is None:
        return None
    if record["status"] != "waiting":
        raise BadInput(f"run {record['id']} does not wait for a decision: its status is {record['status']}")
    return Command(resume=decision)


def _pending(result: Mapping[str, Any]) -> Pending | None:
    for one in result.get("__interrupt__") or ():
        if isinstance(one.value, Mapping) and one.value.get("kind") == APPROVE:
            return Pending(plan=dict(one.value["plan"]), complaint=one.value.get("complaint"))
    return None


def _calls(saver: BothFaces, run_id: str) -> Any:
    found = saver.get_tuple(thread(run_id))
    return calls_of(found.checkpoint["channel_values"]) if found is not None else ()


def _find_step(steps: Sequence[Step], at: str) -> Step:
    found = [step for step in steps if step.name == at]
    if not found:
        raise BadInput(f"the run has no step {at!r}: `history` lists its steps")
    if not found[-1].next and not found[-1].namespace:
        raise BadInput(f"step {at} is the run's end, and nothing goes on from there: `history` lists the steps before it")
    return found[-1]


def _record_of(folders: RunFolders, run_id: str) -> dict[str, Any]:
    record = folders.record(run_id) if is_run_id(run_id) else None
    if record is None:
        raise UnknownRun(f"there is no run {run_id!r} in {folders.home}: `list` shows those there are")
    return record


def _check_servers(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raises BadInput when a model would be asked, with whatever key is set, at another place than the run began with."""
    for name, place in sorted(after.items()):
        began = before.get(name)
        if began is not None and began != place:
            raise BadInput(
                f"the run asked {name} at {began}, and now it would be asked at {place}: set the address and the key that it began "
                "with, or say that the other one is meant (moved)"
            )


def _summary_of(folders: RunFolders, run_id: str) -> RunSummary:
    """The run's line; one whose record cannot be read has its own, and hides no other."""
    try:
        return _summary(folders, _record_of(folders, run_id))
    except StoreError as error:
        return RunSummary(id=run_id, status="unreadable", question="", began="", detail=str(error))


def _summary(folders: RunFolders, record: Mapping[str, Any]) -> RunSummary:
    status: Status = record["status"]
    if status == "running" and RunLock(folders.path(record["id"])).is_free():
        status = "interrupted"
    return RunSummary(
        id=record["id"], status=status, question=record["question"], began=record["began"], detail=record.get("detail", "")
    )


def _take(folders: RunFolders, run_id: str) -> RunLock:
    lock = RunLock(folders.path(run_id))
    try:
        if not lock.acquire():
            raise RunExists(f"run {run_id} is being run now, here or by another process: wait for it, or stop that one first")
    except OSError as error:
        raise BadInput(f"the run's folder {folders.path(run_id)} cannot be written: {error.strerror or error}") from error
    return lock


def _new_folder(folders: RunFolders, run_id: str) -> RunLock:
    if not is_run_id(run_id):
        raise BadInput(f"{run_id!r} cannot name a run: letters, digits, `-` and `_`, 64 at most, beginning with a letter or digit")
    folder = folders.path(run_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"the home folder {folders.home} cannot be written: {error.strerror or error}; choose another one"
        ) from error
    lock = _take(folders, run_id)
    if any(path.name != LOCK_FILE for path in folder.iterdir()):
        lock.release()
        raise RunExists(f"there is a run {run_id} already: resume it, or choose another id")
    return lock


def _copy_artefacts(folders: RunFolders, source: str, target: str) -> None:
    artefacts = folders.path(source) / "artifacts"
    if artefacts.is_dir():
        shutil.copytree(artefacts, folders.path(target) / "artifacts", dirs_exist_ok=True)


def report_text(run_id: str, *, as_json: bool = False, home: str | Path | None = None) -> str:
    """A run's report in Markdown or JSON, rendered from its checkpoint. Raises UnknownRun, and RunStopped if there is none yet."""
    base = _base(home, None)
    folders = RunFolders(base.kosmos_home)
    record = _record_of(folders, run_id)
    with open_saver(base.kosmos_home) as saver:
        found = saver.get_tuple(thread(run_id))
    report = found.checkpoint["channel_values"].get("report") if found is not None else None
    if report is not None:
        return render_json(report) if as_json else render_markdown(report)
    raise RunStopped(
        f"run {run_id} has no report yet: its status is {_summary(folders, record).status}; go on with `resume {run_id}`"
    )
