"""The first thing that a process of a jail does: find out which one it is."""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any, NoReturn

from . import experiment, guardian, zygote


def begin(role: str, spec: dict[str, Any]) -> NoReturn:
    """Be the guardian, the zygote or the process of a single job."""
    if role == "guardian":
        guardian.guard(spec)
    if role == "zygote":
        zygote.serve(socket.socket(fileno=spec["socket"]), spec)
    if role == "once":
        _run_once()
    os._exit(0)


def _run_once() -> NoReturn:
    """The job whose request comes from standard input, with its data in files that it names."""
    request = json.load(sys.stdin)
    files = [os.open(path, os.O_RDONLY) for path in request["files"]]
    reading, writing = os.pipe()
    process = os.fork()  # the job begins a session, which the first process of a container may not
    if process == 0:
        try:
            experiment.run(request, os.dup(1), files, writing)
        finally:
            os._exit(experiment.NOT_CONFINED)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(writing)
    if os.read(reading, 1) != b"1":
        os._exit(experiment.NOT_CONFINED)
    os._exit(1 if code == experiment.NOT_CONFINED else code if code >= 0 else 128 - code)
