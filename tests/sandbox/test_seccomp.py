"""The filters of system calls, judged by an interpreter of their instructions, for both kinds of processor."""

from __future__ import annotations

import errno
import os
import struct

import pytest

from kosmos_graph.sandbox.inside import seccomp, syscalls

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
REFUSED = [
    name
    for name in syscalls.FOREIGN["x86_64"]
    if name not in {*syscalls.METADATA["x86_64"], *syscalls.ATTRIBUTES["x86_64"], "pidfd_open"}
]


def _judge(program: bytes, machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """The action that the kernel would take."""
    data = struct.pack("IIQ6Q", number, architecture or MACHINES[machine], 0, *[*arguments, 0, 0, 0, 0, 0, 0][:6])
    instructions = [struct.unpack("HBBI", program[start : start + 8]) for start in range(0, len(program), 8)]
    accumulator = place = 0
    while True:
        code, true, false, value = instructions[place]
        place += 1
        match code:
            case 0x20:
                accumulator = struct.unpack_from("I", data, value)[0]
            case 0x15:
                place += true if accumulator == value else false
            case 0x35:
                place += true if accumulator >= value else false
            case 0x45:
                place += true if accumulator & value else false
            case 0x54:
                accumulator &= value
            case 0x06:
                return value
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")


def _error(number: int) -> int:
    return seccomp.ERRNO | number


@pytest.mark.parametrize("machine", MACHINES)
def test_what_python_needs_is_allowed_and_the_rest_is_not(machine):
    program = seccomp.for_code(machine)
    for name, number in syscalls.ALLOWED[machine].items():
        assert _judge(program, machine, number) == seccomp.ALLOW, name
    for name in REFUSED:
        if name in syscalls.FOREIGN[machine]:
            assert _judge(program, machine, syscalls.FOREIGN[machine][name]) == _error(errno.EPERM), name


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_processor_end_the_process_and_unknown_ones_do_not_exist(machine):
    program = seccomp.for_code(machine)
    assert _judge(program, machine, 0, architecture=0x40000003) == seccomp.KILL_PROCESS
    assert _judge(program, machine, 500) == _error(errno.ENOSYS)
    assert _judge(program, machine, syscalls.CLONE3) == _error(errno.ENOSYS)


def test_the_second_table_of_x86_64_is_closed():
    assert _judge(seccomp.for_code("x86_64"), "x86_64", 0x40000000 | 41) == _error(errno.ENOSYS)
    assert _judge(seccomp.for_workers("x86_64"), "x86_64", 0x40000000 | 41) == _error(errno.ENOSYS)


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_are_judged_by_their_arguments(machine):
    program = seccomp.for_code(machine, process=77)
    number = syscalls.FILTERED[machine]
    denied = _error(errno.EPERM)

    def judge(name: str, *arguments: int) -> int:
        return _judge(program, machine, number[name], *arguments)

    assert (judge("clone", 0x11), judge("clone", 0x3D0F00)) == (seccomp.ALLOW, seccomp.ALLOW)
    assert [judge("clone", flag) for flag in (0x10000000, 0x20000000, 0x40000000, 0x00020000, 0x02000000)] == [denied] * 5
    assert [judge("mmap", 0, 0, 3, flags) for flags in (0x22, 0x01, 0x20022)] == [seccomp.ALLOW] * 3
    assert [judge("mmap", 0, 0, 3, flags) for flags in (0x21, 0x23, 0x8022, 0x40022, 0x122)] == [denied] * 5
    assert (judge("madvise", 0, 0, 14), judge("madvise", 0, 0, 23)) == (seccomp.ALLOW, denied)
    assert (judge("ioctl", 1, 0x5401), judge("ioctl", 1, 0x5412)) == (seccomp.ALLOW, _error(errno.ENOTTY))
    assert (judge("fcntl", 1, 3), judge("fcntl", 1, 8), judge("fcntl", 1, 10)) == (seccomp.ALLOW, denied, denied)
    assert (judge("prlimit64", 0), judge("prlimit64", 1)) == (seccomp.ALLOW, denied)
    assert (judge("tgkill", 77), judge("tgkill", 78)) == (seccomp.ALLOW, denied)
    assert judge("openat", 0, 0, os.O_RDONLY | os.O_CLOEXEC) == seccomp.ALLOW
    assert judge("openat", 0, 0, os.O_WRONLY | os.O_TRUNC | os.O_CREAT) == seccomp.ALLOW
    assert judge("openat", 0, 0, os.O_RDONLY | os.O_TRUNC) == denied


@pytest.mark.parametrize("machine", MACHINES)
def test_metadata_are_changed_in_appearance_only(machine):
    program = seccomp.for_code(machine)
    assert {_judge(program, machine, number) for number in syscalls.METADATA[machine].values()} == {_error(0)}
    assert {_judge(program, machine, number) for number in syscalls.ATTRIBUTES[machine].values()} == {_error(errno.ENOTSUP)}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_worker_keeps_all_but_the_calls_that_reach_out(machine):
    program = seccomp.for_workers(machine)
    assert {_judge(program, machine, number) for number in syscalls.FOREIGN[machine].values()} == {_error(errno.EPERM)}
    assert {_judge(program, machine, number) for number in syscalls.ALLOWED[machine].values()} == {seccomp.ALLOW}


def test_another_processor_has_no_filter():
    assert not seccomp.supported("riscv64")
    with pytest.raises(OSError, match="no filter of system calls for riscv64"):
        seccomp.for_code("riscv64")
