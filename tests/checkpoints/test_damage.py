"""A checkpoint whose bytes have changed is told, not gone on with; and the file is not closed under a thread that uses it."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from langgraph.checkpoint.base import empty_checkpoint

from kosmos_graph.checkpoints.allowed import serializer
from kosmos_graph.checkpoints.forking import thread
from kosmos_graph.checkpoints.sqlite import FILENAME, open_saver
from kosmos_graph.errors import StoreError


def kept(home, values):
    with open_saver(home) as saver:
        return saver.put(thread("r-1"), {**empty_checkpoint(), "channel_values": values}, {"step": 0}, {})


def test_what_is_kept_is_read_with_and_without_a_checksum(tmp_path):
    kept(tmp_path, {"effect": 0.25})
    with open_saver(tmp_path) as saver:
        assert saver.get_tuple(thread("r-1")).checkpoint["channel_values"] == {"effect": 0.25}
    encoding, content = serializer().dumps_typed({"effect": 0.25})
    assert serializer().loads_typed((encoding.partition(":")[0], content)) == {"effect": 0.25}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE checkpoints SET checkpoint = CAST(replace(checkpoint, CAST('effect' AS BLOB), CAST('affect' AS BLOB)) AS BLOB)",
        "UPDATE checkpoints SET checkpoint = x''",
        "UPDATE checkpoints SET metadata = x'ff'",
        "UPDATE checkpoints SET type = 'msgpack:00000000'",
    ],
)
def test_a_changed_checkpoint_is_one_sentence_wherever_it_is_read(tmp_path, change):
    kept(tmp_path, {"effect": 0.25})
    with sqlite3.connect(tmp_path / FILENAME) as connection:
        connection.execute(change)
    connection.close()
    for read in (lambda saver: saver.get_tuple(thread("r-1")), lambda saver: list(saver.list(thread("r-1")))):
        with open_saver(tmp_path) as saver, pytest.raises(StoreError, match="a checkpoint is damaged"):
            read(saver)


def test_the_file_is_closed_after_the_thread_that_uses_it(tmp_path):
    used, left = threading.Event(), threading.Event()
    with open_saver(tmp_path) as saver:
        inner = saver.inner

    def use():
        with inner.lock:
            used.set()
            left.wait(60)

    user = threading.Thread(target=use)
    user.start()
    used.wait(60)
    closer = threading.Thread(target=inner.close)
    closer.start()
    closer.join(0.05)
    assert closer.is_alive()
    left.set()
    closer.join(60)
    user.join(60)
    assert not closer.is_alive()
