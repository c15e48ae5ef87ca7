"""Looks at what a job uses, from outside its jail, until it passes one of its limits."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

from . import lying, processes
from .memory import Fields, Memory

_TICKS = os.sysconf("SC_CLK_TCK")
_WRITTEN_TO_DISK = 4
"""How often over a job may write what it may leave lying: bounds files that were removed while open, or mapped."""
_SELDOM_SECONDS, _OFTEN_SECONDS = 0.025, 0.002
"""Between two looks, where nearly all of the memory is left, and where none is."""
_GROWTH = 4 << 30
"""Bytes a second by which a processor can fill memory with pages, roughly: more than zeroing and copying allow."""
_STEP = 16 << 20
"""Bytes that a job whose memory was measured may at least take before it is again: measuring holds it up."""
_SHARE_OF_LOOKING = 10
"""Of the time, at most one part in this many goes into looking at disks."""


class Watch:
    """Looks at the processes below a zygote, which runs one job at a time, and at that job's scratch folder.

    Memory decides how often: the less is left, the sooner the next look. Where the bound of it passes the limit, all processes are
    stopped and measured, so that none grows meanwhile, and go on where they hold less.
    """

    def __init__(self, zygote: int, folder: str, limits: dict[str, Any]) -> None:
        self.zygote = zygote
        self._folder = folder
        self._limits = limits
        self._memory = Memory()
        self._most = 0
        self._cost = 0.0
        self._next_disk = 0.0
        self._growth = _GROWTH * (os.cpu_count() or 1)
        self._cpu_before = _cpu(_fields(zygote), ended=True)

    def look(self) -> str | None:
        """The limit that is passed now, in a word; then no process may run any more."""
        began = time.thread_time()
        running = processes.tree(self.zygote)
        if len(running) > self._limits["processes"]:
            return "processes"
        found = processes.fields_of(running)
        self._most = self._memory.most(found)
        self._cost = time.thread_time() - began
        frozen: set[int] = set()
        if self._most > max(self._limits["memory_bytes"], self._memory.measured + _STEP):
            frozen = processes.freeze(self.zygote, running)
            self._most = self._memory.measure(processes.fields_of(frozen))
            if self._most > self._limits["memory_bytes"]:
                return "memory"
        passed = self._other(found)
        if passed is None and frozen:
            time.sleep(_OFTEN_SECONDS)  # measuring took this process's share of a busy processor, or the next look would come late
            processes.send(frozen, signal.SIGCONT)
        return passed

    def pause(self) -> float:
        """Seconds until the next look."""
        left: float = (self._limits["memory_bytes"] - self._most) / self._growth
        return min(_SELDOM_SECONDS, max(_OFTEN_SECONDS, left, self._cost))

    def _other(self, running: dict[int, Fields]) -> str | None:
        """The limit but memory and processes that is passed now."""
        cpu_seconds = _cpu(_fields(self.zygote), ended=True) - self._cpu_before + sum(map(_cpu, running.values()))
        if cpu_seconds > self._limits["cpu_seconds"]:
            return "processor time"
        return self._disk(list(running)) if time.monotonic() >= self._next_disk else None

    def _disk(self, running: list[int]) -> str | None:
        limits = self._limits
        began = time.thread_time()
        found = lying.measure(self._folder, limits["files"])
        removed = sum(map(_removed_but_open, running))
        written = sum(map(_written, running)) if sys.platform == "linux" else 0
        self._next_disk = time.monotonic() + max(_SELDOM_SECONDS, _SHARE_OF_LOOKING * (time.thread_time() - began))
        if found.hidden:
            return "a hidden folder"
        if found.entries > limits["files"]:
            return "files"
        too_much = found.size + removed > limits["disk_bytes"] or written > _WRITTEN_TO_DISK * limits["disk_bytes"]
        return "disk" if too_much else None


def _fields(process: int) -> Fields:
    return processes.fields(process) or [b"0"] * 40


def _cpu(fields: Fields, *, ended: bool = False) -> float:
    """Seconds of processor time of a process and its children that have ended and been reaped, or of these alone."""
    return sum(map(int, fields[13 if ended else 11 : 15])) / _TICKS


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
