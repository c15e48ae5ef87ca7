"""The SQLite files of a home folder, which are only read: whether they open, are whole, and have a format known here."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kosmos_graph.checkpoints import sqlite as checkpoints
from kosmos_graph.checkpoints.allowed import serializer
from kosmos_graph.doctor.diagnosis import Finding, Status
from kosmos_graph.graph.state import FORMAT_VERSION
from kosmos_graph.providers import journal

ELSEWHERE = "choose another home folder with --home or KOSMOS_HOME"
_QUICK = 32 << 20
_RUNS_READ = 50
_RUNS_SHOWN = 5
_BUSY_SECONDS = 2.0


@dataclass(frozen=True)
class Store:
    """One of the files. `columns` must be there in tables that are; `latest` bounds the version that the file says it has."""

    check: Literal["store", "journal"]
    title: str
    filename: str
    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    latest: int | None = None

    def finding(self, status: Status, detail: str, remedy: str | None = None) -> Finding:
        """A finding about this file."""
        return Finding(subject="home", check=self.check, status=status, detail=detail, remedy=remedy)

    def unusable(self, path: Path, reason: str) -> Finding:
        """The finding that stops a run."""
        files = f"{path.name} from a copy, or move it aside with its -wal and -shm files"
        return self.finding(
            "failed", f"the {self.title} {path} cannot be used: {reason}", f"restore {files}, or {ELSEWHERE}; nothing was changed"
        )


CHECKPOINTS = Store(
    "store",
    "checkpoint store",
    checkpoints.FILENAME,
    columns={
        "checkpoints": frozenset(
            ("thread_id", "checkpoint_ns", "checkpoint_id", "parent_checkpoint_id", "type", "checkpoint", "metadata")
        ),
        "writes": frozenset(("thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx", "channel", "type", "value")),
    },
)
JOURNAL = Store("journal", "call journal", journal.FILENAME, latest=journal.FORMAT_VERSION)


def examine_store(store: Store, home: Path, *, thorough: bool) -> Finding:
    """Whether the file can be used. Not `thorough`, a large one is not read through and no run's format is looked at."""
    path = home / store.filename
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return store.finding("ok", f"there is no {store.title} yet; the first run that needs one makes it")
    except OSError as error:
        return store.unusable(path, error.strerror or str(error))
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        return store.unusable(path, "it is no file, or may not be read and written")
    try:
        return _opened(store, path, size, thorough=thorough)
    except sqlite3.Error as error:
        if "locked" in str(error) or "busy" in str(error):
            return store.finding("warning", f"another process holds the {store.title} {path}", "wait for it, and look again")
        return store.unusable(path, str(error))


def _opened(store: Store, path: Path, size: int, *, thorough: bool) -> Finding:
    """The finding about a file that is there. Raises sqlite3.Error for what SQLite refuses to read at all."""
    with closing(_read_only(path)) as connection:
        if fault := _fault(store, connection, thorough=thorough or size <= _QUICK):
            return store.unusable(path, fault)
        foreign = _foreign_runs(connection) if thorough and store is CHECKPOINTS else None
    opens = f"{path} opens ({size_text(size)})"
    if foreign is None:
        return store.finding("ok", opens)
    return store.finding(
        "warning", f"{opens}, {foreign}", "go on with those runs in the version that began them; a new run can start"
    )


def size_text(count: int) -> str:
    """A number of bytes for people."""
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MiB"


def _read_only(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing.

    The write-ahead log is there while someone has the store, and after one was killed. Without it SQLite need not make files
    of its own.
    """
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, timeout=_BUSY_SECONDS)


def _fault(store: Store, connection: sqlite3.Connection, *, thorough: bool) -> str | None:
    """What is wrong with the file as a database, or None."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if store.latest is not None and version > store.latest:
        return f"a newer version wrote it, in format {version}, and this version reads format {store.latest}"
    for table, wanted in store.columns.items():
        columns = {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")}
        if columns and (missing := wanted - columns):
            return f"it was made by another version: its table {table} has no {', '.join(sorted(missing))}"
    if not thorough:
        return None
    said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if said == "ok" else f"it is damaged ({said})"


def _foreign_runs(connection: sqlite3.Connection) -> str | None:
    """Which of the newest runs this version cannot go on with, as the end of a sentence; None if it can with all."""
    if not list(connection.execute("PRAGMA table_info(checkpoints)")):
        return None
    formats = _formats(connection)
    foreign = sorted(run for run, found in formats.items() if found != FORMAT_VERSION)
    if not foreign:
        return None
    shown = ", ".join(foreign[:_RUNS_SHOWN]) + (f" and {len(foreign) - _RUNS_SHOWN} more" if len(foreign) > _RUNS_SHOWN else "")
    newer = any(isinstance(found, int) and found > FORMAT_VERSION for found in formats.values())
    written = "by a newer version" if newer else "in another format, or are damaged"
    return f"but holds runs that were written {written} (this version reads format {FORMAT_VERSION}): {shown}"


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
    # what the serializer raises for bytes that are none of its own; for an encoding that it does not know, NotImplementedError
    except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
        return None
    start = values.get("start")
    found = start.get("format") if isinstance(start, dict) else getattr(start, "format", None)
    return FORMAT_VERSION if start is None else found
