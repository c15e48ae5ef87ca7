"""The few calls of Linux that Python has no function for. Each raises OSError when the kernel refuses."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

SET_PDEATHSIG = 1
SET_DUMPABLE = 4
SET_SECCOMP = 22
SET_CHILD_SUBREAPER = 36
SET_NO_NEW_PRIVS = 38

CLONE_NEWNS = 0x20000
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MS_NOSUID_NODEV = 0b110

libc: Any = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> int:
    """`result` of a C function that returns a negative number on failure."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, *arguments: int) -> int:
    padded = [option, *arguments, 0, 0, 0, 0][:5]
    return check(libc.prctl(*[ctypes.c_ulong(value) for value in padded]), f"prctl {option}")


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent ends (Linux; elsewhere they go to the first process)."""
    if sys.platform == "linux":
        prctl(SET_CHILD_SUBREAPER, 1)


def own_mounts() -> None:
    """Give this process a copy of the mounts that nobody else sees change."""
    check(libc.unshare(CLONE_NEWNS), "unshare")
    check(libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None), "mount private")


def mount_tmpfs(target: str) -> None:
    """Cover the folder `target` with an empty one of this process's that everybody may enter."""
    flags = ctypes.c_ulong(MS_NOSUID_NODEV)
    check(libc.mount(b"tmpfs", os.fsencode(target), b"tmpfs", flags, b"mode=755,size=1m"), f"mount on {target}")


def mount_again(descriptor: int, target: str) -> None:
    """Show the open file or folder at the existing path `target` as well."""
    source = f"/proc/self/fd/{descriptor}".encode()
    check(libc.mount(source, os.fsencode(target), None, ctypes.c_ulong(MS_BIND | MS_REC), None), f"bind {target}")
