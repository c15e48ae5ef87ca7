import sqlite3

import pytest

from kosmos_graph import sqlite_files
from kosmos_graph.errors import StoreError
from kosmos_graph.sqlite_files import connect


@pytest.fixture
def reader(tmp_path):
    """A connection that reads, in the journal mode in which a reader keeps others from changing the mode."""
    connection = sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)
    connection.execute("CREATE TABLE t (a)")
    connection.execute("BEGIN")
    connection.execute("SELECT * FROM t").fetchall()
    yield connection
    connection.close()


def test_a_file_that_another_connection_keeps_in_its_old_mode_is_waited_for(reader, tmp_path):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            reader.rollback()

    connection = connect(tmp_path / "x.sqlite", sleep=sleep)
    assert len(pauses) == 3
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
    connection.close()


def test_a_file_that_stays_locked_is_refused_after_the_whole_wait(reader, tmp_path):
    pauses = []
    with pytest.raises(StoreError, match=r"x\.sqlite cannot be opened: database is locked"):
        connect(tmp_path / "x.sqlite", sleep=pauses.append)
    assert sum(pauses) == pytest.approx(sqlite_files.BUSY_SECONDS)


def test_a_file_that_is_no_database_is_refused_at_once(tmp_path):
    (tmp_path / "x.sqlite").write_bytes(b"no database, but a text of some length " * 50)
    pauses = []
    with pytest.raises(StoreError, match="not a database"):
        connect(tmp_path / "x.sqlite", sleep=pauses.append)
    assert pauses == []
