"""Objects of System V and POSIX that outlive processes, looked for by their names and removed."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_IPC_RMID = 0
_libc = ctypes.CDLL(None, use_errno=True)


def found(key: int, name: str) -> list[str]:
    """Which of those with this key or name exist."""
    kinds = [f"System V {kind}" for kind in ("shm", "sem", "msg") if _identifiers(kind, key)]
    if Path(f"/dev/shm/{name}").exists():
        kinds.append("POSIX shared memory")
    queue = _queue(name)
    if queue >= 0:
        os.close(queue)
        kinds.append("POSIX message queue")
    return kinds


def remove(key: int, name: str) -> None:
    """Remove them all."""
    for number in _identifiers("shm", key):
        _libc.shmctl(number, _IPC_RMID, None)
    for number in _identifiers("sem", key):
        _libc.semctl(number, 0, _IPC_RMID)
    for number in _identifiers("msg", key):
        _libc.msgctl(number, _IPC_RMID, None)
    Path(f"/dev/shm/{name}").unlink(missing_ok=True)
    _real_time().mq_unlink(f"/{name}".encode())


def _identifiers(kind: str, key: int) -> list[int]:
    table = Path(f"/proc/sysvipc/{kind}")
    if not table.exists():
        return []
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return [int(row[1]) for row in rows if int(row[0]) == key]


def _queue(name: str) -> int:
    return int(_real_time().mq_open(f"/{name}".encode(), os.O_RDONLY))


def _real_time() -> ctypes.CDLL:
    return _libc if hasattr(_libc, "mq_open") else ctypes.CDLL("librt.so.1", use_errno=True)
