"""Limits that the kernel holds a process to; what they cannot hold (whole groups, disks) is watched from outside."""

from __future__ import annotations

import resource
import sys

_ADDRESSES_TO_MEMORY = 4
"""Libraries reserve addresses that they never use."""
_OPEN_FILES = 256


def limit_resources(memory_bytes: int, file_bytes: int, cpu_seconds: int, tasks: int) -> None:
    """Limit this process and, each for itself, its descendants; `tasks` counts all that the user runs, 0 is no limit."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, file_bytes)
    _lower(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 2)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_MEMLOCK, 0)
    if tasks:
        _lower(resource.RLIMIT_NPROC, tasks)
    if sys.platform == "linux":  # elsewhere the system refuses or ignores these
        _lower(resource.RLIMIT_DATA, memory_bytes)
        _lower(resource.RLIMIT_AS, _ADDRESSES_TO_MEMORY * memory_bytes)
        _lower(resource.RLIMIT_MSGQUEUE, 0)


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, but never above the one that holds already."""
    _, most = resource.getrlimit(kind)
    wanted = soft if hard is None else hard
    bounded = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(kind, (min(soft, bounded), bounded))
