"""Outcomes on disk, by the id of their job: an identical job is not run again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from kosmos_graph.domain.code_experiment import Outcome
from kosmos_graph.errors import StoreError
from kosmos_graph.sqlite_files import connect

FILE_NAME = "experiments.sqlite"
_WHAT = "the store of experiments"
_TABLE = "CREATE TABLE IF NOT EXISTS outcomes (id TEXT PRIMARY KEY, outcome TEXT NOT NULL) WITHOUT ROWID"


class OutcomeStore:
    """The outcomes in one home folder, for any number of threads and processes. Raises StoreError."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE_NAME
        self._lock = threading.Lock()
        self._connection = connect(self.path, _WHAT)
        try:
            with self._told():
                self._connection.execute(_TABLE)
                self._connection.execute("BEGIN IMMEDIATE")  # a file that cannot be written is found out here, not after a job
                self._connection.execute("ROLLBACK")
        except StoreError:
            self._connection.close()
            raise

    def get(self, id: str) -> Outcome | None:  # noqa: A002
        """The stored outcome of a job."""
        with self._told():
            row = self._connection.execute("SELECT outcome FROM outcomes WHERE id = ?", (id,)).fetchone()
        try:
            return None if row is None else Outcome.model_validate_json(row[0])
        except ValidationError as error:
            raise StoreError(f"{_WHAT} {self.path} holds an outcome that cannot be read; move the file away") from error

    def put(self, outcome: Outcome) -> Outcome:
        """Store an outcome, and give back the one that is stored: the first that anybody wrote."""
        with self._told(), self._connection:
            row = (outcome.id, outcome.model_dump_json())
            self._connection.execute("INSERT OR IGNORE INTO outcomes VALUES (?, ?)", row)
        return self.get(outcome.id) or outcome

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """One thread at a time, and SQLite's errors as sentences."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                remedy = "choose another home folder or mend the file"
                raise StoreError(f"{_WHAT} {self.path} cannot be read or written: {error}; {remedy}") from error
