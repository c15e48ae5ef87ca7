"""SQLite files that several threads and processes share."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from kosmos_graph.errors import StoreError

BUSY_SECONDS = 30.0
_PAUSE_SECONDS = 0.02
_PRIMARY_CODE = 0xFF


def connect(path: Path, what: str = "the checkpoint store", *, sleep: Callable[[float], None] = time.sleep) -> sqlite3.Connection:
    """Open (or make) a SQLite file for several threads and processes: write-ahead log, waiting for other writers.

    A commit is on disk when it returns. Raises StoreError when the file is not a database, is damaged, or cannot be written;
    `what` is what the sentence calls it.
    """
    connection = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, check_same_thread=False, timeout=0)
        _use_write_ahead_log(connection, sleep)
        connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
        connection.execute("PRAGMA synchronous=FULL")
    except (sqlite3.Error, OSError) as error:
        if connection is not None:
            connection.close()
        raise StoreError(f"{what} {path} cannot be opened: {error}; choose another home folder or mend the file") from error
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection, sleep: Callable[[float], None]) -> None:
    """Set the journal mode, waiting for another connection that sets it: SQLite does not wait by itself for this.

    Raises sqlite3.OperationalError when the file is still locked after BUSY_SECONDS of pauses.
    """
    for _ in range(round(BUSY_SECONDS / _PAUSE_SECONDS)):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_BUSY:
                raise
        else:
            return
        sleep(_PAUSE_SECONDS)
    connection.execute("PRAGMA journal_mode=WAL")
