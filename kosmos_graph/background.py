"""The one event loop, in a daemon thread, that serves every synchronous call of the process."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_pid: int | None = None
_END = object()


def loop() -> asyncio.AbstractEventLoop:
    """The background loop, started at first use and again in a forked child."""
    global _loop, _pid
    with _lock:
        if _loop is None or _pid != os.getpid():
            _loop, _pid = asyncio.new_event_loop(), os.getpid()
            threading.Thread(target=_loop.run_forever, name="kosmos-graph", daemon=True).start()
        return _loop


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def on_background_loop() -> bool:
    """Whether the caller runs on the background loop."""
    return _loop is not None and running_loop() is _loop


def _refuse_to_wait_for_itself() -> None:
    if on_background_loop():
        raise RuntimeError("a synchronous call was made on the background loop itself: use the asynchronous one there")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the background loop and wait for it. Interrupting the wait cancels it."""
    _refuse_to_wait_for_itself()
    future = submit(work)
    try:
        return future.result()
    except KeyboardInterrupt:
        future.cancel()
        raise


async def hop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Await `work()` on the background loop, from any loop."""
    if on_background_loop():
        return await work()
    return await asyncio.wrap_future(submit(work()))


def iterate(source: Callable[[], AsyncIterator[T]]) -> Iterator[T]:
    """Iterate synchronously over an asynchronous iterator that lives on the background loop. Leaving early closes it."""
    _refuse_to_wait_for_itself()
    parts: queue.SimpleQueue[Any] = queue.SimpleQueue()
    future = submit(_pump(source, parts.put))
    try:
        while (part := parts.get()) is not _END:
            yield part
        future.result()
    finally:
        future.cancel()


async def aiterate(source: Callable[[], AsyncIterator[T]]) -> AsyncIterator[T]:
    """Iterate, on any loop, over an asynchronous iterator that lives on the background loop. Leaving early closes it."""
    here = asyncio.get_running_loop()
    parts: asyncio.Queue[Any] = asyncio.Queue()

    def put(part: object) -> None:
        here.call_soon_threadsafe(parts.put_nowait, part)

    future = submit(_pump(source, put))
    try:
        while (part := await parts.get()) is not _END:
            yield part
        await asyncio.wrap_future(future)
    finally:
        future.cancel()


async def _pump(source: Callable[[], AsyncIterator[T]], put: Callable[[object], None]) -> None:
    try:
        async with contextlib.aclosing(source()) as parts:  # type: ignore[type-var]  # every source is a generator
            async for part in parts:
                put(part)
    finally:
        put(_END)


def submit(work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Begin a coroutine on the background loop and return at once."""
    return asyncio.run_coroutine_threadsafe(work, loop())
