"""Outcomes on disk, by the id of their job: an identical job is not run again."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kosmos_graph.domain.code_experiment import Outcome
from kosmos_graph.errors import StoreError
from kosmos_graph.sqlite_files import connect

FILE_NAME = "experiments.sqlite"
_WHAT = "the store of experiments"
_TABLE = "CREATE TABLE IF NOT EXISTS outcomes (id TEXT PRIMARY KEY, outcome TEXT NOT NULL) WITHOUT ROWID"


class OutcomeStore:
    """The outcomes in one home folder, for any number of threads and processes.

    All it does is save time. Where its file cannot be read or written it is left as it is and done without, from then on until the
    store is opened again; `trouble` says so in sentences. An outcome in it that is none counts as not stored.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / FILE_NAME
        self.trouble: str | None = None
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = connect(self.path, _WHAT)
        except StoreError as error:
            self._do_without(error.__cause__ or error)
            return
        self._connection.text_factory = bytes  # what is no text is found out with what is no outcome
        self._execute(_TABLE)
        self._execute("BEGIN IMMEDIATE")  # a file that cannot be written is found out here, not after a job

    def get(self, id: str) -> Outcome | None:  # noqa: A002
        """The stored outcome of a job."""
        row = self._execute("SELECT outcome FROM outcomes WHERE id = ?", (id,))
        try:
            found = None if row is None else Outcome.model_validate_json(row[0])
        except ValidationError:
            return None
        return found if found is not None and found.id == id else None

    def put(self, outcome: Outcome) -> Outcome:
        """Store an outcome, and give back the one that is stored: the first that anybody wrote."""
        row = (outcome.id, outcome.model_dump_json())
        self._execute("INSERT OR IGNORE INTO outcomes VALUES (?, ?)", row)
        stored = self.get(outcome.id)
        if stored is None:
            self._execute("INSERT OR REPLACE INTO outcomes VALUES (?, ?)", row)
        return stored or outcome

    def close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _execute(self, statement: str, values: tuple[str, ...] = ()) -> Any:
        """The first row that a statement gives, committed; None where there is none, or the store is done without."""
        with self._lock:
            if self._connection is None:
                return None
            try:
                with self._connection:
                    return self._connection.execute(statement, values).fetchone()
            except sqlite3.Error as error:
                self._connection.close()
                self._connection = None
                self._do_without(error)
                return None

    def _do_without(self, error: BaseException) -> None:
        self.trouble = (
            f"The store of experiments {self.path} cannot be read or written ({error}): experiments in code were run without it, "
            "and equal ones are run again. Move the file away or mend it."
        )
