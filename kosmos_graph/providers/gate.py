"""Gates that bound the calls in flight at one server, for every thread and event loop of the process."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager


class Gate:
    """Lets `capacity` calls through at once, the others in the order in which they came.

    A caller that already holds the gate passes again, so that a call made between two pieces of a stream does not wait for
    the stream's own end.
    """

    def __init__(self, capacity: int) -> None:
        self._free = capacity
        self._waiting: deque[Future[None]] = deque()
        self._holders: set[tuple[int, int]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold a place, waiting for it on this thread, unless the thread itself runs what would have to end first."""
        me = _caller()
        if any(thread == me[0] for thread, _ in tuple(self._holders)):
            yield
            return
        self._wait()
        try:
            self._holders.add(me)
            yield
        finally:
            self._leave(me)

    @asynccontextmanager
    async def passing_async(self) -> AsyncIterator[None]:
        """Hold a place, waiting for it without blocking the event loop."""
        me = _caller()
        if me in self._holders:
            yield
            return
        await self._wait_async()
        try:
            self._holders.add(me)
            yield
        finally:
            self._leave(me)

    def _wait(self) -> None:
        place = self._queue()
        try:
            place.result()
        except BaseException:
            self._withdraw(place)
            raise

    async def _wait_async(self) -> None:
        place = self._queue()
        try:
            await asyncio.wrap_future(place)
        except BaseException:
            self._withdraw(place)
            raise

    def _queue(self) -> Future[None]:
        """A place in the queue, done at once when there is room."""
        place: Future[None] = Future()
        with self._lock:
            if self._free > 0:
                self._free -= 1
                place.set_result(None)
            else:
                self._waiting.append(place)
        return place

    def _withdraw(self, place: Future[None]) -> None:
        """Give up a place after an interruption: leave the queue, or hand on what was already granted."""
        if not place.cancel():
            self._release()

    def _leave(self, me: tuple[int, int]) -> None:
        self._holders.discard(me)
        self._release()

    def _release(self) -> None:
        with self._lock:
            while self._waiting:
                following = self._waiting.popleft()
                if following.set_running_or_notify_cancel():
                    following.set_result(None)
                    return
            self._free += 1


_gates: dict[tuple[str, int], Gate] = {}
_gates_lock = threading.Lock()


def gate_for(server: str, capacity: int) -> Gate:
    """The process's one gate for a server and a capacity."""
    with _gates_lock:
        return _gates.setdefault((server, capacity), Gate(capacity))


def _caller() -> tuple[int, int]:
    """The thread, and the task where one is running."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return threading.get_ident(), id(task)
