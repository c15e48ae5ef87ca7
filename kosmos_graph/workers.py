"""Worker processes that compute what would hold up this process's interpreter, and with it every other study.

`multiprocessing` would import the caller's main module in each of them, and so run a script without a guard again. A worker here
is `python -m kosmos_graph.workers`: it reads pickled calls from its standard input and ends with it, so with the process that
began it, however that ends. It answers in bytes that nobody unpickles: what it computes on is hostile, and so, in the worst case,
is what it says. It takes a second or two of a core to begin: workers are begun ahead.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import importlib
import os
import pickle
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from queue import PriorityQueue, SimpleQueue
from typing import IO, Any

Function = Callable[..., bytes]
WarmUp = Function | str
"""A function, or its place as `module:name`, which costs its caller no import."""
MOST_WORKERS = 4
NICENESS = 5
"""How far a worker stands back where cores are few: what it computes is waited for last."""
MOST_ANSWERED = 1 << 30
"""Bytes of the longest answer that is read."""
_LENGTH = struct.Struct("<Q")
_ANSWERED, _RAISED = b"a", b"r"
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""A thread that linear algebra begins as it is imported would not be held by what its process gives up later."""
_SECRET = ("KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL", "AUTH", "COOKIE", "DSN")
_WITH_PASSWORD = re.compile(r"://[^/\s]*@")
"""What in an address says who asks, such as a proxy's or a database's password."""


class WorkerLost(Exception):
    """A worker process ended before its work did; the work can be done elsewhere."""


class WorkerUnready(WorkerLost):
    """Its warm-up raised; the message says what."""


class WorkerFailed(Exception):
    """The function raised in the worker; the message is its type and its message."""


