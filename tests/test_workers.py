"""Worker processes: what they give back, and that they are lost or ended without harm."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kosmos_graph import workers

SCRIPT = """
import asyncio, math, os, sys
from kosmos_graph import workers

print("the script runs", flush=True)  # no guard: a worker that imported this script would print it again
workers.begin(math.pi.as_integer_ratio)
print(asyncio.run(workers.in_worker(os.getpid)), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _begun():
    workers.begin(os.getpid)


async def test_a_worker_computes_in_another_process():
    assert await workers.in_worker(os.getpid) != os.getpid()
    assert await asyncio.gather(*(workers.in_worker(math.factorial, number) for number in range(6))) == [1, 1, 2, 6, 24, 120]


async def test_what_is_raised_in_a_worker_is_raised_here():
    with pytest.raises(ValueError, match="math domain error"):
        await workers.in_worker(math.sqrt, -1.0)


async def test_what_a_function_prints_does_not_garble_its_answer():
    assert await workers.in_worker(print, "to standard error") is None


async def test_a_killed_worker_is_reported_and_another_takes_its_place():
    with pytest.raises(workers.WorkerLost):
        await workers.in_worker(_kill_myself)
    assert await workers.in_worker(math.factorial, 3) == 6


def _kill_myself():
    os.kill(os.getpid(), signal.SIGKILL)


async def test_a_worker_gets_no_key(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "secret")
    with pytest.raises(workers.WorkerLost):  # the next one is begun with the environment of now
        await workers.in_worker(_kill_myself)
    assert "SOME_API_KEY" not in await workers.in_worker(_environment)


def _environment():
    return dict(os.environ)


def test_a_worker_ends_with_a_killed_parent_and_never_runs_the_callers_script(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "the script runs\n"
        worker = int(child.stdout.readline())
        child.kill()
        child.wait()
    for _ in range(200):  # a bound for a machine under load, not a wait: the pipe that the worker reads has ended already
        if _is_gone(worker):
            return
        time.sleep(0.05)
    pytest.fail("the worker outlived its parent")


def _is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
        told = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
        return told.stdout.startswith("Z")
    except ProcessLookupError:
        return True
