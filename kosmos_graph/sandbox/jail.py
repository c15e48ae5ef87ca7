"""A jail with a warm zygote in it: one job at a time, each in a process of its own that is watched from here."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kosmos_graph.domain.code_experiment import Rung
from kosmos_graph.sandbox import bubblewrap, sandbox_exec, scratch
from kosmos_graph.sandbox.inside import memory, processes, zygote
from kosmos_graph.sandbox.inside.removing import remove
from kosmos_graph.sandbox.jobs import Job
from kosmos_graph.sandbox.limits import Limits
from kosmos_graph.sandbox.passed import Passed, told
from kosmos_graph.sandbox.python_paths import environment, python_paths

LIBRARIES = ("numpy", "pandas", "pyarrow.parquet", "scipy.stats", "statsmodels.api", "statsmodels.formula.api")
"""What a zygote has imported before the first job."""
NOBODY = 65534
"""The user that code is executed as where this process is root's."""

_LOOK_SECONDS = 0.025
_START_SECONDS = 60.0
_END_SECONDS = 10.0
_SPARE_TASKS = 32
"""What the rest of the user's processes may begin while a job runs, before the job is refused a thread."""


class JailDown(Exception):
    """The jail cannot be begun, or ended under its job; the sentence says why."""


@dataclass(frozen=True)
class Ended:
    """How the process of a job ended: its exit code (negative: a signal), or the limit that it was ended for."""

    exit_code: int
    passed: Passed | None
    printed: bytes
    seconds: float
    cancelled: bool = False


