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
import asyncio, sys
from kosmos_graph import workers
from tests.test_workers import process

print("the script runs", flush=True)  # no guard: a worker that imported this script would print it again
workers.begin(process)
print(asyncio.run(workers.in_worker(process)).decode(), flush=True)
sys.stdin.read()
"""


def process():
    return str(os.getpid()).encode()


def factorial(number):
    print("to standard error")
    return str(math.factorial(number)).encode()


@pytest.fixture
async def pool():
    found = workers.Pool(process, 2)
    yield found
    found.end()


async def test_a_worker_computes_in_another_process_and_what_it_prints_does_not_garble_its_answer(pool):
    assert await pool.call(process, ()) != process()
    answers = await asyncio.gather(*(pool.call(factorial, (number,)) for number in range(6)))
    assert answers == [b"1", b"1", b"2", b"6", b"24", b"120"]


async def test_what_somebody_waits_for_is_computed_before_what_nobody_does(tmp_path):
    pool = workers.Pool(process, 1)
    ranks = (1, 1, 1, 0, 0)
    log = tmp_path / "log"
    calls = [pool.call(note, (str(log), f"{rank}{number}"), rank) for number, rank in enumerate(ranks)]
    await asyncio.gather(*calls)
    pool.end()
    # the first may have been begun before the others were asked for
    assert [line for line in log.read_text().split() if line != "10"] == ["03", "04", "11", "12"]


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="sessions are not weighed here")
async def test_a_worker_stands_back_behind_the_session_that_began_it(pool):
    assert (await pool.call(weight, ())).decode().split()[-1] == str(workers.NICENESS)


def weight():
    return Path("/proc/self/autogroup").read_bytes()


def note(log, text):
    with Path(log).open("a") as file:
        file.write(text + "\n")
    return b""


async def test_what_is_raised_in_a_worker_is_told_here_in_words_and_nothing_is_unpickled(pool):
    with pytest.raises(workers.WorkerFailed, match="ValueError: factorial"):
        await pool.call(factorial, (-1,))


async def test_a_worker_that_could_not_warm_up_says_why_at_every_call_and_nobody_waits_for_it():
    pool = workers.Pool(_fail, 1)
    for _ in range(3):
        with pytest.raises(workers.WorkerUnready, match="OSError: no fonts"):
            await asyncio.wait_for(pool.call(process, ()), 60)
    pool.end()


def _fail():
    raise OSError("no fonts")


async def test_an_answer_that_is_too_long_or_no_answer_ends_the_worker(pool, monkeypatch):
    monkeypatch.setattr(workers, "MOST_ANSWERED", 1000)
    with pytest.raises(workers.WorkerLost):
        await pool.call(_long, ())
    assert await pool.call(factorial, (3,)) == b"6"


def _long():
    return bytes(2000)


async def test_a_killed_worker_is_reported_and_another_takes_its_place(pool):
    with pytest.raises(workers.WorkerLost):
        await pool.call(_kill_myself, ())
    assert await pool.call(factorial, (3,)) == b"6"


def _kill_myself():
    os.kill(os.getpid(), signal.SIGKILL)


async def test_a_worker_gets_no_key_and_no_address_with_a_password(pool, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "secret")
    monkeypatch.setenv("PGPASSFILE", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example")
    with pytest.raises(workers.WorkerLost):  # the next one is begun with the environment of now
        await pool.call(_kill_myself, ())
    told = await asyncio.gather(*(pool.call(_environment, ()) for _ in range(4)))
    assert not any(name in b"".join(told) for name in (b"SOME_API_KEY", b"PGPASSFILE", b"HTTPS_PROXY"))


def _environment():
    return " ".join(os.environ).encode()


def test_a_worker_ends_with_a_killed_parent_and_never_runs_the_callers_script(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen(
        [sys.executable, str(script)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
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
