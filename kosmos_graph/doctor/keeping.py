"""The home folder, the checkpoint store in it, and the disk below. Nothing is changed by looking."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from kosmos_graph.checkpoints.allowed import serializer
from kosmos_graph.checkpoints.sqlite import FILENAME
from kosmos_graph.doctor.diagnosis import Check, Finding, Status
from kosmos_graph.graph.state import FORMAT_VERSION

LEAST_FREE = 64 << 20
LITTLE_FREE = 1 << 30
_QUICK = 32 << 20
_RUNS_READ = 50
_RUNS_SHOWN = 5
_BUSY_SECONDS = 2.0
_PROBE = b"\0" * 4096
_COLUMNS = {
    "checkpoints": {"thread_id", "checkpoint_ns", "checkpoint_id", "parent_checkpoint_id", "type", "checkpoint", "metadata"},
    "writes": {"thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx", "channel", "type", "value"},
}
_ELSEWHERE = "choose another home folder with --home or KOSMOS_HOME"


def examine_home(home: Path, *, thorough: bool = True) -> tuple[Finding, ...]:
    """Whether a run could keep its files. Not `thorough`, a large store is not read through and no run's format is looked at."""
    folder = home.expanduser().absolute()
    return _writable(folder), _store(folder / FILENAME, thorough=thorough), _space(folder)


def _finding(check: Check, status: Status, detail: str, remedy: str | None = None) -> Finding:
    return Finding(subject="home", check=check, status=status, detail=detail, remedy=remedy)


def _nearest(folder: Path) -> Path:
    """The folder itself, or what stands where its path begins to be missing."""
    return next((path for path in (folder, *folder.parents) if os.path.lexists(path)), folder)


def _writable(home: Path) -> Finding:
    try:
        for folder in dict.fromkeys((_nearest(home), _nearest(home / "runs"))):
            if not folder.is_dir():
                return _finding("writable", "failed", f"{folder} is not a folder, and runs are kept in {home}", _ELSEWHERE)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(_PROBE)
                probe.flush()
    except OSError as error:
        return _finding("writable", "failed", f"the home folder {home} cannot be written: {error.strerror or error}", _ELSEWHERE)
    made = "can be written" if home.exists() else "is not there yet and can be made"
    return _finding("writable", "ok", f"{home} {made}")


def _space(home: Path) -> Finding:
    try:
        free = shutil.disk_usage(_nearest(home)).free
    except OSError as error:
        return _finding("space", "warning", f"the free space cannot be told: {error.strerror or error}", _ELSEWHERE)
    said = f"{_size(free)} of the disk below {home} are free"
    if free < LEAST_FREE:
        return _finding("space", "failed", f"only {said}", f"free at least {_size(LEAST_FREE)}, or {_ELSEWHERE}")
    if free < LITTLE_FREE:
        return _finding("space", "warning", f"only {said}", f"free some space, or {_ELSEWHERE}")
    return _finding("space", "ok", said)


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MiB"


def _store(path: Path, *, thorough: bool) -> Finding:
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return _finding("store", "ok", "there is no checkpoint store yet; the first run makes it")
    except OSError as error:
        return _unusable(path, error.strerror or str(error))
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        return _unusable(path, "it is no file, or may not be read and written")
    try:
        with closing(_read_only(path)) as connection:
            fault = _fault(connection, thorough=thorough or size <= _QUICK)
            return _unusable(path, fault) if fault else _readable(connection, path, size, thorough=thorough)
    except sqlite3.Error as error:
        if "locked" in str(error) or "busy" in str(error):
            return _finding("store", "warning", f"another process holds the checkpoint store {path}", "wait for it, and look again")
        return _unusable(path, str(error))


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing.

    The write-ahead log is there while someone has the store, and after one was killed. Without it SQLite need not make files
    of its own.
    """
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, timeout=_BUSY_SECONDS)


def _unusable(path: Path, reason: str) -> Finding:
    remedy = f"restore {path.name} from a copy, or move it aside with its -wal and -shm files, or {_ELSEWHERE}; nothing was changed"
    return _finding("store", "failed", f"the checkpoint store {path} cannot be used: {reason}", remedy)


def _fault(connection: sqlite3.Connection, *, thorough: bool) -> str | None:
    """What is wrong with the file as a database, or None. Raises sqlite3.Error for what SQLite refuses to read at all."""
    for table, wanted in _COLUMNS.items():
        columns = {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")}
        if columns and (missing := wanted - columns):
            return f"it was made by another version: its table {table} has no {', '.join(sorted(missing))}"
    if not thorough:
        return None
    said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if said == "ok" else f"it is damaged ({said})"


def _readable(connection: sqlite3.Connection, path: Path, size: int, *, thorough: bool) -> Finding:
    opens = f"{path} opens ({_size(size)})"
    if not thorough or not list(connection.execute("PRAGMA table_info(checkpoints)")):
        return _finding("store", "ok", opens)
    formats = _formats(connection)
    foreign = sorted(run for run, found in formats.items() if found != FORMAT_VERSION)
    if not foreign:
        return _finding(
            "store", "ok", f"{opens}; its {len(formats)} newest runs are in format {FORMAT_VERSION}, which this version reads"
        )
    shown = ", ".join(foreign[:_RUNS_SHOWN]) + (f" and {len(foreign) - _RUNS_SHOWN} more" if len(foreign) > _RUNS_SHOWN else "")
    newer = any(isinstance(found, int) and found > FORMAT_VERSION for found in formats.values())
    written = "by a newer version" if newer else "in another format, or are damaged"
    detail = f"{opens}, but holds runs that were written {written} (this version reads format {FORMAT_VERSION}): {shown}"
    return _finding("store", "warning", detail, "go on with those runs in the version that began them; a new run can start")


def _formats(connection: sqlite3.Connection) -> dict[str, object]:
    """The checkpoint format of the newest runs, by run; None where a checkpoint cannot be read."""
    newest = connection.execute(
        "SELECT thread_id, MAX(checkpoint_id) FROM checkpoints WHERE checkpoint_ns = '' GROUP BY thread_id ORDER BY 2 DESC LIMIT ?",
        (_RUNS_READ,),
    ).fetchall()
    query = "SELECT type, checkpoint FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '' AND checkpoint_id = ?"
    return {str(run): _format(connection.execute(query, (run, step)).fetchone()) for run, step in newest}


def _format(row: tuple[str, bytes]) -> object:
    """The format that a checkpoint says it has; this version's for a run that was killed before it said so."""
    try:
        values: dict[str, Any] = serializer().loads_typed(row)["channel_values"]
    except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
        return None
    start = values.get("start")
    found = start.get("format") if isinstance(start, dict) else getattr(start, "format", None)
    return FORMAT_VERSION if start is None else found
