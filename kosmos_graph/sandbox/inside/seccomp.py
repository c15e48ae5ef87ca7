"""Filters of system calls (seccomp), assembled for the kernel's classic BPF.

A filter for code that nobody has read lists what is allowed. One for our own workers lists what is denied, since what their
libraries need is not known beforehand. Both refuse a call made by the numbers of another kind of processor.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from . import syscalls
from .kernel import SET_NO_NEW_PRIVS, SET_SECCOMP, check, libc, prctl

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
ERRNO = 0x00050000

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
_NUMBER, _ARCHITECTURE = 0, 4
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06

_NEW_NAMESPACE = 0x7E020000
_TERMINAL_AND_FILE_QUERIES = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: what Python asks of an open file."""
_ACCESS_AND_TRUNCATION = os.O_ACCMODE | os.O_TRUNC
_SHARED_AND_OF_NO_FILE = 0x21
"""MAP_SHARED and MAP_ANONYMOUS: memory that no limit on data counts."""
_OTHER_MEMORY = 0x100 | 0x8000 | 0x40000
"""MAP_GROWSDOWN, which is not counted either; MAP_POPULATE, which goes on in a stopped process; MAP_HUGETLB, which nobody sees."""
_POPULATE = (22, 23)
"""MADV_POPULATE_READ and MADV_POPULATE_WRITE."""
_SIGNALLING_FCNTL = (8, 10, 15, 1024, 1026)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY: they have the kernel send signals."""

Instruction = tuple[int, int, int, int]


def supported(machine: str | None = None) -> bool:
    """Whether there are tables for this kind of processor."""
    return (machine or platform.machine()) in _AUDIT


def for_code(machine: str | None = None, *, process: int | None = None) -> bytes:
    """The filter for an experiment's code: what is not listed fails.

    Threads of `process` (this one) may signal one another. Changes of modes, owners and times do nothing and say that they
    succeeded, so that `shutil.copy` works. Raises OSError for a kind of processor without tables.
    """
    machine = machine or platform.machine()
    instructions = _opening(machine)
    filtered = syscalls.FILTERED[_known(machine)]
    instructions += _block(filtered["mmap"], _memory_that_is_counted(3))
    for number in syscalls.ALLOWED[machine].values():
        instructions += _when(number, ALLOW)
    for number in syscalls.METADATA[machine].values():
        instructions += _when(number, ERRNO)
    for number in syscalls.ATTRIBUTES[machine].values():
        instructions += _when(number, ERRNO | errno.ENOTSUP)
    instructions += _when(syscalls.CLONE3, ERRNO | errno.ENOSYS)  # then clone is called, whose flags a filter can see
    instructions += _block(filtered["clone"], _no_bit(0, _NEW_NAMESPACE))
    for name, index in (("open", 1), ("openat", 2)):
        if name in filtered:
            instructions += _block(filtered[name], _no_truncation_in_reading(index))
    instructions += _block(filtered["madvise"], _none_of(2, _POPULATE))
    instructions += _block(filtered["ioctl"], _one_of(1, _TERMINAL_AND_FILE_QUERIES, errno.ENOTTY))
    instructions += _block(filtered["fcntl"], _none_of(1, _SIGNALLING_FCNTL))
    instructions += _block(filtered["prlimit64"], _one_of(0, (0,), errno.EPERM))
    instructions += _block(filtered["tgkill"], _one_of(0, (os.getpid() if process is None else process,), errno.EPERM))
    instructions += [(_AT_LEAST, 0, 1, syscalls.FIRST_UNKNOWN), _return(ERRNO | errno.ENOSYS)]
    instructions += [_return(ERRNO | errno.EPERM)]
    return _assembled(instructions)


def for_workers(machine: str | None = None) -> bytes:
    """The filter for our own worker processes: no network, no other program or process, no change of files' metadata."""
    machine = machine or platform.machine()
    instructions = _opening(machine)
    for number in syscalls.FOREIGN[_known(machine)].values():
        instructions += _when(number, ERRNO | errno.EPERM)
    instructions += _when(syscalls.CLONE3, ERRNO | errno.ENOSYS)
    instructions += _block(syscalls.FILTERED[machine]["clone"], _no_bit(0, _NEW_NAMESPACE))
    instructions += [_return(ALLOW)]
    return _assembled(instructions)


def install(program: bytes) -> None:
    """Filter this thread, and what it begins afterwards, for good."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))

    buffer = ctypes.create_string_buffer(program, len(program))
    filter_ = Program(len(program) // 8, ctypes.addressof(buffer))
    prctl(SET_NO_NEW_PRIVS, 1)
    check(libc.prctl(SET_SECCOMP, 2, ctypes.byref(filter_), 0, 0), "seccomp")


def _known(machine: str) -> str:
    if machine not in _AUDIT:
        raise OSError(f"there is no filter of system calls for {machine}")
    return machine


def _opening(machine: str) -> list[Instruction]:
    instructions = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _AUDIT[_known(machine)]),
        _return(KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        instructions += [(_AT_LEAST, 0, 1, _X32), _return(ERRNO | errno.ENOSYS)]
    return instructions


def _return(action: int) -> Instruction:
    return (_RETURN, 0, 0, action)


def _when(number: int, action: int) -> list[Instruction]:
    return [(_EQUAL, 0, 1, number), _return(action)]


def _block(number: int, instructions: list[Instruction]) -> list[Instruction]:
    """`instructions`, which end by returning, for the one call `number`."""
    return [(_EQUAL, 0, len(instructions), number), *instructions]


def _argument(index: int) -> Instruction:
    """Load the low half of an argument; all that is compared here are C ints and flags of 32 bits."""
    return (_LOAD, 0, 0, 16 + 8 * index)


def _one_of(index: int, values: tuple[int, ...], error: int) -> list[Instruction]:
    instructions = [_argument(index)]
    for value in values:
        instructions += _when(value, ALLOW)
    return [*instructions, _return(ERRNO | error)]


def _none_of(index: int, values: tuple[int, ...]) -> list[Instruction]:
    instructions = [_argument(index)]
    for value in values:
        instructions += _when(value, ERRNO | errno.EPERM)
    return [*instructions, _return(ALLOW)]


def _no_bit(index: int, bits: int) -> list[Instruction]:
    return [_argument(index), (_ANY_BIT, 0, 1, bits), _return(ERRNO | errno.EPERM), _return(ALLOW)]


def _no_truncation_in_reading(index: int) -> list[Instruction]:
    """Refuse O_TRUNC without writing, which empties a file and which Landlock sees from version 3 on."""
    instructions = [_argument(index), (_AND, 0, 0, _ACCESS_AND_TRUNCATION)]
    return [*instructions, (_EQUAL, 0, 1, os.O_TRUNC), _return(ERRNO | errno.EPERM), _return(ALLOW)]


def _memory_that_is_counted(index: int) -> list[Instruction]:
    """Refuse flags of a mapping by which memory is taken that the limits do not count."""
    denied = _return(ERRNO | errno.EPERM)
    instructions = [_argument(index), (_ANY_BIT, 0, 1, _OTHER_MEMORY), denied, (_AND, 0, 0, _SHARED_AND_OF_NO_FILE)]
    return [*instructions, (_EQUAL, 0, 1, _SHARED_AND_OF_NO_FILE), denied, _return(ALLOW)]


def _assembled(instructions: list[Instruction]) -> bytes:
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
