"""Lets a process of our own lock itself in, after it has imported what it needs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kosmos_graph.sandbox.inside import landlock, seccomp
from kosmos_graph.sandbox.inside.experiment import DEVICES
from kosmos_graph.sandbox.python_paths import python_paths

_OUR_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Confinement:
    """What holds a process from now on: `files` (nothing is read or written but what was granted), `calls` (no network, no other
    program, no other process). `reasons` say why one of them does not hold."""

    files: bool
    calls: bool
    reasons: tuple[str, ...] = ()


def confine_self(*, read: Iterable[Path] = (), write: Iterable[Path] = ()) -> Confinement:
    """Give up, for good, what a worker that computes does not need: best effort, and never an error.

    What stays: open files and pipes, memory, threads and forks; reading the interpreter, the installed packages and the paths
    `read`; writing the paths `write`. It holds for this thread and those that it begins, so it is called before any other
    is begun. On systems other than Linux nothing is given up.
    """
    if sys.platform != "linux":
        return Confinement(files=False, calls=False, reasons=(f"there is neither Landlock nor seccomp on {sys.platform}",))
    reasons = []
    files = calls = False
    try:
        granted = [*python_paths().read, str(_OUR_PACKAGE), *map(str, read)]
        landlock.restrict(granted, [str(path) for path in write], DEVICES)
        files = True
    except OSError as error:
        reasons.append(str(error))
    try:
        seccomp.install(seccomp.for_workers())
        calls = True
    except OSError as error:
        reasons.append(str(error))
    return Confinement(files, calls, tuple(reasons))
