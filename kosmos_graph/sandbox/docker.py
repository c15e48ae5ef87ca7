"""Jails that Docker makes: a container for each job, without network, of a configured image that has the scientific packages."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kosmos_graph.domain.code_experiment import Rung
from kosmos_graph.sandbox import scratch
from kosmos_graph.sandbox.inside import experiment, lying
from kosmos_graph.sandbox.inside.removing import remove
from kosmos_graph.sandbox.jail import LIBRARIES, NOBODY, Ended, JailDown, request
from kosmos_graph.sandbox.jobs import Job
from kosmos_graph.sandbox.limits import MIB, Limits
from kosmos_graph.sandbox.passed import Passed, out_of_memory
from kosmos_graph.sandbox.python_paths import BOOTSTRAP, INSIDE, environment

_SCRATCH, _DATA, _INSIDE = "/scratch", "/data", "/jail/inside"
_ANSWER_SECONDS = 20.0
_LOOK_SECONDS = 0.05
_START_SECONDS = 30.0
"""What a container may take to begin, beside the job's own time."""
_KILLED = 137
_NO_CONTAINER = (125, 126, 127)
"""What the docker command returns where it could not run the command inside."""


def find() -> str | None:
    """The path of the program, None where it is not installed."""
    return shutil.which("docker")


def answers(program: str, image: str) -> str | None:
    """None where the daemon answers and has the image; otherwise what it, or the program, said."""
    try:
        done = subprocess.run(  # noqa: S603 - an argument list
            [program, "image", "inspect", "--format", "{{.Id}}", image], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else " ".join(done.stderr.split())[:200]


def command(program: str, image: str, name: str, folder: Path, files: Sequence[Path], limits: Limits) -> list[str]:
    """The argument list that runs one job of `limits` in a container; nothing is ever pulled."""
    line = [program, "run", "--rm", "--interactive", "--name", name, "--pull", "never", "--network", "none", "--read-only"]
    line += [
        "--ipc",
        "none",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
        "--log-driver",
        "none",
        "--hostname",
        "jail",
    ]
    line += ["--user", f"{_user()}:{_user()}", "--pids-limit", str(limits.processes + 16)]
    line += ["--memory", str(limits.memory_bytes), "--memory-swap", str(limits.memory_bytes), "--workdir", _SCRATCH]
    line += ["--mount", f"type=bind,source={folder},target={_SCRATCH}"]
    line += ["--mount", f"type=bind,source={INSIDE},target={_INSIDE},readonly"]
    for number, path in enumerate(files):
        line += ["--mount", f"type=bind,source={path},target={_DATA}/{number}.parquet,readonly"]
    for key, value in (environment() | {"HOME": _SCRATCH, "TMPDIR": _SCRATCH}).items():
        line += ["--env", f"{key}={value}"]
    return [*line, "--entrypoint", "python", image, "-P", "-s", "-c", BOOTSTRAP, _INSIDE, "once", "{}"]


class DockerJail:
    """Runs each job in a container of its own. Raises JailDown where there is no docker command."""

    rung: Rung = "docker"

    def __init__(self, image: str, *, modules: Sequence[str] = LIBRARIES) -> None:
        program = find()
        if program is None:
            raise JailDown("docker is not installed")
        self._program = program
        self._image = image
        self._modules = tuple(modules)
        self._numbers = 0
        self.scratch = scratch.make()

    def folder(self) -> Path:
        """A fresh scratch folder for the next job."""
        self._numbers += 1
        return scratch.make_in(self.scratch, f"job{self._numbers}", NOBODY if os.geteuid() == 0 else None)

    def run(self, job: Job, folder: Path, files: Sequence[int], cancelled: Callable[[], bool] = bool) -> Ended:
        """Run `job`; the open `files` have been checked, and the container reads the same paths. Raises JailDown."""
        name = f"kosmos-jail-{secrets.token_hex(8)}"
        line = command(self._program, self._image, name, folder, [file.path.resolve() for file in job.data], job.limits)
        began = time.monotonic()
        output = self.scratch / f"{folder.name}.out"
        with output.open("w+b") as printed:
            try:
                process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=printed, stderr=subprocess.STDOUT)  # noqa: S603
            except OSError as error:
                raise JailDown(f"docker cannot be begun: {error}") from error
            try:
                _tell(process, self._request(job))
                passed, was_cancelled = self._attend(process, job.limits, folder, output, cancelled, began)
            finally:
                self._end(name, process)
            printed.seek(0)
            text = printed.read(job.limits.output_bytes)
        output.unlink()
        code = process.returncode
        if passed is None and not was_cancelled and code in {*_NO_CONTAINER, experiment.NOT_CONFINED}:
            raise JailDown(f"docker could not run the job: {' '.join(text.decode('utf-8', 'replace').split())[:300]}")
        if passed is None and not was_cancelled and code == _KILLED:
            passed = out_of_memory(job.limits)
        return Ended(128 - code if code > 128 else code, passed, text, time.monotonic() - began, was_cancelled)

    def close(self) -> None:
        """Remove what was written."""
        remove(self.scratch)

    def _request(self, job: Job) -> dict[str, Any]:
        limits = asdict(job.limits) | {"tasks": 0, "cpu_seconds": max(1, round(job.limits.cpu_seconds + 0.5))}
        return request(job) | {
            "files": [f"{_DATA}/{number}.parquet" for number in range(len(job.data))],
            "scratch": _SCRATCH,
            "read": [],
            "landlock": False,
            "seccomp": True,
            "modules": self._modules,
            "limits": limits,
        }

    def _attend(
        self,
        process: subprocess.Popen[bytes],
        limits: Limits,
        folder: Path,
        output: Path,
        cancelled: Callable[[], bool],
        began: float,
    ) -> tuple[Passed | None, bool]:
        """Wait for the end, a limit or a cancellation; memory and processes are limited by Docker itself."""
        while True:
            try:
                process.wait(_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                if cancelled():
                    return None, True
                if (passed := _passed(limits, folder, output, time.monotonic() - began)) is not None:
                    return passed, False
            else:
                return _passed(limits, folder, output, 0.0), False

    def _end(self, name: str, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired, OSError):
                subprocess.run([self._program, "kill", name], capture_output=True, timeout=_ANSWER_SECONDS, check=False)  # noqa: S603
            process.kill()
        process.wait()


def _passed(limits: Limits, folder: Path, output: Path, seconds: float) -> Passed | None:
    if seconds > limits.wall_seconds + _START_SECONDS:
        return Passed("time-out", f"the code ran longer than its {limits.wall_seconds:g} seconds")
    if output.stat().st_size > limits.output_bytes:
        return Passed("limit", f"the code printed more than {limits.output_bytes} bytes")
    found = lying.measure(folder, limits.files)
    if found.hidden or found.entries > limits.files:
        return Passed("limit", f"the code made more than {limits.files} files")
    if found.size > limits.disk_bytes:
        return Passed("limit", f"the code wrote more than {limits.disk_bytes // MIB} MiB to disk")
    return None


def _tell(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    try:
        process.stdin.write(json.dumps(message).encode())
        process.stdin.close()
    except BrokenPipeError:
        pass  # its exit code says why


def _user() -> int:
    """The user in the container: whoever owns the scratch folder, and never root."""
    return NOBODY if os.geteuid() == 0 else os.geteuid()
