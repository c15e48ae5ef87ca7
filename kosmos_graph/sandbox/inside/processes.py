"""The tree of processes below one, as the system tells it, and how to end it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable

_ROUNDS = 100
_PAUSE_SECONDS = 0.002
_MOMENT_SECONDS = 0.0005
_STILL_SECONDS = 0.5
"""How long a process that waits in the kernel is waited for; it takes no memory meanwhile."""


def children_of_all() -> dict[int, list[int]]:
    """Every process of the system that can be seen, by its parent."""
    children: dict[int, list[int]] = {}
    for process, parent in _pairs():
        children.setdefault(parent, []).append(process)
    return children


def descendants(root: int) -> list[int]:
    """The processes below `root`, nearest first, as of one moment or nearly so."""
    children = children_of_all()
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def tree(root: int) -> list[int]:
    """The processes below `root`, by the short way where the kernel offers it."""
    if not os.path.exists(f"/proc/{root}/task/{root}/children"):
        return descendants(root)
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = _children(waiting.pop())
        found += below
        waiting += below
    return found


def freeze(root: int, known: Iterable[int]) -> set[int]:
    """Stop all processes below `root`, the `known` at once, and wait until they stand still: a fork is completed first."""
    frozen = set(known)
    send(frozen, signal.SIGSTOP)
    deadline = time.monotonic() + _STILL_SECONDS
    while True:
        still = all(map(_stands_still, frozen))
        new = set(tree(root)) - frozen
        send(new, signal.SIGSTOP)
        frozen |= new
        if (still and not new) or time.monotonic() > deadline:
            return frozen
        time.sleep(_MOMENT_SECONDS)


def end_descendants(root: int) -> None:
    """End all processes below `root`: frozen first, so that none forks between being found and being ended."""
    for _ in range(_ROUNDS):
        found = descendants(root)
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            send(found, sign)
        if root == os.getpid():
            reap()
        if not any(map(_lives, found)):
            return
        time.sleep(_PAUSE_SECONDS)


def send(processes: Iterable[int], sign: signal.Signals) -> None:
    """Send a signal to those that are still there."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, sign)


def reap() -> None:
    """Take note of every ended child of this process."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def fields(process: int) -> list[bytes] | None:
    """The fields of /proc/PID/stat from the state on (proc(5) counts it as the third); None where it is gone."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            content = file.read()
    except OSError:
        return None
    return content[content.rindex(b")") + 2 :].split()


def tasks_of(user: int) -> int:
    """Threads that this user runs now, in the whole system: the kernel's limit on processes counts all of them."""
    number = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == user:
                    number += len(os.listdir(f"{entry.path}/task"))
            except OSError:
                continue
    return number


def _stands_still(process: int) -> bool:
    """Whether it is stopped, or has ended."""
    state = fields(process)
    return state is None or state[0] in {b"T", b"t", b"Z", b"X"}


def _children(process: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found


def fields_of(those: Iterable[int]) -> dict[int, list[bytes]]:
    """The `fields` of those that are still there."""
    return {process: found for process in those if (found := fields(process)) is not None}


def _lives(process: int) -> bool:
    """Whether a process is there and not only waiting to be reaped."""
    if sys.platform == "linux":
        state = fields(process)
        return state is not None and state[0] not in {b"Z", b"X"}
    with contextlib.suppress(OSError):
        os.kill(process, 0)
        return True
    return False


def _pairs() -> list[tuple[int, int]]:
    """(process, parent) of all."""
    if sys.platform == "linux":
        return [(process, int(found[1])) for process in _numbered() if (found := fields(process)) is not None]
    listing = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
    return [(int(words[0]), int(words[1])) for line in listing.splitlines() if len(words := line.split()) == 2]


def _numbered() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]