class Worker:
    """One worker process, for one caller at a time."""

    def __init__(self, warm_up: WarmUp) -> None:
        self.warm_up = warm_up
        command = [sys.executable, "-P", "-m", "kosmos_graph.workers"]
        # its own session: Ctrl-C in a terminal is for the process that began it to understand
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter and this module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(), start_new_session=True
        )
        self._send((warm_up, ()))
        self._warm = False
        self._unready: WorkerUnready | None = None

    def wait_until_warm(self) -> None:
        """Wait for the end of its warm-up. Raises WorkerLost, and WorkerUnready, each time, where it raised."""
        if self._unready is not None:
            raise self._unready
        if not self._warm:
            try:
                self._receive()
            except WorkerFailed as failed:
                self._unready = WorkerUnready(f"its worker process could not get ready: {failed}")
                raise self._unready from failed
            self._warm = True

    def call(self, function: Function, arguments: tuple[Any, ...]) -> bytes:
        """`function(*arguments)` in the worker. Raises WorkerFailed where it raises, and WorkerLost."""
        self.wait_until_warm()
        self._send((function, arguments))
        return self._receive()

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
            write(self._process.stdin, pickle.dumps(call, protocol=pickle.HIGHEST_PROTOCOL))
        except (OSError, ValueError) as error:  # ValueError: it was ended before
            raise WorkerLost(f"its input is closed: {error}") from error

    def _receive(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            answer = read(self._process.stdout, MOST_ANSWERED)
        except (EOFError, ValueError) as error:
            self._process.kill()
            raise WorkerLost(f"it ended with exit code {self._process.wait()}") from error
        if not answer.startswith(_ANSWERED):
            raise WorkerFailed(answer[1:].decode(errors="replace"))
        return answer[1:]


def write(pipe: IO[bytes], content: bytes) -> None:
    """Write one message."""
    pipe.write(_LENGTH.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def read(pipe: IO[bytes], most: int) -> bytes:
    """Read one message. Raises EOFError where the pipe ends before it does, and for one that is empty or longer than `most`."""
    head = pipe.read(_LENGTH.size)
    length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
    content = pipe.read(length) if length <= most else b""
    if not content or len(content) < length:
        raise EOFError
    return content


class Pool:
    """Workers, and a thread for each that waits for its answer. The event loop's own threads wait for none of them.

    There is one at first, and where a call finds none that is free there will soon be another, up to `size`.
    """

    def __init__(self, warm_up: WarmUp, size: int) -> None:
        self.process = os.getpid()
        self._warm_up = warm_up
        self._size = size
        self._workers: list[Worker] = []
        self._warming = 0
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._asked: PriorityQueue[tuple[int, int, Callable[[], None]]] = PriorityQueue()
        self._numbers = count()
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="kosmos-graph worker")
        self._changing = threading.RLock()
        self.grow(1)

    def grow(self, size: int) -> None:
        """Have `size` workers, or as many as there may be. Raises OSError where no process can be begun."""
        with self._changing:
            while len(self._workers) < min(size, self._size):
                self._workers.append(Worker(self._warm_up))
                self._warming += 1
                name = "kosmos-graph worker warms up"
                threading.Thread(target=self._add, args=(self._workers[-1],), name=name, daemon=True).start()

    def _add(self, worker: Worker) -> None:
        """Offer a worker when it is warm: until then a call had better wait for another one."""
        with contextlib.suppress(WorkerLost):  # whoever calls it is told
            worker.wait_until_warm()
        self._idle.put(worker)
        with self._changing:
            self._warming -= 1

    async def call(self, function: Function, arguments: tuple[Any, ...], rank: int = 0) -> bytes:
        """`function(*arguments)` in the next worker that is free, after calls of a lower rank and earlier ones of the same."""
        with self._changing, contextlib.suppress(OSError):  # those that there are will do
            if self._idle.empty() and not self._warming:
                self.grow(len(self._workers) + 1)
        answer: Future[bytes] = Future()

        def work() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(self._call(function, arguments))
            except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
                answer.set_exception(error)

        self._asked.put((rank, next(self._numbers), work))
        self._threads.submit(self._do_next)
        return await asyncio.wrap_future(answer)

    def _do_next(self) -> None:
        _, _, work = self._asked.get()
        work()

    def end(self) -> None:
        """End the workers, whatever they do; calls under way are lost."""
        if self.process == os.getpid():
            with self._changing:
                for worker in self._workers:
                    worker.end()

    def _call(self, function: Function, arguments: tuple[Any, ...]) -> bytes:
        worker = self._idle.get()
        try:
            return worker.call(function, arguments)
        except WorkerLost:
            worker = self._another(worker)
            raise
        finally:
            self._idle.put(worker)

    def _another(self, lost: Worker) -> Worker:
        """A worker in the place of one that is lost; the same, where no process can be begun now: the next call tries again."""
        lost.end()
        with self._changing, contextlib.suppress(OSError):
            self._workers[self._workers.index(lost)] = worker = Worker(lost.warm_up)
            return worker
        return lost


_lock = threading.Lock()
_pool: Pool | None = None


def begin(warm_up: WarmUp, size: int = 1) -> None:
    """Have `size` workers in this process, or as many as there are cores, without waiting for them; `warm_up` prepares each.

    Raises OSError where no process can be begun.
    """
    global _pool  # noqa: PLW0603 - there is one a process
    with _lock:
        if not begun():
            _pool = Pool(warm_up, min(MOST_WORKERS, os.cpu_count() or 1))
            atexit.register(_pool.end)
        assert _pool is not None  # noqa: S101 - it has just been begun
        _pool.grow(size)


def begun() -> bool:
    """Whether this process has workers."""
    return _pool is not None and _pool.process == os.getpid()


async def in_worker(function: Function, *arguments: Any, rank: int = 0) -> bytes:
    """`function(*arguments)` in the next worker that is free; the call is pickled, the answer is not. Lower ranks come first.

    Raises WorkerFailed where the function raises, and WorkerLost, in which case another worker is begun for later calls.
    """
    assert _pool is not None, "workers have to be begun"  # noqa: S101
    return await _pool.call(function, arguments, rank)


def serve() -> None:
    """The worker's side: answer calls until the input ends. What the functions print goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    stand_back()
    while True:
        try:
            function, arguments = pickle.loads(read(sys.stdin.buffer, sys.maxsize))  # noqa: S301 - our own process writes it
        except EOFError:
            return
        try:
            answer = _ANSWERED + _function(function)(*arguments)
        except Exception as error:  # noqa: BLE001 - it is told to the process that asked, which raises WorkerFailed
            answer = _RAISED + f"{type(error).__name__}: {error}".encode(errors="replace")
        try:
            write(answers, answer)
        except BrokenPipeError:
            return


def stand_back() -> None:
    """Leave a core to whoever else wants it.

    Linux may weigh sessions, and niceness only inside one (sched(7), autogroups): a worker has its own, and would stand back for
    nobody.
    """
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as group:  # noqa: PTH123 - start-up
        group.write(str(NICENESS))


def _function(given: WarmUp) -> Function:
    if not isinstance(given, str):
        return given
    module, _, name = given.partition(":")
    found: Function = getattr(importlib.import_module(module), name)
    return found


def _environment() -> dict[str, str]:
    """The environment without secrets, which no worker needs, and with this package's folder to import from."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH120, PTH100 - pathlib costs start-up
    kept = {name: value for name, value in os.environ.items() if not _secret(name, value)}
    return {**kept, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))}


def _secret(name: str, value: str) -> bool:
    return any(mark in name.upper() for mark in _SECRET) or _WITH_PASSWORD.search(value) is not None


if __name__ == "__main__":
    serve()
