"""How much a job may use before it is ended."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class Limits:
    """Limits of one job: of its whole process group, wherever a process of it has gone.

    `wall_seconds` counts from the moment at which the code begins. `disk_bytes` and `files` bound what lies in its scratch
    folder at any moment, `output_bytes` what it prints, `result_bytes` the file of its results.
    """

    wall_seconds: float = 60.0
    cpu_seconds: float = 60.0
    memory_bytes: int = 2 * GIB
    processes: int = 16
    disk_bytes: int = 256 * MIB
    files: int = 2000
    output_bytes: int = MIB
    result_bytes: int = 4 * MIB
