"""The ways in which a payload is run: without a jail, and in one of a rung."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from kosmos_graph.domain.code_experiment import Rung
from kosmos_graph.sandbox import Job, LocalExecutor
from kosmos_graph.sandbox.jail import LIBRARIES, request
from kosmos_graph.sandbox.python_paths import INSIDE, python_paths
from tests.sandbox.attacks import processes, unprivileged
from tests.sandbox.attacks.canaries import Canaries
from tests.sandbox.attacks.evidence import SLACK_SECONDS

CONTROL = "no jail"
SIGN = "neighbour.txt"
_PATIENCE_SECONDS = 60.0
_JOB = "import os\ndef experiment(data, seed):\n    return {'done': 1.0}\n"


@dataclass
class Came:
    """What came back of a job: texts, its results by name, what it says of itself, and what collecting it raised."""

    text: str = ""
    results: dict[str, Any] = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)
    raised: str = ""
    seconds: float = 0.0


class Way(Protocol):
    """Runs jobs one at a time; `run` waits not much longer than a job's limit."""

    @property
    def name(self) -> str: ...

    def run(self, job: Job) -> Came: ...

    def beside(self, job: Job) -> AbstractContextManager[Path]:
        """Run a job that makes a file with the name `SIGN`, from that moment to the end of the block; its scratch folder."""
        ...

    def running(self) -> set[int]:
        """All processes that it has begun, at work or not."""
        ...

    def end_jobs(self) -> None:
        """End what still runs of jobs."""
        ...

    def close(self) -> None: ...


class Control:
    """Runs jobs without a jail, as the same user, and takes what comes of them at its word."""

    name = CONTROL

    def __init__(self, canaries: Canaries) -> None:
        self._canaries = canaries
        self._lock = threading.Lock()
        self._jobs = 0
        self._begin()

    def run(self, job: Job) -> Came:
        began = time.monotonic()
        scratch, output = self._folder(), self._canaries.temporary / f"output{self._jobs}"
        process = self._ask(job, scratch, output)
        ended = _wait(process, job.limits.wall_seconds + SLACK_SECONDS)
        came = Came(seconds=time.monotonic() - began)
        if ended:
            _collect(scratch, came)
            came.seconds = time.monotonic() - began if came.seconds < job.limits.wall_seconds else came.seconds
        with output.open("rb") as file:
            came.text += file.read().decode("utf-8", "replace")
        output.unlink()
        return came

    @contextlib.contextmanager
    def beside(self, job: Job) -> Iterator[Path]:
        scratch, output = self._folder(), self._canaries.temporary / f"output{self._jobs}"
        process = self._ask(job, scratch, output)
        yield _signed(self._canaries.temporary)
        os.kill(process, signal.SIGKILL)

    def running(self) -> set[int]:
        return processes.below(self._server) | {self._server}

    def end_jobs(self) -> None:
        processes.end_below(self._server)
        for left in self._canaries.temporary.iterdir():
            _remove(left)
        if not processes.lives(self._server):
            self.close()
            self._begin()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _begin(self) -> None:
        paths = python_paths()
        environment = {"PATH": os.defpath, "HOME": str(self._canaries.home), "TMPDIR": str(self._canaries.temporary)}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "CANARY_SECRET": self._canaries.secrets["environment"]}
        argument = {"inside": str(INSIDE), "packages": paths.packages, "modules": LIBRARIES}
        script = Path(__file__).with_name("control_process.py")
        readable = [str(Path(unprivileged.__file__)), str(self._canaries.folder)]
        self._process = unprivileged.begin(script, argument, readable=readable, env=environment, close_fds=False)
        self._server: int = self._hear()["process"]

    def _folder(self) -> Path:
        self._jobs += 1
        folder = self._canaries.temporary / f"control{self._jobs}"
        folder.mkdir(mode=0o700)
        os.chown(folder, unprivileged.user(), -1)
        return folder

    def _ask(self, job: Job, scratch: Path, output: Path) -> int:
        asked = request(job) | {"scratch": str(scratch), "modules": LIBRARIES, "output": str(output)}
        asked["paths"] = [str(file.path) for file in job.data]
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._hear()["process"])

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        message: dict[str, Any] = json.loads(self._process.stdout.readline())
        return message


class Jailed:
    """Runs jobs through the executor, in a warm jail of one rung."""

    def __init__(self, rung: Rung, canaries: Canaries, store: Path) -> None:
        self.name: Rung = rung
        self._canaries = canaries
        self._store = store
        self._patches = pytest.MonkeyPatch()
        self._patches.setattr(tempfile, "tempdir", str(canaries.temporary))
        self._patches.setenv("CANARY_SECRET", canaries.secrets["environment"])
        self._before = processes.below(os.getpid())
        self._executor = LocalExecutor(rung, store, workers=1)
        self.run(Job(_JOB))

    def run(self, job: Job) -> Came:
        began = time.monotonic()
        came = Came()
        try:
            outcome = self._executor.result(self._executor.submit(job), job.limits.wall_seconds + 10 * SLACK_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it raises is what is judged
            came.raised = repr(error)
        else:
            came.text = "\n".join(_texts(outcome.model_dump()))
            came.results = {result.name: result.value if result.kind == "number" else result for result in outcome.results}
            came.says = {"id": outcome.id, "rung": outcome.rung, "state": outcome.state}
        came.seconds = time.monotonic() - began
        return came

    @contextlib.contextmanager
    def beside(self, job: Job) -> Iterator[Path]:
        neighbour = LocalExecutor(self.name, self._store / "neighbour", workers=1)
        try:
            neighbour.submit(job)
            yield _signed(self._canaries.temporary)
        finally:
            neighbour.close()

    def running(self) -> set[int]:
        return processes.below(os.getpid()) - self._before

    def end_jobs(self) -> None:
        """The executor has done so."""

    def close(self) -> None:
        self._executor.close()
        self._patches.undo()


def _signed(folder: Path) -> Path:
    """The scratch folder below `folder` in which there is a sign of life."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := [*folder.glob(f"*/{SIGN}"), *folder.glob(f"*/*/{SIGN}")]:
            return found[0].parent
        time.sleep(0.01)
    raise TimeoutError("the neighbour did not begin")


def _wait(process: int, seconds: float) -> bool:
    """Whether a process, not necessarily a child, ended in that time."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def _collect(scratch: Path, came: Came) -> None:
    """What a runner does that trusts the folder: open the file by its name, believe what it says, remove the folder."""
    path = scratch / "result.json"

    def read() -> None:
        try:
            content = json.loads(path.read_text())
            came.text += "\n".join(_texts(content))
            came.results = content.get("results", {})
            came.says = {"state": "ok", "rung": CONTROL} | content
        except FileNotFoundError:
            pass
        except Exception as error:  # noqa: BLE001 - as above
            came.raised = repr(error)

    waited = threading.Thread(target=read, daemon=True)
    began = time.monotonic()
    waited.start()
    waited.join(SLACK_SECONDS)
    if waited.is_alive():
        came.raised = f"nothing for {time.monotonic() - began:.1f} s"
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        waited.join()
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(scratch)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, names included."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield str(name)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _remove(path: Path) -> None:
    """Remove whatever a payload has left; `rm` does not mind how deep folders lie."""
    if path.is_dir() and not path.is_symlink():
        subprocess.run(["/bin/rm", "-rf", str(path)], check=True)
    else:
        path.unlink()
