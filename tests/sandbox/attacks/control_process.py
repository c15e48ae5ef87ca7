"""A plain process with the scientific libraries imported that forks one for each job, and puts nothing around it.

What it runs of a job is what a jail runs too, but for what closes the jail. Run as a script: `control_process.py SPEC`; requests
are lines of JSON, the answer to each is the number of the job's process.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any


def main() -> None:
    spec = json.loads(sys.argv[1])
    sys.path.insert(0, str(Path(__file__).parent))
    importlib.import_module("unprivileged").load_inside(spec["inside"])
    sys.path[:] = [*sys.path[1:], *spec["packages"]]
    for module in spec["modules"]:
        importlib.import_module(module)
    experiment = importlib.import_module("inside.experiment")
    experiment.confine = lambda request: None
    importlib.import_module("inside.kernel").adopt_orphans()  # so that they can be found and ended
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _say({"process": os.getpid()})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        process = os.fork()
        if process == 0:
            try:
                _run(experiment, request)
            except BaseException:  # noqa: BLE001 - the child of a fork must not go on as its parent
                traceback.print_exc()  # to the judge's own standard error
            finally:
                os._exit(1)
        _say({"process": process})


def _run(experiment: Any, request: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    data = [os.open(path, os.O_RDONLY) for path in request["paths"]]
    experiment._settle = lambda scratch, *_: _settle(scratch, output)
    experiment.run(request, output, data, os.open(os.devnull, os.O_WRONLY))


def _settle(scratch: str, output: int) -> None:
    """What any runner does that gives no thought to open files."""
    os.setsid()
    for target in (1, 2):
        os.dup2(output, target)
    os.chdir(scratch)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
