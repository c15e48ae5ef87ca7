"""What the guardian of a jail knows of a job's memory, of real processes that this one forks."""

from __future__ import annotations

import gc
import mmap
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

if sys.platform != "linux":
    pytest.skip("it reads /proc", allow_module_level=True)

from kosmos_graph.sandbox.inside import processes
from kosmos_graph.sandbox.inside.memory import Memory
from kosmos_graph.sandbox.inside.watch import Watch
from kosmos_graph.sandbox.limits import MIB

SIZE = 64 * MIB
LIMITS: dict[str, Any] = {"memory_bytes": 2048 * MIB, "cpu_seconds": 60.0, "processes": 4, "disk_bytes": 64 * MIB, "files": 9}

Step = Callable[[], object]


class Stepping:
    """A child process that goes from step to step as it is told."""

    def __init__(self, *steps: Step) -> None:
        go, self.go = os.pipe()
        self._done, done = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.write(done, b"1")  # what Python and libraries do after a fork is done: in a large process that is much
            for step in steps:
                os.read(go, 1)
                step()
                os.write(done, b"1")
            signal.pause()
        os.close(go)
        os.close(done)
        os.read(self._done, 1)

    def step(self) -> None:
        os.write(self.go, b"1")
        os.read(self._done, 1)

    def close(self) -> None:
        for descriptor in (self.go, self._done):
            os.close(descriptor)
        os.kill(self.process, signal.SIGSTOP)
        processes.end_descendants(self.process)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


@pytest.fixture
def stepping() -> Iterator[Callable[..., Stepping]]:
    made: list[Stepping] = []

    def begin(*steps: Step) -> Stepping:
        made.append(Stepping(*steps))
        return made[-1]

    gc.disable()  # it writes on pages that a child shares with this process, which are the child's alone then
    yield begin
    gc.enable()
    for child in made:
        child.close()


def _private(size: int) -> mmap.mmap:
    return mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _touch(memory: mmap.mmap | memoryview) -> None:
    for start in range(0, len(memory), mmap.PAGESIZE):
        memory[start] = 1


def test_the_bound_is_never_below_what_is_held_and_what_is_only_reserved_is_not_in_it(stepping):
    inherited = _private(SIZE)
    _touch(inherited)
    own: list[mmap.mmap] = []
    reserved = 8 * SIZE
    child = stepping(lambda: own.append(_private(reserved)), lambda: _touch(memoryview(own[0])[:SIZE]), lambda: _touch(inherited))
    memory = Memory()
    measured = memory.measure(processes.fields_of([child.process]))
    for least, most in ((0, reserved), (SIZE, reserved), (2 * SIZE, reserved)):
        child.step()
        fields = processes.fields_of([child.process])
        held, bound = Memory().measure(fields), memory.most(fields)
        assert (held <= bound + MIB, least <= bound - measured < most) == (True, True)


def test_a_process_that_was_never_measured_counts_with_all_that_it_holds(stepping):
    child = stepping()
    memory = Memory()
    memory.measure({})
    fields = processes.fields_of([child.process])
    assert memory.most(fields) == int(fields[child.process][21]) * mmap.PAGESIZE


def test_what_forks_while_it_is_frozen_stands_still_with_all_that_it_forked(stepping):
    begun, begins = os.pipe()

    def fork() -> None:
        os.write(begins, b"1")
        for _ in range(50):
            if os.fork() == 0:
                signal.pause()

    child = stepping(fork)
    os.write(child.go, b"1")
    os.read(begun, 1)
    frozen = processes.freeze(child.process, [child.process])
    assert frozen == {child.process, *processes.descendants(child.process)}
    assert {fields[0] for fields in processes.fields_of(frozen).values()} == {b"T"}
    os.close(begun)
    os.close(begins)


def test_looks_follow_one_another_the_sooner_the_less_memory_is_left(tmp_path):
    watch = Watch(os.getpid(), str(tmp_path), LIMITS)

    def pause(left: int) -> float:
        watch._most = LIMITS["memory_bytes"] - left
        return watch.pause()

    assert [pause(left) for left in (1 << 40, 0, -MIB)] == [0.025, 0.002, 0.002]
    assert 0.002 <= pause(32 * MIB) < 0.025


def test_a_job_below_its_limit_goes_on_after_it_was_measured_and_one_above_does_not(stepping, tmp_path):
    inherited = _private(SIZE)
    _touch(inherited)
    child = stepping(lambda: os.fork() or signal.pause())
    child.step()
    (job,) = processes.tree(child.process)
    fields = processes.fields_of([job])
    held, resident = Memory().measure(fields), Memory().most(fields)
    states = []
    for limit in ((held + resident) // 2, held // 2):
        watch = Watch(child.process, str(tmp_path), LIMITS | {"memory_bytes": limit})
        states.append((watch.look(), processes.fields_of([job])[job][0] == b"T"))
    assert states == [(None, False), ("memory", True)]
