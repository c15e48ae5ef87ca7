"""Runs as a caller sees them: start, resume, fork, list, look back."""

from __future__ import annotations

import concurrent.futures
import contextlib
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from filelock import FileLock, Timeout
from langgraph.types import Command

from kosmos_graph import background
from kosmos_graph.checkpoints.both_faces import BothFaces
from kosmos_graph.checkpoints.forking import Step, copy_until, steps_of, thread
from kosmos_graph.checkpoints.sqlite import open_saver
from kosmos_graph.data.disclosure import disclosure
from kosmos_graph.domain.report import Report, RoleUsage
from kosmos_graph.errors import BadInput, KosmosError, RunExists, RunStopped, StoreError, UnknownRun
from kosmos_graph.graph.build import compile_research
from kosmos_graph.graph.face import ResearchGraph
from kosmos_graph.graph.nodes.research import parse_options, parse_paths, parse_question
from kosmos_graph.graph.pausing import APPROVE
from kosmos_graph.graph.services import Event
from kosmos_graph.graph.views import calls_of
from kosmos_graph.ids import is_run_id, new_run_id
from kosmos_graph.render.usage import usage_by_model
from kosmos_graph.run_folder import RunFolders
from kosmos_graph.settings import Settings, load_settings
from kosmos_graph.wiring.data_files import unchanged
from kosmos_graph.wiring.services import build_services, hosts_of, model_settings, now

Status = Literal["running", "finished", "waiting", "stopped", "failed", "interrupted"]
"""running: some process has it. finished: there is a report. waiting: the plan waits for a person. stopped: a model, the data
or the disk stopped it, and it can be resumed. failed: its input cannot be used. interrupted: its process ended before it did.
"""

LOCK = "lock"


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

    def __init__(self, run_id: str, settings: Settings, record: dict[str, Any]) -> None:
        self.id = run_id
        self.settings = settings
        self.folders = RunFolders(settings.kosmos_home)
        self.pending: Pending | None = None
        self._record = record
        self._future: concurrent.futures.Future[Report | None] | None = None
        self._error: KosmosError | None = None

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
        report = self._future.result() if self._future is not None else None
        if report is not None:
            return report
        raise RunStopped(f"run {self.id} waits for a decision on its plan: resume it with one")

    @property
    def usage(self) -> tuple[RoleUsage, ...]:
        """Calls, tokens and cost by role and model, of everything that is checkpointed so far."""
        with open_saver(self.settings.kosmos_home) as saver:
            return usage_by_model(_calls(saver, self.id))

    def stop(self) -> None:
        """Stop now. What is finished is kept; `resume` goes on."""
        if self._future is not None:
            self._future.cancel()

    def _begin(self, given: Any, lock: _Lock, watch: Callable[[Event], None] | None) -> Run:
        self._note("running", "")
        self._future = background.submit(self._drive(given, lock, watch))
        return self

    async def _drive(self, given: Any, lock: _Lock, watch: Callable[[Event], None] | None) -> Report | None:
        status: Status = "interrupted"
        detail = ""
        try:
            with open_saver(self.settings.kosmos_home) as saver:
                graph = self._graph(saver, watch)
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

    def _graph(self, saver: BothFaces, watch: Callable[[Event], None] | None) -> ResearchGraph:
        return compile_research(build_services(self.settings, watch=watch), saver)

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
    services = build_services(chosen)
    paths = [str(Path(path).expanduser().absolute()) for path in parse_paths([str(path) for path in data])]
    sheet = str(Path(about).expanduser().absolute()) if isinstance(about, str | Path) else about
    identity = run_id or new_run_id()
    folders = RunFolders(chosen.kosmos_home)
    lock = _new_folder(folders, identity)
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
        "began": now().isoformat(),
        "versions": dict(services.versions),
    }
    run = Run(identity, chosen, record)
    return run._begin(_input(record), lock, watch)


