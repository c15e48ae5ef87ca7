"""What every executor promises, run against each that this machine offers."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kosmos_graph.domain.code_experiment import Outcome
from kosmos_graph.errors import BadInput
from kosmos_graph.sandbox import Finding, Ladder, LocalExecutor
from kosmos_graph.sandbox.inside import processes
from kosmos_graph.sandbox.jail import Jail, JailDown
from kosmos_graph.sandbox.limits import Limits
from kosmos_graph.sandbox.running import lasts
from kosmos_graph.sandbox.store import FILE_NAME, OutcomeStore
from tests.sandbox.conftest import job

RANDOM = "import os\nreturn {'answer': int.from_bytes(os.urandom(4), 'little')}"
SLEEP = "import time; time.sleep(60)"

New = Callable[..., LocalExecutor]


@pytest.fixture
def new(rung, tmp_path: Path) -> Iterator[New]:
    """Makes executors on one home, and closes them."""
    made: list[LocalExecutor] = []

    def new(workers: int = 1) -> LocalExecutor:
        made.append(LocalExecutor(rung, tmp_path / "home", workers, modules=()))
        return made[-1]

    yield new
    for each in made:
        each.close()


def test_an_identical_job_is_not_run_again(executor):
    first = executor.result(executor.submit(job(RANDOM)), 60)
    assert executor.submit(job(RANDOM)) == first.id
    assert executor.result(first.id) == first
    assert executor.result(executor.submit(job(RANDOM, seed=2)), 60).results != first.results


def test_identical_jobs_at_the_same_time_run_once(executor):
    outcomes: list[Outcome] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        outcomes.append(executor.result(executor.submit(job(RANDOM, seed=3)), 60))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8
    assert len(set(outcomes)) == 1


def test_outcomes_are_found_by_another_executor_of_the_same_home_without_a_jail(new):
    first = new()
    outcome = first.result(first.submit(job(RANDOM)), 60)
    first.close()
    below = processes.descendants(os.getpid())
    second = new()
    assert second.result(second.submit(job(RANDOM)), 0.1) == outcome
    assert processes.descendants(os.getpid()) == below


def test_a_cancelled_job_is_run_when_it_is_submitted_again(executor):
    before_it = executor.submit(job(SLEEP, seed=8))
    id_ = executor.submit(job("return {'answer': 1}", seed=8))
    assert executor.cancel(id_)
    assert executor.result(id_, 60).state == "cancelled"
    assert executor.submit(job("return {'answer': 1}", seed=8)) == id_
    assert executor.cancel(before_it)
    assert executor.result(id_, 60).state == "ok"


def test_what_the_wall_clock_ended_is_run_again_and_what_used_up_its_processor_time_is_not(new):
    for code, limits, repeated in (
        ("import time; time.sleep(60)", {"wall_seconds": 0.3}, False),
        ("while True: pass", {"cpu_seconds": 0.3}, True),
        ("raise ValueError('no')", {}, True),
    ):
        asked = job(code, **limits)
        outcomes = []
        for _ in range(2):
            executor = new()
            outcomes.append(executor.result(executor.submit(asked), 60))
            executor.close()
        assert outcomes[0].error == outcomes[1].error
        assert (outcomes[0].seconds == outcomes[1].seconds) is repeated


def test_what_was_killed_from_outside_need_not_end_so_again():
    ends = {"SIGKILL": False, "SIGSEGV": True}
    told = {
        name: Outcome(id="a", state="error", error=f"the code was ended by the signal {name}", rung="landlock") for name in ends
    }
    assert {name: lasts(outcome, Limits()) for name, outcome in told.items()} == ends


def test_outcomes_come_as_they_are_completed_and_each_once(executor):
    running, waiting = executor.submit(job(SLEEP)), executor.submit(job(SLEEP, seed=2))
    completed = executor.as_completed([running, waiting])
    for id_ in (waiting, running):
        executor.cancel(id_)
        assert next(completed).id == id_
    assert list(completed) == []


def test_outcomes_of_jobs_that_have_ended_come_in_the_order_in_which_they_did(executor):
    submitted = [executor.submit(job(SLEEP, seed=seed)) for seed in (5, 6, 7)]
    for id_ in reversed(submitted):
        executor.cancel(id_)
        executor.result(id_, 30)
    assert [outcome.id for outcome in executor.as_completed(submitted)] == submitted[::-1]


def test_results_of_jobs_that_nobody_submitted_are_not_waited_for(executor):
    with pytest.raises(KeyError):
        executor.result("nobody's", 0.1)
    assert not executor.cancel("nobody's")


def test_waiting_has_an_end(executor):
    id_ = executor.submit(job(SLEEP, seed=4))
    with pytest.raises(TimeoutError):
        executor.result(id_, 0.05)
    assert executor.cancel(id_)
    assert executor.result(id_, 30).state == "cancelled"


def test_jobs_run_side_by_side(new):
    below = set(_jails())
    executor = new(workers=2)
    ids = [executor.submit(job(SLEEP, seed=seed)) for seed in (1, 2)]
    _until(lambda: len(set(_jails()) - below) == 2)
    assert [executor.cancel(id_) for id_ in ids] == [True, True]


def test_closing_ends_what_runs_and_every_process(new):
    below = set(processes.descendants(os.getpid()))
    executor = new()
    running, waiting = executor.submit(job(SLEEP, seed=5)), executor.submit(job(SLEEP, seed=6))
    _until(lambda: set(processes.descendants(os.getpid())) - below)
    executor.close()
    assert [executor.result(id_).state for id_ in (running, waiting)] == ["cancelled", "cancelled"]
    assert set(processes.descendants(os.getpid())) <= below
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(job(SLEEP))


def test_a_job_whose_jail_dies_is_run_again(new):
    executor = new()
    below = set(_jails())
    id_ = executor.submit(job("import time\nprint('runs')\ntime.sleep(1)\nreturn {'answer': 1}"))
    _kill(_until(lambda: set(_jails()) - below))
    assert executor.result(id_, 60).state == "ok"


def test_a_job_whose_jail_dies_twice_is_lost_and_not_stored(new, tmp_path):
    executor = new()
    below = set(_jails())
    id_ = executor.submit(job(SLEEP))
    first = _until(lambda: set(_jails()) - below)
    _kill(first)
    _kill(_until(lambda: set(_jails()) - below - first))
    outcome = executor.result(id_, 60)
    assert (outcome.state, outcome.sentence.startswith("the jail died under the code, twice")) == ("lost", True)
    assert OutcomeStore(tmp_path / "home").get(id_) is None


def test_a_jail_tells_that_its_zygote_was_killed_under_a_job(rung):
    jail = Jail(rung, modules=())
    killer = threading.Thread(target=lambda: _until(lambda: _killed(jail._zygote)))
    killer.start()
    with pytest.raises(JailDown, match="zygote is gone"):
        jail.run(job(SLEEP), jail.folder(), [])
    killer.join()
    jail.close()
    assert not jail.scratch.exists()


def test_a_job_is_cancelled_at_once_also_before_its_process_is_there(rung, monkeypatch):
    monkeypatch.setattr("kosmos_graph.sandbox.jail._LOOK_SECONDS", 1e-6)
    with closing(Jail(rung, modules=())) as jail:
        ended = jail.run(job(SLEEP), jail.folder(), [], lambda: True)
    assert (ended.cancelled, ended.seconds < 30) == (True, True)


def in_the_way(home):
    home.write_text("no folder")


def garbage(home):
    home.mkdir()
    (home / FILE_NAME).write_bytes(b"no database at all" * 500)


def truncated(home):
    store = OutcomeStore(home)
    for number in range(20):
        store.put(Outcome(id=str(number), state="ok", rung="landlock", stdout="x" * 1000))
    store.close()
    content = (home / FILE_NAME).read_bytes()
    (home / FILE_NAME).write_bytes(content[: len(content) * 3 // 4])


@pytest.mark.parametrize("damage", [in_the_way, garbage, truncated])
def test_a_store_that_cannot_be_used_is_left_as_it_is_and_done_without(new, tmp_path, damage):
    home = tmp_path / "home"
    damage(home)
    file = home if home.is_file() else home / FILE_NAME
    before = file.read_bytes()
    executor = new()
    assert executor.result(executor.submit(job("return {'answer': 1}")), 60).results[0].value == 1
    assert executor.trouble.startswith(f"The store of experiments {home / FILE_NAME} cannot be read or written (")
    assert file.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where it likes")
def test_a_read_only_store_is_done_without(new, tmp_path):
    home = tmp_path / "home"
    OutcomeStore(home).close()
    (home / FILE_NAME).chmod(0o400)
    home.chmod(0o500)
    executor = new()
    assert executor.result(executor.submit(job("return {'answer': 1}")), 60).state == "ok"
    assert "readonly" in executor.trouble


def test_a_store_that_is_spoilt_while_it_is_used_ends_nothing(new, tmp_path):
    executor = new()
    first = executor.result(executor.submit(job("return {'answer': 1}")), 60)
    for path in (tmp_path / "home").iterdir():
        if path.suffix != ".sqlite-shm":  # which SQLite maps into memory
            path.write_bytes(b"spoilt" * 10_000)
    assert [executor.result(executor.submit(job(RANDOM, seed=seed)), 60).state for seed in (1, 2)] == ["ok", "ok"]
    assert executor.result(executor.submit(job("return {'answer': 1}")), 60) == first
    executor.close()
    assert new().trouble is not None


@pytest.mark.parametrize("row", ["", "{}", "null", 7, b"\xff\xfe", Outcome(id="b", state="ok", rung="landlock").model_dump_json()])
def test_a_stored_outcome_that_is_none_is_computed_anew_and_replaced(tmp_path, row):
    first = Outcome(id="a", state="ok", rung="landlock", stdout="first")
    OutcomeStore(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("INSERT INTO outcomes VALUES ('a', CAST(? AS TEXT))", (row,))
    store = OutcomeStore(tmp_path)
    assert store.get("a") is None
    assert store.put(first) == first
    assert (store.get("a"), store.trouble) == (first, None)


def test_a_ladder_on_which_nothing_holds_is_refused_with_the_reasons(tmp_path):
    ladder = Ladder((Finding("bubblewrap", holds=False, reason="it is not installed", remedy="install it"),))
    with pytest.raises(BadInput, match=r"refused.*bubblewrap: it is not installed.*install it"):
        LocalExecutor(ladder, tmp_path)


def test_the_first_outcome_that_is_stored_stays(tmp_path):
    store = OutcomeStore(tmp_path)
    first = Outcome(id="a", state="ok", rung="landlock", stdout="first")
    assert store.put(first) == first
    assert store.put(first.model_copy(update={"stdout": "second"})) == first


def _jails() -> list[int]:
    """The guardians, which are this process's own children."""
    return processes.children_of_all().get(os.getpid(), [])


def _killed(zygote: int) -> bool:
    """Kill a zygote that has a job; whether it had one."""
    has_job = bool(processes.descendants(zygote))
    if has_job:
        os.kill(zygote, signal.SIGKILL)
    return has_job


def _kill(jails: set[int]) -> None:
    """Kill jails from the outermost process on, when they have come as far as a job."""
    for jail in jails:
        _until(lambda jail=jail: len(processes.descendants(jail)) >= 1)
        processes.send([jail, *processes.descendants(jail)], signal.SIGKILL)


def _until(found: Callable[[], set[int] | bool]) -> set[int]:
    """What `found` gives when it gives something; a bound for a machine under load, not a wait."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if (value := found()) and not isinstance(value, bool):
            return value
        if value:
            return set()
        time.sleep(0.01)
    raise AssertionError("nothing came")
