"""The default checkpoint store: one SQLite file in the home folder."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.sqlite import SqliteSaver

from kosmos_graph.checkpoints.allowed import serializer
from kosmos_graph.checkpoints.both_faces import BothFaces
from kosmos_graph.errors import StoreError
from kosmos_graph.sqlite_files import connect

FILENAME = "checkpoints.sqlite"


_DAMAGE = (ValueError, TypeError, LookupError, AttributeError)
"""What reading bytes as what they are not raises."""


class _Saver(SqliteSaver):
    """LangGraph's saver. A damaged checkpoint is a StoreError, and it is not closed while another thread is in the middle of it."""

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        with _damage_told():
            return super().get_tuple(config)

    def list(self, config: RunnableConfig | None, **bounds: Any) -> Iterator[CheckpointTuple]:
        with _damage_told():
            yield from super().list(config, **bounds)

    def close(self) -> None:
        """Close the file, after whoever uses it now: closing it under them would crash the interpreter."""
        with self.lock:
            self.conn.close()


@contextlib.contextmanager
def open_saver(home: Path) -> Iterator[BothFaces]:
    """The checkpointer of a home folder, closed at the end. Raises StoreError."""
    saver = _Saver(connect(home / FILENAME), serde=serializer())
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
