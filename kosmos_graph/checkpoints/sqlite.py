"""The default checkpoint store: one SQLite file in the home folder."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from langgraph.checkpoint.sqlite import SqliteSaver

from kosmos_graph.checkpoints.allowed import serializer
from kosmos_graph.checkpoints.both_faces import BothFaces
from kosmos_graph.errors import StoreError

FILENAME = "checkpoints.sqlite"
BUSY_SECONDS = 30.0


def connect(path: Path) -> sqlite3.Connection:
    """Open (or make) a SQLite file for several threads and processes: write-ahead log, waiting for other writers.

    Raises StoreError when the file is not a database, is damaged, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, check_same_thread=False, timeout=BUSY_SECONDS)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the checkpoint store {path} cannot be opened: {error}; choose another home folder or mend the file"
        ) from error
    return connection


@contextlib.contextmanager
def open_saver(home: Path) -> Iterator[BothFaces]:
    """The checkpointer of a home folder, closed at the end. Raises StoreError."""
    connection = connect(home / FILENAME)
    try:
        saver = SqliteSaver(connection, serde=serializer())
        saver.setup()
        yield BothFaces(saver)
    except sqlite3.Error as error:
        raise StoreError(f"the checkpoint store {home / FILENAME} cannot be used: {error}") from error
    finally:
        connection.close()
