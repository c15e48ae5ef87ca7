"""The records of runs: finding, listing and claiming them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kosmos_graph.checkpoints.forking import Step, steps_of
from kosmos_graph.checkpoints.sqlite import open_saver
from kosmos_graph.errors import BadInput, RunExists, StoreError, UnknownRun
from kosmos_graph.ids import is_run_id, new_run_id
from kosmos_graph.run_folder import HALF_WRITTEN, RunFolders
from kosmos_graph.run_lock import FILENAME as LOCK_FILE
from kosmos_graph.run_lock import RunLock
from kosmos_graph.settings import Settings, load_settings
from kosmos_graph.wiring.services import at_home

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


def list_runs(*, home: str | Path | None = None, settings: Settings | None = None) -> tuple[RunSummary, ...]:
    """All runs of a home folder, oldest first."""
    base = settings_at(home, settings)
    folders = RunFolders(base.kosmos_home)
    found = (_summary_of(folders, run_id) for run_id in folders.run_ids())
    return tuple(sorted(found, key=lambda summary: (summary.began, summary.id)))


def history(run_id: str, *, home: str | Path | None = None, settings: Settings | None = None) -> tuple[Step, ...]:
    """The steps of a run, oldest first. Raises UnknownRun."""
    base = settings_at(home, settings)
    record_of(RunFolders(base.kosmos_home), run_id)
    with open_saver(base.kosmos_home) as saver:
        return steps_of(saver, run_id)


def settings_at(home: str | Path | None, settings: Settings | None) -> Settings:
    """The settings that are given, else those of the environment, with an absolute home folder."""
    return at_home(settings or load_settings(**({"kosmos_home": Path(home)} if home is not None else {})))


def record_of(folders: RunFolders, run_id: str) -> dict[str, Any]:
    """A run's record. Raises UnknownRun, StoreError."""
    record = folders.record(run_id) if is_run_id(run_id) else None
    if record is None:
        raise UnknownRun(f"there is no run {run_id!r} in {folders.home}: `list` shows those there are")
    return record


def _summary_of(folders: RunFolders, run_id: str) -> RunSummary:
    """The run's line; one whose record cannot be read has its own, and hides no other."""
    try:
        return summary(folders, record_of(folders, run_id))
    except StoreError as error:
        return RunSummary(id=run_id, status="unreadable", question="", began="", detail=str(error))


def summary(folders: RunFolders, record: Mapping[str, Any]) -> RunSummary:
    """The line of a run in a list."""
    status: Status = record["status"]
    if status == "running" and RunLock(folders.path(record["id"])).is_free():
        status = "interrupted"
    return RunSummary(
        id=record["id"], status=status, question=record["question"], began=record["began"], detail=record.get("detail", "")
    )


def claim(folders: RunFolders, run_id: str) -> RunLock:
    """The lock of a run. Raises RunExists while somebody has it."""
    lock = RunLock(folders.path(run_id))
    try:
        if not lock.acquire():
            raise RunExists(f"run {run_id} is being run now, here or by another process: wait for it, or stop that one first")
    except OSError as error:
        raise BadInput(f"the run's folder {folders.path(run_id)} cannot be written: {error.strerror or error}") from error
    return lock


def claim_new(folders: RunFolders, wanted: str | None) -> tuple[RunLock, str]:
    """The folder of a new run, under the id that is wanted or a new one, and its lock. Raises BadInput, RunExists."""
    run_id = new_run_id() if wanted is None else wanted
    if not is_run_id(run_id):
        raise BadInput(f"{run_id!r} cannot name a run: letters, digits, `-` and `_`, 64 at most, beginning with a letter or digit")
    folder = folders.path(run_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"the home folder {folders.home} cannot be written: {error.strerror or error}; choose another one"
        ) from error
    lock = claim(folders, run_id)
    if any(path.name != LOCK_FILE and not path.name.startswith(HALF_WRITTEN) for path in folder.iterdir()):
        lock.release()
        raise RunExists(f"there is a run {run_id} already: resume it, or choose another id")
    return lock, run_id


def copy_artefacts(folders: RunFolders, source: str, target: str) -> None:
    """Give a fork the files that its past refers to."""
    artefacts = folders.path(source) / "artifacts"
    if artefacts.is_dir():
        shutil.copytree(artefacts, folders.path(target) / "artifacts", dirs_exist_ok=True)
