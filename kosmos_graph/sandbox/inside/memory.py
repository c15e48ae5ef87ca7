"""How much memory processes hold: exactly, which takes milliseconds for each, or at most, which takes microseconds."""

from __future__ import annotations

import os
from collections.abc import Mapping

from . import processes

_PAGE = os.sysconf("SC_PAGE_SIZE")
_FAULTS, _RESIDENT = 7, 21
"""Of the fields of /proc/PID/stat, counted from the state: page faults that needed no disk, and resident pages."""

Fields = list[bytes]


class Memory:
    """Bytes that the processes of a job hold; what they share among them and with the zygote is not counted twice.

    A page becomes a process's own by a fault, and a huge page by one that shows in what is resident. So what was measured, and the
    faults and the growth since then, are never less than what is held now, while the zygote leaves its own pages alone, as it does.
    """

    def __init__(self) -> None:
        self.measured = 0
        self._then: dict[int, tuple[int, int]] = {}

    def most(self, running: Mapping[int, Fields]) -> int:
        """Bytes that the processes hold at most, by their fields."""
        resident = sum(int(fields[_RESIDENT]) for fields in running.values())
        since = self.measured + _PAGE * sum(self._since(process, fields) for process, fields in running.items())
        return min(_PAGE * resident, since)

    def measure(self, frozen: Mapping[int, Fields]) -> int:
        """Bytes that the processes hold, which should not run meanwhile."""
        self._then = {process: (int(fields[_FAULTS]), int(fields[_RESIDENT])) for process, fields in frozen.items()}
        self.measured = sum(map(_proportional, frozen))
        return self.measured

    def _since(self, process: int, fields: Fields) -> int:
        """Pages that may have become the process's own since it was measured; all of it where it never was."""
        faults, resident = self._then.get(process, (int(fields[_FAULTS]), 0))
        return int(fields[_FAULTS]) - faults + max(0, int(fields[_RESIDENT]) - resident)


def taken(process: int) -> tuple[int, int]:
    """Bytes of data and of addresses that a process has taken, touched or not: what its forks begin with."""
    try:
        with open(f"/proc/{process}/statm", "rb") as file:
            pages = file.read().split()
    except OSError:
        return 0, 0
    return int(pages[5]) * _PAGE, int(pages[0]) * _PAGE


def _proportional(process: int) -> int:
    """Memory with shared pages divided among those who share them; all of it where that cannot be read."""
    try:
        with open(f"/proc/{process}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    fields = processes.fields(process)
    return 0 if fields is None else int(fields[_RESIDENT]) * _PAGE
