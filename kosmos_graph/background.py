"""The one event loop, in a daemon thread, that serves every synchronous call of the process."""

from __future__ import annotations

import asyncio
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
_blocked: dict[asyncio.AbstractEventLoop, int] = {}
_END = object()


def loop() -> asyncio.AbstractEventLoop:
    """The background loop, started at first use and again in a forked child."""
    global _loop, _pid  # noqa: PLW0603 - one loop a process is what this module is for
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


def is_free(other: asyncio.AbstractEventLoop | None) -> bool:
    """Whether `other` runs and is not held up by a synchronous call of ours made inside it."""
    return other is not None and other.is_running() and other not in _blocked


@contextlib.contextmanager
def _holding_up() -> Iterator[None]:
    """Remember, while a synchronous call waits, that it holds up the event loop it was made in, if any (Jupyter)."""
    held = running_loop()
    if held is not None and held is _loop:
        raise RuntimeError("a synchronous call was made on the background loop itself: use the asynchronous one there")
    if held is None:
        yield
        return
    _blocked[held] = _blocked.get(held, 0) + 1
    try:
        yield
    finally:
        _blocked[held] -= 1
        if not _blocked[held]:
            del _blocked[held]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the background loop and wait for it. An interrupted wait cancels it and waits for its end."""
    with _holding_up():
        future = asyncio.run_coroutine_threadsafe(work, loop())
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise


async def hop(work: Callable[[], Coroutine[Any, Any, T]], target: asyncio.AbstractEventLoop | None = None) -> T:
    """Await `work()` on `target` (the background loop if None), from any loop."""
    home = target or loop()
    if running_loop() is home:
        return await work()
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), home))


def iterate(source: Callable[[], AsyncIterator[T]]) -> Iterator[T]:
    """Iterate synchronously over an asynchronous iterator that lives on the background loop. Leaving early closes it."""
    parts: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with _holding_up():
        future = asyncio.run_coroutine_threadsafe(_pump(source, parts.put), loop())
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

    future = asyncio.run_coroutine_threadsafe(_pump(source, put), loop())
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
