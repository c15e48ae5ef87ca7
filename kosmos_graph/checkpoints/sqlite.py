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
from kosmos_graph.sqlite_files import connect

FILENAME = "checkpoints.sqlite"


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
