"""Studies computed in worker processes that have locked themselves in."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kosmos_graph import workers
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.runner import draw_result, run_design
from kosmos_graph.experiments.sample import draw_sample
from kosmos_graph.sandbox.inside import landlock
from kosmos_graph.wiring import computing
from tests.experiments.factories import make_dataset, make_design

DATA = make_dataset({"y": [1.0, 2.0, 3.5, 4.0, 6.5, 7.0, 9.0, 8.5], "g": list("aabbabab"), "unused": list("cdcdcdcd")})
DESIGN = make_design("welch_t", "y", ("g",), levels=("a", "b"))
SHEET, OPTIONS = StudySheet(), Options()

held = pytest.mark.skipif(landlock.version() < 1, reason="this kernel has no Landlock")


@pytest.fixture
def pool(monkeypatch):
    found = workers.Pool(warm_up, 1)
    monkeypatch.setattr(workers, "_pool", found)
    yield found
    found.end()


async def test_a_worker_gives_the_very_numbers_and_bytes_that_this_process_would(pool):
    execution = await computing.execute(DATA, DESIGN, SHEET, OPTIONS, "k")
    here = run_design(DATA, DESIGN, SHEET, OPTIONS, "k")
    assert execution.model_copy(update={"rung": "no sandbox"}) == here
    drawing = await computing.draw(DATA, DESIGN, SHEET, here.result)
    assert drawing == draw_result(draw_sample(DATA, DESIGN, SHEET), DESIGN, here.result)


async def test_where_no_worker_can_get_ready_the_execution_has_failed_and_says_why(monkeypatch):
    found = workers.Pool(_no_fonts, 1)
    monkeypatch.setattr(workers, "_pool", found)
    execution = await asyncio.wait_for(computing.execute(DATA, DESIGN, SHEET, OPTIONS, "k"), 60)
    found.end()
    assert execution.status == "failed"
    assert execution.error is not None
    assert execution.error.endswith("failed: its worker process could not get ready: OSError: no fonts.")


def _no_fonts():
    raise OSError("no fonts")


@held
async def test_what_held_the_computation_stands_on_its_result(pool):
    assert (await computing.execute(DATA, DESIGN, SHEET, OPTIONS, "k")).rung == "landlock"


@held
async def test_a_worker_can_neither_write_nor_read_what_it_was_not_given_nor_reach_the_network(pool, tmp_path):
    (tmp_path / "key").write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = await pool.call(attempts, (str(tmp_path), server.getsockname()[1]))
    assert told == b"read: refused, write: refused, connect: refused, run: refused"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key"]


def warm_up():
    """That of the package; being here, it has this module imported before the worker locks itself in."""
    return computing.warm_up()


def attempts(folder, port):
    tries = {
        "read": lambda: Path(folder, "key").read_text(),
        "write": lambda: Path(folder, "new").write_text("x"),
        "connect": lambda: socket.create_connection(("127.0.0.1", port), timeout=5),
        "run": lambda: os.execv("/bin/true", ["true"]),
    }
    return ", ".join(f"{name}: {_told(attempt)}" for name, attempt in tries.items()).encode()


def _told(attempt):
    try:
        attempt()
    except OSError:
        return "refused"
    return "done"


async def test_what_ends_its_worker_twice_is_a_failed_execution_and_never_ends_this_process(pool, monkeypatch):
    monkeypatch.setattr(computing, "run_as_json", die)
    execution = await computing.execute(DATA, DESIGN, SHEET, OPTIONS, "k")
    assert (execution.status, execution.result) == ("failed", None)
    assert execution.error == f"The computation of Welch's t test failed: {computing.LOST}."


def die(*arguments):
    os._exit(1)


async def test_only_the_columns_that_a_design_reads_are_sent():
    assert list(computing._needed(DATA, DESIGN, SHEET).frame.columns) == ["y", "g"]


def test_the_command_line_begins_the_workers_that_the_graph_would():
    from kosmos_graph.cli import WARM_UP

    assert WARM_UP == computing.WARM_UP


def test_a_worker_whose_user_has_no_folder_to_write_to_says_nothing_of_it():
    done = subprocess.run(
        [sys.executable, "-c", "import os; from kosmos_graph.wiring.computing import warm_up; warm_up(); os._exit(0)"],
        env={**os.environ, "MPLCONFIGDIR": "/dev/null/none"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (0, "")
