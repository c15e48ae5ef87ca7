"""The journal: every answer of a model is on disk before it is used, so that no crash makes anybody pay for it again."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from kosmos_graph.domain.calls import Call, CallSite
from kosmos_graph.errors import RecordingMiss, StoreError
from kosmos_graph.sqlite_files import connect

FILENAME = "journal.sqlite"
FORMAT_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    run TEXT NOT NULL, node TEXT NOT NULL, branch TEXT NOT NULL, attempt TEXT NOT NULL, number INTEGER NOT NULL,
    digest TEXT NOT NULL, outcome TEXT NOT NULL, content TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS places ON calls (run, node, branch, attempt, number, digest);
CREATE INDEX IF NOT EXISTS digests ON calls (digest);
"""
_AT_A_PLACE = (
    "SELECT content FROM calls WHERE run = ? AND node = ? AND branch = ? AND attempt = ? AND number = ? AND digest = ? "
    "AND outcome IN ('answered', 'malformed') ORDER BY rowid DESC LIMIT 1"
)
_ANYWHERE = "SELECT content FROM calls WHERE digest = ? AND outcome = 'answered' ORDER BY rowid DESC LIMIT 1"
_OF_A_RUN = "SELECT content FROM calls WHERE run = ? ORDER BY rowid"


class Journal(Protocol):
    """Answers by the place and the digest of their request."""

    def find(self, site: CallSite, number: int, digest: str) -> Call | None:
        """What came of a request, if that is known and settled."""
        ...

    def put(self, call: Call) -> None:
        """Keep what came of a request; it is on disk when this returns. Raises StoreError."""
        ...


class CallJournal:
    """The journal of a home folder, a SQLite file that is made with the first call. Thread-safe; several processes may write.

    With `reuse` an equal request of any other run is answered too. Every method raises StoreError for a file that cannot be used.
    """

    def __init__(self, home: Path, *, reuse: bool = False) -> None:
        self._path = home / FILENAME
        self._reuse = reuse
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def find(self, site: CallSite, number: int, digest: str) -> Call | None:
        """The settled request at this place, else with `reuse` an equal one that any run had answered."""
        place = (site.run, site.node, site.branch, site.attempt, number, digest)
        if found := self._read(_AT_A_PLACE, place):
            return found[0]
        other = self._read(_ANYWHERE, (digest,)) if self._reuse else ()
        return other[0].model_copy(update={"site": site, "number": number, "cost": 0.0, "reused": True}) if other else None

    def put(self, call: Call) -> None:
        """Append what came of a request."""
        site = call.site
        row = (site.run, site.node, site.branch, site.attempt, call.number, call.digest, call.outcome, call.model_dump_json())
        with self._open() as connection, connection:
            connection.execute("INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def calls_of(self, run: str) -> tuple[Call, ...]:
        """Everything that a run asked, in the order in which it was answered; failures too."""
        return self._read(_OF_A_RUN, (run,))

    def spent_by(self, run: str) -> tuple[float, int]:
        """US dollars that a run's answers cost, as far as prices are known, and how many answers there were."""
        settled = [call for call in self.calls_of(run) if call.settled and not call.reused]
        return sum(call.cost or 0.0 for call in settled), len(settled)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _read(self, query: str, values: tuple[object, ...]) -> tuple[Call, ...]:
        if self._connection is None and not self._path.exists():
            return ()
        with self._open() as connection:
            rows = connection.execute(query, values).fetchall()
        return tuple(self._parsed(content) for (content,) in rows)

    def _parsed(self, content: str) -> Call:
        try:
            return Call.model_validate_json(content)
        except ValidationError as error:
            raise StoreError(f"a line of the call journal {self._path} is damaged: {error.errors()[0]['msg']}") from None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._opened()
                yield self._connection
            except sqlite3.Error as error:
                raise StoreError(f"the call journal {self._path} cannot be used: {error}; mend or move the file") from error

    def _opened(self) -> sqlite3.Connection:
        connection = connect(self._path, "the call journal")
        try:
            self._refuse_newer(connection)
            connection.executescript(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _refuse_newer(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > FORMAT_VERSION:
            raise StoreError(
                f"the call journal {self._path} has format {version}, and this version reads {FORMAT_VERSION}: "
                "use the version that wrote it, or another home folder"
            )


class ReplayJournal:
    """The calls of a recording: each is given out for the run that repeats it, failures included, and there are no others."""

    def __init__(self, calls: tuple[Call, ...]) -> None:
        self._calls = {_place(call.site, call.number): call for call in calls}

    def find(self, site: CallSite, number: int, digest: str) -> Call | None:
        """The recorded request at this place. Raises RecordingMiss where there is none, or another one was recorded."""
        call = self._calls.get(_place(site, number))
        where = f"{site.node} ({site.branch or 'the run'}), request {number}"
        if call is None:
            raise RecordingMiss(f"the recording holds nothing for {where}: it was made with other data, options or another version")
        if call.digest != digest:
            raise RecordingMiss(f"the recording holds another request for {where}: it was made with other data or another version")
        return call.model_copy(update={"site": site})

    def put(self, call: Call) -> None:
        """Unreachable: every request is found, or is a RecordingMiss."""
        raise AssertionError(f"a replayed run asked {call.model}")


def _place(site: CallSite, number: int) -> str:
    return json.dumps([site.node, site.branch, site.attempt, number])
