"""Worker processes that compute what would hold up this process's interpreter, and with it every other study.

`multiprocessing` would import the caller's main module in each of them, and so run a script without a guard again. A worker here
is `python -m kosmos_graph.workers`: it reads pickled calls from its standard input and ends with it, so with the process that
began it, however that ends. It takes a second or two of a core to begin: workers are begun ahead, where a run will wait for a
model anyway.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import IO, Any, TypeVar

T = TypeVar("T")

MOST_WORKERS = 4
NICENESS = 5
"""How far a worker stands back where cores are few: what it computes is waited for last."""
_LENGTH = struct.Struct("<Q")
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")


class WorkerLost(Exception):
    """A worker process ended before its work did; the work can be done elsewhere."""


class Worker:
    """One worker process, for one caller at a time."""

    def __init__(self, warm_up: Callable[[], object]) -> None:
        self.warm_up = warm_up
        command = [sys.executable, "-P", "-m", "kosmos_graph.workers"]
        # its own session: Ctrl-C in a terminal is for the process that began it to understand
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter and this module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(), start_new_session=True
        )
        self._send((warm_up, ()))
        self._warm = False

    def call(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        """`function(*arguments)` in the worker. Raises what it raises, and WorkerLost."""
        if not self._warm:
            self._receive()
            self._warm = True
        self._send((function, arguments))
        raised, value = self._receive()
        if raised:
            raise value
        result: T = value
        return result

    def end(self) -> None:
        """End the process, whatever it does: it holds nothing that anybody needs."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._process.wait()

    def _send(self, call: object) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            write(self._process.stdin, call)
        except (OSError, ValueError) as error:  # ValueError: it was ended before
            raise WorkerLost(f"its input is closed: {error}") from error

    def _receive(self) -> tuple[bool, Any]:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            answer: tuple[bool, Any] = read(self._process.stdout)
        except (EOFError, ValueError) as error:
            raise WorkerLost(f"it ended with exit code {self._process.wait()}") from error
        return answer


def write(pipe: IO[bytes], value: object) -> None:
    """Write one pickled value."""
    content = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(content)) + content)
    pipe.flush()


def read(pipe: IO[bytes]) -> Any:
    """Read one pickled value, of our own process's. Raises EOFError where the pipe ends before it does."""
    head = pipe.read(_LENGTH.size)
    content = pipe.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
    if not content:
        raise EOFError
    return pickle.loads(content)  # noqa: S301 - the other end of the pipe is this very module


class Pool:
    """Workers, and a thread for each that waits for its answer. The event loop's own threads wait for none of them."""

    def __init__(self, warm_up: Callable[[], object], size: int) -> None:
        self.process = os.getpid()
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for _ in range(size):
            self._idle.put(Worker(warm_up))
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="kosmos-graph worker")

    async def call(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        """`function(*arguments)` in the next worker that is free."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._call, function, arguments)

    def end(self) -> None:
        """End the workers that wait for work."""
        while self.process == os.getpid() and not self._idle.empty():
            self._idle.get().end()

    def _call(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        worker = self._idle.get()
        try:
            return worker.call(function, arguments)
        except WorkerLost:
            worker.end()
            with contextlib.suppress(OSError):  # no process can be begun now; the next call tries again
                worker = Worker(worker.warm_up)
            raise
        finally:
            self._idle.put(worker)


_lock = threading.Lock()
_pool: Pool | None = None


def begin(warm_up: Callable[[], object]) -> None:
    """Begin the workers, once a process, without waiting for them; `warm_up` imports there what will be needed.

    Raises OSError where no process can be begun.
    """
    global _pool  # noqa: PLW0603 - there is one a process
    with _lock:
        if not begun():
            _pool = Pool(warm_up, min(MOST_WORKERS, os.cpu_count() or 1))
            atexit.register(_pool.end)


def begun() -> bool:
    """Whether this process has workers."""
    return _pool is not None and _pool.process == os.getpid()


async def in_worker(function: Callable[..., T], *arguments: Any) -> T:
    """`function(*arguments)` in the next worker that is free; all of it is pickled.

    Raises what the function raises, and WorkerLost, in which case another worker is begun for later calls.
    """
    assert _pool is not None, "workers have to be begun"  # noqa: S101
    return await _pool.call(function, arguments)


def serve() -> None:
    """The worker's side: answer calls until the input ends. What the functions print goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    while True:
        try:
            function, arguments = read(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = (False, function(*arguments))
        except Exception as error:  # noqa: BLE001 - it is raised again in the process that asked
            answer = (True, error)
        try:
            write(answers, answer)
        except BrokenPipeError:
            return


def _environment() -> dict[str, str]:
    """The environment without secrets, which no worker needs, and with this package's folder to import from."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH120, PTH100 - pathlib costs start-up
    kept = {name: value for name, value in os.environ.items() if not any(mark in name.upper() for mark in _SECRET)}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))}


if __name__ == "__main__":
    serve()
