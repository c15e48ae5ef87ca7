"""The journal: every answer of a model is on disk before it is used, so that no crash makes anybody pay for it again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from kosmos_graph.domain.calls import Call, CallSite
from kosmos_graph.errors import KosmosError, RecordingMiss, StoreError
from kosmos_graph.sqlite_files import connect

FILENAME = "journal.sqlite"
FORMAT_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, node TEXT NOT NULL, branch TEXT NOT NULL, attempt TEXT NOT NULL,
    number INTEGER NOT NULL, digest TEXT NOT NULL, outcome TEXT NOT NULL, content TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS places ON calls (run, node, branch, attempt, digest, number);
CREATE INDEX IF NOT EXISTS digests ON calls (digest);
CREATE TABLE IF NOT EXISTS forgotten (
    run TEXT NOT NULL, node TEXT NOT NULL, branch TEXT NOT NULL, attempt TEXT NOT NULL, until INTEGER NOT NULL
);
"""
_SITE = "run = ? AND node = ? AND branch = ? AND attempt = ?"
_PUT = "INSERT INTO calls (run, node, branch, attempt, number, digest, outcome, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FORGET = "INSERT INTO forgotten SELECT ?, ?, ?, ?, COALESCE(MAX(id), 0) FROM calls"
_FORGOTTEN_UNTIL = f"SELECT COALESCE(MAX(until), 0) FROM forgotten WHERE {_SITE}"  # noqa: S608 - constants
_AT_A_PLACE = (
    f"SELECT content FROM calls WHERE {_SITE} AND digest = ? AND number = ? AND id > ? "  # noqa: S608 - constants
    "AND outcome IN ('answered', 'malformed') ORDER BY id DESC LIMIT 1"
)
_OF_ANOTHER_RUN = "SELECT content FROM calls WHERE digest = ? AND run != ? AND outcome = 'answered' ORDER BY id DESC LIMIT 1"
_OF_A_RUN = "SELECT content FROM calls WHERE run = ? ORDER BY id"


class Journal(Protocol):
    """Answers by the place and the digest of their request."""

    def find(self, site: CallSite, number: int, digest: str) -> Call | None:
        """What came of a request, if that is known and settled."""
        ...

    def put(self, call: Call) -> None:
        """Keep what came of a request; it is on disk when this returns. Raises StoreError."""
        ...

    def forget(self, site: CallSite) -> None:
        """Ask anew what this execution asked, when the node is executed again: its answers were not good enough to go on with."""
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
        """The settled request at this place, else with `reuse` an equal one that another run had answered, now this run's too."""
        if self._connection is None and not self._path.exists():
            return None
        place = _columns(site)
        with self._open() as connection:
            (until,) = connection.execute(_FORGOTTEN_UNTIL, place).fetchone()
            found = connection.execute(_AT_A_PLACE, (*place, digest, number, until)).fetchone()
            reusable = self._reuse and not found and not until
            other = connection.execute(_OF_ANOTHER_RUN, (digest, site.run)).fetchone() if reusable else None
        if other is None:
            return self._parsed(*found) if found else None
        taken = self._parsed(*other).model_copy(update={"site": site, "number": number, "cost": 0.0, "reused": True})
        self.put(taken)
        return taken

    def put(self, call: Call) -> None:
        """Append what came of a request."""
        row = (*_columns(call.site), call.number, call.digest, call.outcome, call.model_dump_json())
        with self._open() as connection, connection:
            connection.execute(_PUT, row)

    def forget(self, site: CallSite) -> None:
        """What the execution was answered stays in the journal, and is not found any more."""
        with self._open() as connection, connection:
            connection.execute(_FORGET, _columns(site))

    def calls_of(self, run: str) -> tuple[Call, ...]:
        """Everything that a run asked, in the order in which it was answered; failures too."""
        if self._connection is None and not self._path.exists():
            return ()
        with self._open() as connection:
            rows = connection.execute(_OF_A_RUN, (run,)).fetchall()
        return tuple(self._parsed(content) for (content,) in rows)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

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
            if self._version(connection) < FORMAT_VERSION:
                connection.executescript(_SCHEMA)
                connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _version(self, connection: sqlite3.Connection) -> int:
        """The file's format, 0 for a new file. Raises StoreError for one that a later version wrote."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > FORMAT_VERSION:
            raise StoreError(
                f"the call journal {self._path} has format {version}, and this version reads {FORMAT_VERSION}: "
                "use the version that wrote it, or another home folder"
            )
        return int(version)


class ReplayJournal:
    """The calls of a recording: each is given out for the run that repeats it, failures included, and there are no others.

    `stop` is what had stopped the recorded run, if that is known: it stops the repetition where the calls end.
    """

    def __init__(self, calls: tuple[Call, ...], stop: KosmosError | None = None) -> None:
        self._calls = {(*_columns(call.site)[1:], call.digest, call.number): call for call in calls}
        self._stop = stop

    def find(self, site: CallSite, number: int, digest: str) -> Call | None:
        """The recorded request. Raises what stopped the recorded run where there is none, or RecordingMiss."""
        call = self._calls.get((*_columns(site)[1:], digest, number))
        if call is not None:
            return call.model_copy(update={"site": site})
        if self._stop is not None:
            raise type(self._stop)(str(self._stop))
        raise RecordingMiss(
            f"the recording does not hold what {site.node} asks for {site.branch or 'the run'}: "
            "it was made with other data, other options or another version, or only one of the two could run code"
        )

    def put(self, call: Call) -> None:
        """Unreachable: every request is found, or stops the run."""
        raise AssertionError(f"a replayed run asked {call.model}")

    def forget(self, site: CallSite) -> None:
        """Nothing: the recording holds the last word on each request."""


def _columns(site: CallSite) -> tuple[str, str, str, str]:
    return site.run, site.node, site.branch, site.attempt
