"""Writes that come together are one transaction: on disk before anybody goes on, none lost with another's failure."""

from __future__ import annotations

import asyncio
import sqlite3
import threading

import pytest
from langgraph.checkpoint.base import empty_checkpoint

from kosmos_graph.checkpoints.forking import thread
from kosmos_graph.checkpoints.sqlite import FILENAME, open_saver
from kosmos_graph.checkpoints.together import Together


@pytest.fixture
def store(tmp_path):
    connection = sqlite3.connect(tmp_path / "store.sqlite", check_same_thread=False)
    connection.execute("CREATE TABLE kept (name TEXT PRIMARY KEY)")
    lock = threading.Lock()
    together = Together(connection, lock)
    yield connection, lock, together
    together.close()
    connection.close()


def kept_on_disk(tmp_path):
    with sqlite3.connect(tmp_path / "store.sqlite") as other:
        return sorted(name for (name,) in other.execute("SELECT name FROM kept"))


def keep(connection, together, lock, name):
    """A write as the saver does it: committed at once, unless it is part of a transaction."""

    def work():
        if together.inside:
            connection.execute("INSERT INTO kept VALUES (?)", (name,))
            return name
        with lock, connection:
            connection.execute("INSERT INTO kept VALUES (?)", (name,))
        return name

    return work


def commits_of(connection):
    seen = []
    connection.set_trace_callback(lambda sql: seen.append(sql) if sql == "COMMIT" else None)
    return seen


def waiting(connection, lock, together, works):
    """Futures of writes that all wait while somebody else has the connection, so that they come together after the first."""
    with lock:
        return [together.write(work) for work in works]


def test_writes_that_wait_together_are_committed_once_and_are_on_disk_when_they_are_done(store, tmp_path):
    connection, lock, together = store
    commits = commits_of(connection)
    done = waiting(connection, lock, together, [keep(connection, together, lock, name) for name in "abcdefgh"])
    assert [one.result(timeout=30) for one in done] == list("abcdefgh")
    assert kept_on_disk(tmp_path) == list("abcdefgh")
    assert len(commits) <= 2


def test_a_write_that_fails_fails_alone(store, tmp_path):
    connection, lock, together = store
    names = ["a", "b", "b", "c"]
    done = waiting(connection, lock, together, [keep(connection, together, lock, name) for name in ["first", *names]])
    assert isinstance(done[3].exception(timeout=30), sqlite3.IntegrityError)
    assert [one.result(timeout=30) for number, one in enumerate(done) if number != 3] == ["first", "a", "b", "c"]
    assert kept_on_disk(tmp_path) == ["a", "b", "c", "first"]


def test_a_write_that_nobody_waits_for_any_more_is_not_begun(store, tmp_path):
    connection, lock, together = store
    with lock:
        done = [together.write(keep(connection, together, lock, name)) for name in "abc"]
        assert done[2].cancel()
    assert done[1].result(timeout=30) == "b"
    together.close()
    assert kept_on_disk(tmp_path) == ["a", "b"]


async def test_a_checkpoint_is_seen_by_another_connection_as_soon_as_it_is_awaited(tmp_path):
    with open_saver(tmp_path) as saver:

        async def put(number):
            checkpoint = {**empty_checkpoint(), "channel_values": {"number": number}}
            config = await saver.aput(thread(f"t{number}"), checkpoint, {"step": number}, {})
            await saver.aput_writes(config, [("number", number)], "task")
            with sqlite3.connect(tmp_path / FILENAME) as other:
                (found,) = other.execute("SELECT count(*) FROM writes WHERE thread_id = ?", (f"t{number}",)).fetchone()
            return found

        assert await asyncio.gather(*(put(number) for number in range(12))) == [1] * 12
        values = [(await saver.aget_tuple(thread(f"t{number}"))).checkpoint["channel_values"]["number"] for number in range(12)]
    assert values == list(range(12))