class Jail:
    """One jail of a rung of bubblewrap, landlock, sandbox-exec or no sandbox. Not for two threads at once.

    Raises JailDown where it cannot be begun.
    """

    def __init__(self, rung: Rung, *, modules: Sequence[str] = LIBRARIES) -> None:
        self.rung = rung
        self._paths = python_paths()
        self._modules = tuple(modules)
        self._user = NOBODY if os.geteuid() == 0 and rung != "no sandbox" else None
        self._numbers = 0
        self.scratch = scratch.make(self._user)
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the jail
            self._begin()
            self._hello()
            undo.pop_all()

    def folder(self) -> Path:
        """A fresh scratch folder for the next job."""
        self._numbers += 1
        return scratch.make_in(self.scratch, f"job{self._numbers}", self._user)

    def run(self, job: Job, folder: Path, files: Sequence[int], cancelled: Callable[[], bool] = bool) -> Ended:
        """Run `job`, whose data are the open `files`. Every process of it has ended when this returns. Raises JailDown."""
        reading, writing = os.pipe()
        began = time.monotonic()
        self.scratch.chmod(0o500)  # where there is no Landlock either, a job writes nothing beside its own folder
        try:
            try:
                zygote.send(self._guardian, {"zygote": self._zygote, "folder": str(folder), "limits": asdict(job.limits)})
                zygote.send(self._socket, self._request(job, folder), [writing, *files])
            except OSError as error:
                raise JailDown(self._why("its zygote is gone")) from error
            finally:
                os.close(writing)
            attended = _Attended(self._socket, self._answer, reading, job.limits, cancelled)
            attended.attend(began)
            answer = self._ended_whole(attended.answer)
            attended.drain()
            passed = self._passed(job.limits) or attended.passed
        finally:
            os.close(reading)
            with contextlib.suppress(FileNotFoundError):  # a guardian that has ended has removed it
                self.scratch.chmod(0o700)
        if not answer["confined"] and passed is None and not attended.cancelled:
            raise JailDown(f"the jail could not be closed: {_one_line(attended.printed)}")
        seconds = time.monotonic() - began
        return Ended(answer["exit"], passed, bytes(attended.printed), seconds, attended.cancelled)

    def close(self) -> None:
        """End every process of the jail and remove what was written in it. A second call does nothing."""
        for end in ("_guardian", "_socket", "_errors"):
            if hasattr(self, end):
                getattr(self, end).close()
        if hasattr(self, "_process"):
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                processes.end_descendants(self._process.pid)
                self._process.kill()
                self._process.wait()
            if self._process.returncode < 0:  # it was killed, and may have left behind what it was just beginning
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
        remove(self.scratch)

    def _begin(self) -> None:
        self._socket, theirs = socket.socketpair()
        if sys.platform == "linux":  # before the zygote speaks: a message that was sent without its sender stays without
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._guardian, lifeline = socket.socketpair()
        self._guardian.settimeout(_END_SECONDS)
        spec = json.dumps(self._spec(theirs.fileno(), lifeline.fileno()))
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter and our own modules
                self._paths.command("guardian", spec),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=environment() | {"HOME": str(self.scratch), "TMPDIR": str(self.scratch)},
                cwd=self.scratch if self._user is None else "/",
                pass_fds=(theirs.fileno(), lifeline.fileno()),
                start_new_session=True,  # Ctrl-C in a terminal is for this process to understand
            )
        except OSError as error:
            raise JailDown(f"no process can be begun: {error}") from error
        finally:
            theirs.close()
            lifeline.close()

    def _spec(self, connection: int, lifeline: int) -> dict[str, Any]:
        inner = {
            "socket": connection,
            "landlock": self.rung == "landlock",
            "read": self._paths.read,
            "scratch": str(self.scratch),
            "modules": self._modules,
            "packages": self._paths.packages,
        }
        command, program = self._outer_command(json.dumps(inner))
        needed = [*self._paths.read, str(self.scratch), *program] if self._user is not None else []
        return inner | {"lifeline": lifeline, "user": self._user, "needed": needed, "command": command}

    def _outer_command(self, inner: str) -> tuple[list[str], list[str]]:
        """The command that builds a jail around the zygote, empty where there is none, and the program in it."""
        if self.rung == "bubblewrap":
            program = bubblewrap.find()
            if program is None:
                raise JailDown("bubblewrap is not installed")
            zygote_command = self._paths.command("zygote", inner)
            return bubblewrap.command(program, read=self._paths.read, scratch=str(self.scratch), inside=zygote_command), [program]
        if self.rung == "sandbox-exec":
            zygote_command = self._paths.command("zygote", inner)
            return sandbox_exec.command(read=self._paths.read, scratch=str(self.scratch), inside=zygote_command), []
        return [], []

    def _hello(self) -> None:
        """Wait until the zygote has imported its libraries, and learn which process it is."""
        deadline = time.monotonic() + _START_SECONDS
        try:
            while not select.select([self._socket], [], [], 0.1)[0]:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise JailDown(self._why("it did not begin"))
            hello, self._zygote = _first_message(self._socket)
        except (OSError, ValueError) as error:
            raise JailDown(self._why("it did not begin")) from error
        self._landlock_inside = hello["landlock"] > 0 and self.rung in {"bubblewrap", "landlock"}

    def _request(self, job: Job, folder: Path) -> dict[str, Any]:
        limits = job.limits
        tasks = 0
        if sys.platform == "linux" and self.rung != "no sandbox":
            tasks = (
                _tasks(self._user if self._user is not None else os.geteuid(), round(time.monotonic()))
                + limits.processes
                + _SPARE_TASKS
            )
        return request(job) | {
            "scratch": str(folder),
            "read": self._paths.read,
            "landlock": self._landlock_inside,
            "seccomp": self.rung in {"bubblewrap", "landlock"},
            "modules": self._modules,
            "held": memory.taken(self._zygote),
            "limits": asdict(limits) | {"tasks": tasks, "cpu_seconds": max(1, round(limits.cpu_seconds + 0.5))},
        }

    def _ended_whole(self, answer: dict[str, Any] | None) -> dict[str, Any]:
        """End what still runs of a job; the zygote's answer about the job's own process. Raises JailDown."""
        deadline = time.monotonic() + _END_SECONDS
        first: dict[str, Any] | None = None
        while time.monotonic() < deadline:
            if answer is None or not answer["alone"]:
                processes.end_descendants(self._zygote)
            if answer is None:
                if not select.select([self._socket], [], [], _LOOK_SECONDS)[0]:
                    continue  # the zygote may not have forked yet, when there was nothing to end
                answer = self._answer()
            first = answer if first is None else first
            if answer["alone"]:
                return first
            with contextlib.suppress(OSError):
                zygote.send(self._socket, {})
            answer = None
        raise JailDown("processes of a job could not be ended")

    def _passed(self, limits: Limits) -> Passed | None:
        """What the guardian ended the job for, if it did. Raises JailDown."""
        with contextlib.suppress(OSError):
            zygote.send(self._guardian, {})
        found = self._heard(self._guardian, "its guardian is gone")["passed"]
        return None if found is None else told(found, limits)

    def _answer(self) -> dict[str, Any]:
        return self._heard(self._socket, "its zygote is gone")

    def _heard(self, connection: socket.socket, gone: str) -> dict[str, Any]:
        try:
            received = zygote.receive(connection)
        except (OSError, ValueError) as error:
            raise JailDown(self._why(gone)) from error
        if received is None:
            raise JailDown(self._why(gone))
        return received[0]

    def _why(self, what: str) -> str:
        """`what`, and the last that the jail's own processes had to say."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        self._errors.seek(0)
        said = _one_line(self._errors.read()[-2000:])
        return f"{what}: {said}" if said else what


class _Attended:
    """A job that runs: reads what it prints until it ends or has to be ended; what it uses, the guardian watches."""

    def __init__(
        self,
        connection: socket.socket,
        answer: Callable[[], dict[str, Any]],
        printing: int,
        limits: Limits,
        cancelled: Callable[[], bool],
    ) -> None:
        self.answer: dict[str, Any] | None = None
        self.passed: Passed | None = None
        self.cancelled = False
        self.printed = bytearray()
        self._connection = connection
        self._answered = answer
        self._printing = printing
        self._limits = limits
        self._is_cancelled = cancelled
        os.set_blocking(printing, False)

    def attend(self, began: float) -> None:
        """Return when the job's process has ended (then there is an `answer`), a limit is passed, or it is cancelled."""
        next_look = began + _LOOK_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection, selectors.EVENT_READ)
            selector.register(self._printing, selectors.EVENT_READ)
            while True:
                now = time.monotonic()
                ready = {key.fd for key, _ in selector.select(max(0.0, next_look - now))}
                if self._printing in ready and not self._read():
                    selector.unregister(self._printing)
                if self.passed is not None:
                    return
                if self._connection.fileno() in ready:
                    self.answer = self._answered()
                    return
                if time.monotonic() >= next_look and self._looked(began):
                    return
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + _LOOK_SECONDS

    def drain(self) -> None:
        """Read what was printed before the end, when no process of the job is left."""
        while self.passed is None and self._read():
            pass

    def _looked(self, began: float) -> bool:
        """Whether the job has to be ended."""
        if self._is_cancelled():
            self.cancelled = True
        elif time.monotonic() - began > self._limits.wall_seconds:
            self.passed = Passed("time-out", f"the code ran longer than its {self._limits.wall_seconds:g} seconds")
        return self.cancelled or self.passed is not None

    def _read(self) -> bool:
        """Read what is there; whether there may be more."""
        try:
            part = os.read(self._printing, 1 << 16)
        except BlockingIOError:
            return False
        self.printed += part
        if len(self.printed) > self._limits.output_bytes:
            del self.printed[self._limits.output_bytes :]
            self.passed = Passed("limit", f"the code printed more than {self._limits.output_bytes} bytes")
        return bool(part)


def request(job: Job) -> dict[str, Any]:
    """What of a job its process is told."""
    return {
        "code": job.code,
        "seed": job.seed,
        "names": [file.name for file in job.data],
        "declared": [{"name": result.name, "kind": result.kind} for result in job.results],
    }


def _first_message(connection: socket.socket) -> tuple[dict[str, Any], int]:
    """The zygote's first message, and its process's number as this process sees it, from inside a namespace or not."""
    sender = 0
    if sys.platform == "linux":
        _, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(12), socket.MSG_PEEK)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        for _, kind, content in ancillary:
            if kind == socket.SCM_CREDENTIALS:
                sender = int.from_bytes(content[:4], sys.byteorder)
        if not sender:  # the number that the zygote gives itself may be another process's out here
            raise ValueError("the kernel does not say which process the zygote is")
    received = zygote.receive(connection)
    if received is None:
        raise ValueError("the other end closed")
    return received[0], sender or int(received[0]["process"])


@functools.lru_cache(maxsize=4)
def _tasks(user: int, moment: int) -> int:  # `moment` is when an answer is too old
    return processes.tasks_of(user)


def _one_line(content: bytes | bytearray) -> str:
    return " ".join(content.decode("utf-8", "replace").split())[:300]
