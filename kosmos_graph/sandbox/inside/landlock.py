"""Landlock: a process gives up every path, TCP port and foreign process that it is not granted.

Kernel documentation: userspace-api/landlock. Only the calling thread, and what it begins afterwards, is restricted.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from .kernel import SET_NO_NEW_PRIVS, check, libc, prctl

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << bit for bit in range(6))
_MAKE_DIR, _MAKE_REGULAR = 1 << 7, 1 << 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_IOCTL_DEVICE = 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE

READ = _EXECUTE | _READ_FILE | _READ_DIR
WRITE = _READ_FILE | _READ_DIR | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REGULAR | _TRUNCATE
DEVICE = _READ_FILE | _WRITE_FILE

_RIGHTS_SINCE = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Number of file rights by version of the interface; later versions have those of 5."""
_TCP_BIND_AND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def version() -> int:
    """Version of the kernel's Landlock interface, 0 where there is none or it is switched off."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))))


def restrict(read: Iterable[str] = (), write: Iterable[str] = (), devices: Iterable[str] = ()) -> int:
    """Leave this thread the files beneath these paths, no TCP, and signals to its own kind only; the interface's version.

    Paths that do not exist are passed over. What is already restricted stays so. Raises OSError where there is no Landlock.
    """
    available = version()
    if available < 1:
        raise OSError("this kernel has no Landlock, or it is switched off")
    files = (1 << _RIGHTS_SINCE[min(available, 5)]) - 1
    network = _TCP_BIND_AND_CONNECT if available >= 4 else 0
    scopes = _ABSTRACT_SOCKETS_AND_SIGNALS if available >= 6 else 0
    size = 24 if available >= 6 else 16 if available >= 4 else 8
    attributes = struct.pack("QQQ", files, network, scopes)
    ruleset = check(libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0)), "landlock ruleset")
    try:
        for paths, rights in ((read, READ), (write, WRITE), (devices, DEVICE)):
            for path in paths:
                _grant(ruleset, path, rights & files)
        prctl(SET_NO_NEW_PRIVS, 1)
        check(libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)), "landlock restriction")
    finally:
        os.close(ruleset)
    return available


def _grant(ruleset: int, path: str, rights: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, target)  # the structure of the kernel is packed
        check(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, ctypes.c_uint32(0)), f"landlock rule for {path}")
    finally:
        os.close(target)
