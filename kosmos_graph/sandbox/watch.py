"""How much a job uses at a moment, seen from outside its jail, and which of its limits that passes."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from kosmos_graph.sandbox import scratch
from kosmos_graph.sandbox.inside import processes
from kosmos_graph.sandbox.limits import MIB, Limits

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_WRITTEN_TO_DISK = 4
"""How often over a job may write what it may leave lying: bounds files that were removed while open, or mapped."""


@dataclass(frozen=True)
class Passed:
    """A limit that was passed: the state that a job ends in, and the sentence."""

    state: str
    sentence: str


class Watch:
    """Looks at the processes below a zygote, which runs one job at a time, and at that job's scratch folder."""

    def __init__(self, zygote: int, folder: Path, limits: Limits) -> None:
        self._zygote = zygote
        self._folder = folder
        self._limits = limits
        self._cpu_before = _cpu_of_ended(zygote)

    def look(self) -> Passed | None:
        """The first limit that is passed now."""
        running = tree(self._zygote)
        limits = self._limits
        if len(running) > limits.processes:
            return Passed("limit", f"the code ran more than {limits.processes} processes at once")
        if self.memory(running) > limits.memory_bytes:
            return out_of_memory(limits)
        if self._cpu(running) > limits.cpu_seconds:
            return out_of_cpu(limits)
        return self._disk(running)

    def memory(self, running: list[int]) -> int:
        """Bytes that the processes hold in memory; what they share among them and with the zygote is not counted twice."""
        resident = sum(map(_resident, running))
        return resident if resident <= self._limits.memory_bytes else sum(map(_proportional, running))

    def _cpu(self, running: list[int]) -> float:
        """Seconds of processor time of all processes of the job, ended ones too."""
        ended = _cpu_of_ended(self._zygote) - self._cpu_before
        return ended + sum(_cpu_of(process) for process in running)

    def _disk(self, running: list[int]) -> Passed | None:
        limits = self._limits
        lying = scratch.measure(self._folder, limits.files)
        if lying.hidden:
            return Passed("limit", "the code made a folder that cannot be listed")
        if lying.entries > limits.files:
            return Passed("limit", f"the code made more than {limits.files} files")
        removed = sum(map(_removed_but_open, running))
        written = sum(map(_written, running)) if sys.platform == "linux" else 0
        if lying.size + removed > limits.disk_bytes or written > _WRITTEN_TO_DISK * limits.disk_bytes:
            return Passed("limit", f"the code wrote more than {limits.disk_bytes // MIB} MiB to disk")
        return None


def out_of_memory(limits: Limits) -> Passed:
    return Passed("limit", f"the code needed more memory than its limit of {limits.memory_bytes // MIB} MiB")


def out_of_cpu(limits: Limits) -> Passed:
    return Passed("time-out", f"the code used more than its {limits.cpu_seconds:g} seconds of processor time")


def tree(root: int) -> list[int]:
    """The processes below `root`, by the short way where the kernel offers it."""
    if not Path(f"/proc/{root}/task/{root}/children").exists():
        return processes.descendants(root)
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = _children(waiting.pop())
        found += below
        waiting += below
    return found


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


def held(process: int) -> tuple[int, int]:
    """Bytes of data and of addresses that a process has taken, touched or not: what its forks begin with."""
    try:
        with open(f"/proc/{process}/statm", "rb") as file:
            pages = file.read().split()
    except OSError:
        return 0, 0
    return int(pages[5]) * _PAGE, int(pages[0]) * _PAGE


def _children(process: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found


def _cpu_of(process: int) -> float:
    """Its own and that of its children that have ended and been reaped."""
    found = processes.fields(process)
    return 0.0 if found is None else sum(map(int, found[11:15])) / _TICKS


def _cpu_of_ended(process: int) -> float:
    """That of its children that have ended and been reaped."""
    found = processes.fields(process)
    return 0.0 if found is None else sum(map(int, found[13:15])) / _TICKS


def _resident(process: int) -> int:
    try:
        with open(f"/proc/{process}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except OSError:
        return 0


def _proportional(process: int) -> int:
    """Memory with shared pages divided among those who share them; all of it where that cannot be read."""
    try:
        with open(f"/proc/{process}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return _resident(process)


def _written(process: int) -> int:
    """Bytes that the process, and its children that have ended, sent towards a disk."""
    try:
        with open(f"/proc/{process}/io", "rb") as file:
            for line in file:
                if line.startswith(b"write_bytes:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def _removed_but_open(process: int) -> int:
    """Bytes of regular files that have no name any more and that the process holds open."""
    size = 0
    try:
        for descriptor in os.listdir(f"/proc/{process}/fd"):
            status = os.stat(f"/proc/{process}/fd/{descriptor}")
            if status.st_nlink == 0:
                size += status.st_blocks * 512
    except OSError:
        pass
    return size
