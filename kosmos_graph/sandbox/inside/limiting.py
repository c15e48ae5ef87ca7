"""Limits that the kernel holds a process to; what they cannot hold (whole groups, disks) is watched from outside."""

from __future__ import annotations

import resource
import sys

_ADDRESSES_TO_MEMORY = 4
"""Libraries reserve addresses that they never use."""
_OPEN_FILES = 256
_STACK_BYTES = 8 << 20
"""What most systems give; it is not counted as data."""


def limit_resources(memory_bytes: int, file_bytes: int, cpu_seconds: int, tasks: int, held: tuple[int, int] = (0, 0)) -> None:
    """Limit this process and, each for itself, its descendants; `tasks` counts all that the user runs, 0 is no limit.

    `memory_bytes` comes on top of what is `held` already, in bytes: of data, whether they were ever touched or not, and of
    addresses.
    """
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, file_bytes)
    _lower(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 2)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_MEMLOCK, 0)
    _lower(resource.RLIMIT_STACK, _STACK_BYTES)
    if tasks:
        _lower(resource.RLIMIT_NPROC, tasks)
    if sys.platform == "linux":  # elsewhere the system refuses or ignores these
        data, addresses = held
        _lower(resource.RLIMIT_DATA, memory_bytes + data)
        _lower(resource.RLIMIT_AS, _ADDRESSES_TO_MEMORY * memory_bytes + addresses)
        _lower(resource.RLIMIT_MSGQUEUE, 0)


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, but never above the one that holds already."""
    _, most = resource.getrlimit(kind)
    wanted = soft if hard is None else hard
    bounded = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(kind, (min(soft, bounded), bounded))
