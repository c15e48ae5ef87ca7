"""The folder of a run: its files under content hashes, its reports, its record and its log."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from kosmos_graph.domain.report import Report
from kosmos_graph.errors import StoreError
from kosmos_graph.ids import is_run_id
from kosmos_graph.render.json_report import render_json
from kosmos_graph.render.markdown import render_markdown

RECORD = "run.json"
LOG = "events.jsonl"
HALF_WRITTEN = "."
"""How the name of a file begins that is being written; a process that is killed leaves it behind, and it means nothing."""
REQUIRED = {"id", "question", "data", "about", "options", "approve", "models", "chains", "servers", "began", "status"}


def folder_name(run_id: str) -> str:
    """The run's folder: its id, or for an id that is no safe name (a caller's own thread id) a digest of it."""
    return run_id if is_run_id(run_id) else f"t-{hashlib.sha256(run_id.encode()).hexdigest()[:16]}"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, whatever happens in between. Raises StoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{HALF_WRITTEN}{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}; free space or choose another home folder"
        ) from error


def append_line(path: Path, line: str) -> None:
    """Append a line in one write, making the folder where there is none yet. Raises OSError."""
    try:
        file = path.open("a", encoding="utf-8")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8")
    with file:
        file.write(line + "\n")


class RunFolders:
    """All run folders under a home folder. Implements the graph's `Store`."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def path(self, run_id: str) -> Path:
        """The run's folder, which may not exist yet."""
        return self.home / "runs" / folder_name(run_id)

    def put_artefacts(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """Keep files in `artifacts/`; a name that is there already is content that is there already. Raises StoreError."""
        for name, content in sorted(files.items()):
            path = self.path(run_id) / "artifacts" / name
            if not path.exists():
                write_whole(path, content)

    def artefact(self, run_id: str, name: str) -> bytes:
        """A file of `artifacts/`. Raises StoreError where it cannot be read."""
        path = self.path(run_id) / "artifacts" / name
        try:
            return path.read_bytes()
        except OSError as error:
            raise StoreError(f"the run's artefact {path} cannot be read: {error.strerror or error}") from error

    def put_report(self, run_id: str, report: Report, notebook: str) -> None:
        """Write `report.json`, `report.md` and `notebook.ipynb`. Raises StoreError."""
        folder = self.path(run_id)
        write_whole(folder / "report.json", render_json(report).encode())
        write_whole(folder / "report.md", render_markdown(report).encode())
        write_whole(folder / "notebook.ipynb", notebook.encode())

    def log(self, event: Any, moment: datetime) -> None:
        """Append one line to the run's log, in one write. Raises StoreError."""
        line = {"at": moment.isoformat(), "node": event.node, "branch": event.branch, "phase": event.phase}
        path = self.path(event.run_id) / LOG
        try:
            append_line(path, json.dumps(line))
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error

    def put_record(self, run_id: str, record: Mapping[str, Any]) -> None:
        """Write the run's record. Raises StoreError."""
        write_whole(self.path(run_id) / RECORD, (json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode())

    def record(self, run_id: str) -> dict[str, Any] | None:
        """The run's record, or None if there is no such run. Raises StoreError for one that cannot be read."""
        path = self.path(run_id) / RECORD
        try:
            record = dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(f"the run's record {path} cannot be read: {error}") from error
        if missing := sorted(REQUIRED - record.keys()):
            raise StoreError(f"the run's record {path} is damaged: it does not hold {', '.join(missing)}")
        return record

    def run_ids(self) -> tuple[str, ...]:
        """Ids of the runs that have a record, in the order of their folders' names."""
        records = sorted((self.home / "runs").glob(f"*/{RECORD}"))
        return tuple(path.parent.name for path in records)
