"""Writes to one SQLite connection that come together are committed together: each is on disk before its caller goes on, and what
a dozen callers wait for costs one turn of the disk.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Write:
    """What is to be written, and who waits for it."""

    work: Callable[[], Any]
    done: Future[Any] = field(default_factory=Future)


class Together:
    """Does writes in one thread; all that wait when it comes to them are one transaction. `lock` guards the connection.

    A transaction that fails is taken back and its writes are done one by one, so they have to be such that doing one again changes
    nothing; the caller of one that fails then is told.
    """

    def __init__(self, connection: sqlite3.Connection, lock: threading.Lock) -> None:
        self._connection = connection
        self._lock = lock
        self._waiting: deque[Write] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kosmos-graph checkpoints")
        self._inside: int | None = None

    @property
    def inside(self) -> bool:
        """Whether the caller is a write of a transaction, which is committed later."""
        return self._inside == threading.get_ident()

    def write(self, work: Callable[[], T]) -> Future[T]:
        """Have `work` done; the future is done when it is on disk."""
        write = Write(work)
        self._waiting.append(write)
        self._thread.submit(self._write_waiting)
        return write.done

    def close(self) -> None:
        """Wait for the writes that are under way."""
        self._thread.shutdown()

    def _write_waiting(self) -> None:
        found = [self._waiting.popleft() for _ in range(len(self._waiting))]
        writes = [write for write in found if write.done.set_running_or_notify_cancel()]
        if len(writes) > 1:
            try:
                results = self._in_one_transaction(writes)
            except Exception:  # noqa: BLE001 - whose it is comes out as they are done one by one
                self._one_by_one(writes)
            else:
                for write, result in zip(writes, results, strict=True):
                    write.done.set_result(result)
        else:
            self._one_by_one(writes)

    def _in_one_transaction(self, writes: list[Write]) -> list[Any]:
        with self._lock, self._as_one():
            return [write.work() for write in writes]

    @contextmanager
    def _as_one(self) -> Iterator[None]:
        self._inside = threading.get_ident()
        try:
            with self._connection:  # commits, or takes back
                yield
        finally:
            self._inside = None

    def _one_by_one(self, writes: list[Write]) -> None:
        for write in writes:
            try:
                result = write.work()
            except BaseException as error:  # noqa: BLE001 - it is raised where the write is awaited
                write.done.set_exception(error)
            else:
                write.done.set_result(result)
