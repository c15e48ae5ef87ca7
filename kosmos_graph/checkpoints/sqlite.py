"""The default checkpoint store: one SQLite file in the home folder."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.sqlite import SqliteSaver

from kosmos_graph.checkpoints.allowed import serializer
from kosmos_graph.checkpoints.both_faces import BothFaces
from kosmos_graph.checkpoints.together import Together
from kosmos_graph.errors import StoreError
from kosmos_graph.sqlite_files import connect

FILENAME = "checkpoints.sqlite"
T = TypeVar("T")

_DAMAGE = (ValueError, TypeError, LookupError, AttributeError)
"""What reading bytes as what they are not raises."""


class _Saver(SqliteSaver):
    """LangGraph's saver. A damaged checkpoint is a StoreError, it is not closed while another thread is in the middle of it, and
    checkpoints that are written at the same time share a commit.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection, serde=serializer())
        self._together = Together(connection, self.lock)

    def write_together(self, work: Callable[[], T]) -> Future[T]:
        """Do `work`, a `put` or `put_writes` of this saver, with what else is to be written now; done when it is on disk."""
        return self._together.write(work)

    @contextlib.contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[sqlite3.Cursor]:
        """LangGraph's cursor; within a shared transaction one that leaves the commit to it."""
        if not self._together.inside:
            with super().cursor(transaction) as cursor:
                yield cursor
            return
        with contextlib.closing(self.conn.cursor()) as cursor:
            yield cursor

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        with _damage_told():
            return super().get_tuple(config)

    def list(self, config: RunnableConfig | None, **bounds: Any) -> Iterator[CheckpointTuple]:
        with _damage_told():
            yield from super().list(config, **bounds)

    def close(self) -> None:
        """Close the file, after whoever uses it now: closing it under them would crash the interpreter."""
        self._together.close()
        with self.lock:
            self.conn.close()


@contextlib.contextmanager
def open_saver(home: Path) -> Iterator[BothFaces]:
    """The checkpointer of a home folder, closed at the end. Raises StoreError."""
    saver = _Saver(connect(home / FILENAME))
    try:
        saver.setup()
        yield BothFaces(saver)
    except sqlite3.Error as error:
        raise StoreError(f"the checkpoint store {home / FILENAME} cannot be used: {error}") from error
    finally:
        saver.close()


@contextlib.contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise StoreError(f"a checkpoint is damaged: {error}; go on from a copy of the home folder, or start another run") from error