def resume(
    run_id: str,
    *,
    decision: object = None,
    home: str | Path | None = None,
    settings: Settings | None = None,
    watch: Callable[[Event], None] | None = None,
) -> Run:
    """Go on with a run where it stopped. `decision` answers a plan that waits (see `graph.approval.Decision`).

    A finished run is returned with its report and nothing is run. Raises UnknownRun, RunExists while another process has it,
    DataChanged when a data file is another one now.
    """
    base = settings or load_settings(**({"kosmos_home": Path(home)} if home is not None else {}))
    record = _record_of(RunFolders(base.kosmos_home), run_id)
    chosen = model_settings(
        model=record["models"]["model"],
        designer=record["chains"]["designer"][0],
        analyst=record["chains"]["analyst"][0],
        fallback=[name for name in (record["models"]["fallback"] or "").split(",") if name],
        settings=base,
    )
    lock = _take(RunFolders(base.kosmos_home), run_id)
    try:
        given = _continuation(base.kosmos_home, record, decision)
        return Run(run_id, chosen, record)._begin(given, lock, watch)
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
    base = settings or load_settings(**({"kosmos_home": Path(home)} if home is not None else {}))
    folders = RunFolders(base.kosmos_home)
    record = _record_of(folders, run_id)
    identity = new_id or new_run_id()
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
    base = settings or load_settings(**({"kosmos_home": Path(home)} if home is not None else {}))
    folders = RunFolders(base.kosmos_home)
    records = [record for record in (folders.record(run_id) for run_id in folders.run_ids()) if record is not None]
    return tuple(_summary(folders, record) for record in sorted(records, key=lambda record: (record["began"], record["id"])))


def history(run_id: str, *, home: str | Path | None = None, settings: Settings | None = None) -> tuple[Step, ...]:
    """The steps of a run, oldest first. Raises UnknownRun."""
    base = settings or load_settings(**({"kosmos_home": Path(home)} if home is not None else {}))
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


def _input(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in ("question", "data", "about", "options", "approve")}


def _continuation(home: Path, record: Mapping[str, Any], decision: object) -> Any:
    """What the graph is given to go on: nothing, a decision, or the input again when it was killed before its first step."""
    with open_saver(home) as saver:
        found = saver.get_tuple(thread(record["id"]))
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


def _summary(folders: RunFolders, record: Mapping[str, Any]) -> RunSummary:
    status: Status = record["status"]
    if status == "running" and _is_free(folders, record["id"]):
        status = "interrupted"
    return RunSummary(
        id=record["id"], status=status, question=record["question"], began=record["began"], detail=record.get("detail", "")
    )


def _is_free(folders: RunFolders, run_id: str) -> bool:
    lock = _Lock(folders.path(run_id).absolute() / LOCK)
    try:
        free = lock.acquire()
    except OSError:
        return False
    if free:
        lock.release()
    return free


class _Lock:
    """Holds a run for this process and against others. The system frees it when the process is killed.

    A FileLock alone does not say "taken" to its own thread: it takes a second lock of one file for a mistake and raises
    RuntimeError. So what this process holds is remembered here.
    """

    _held: ClassVar[set[Path]] = set()
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = FileLock(path, timeout=0, thread_local=False)

    def acquire(self) -> bool:
        """Whether the run could be had. Raises OSError where the file cannot be made."""
        with self._guard:
            if self._path in self._held:
                return False
            try:
                self._file.acquire()
            except Timeout:
                return False
            self._held.add(self._path)
            return True

    def release(self) -> None:
        """Let others have the run."""
        with self._guard:
            self._file.release()
            self._held.discard(self._path)


def _take(folders: RunFolders, run_id: str) -> _Lock:
    lock = _Lock(folders.path(run_id).absolute() / LOCK)
    try:
        if not lock.acquire():
            raise RunExists(f"run {run_id} is being run now, here or by another process: wait for it, or stop that one first")
    except OSError as error:
        raise StoreError(f"the run's folder {folders.path(run_id)} cannot be written: {error.strerror or error}") from error
    return lock


def _new_folder(folders: RunFolders, run_id: str) -> _Lock:
    if not is_run_id(run_id):
        raise BadInput(f"{run_id!r} cannot name a run: letters, digits, `-` and `_`, 64 at most, beginning with a letter or digit")
    folder = folders.path(run_id)
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise RunExists(f"there is a run {run_id} already: resume it, or choose another id") from error
    except OSError as error:
        raise BadInput(
            f"the home folder {folders.home} cannot be written: {error.strerror or error}; choose another one"
        ) from error
    return _take(folders, run_id)


def _copy_artefacts(folders: RunFolders, source: str, target: str) -> None:
    artefacts = folders.path(source) / "artifacts"
    if artefacts.is_dir():
        shutil.copytree(artefacts, folders.path(target) / "artifacts", dirs_exist_ok=True)


def report_text(run_id: str, output: str, *, home: str | Path | None = None) -> str:
    """A run's report as it was written. Raises UnknownRun, and RunStopped if there is none yet."""
    base = load_settings(**({"kosmos_home": Path(home)} if home is not None else {}))
    folders = RunFolders(base.kosmos_home)
    record = _record_of(folders, run_id)
    try:
        return (folders.path(run_id) / f"report.{output}").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RunStopped(
            f"run {run_id} has no report yet: its status is {_summary(folders, record).status}; go on with `resume {run_id}`"
        ) from error
