"""SQLite files that several threads and processes share."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from kosmos_graph.errors import StoreError

BUSY_SECONDS = 30.0


def connect(path: Path, what: str = "the checkpoint store") -> sqlite3.Connection:
    """Open (or make) a SQLite file for several threads and processes: write-ahead log, waiting for other writers.

    A commit is on disk when it returns. Raises StoreError when the file is not a database, is damaged, or cannot be written;
    `what` is what the sentence calls it.
    """
    connection = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, check_same_thread=False, timeout=BUSY_SECONDS)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    except (sqlite3.Error, OSError) as error:
        if connection is not None:
            connection.close()
        raise StoreError(f"{what} {path} cannot be opened: {error}; choose another home folder or mend the file") from error
    return connection
