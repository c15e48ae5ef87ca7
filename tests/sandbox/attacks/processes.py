"""What the kernel tells of processes: the judge's own reading of /proc, none of it shared with the sandbox that it judges."""

from __future__ import annotations

import os
import signal
import stat
import time
from contextlib import suppress
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts")
_TELLING = ("anon_inode:", "/memfd:", "/secretmem", "socket:")
_USUAL = (
    "anon_inode:[landlock-ruleset]",
    "anon_inode:[eventpoll]",
    "anon_inode:[eventfd]",
    "anon_inode:[eventfd2]",
    "anon_inode:[pidfd]",
)


def below(root: int) -> set[int]:
    """The living processes below `root`."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - every few milliseconds
        if name.isdigit() and (fields := _stat(int(name))) is not None and fields[0] not in {"Z", "X"}:
            children.setdefault(int(fields[1]), []).append(int(name))
    found: set[int] = set()
    waiting = [root]
    while waiting:
        new = children.get(waiting.pop(), [])
        found.update(new)
        waiting += new
    return found


def lives(process: int) -> bool:
    fields = _stat(process)
    return fields is not None and fields[0] not in {"Z", "X"}


def end_below(root: int, seconds: float = 5.0) -> None:
    """End all processes below `root`, also those that fork meanwhile."""
    deadline = time.monotonic() + seconds
    while (found := below(root)) and time.monotonic() < deadline:
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in found:
                with suppress(ProcessLookupError):
                    os.kill(process, number)
        time.sleep(0.002)


def cpu_seconds(process: int) -> float:
    """Its own, and that of its children that have been reaped."""
    fields = _stat(process)
    return 0.0 if fields is None else sum(map(int, fields[11:15])) / _TICKS


def tasks(process: int) -> int:
    try:
        return len(os.listdir(f"/proc/{process}/task"))  # noqa: PTH208
    except OSError:
        return 0


def memory(process: int, shared: int) -> int:
    """Bytes that a process holds: its share of what is mapped, and files in memory that it only has open.

    Where the kernel does not tell the share, `shared` bytes are taken to belong to the process that it was forked from.
    """
    return _mapped(process, shared) + _in_open_files(process)


def resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def held(process: int) -> set[str]:
    """What a job has no business to hold open: sockets, files in memory, instances of kernel interfaces."""
    return {link for link in _open_files(process).values() if link.startswith(_TELLING) and link not in _USUAL}


def open_and_removed(process: int) -> int:
    """Bytes on disk of files that have no name any more."""
    return sum(
        status.st_blocks * 512
        for descriptor, link in _open_files(process).items()
        if (status := _removed(process, descriptor, link))
    )


def namespaces(process: int) -> dict[str, str]:
    """Which namespaces and which root a process has."""
    found = {}
    for name in _NAMESPACES:
        with suppress(OSError):
            found[name] = str(Path(f"/proc/{process}/ns/{name}").readlink())
    with suppress(OSError):
        found["root"] = str(Path(f"/proc/{process}/root").readlink())
    return found


def _stat(process: int) -> list[str] | None:
    """The fields from the state on."""
    try:
        with open(f"/proc/{process}/stat") as file:  # noqa: PTH123 - every few milliseconds
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def _mapped(process: int, shared: int) -> int:
    with suppress(OSError), Path(f"/proc/{process}/smaps_rollup").open("rb") as file:
        for line in file:
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return max(0, resident(process) - shared)


def _in_open_files(process: int) -> int:
    held_only = 0
    for descriptor, link in _open_files(process).items():
        if link.startswith("/memfd:") and (status := _removed(process, descriptor, link)):
            held_only += status.st_blocks * 512
    return held_only


def _removed(process: int, descriptor: str, link: str) -> os.stat_result | None:
    if not link.endswith(" (deleted)"):
        return None
    with suppress(OSError):
        status = Path(f"/proc/{process}/fd/{descriptor}").stat()
        return status if stat.S_ISREG(status.st_mode) else None
    return None


def _open_files(process: int) -> dict[str, str]:
    found = {}
    with suppress(OSError):
        for descriptor in os.listdir(f"/proc/{process}/fd"):  # noqa: PTH208
            with suppress(OSError):
                found[descriptor] = os.readlink(f"/proc/{process}/fd/{descriptor}")  # noqa: PTH115
    return found
