"""The journal: what is put is found at its place and nowhere else, on disk, whatever state the file is in."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kosmos_graph.errors import BudgetReached, RecordingMiss, StoreError
from kosmos_graph.providers.journal import FILENAME, FORMAT_VERSION, CallJournal, ReplayJournal

from .calls import call, site


@pytest.fixture
def journal(tmp_path):
    with contextlib.closing(CallJournal(tmp_path)) as opened:
        yield opened


def found(journal, one):
    return journal.find(one.site, one.number, one.digest)


def test_what_is_put_is_found_whole_by_another_process_s_journal(tmp_path, journal):
    one = call(reply="é — 数\x00\r\n", error=None, status=None)
    journal.put(one)
    with contextlib.closing(CallJournal(tmp_path)) as other:
        assert found(other, one) == one
        assert other.calls_of("r-1") == (one,)


@pytest.mark.parametrize(
    "elsewhere",
    [
        call(site=site(run="r-2")),
        call(site=site(node="other")),
        call(site=site(branch="c1h2")),
        call(site=site(attempt="c1h1g1g2/analyst/0")),
        call(number=2),
        call(digest="e" * 64),
    ],
)
def test_an_answer_is_found_at_its_own_place_alone(journal, elsewhere):
    journal.put(call())
    assert found(journal, elsewhere) is None


def test_a_failure_is_kept_and_not_found_so_that_the_request_is_sent_again(journal):
    failed = call(outcome="transient", reply="", error="503", status=503)
    journal.put(failed)
    assert found(journal, failed) is None
    journal.put(call())
    assert found(journal, call()) == call()
    assert journal.calls_of("r-1") == (failed, call())


def test_a_garbled_answer_is_found_for_it_was_paid(journal):
    garbled = call(outcome="malformed", reply="", error="no choice", cost=None)
    journal.put(garbled)
    assert found(journal, garbled) == garbled


def test_what_is_forgotten_is_not_found_and_still_listed_and_what_comes_after_is_found(journal):
    journal.put(call())
    other = call(site=site(branch="c1h2"))
    journal.put(other)
    journal.forget(site())
    assert found(journal, call()) is None
    assert found(journal, other) == other
    later = call(reply="Another one.")
    journal.put(later)
    assert found(journal, call()) == later
    assert journal.calls_of("r-1") == (call(), other, later)


def test_answers_are_shared_between_runs_only_where_that_is_wanted_and_cost_nothing_there(tmp_path, journal):
    journal.put(call())
    mine = site(run="r-2", node="elsewhere")
    assert journal.find(mine, 3, "d" * 64) is None
    taken = call(site=mine, number=3, cost=0.0, reused=True)
    for _ in range(2):
        with contextlib.closing(CallJournal(tmp_path, reuse=True)) as sharing:
            assert sharing.find(mine, 3, "d" * 64) == taken
            assert sharing.calls_of("r-2") == (taken,)


def test_an_equal_request_elsewhere_in_the_same_run_is_not_reused(tmp_path, journal):
    journal.put(call())
    with contextlib.closing(CallJournal(tmp_path, reuse=True)) as sharing:
        assert sharing.find(site(branch="c1h2"), 1, "d" * 64) is None


def test_an_answer_that_was_no_good_is_not_taken_from_another_run_again(tmp_path, journal):
    journal.put(call())
    mine = site(run="r-2")
    with contextlib.closing(CallJournal(tmp_path, reuse=True)) as sharing:
        assert sharing.find(mine, 1, "d" * 64) is not None
        sharing.forget(mine)
        assert sharing.find(mine, 1, "d" * 64) is None


def test_nothing_is_made_by_looking(tmp_path, journal):
    assert found(journal, call()) is None
    assert journal.calls_of("r-1") == ()
    assert list(tmp_path.iterdir()) == []


sites = st.builds(site, run=st.sampled_from("ab"), branch=st.sampled_from("xy"))
calls = st.builds(
    call,
    site=sites,
    number=st.integers(1, 2),
    digest=st.sampled_from(["0" * 64, "1" * 64]),
    outcome=st.sampled_from(["answered", "malformed", "transient", "configuration"]),
    reply=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(calls, sites), max_size=12))
def test_find_gives_the_last_settled_answer_since_the_place_was_forgotten(steps):
    with tempfile.TemporaryDirectory() as home, contextlib.closing(CallJournal(Path(home))) as journal:
        known = {}
        for step in steps:
            if isinstance(step, type(site())):
                journal.forget(step)
                known = {place: one for place, one in known.items() if place[0] != step}
            else:
                journal.put(step)
                if step.settled:
                    known[step.site, step.number, step.digest] = step
        places = {(one.site, one.number, one.digest) for one in steps if isinstance(one, type(call()))}
        assert {place: journal.find(*place) for place in places} == {place: known.get(place) for place in places}
        for run in "ab":
            assert journal.calls_of(run) == tuple(one for one in steps if isinstance(one, type(call())) and one.site.run == run)


def test_many_threads_put_and_nothing_is_lost(journal):
    put = [call(site=site(branch=f"c1h{number}")) for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(journal.put, put))
    assert sorted(one.site.branch for one in journal.calls_of("r-1")) == sorted(one.site.branch for one in put)


def test_processes_that_begin_the_file_together_lose_nothing(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom kosmos_graph.providers.journal import CallJournal\n"
        "from tests.providers.calls import call, site\nsys.stdin.readline()\njournal = CallJournal(Path(sys.argv[1]))\n"
        "for number in range(20):\n    journal.put(call(site=site(run=sys.argv[2], branch=f'c1h{number}')))\n"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), run], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for run in "abc"
    ]
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        _, err = child.communicate(timeout=100)
        assert child.returncode == 0, err
    with contextlib.closing(CallJournal(tmp_path)) as journal:
        assert [len(journal.calls_of(run)) for run in "abc"] == [20, 20, 20]


def damaged(path, kind):
    if kind == "no database":
        path.write_bytes(b"this is no database, but a text of some length" * 50)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "cut":
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
    elif kind == "other tables":
        _execute(path, "DROP TABLE calls", "CREATE TABLE calls (a)")
    elif kind == "a line that is none":
        _execute(path, "UPDATE calls SET content = '{\"number\": 1}'")
    elif kind == "a line that is no text":
        _execute(path, "UPDATE calls SET content = 7")
    elif kind == "later version":
        _execute(path, f"PRAGMA user_version = {FORMAT_VERSION + 1}")


def _execute(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(
    "kind", ["no database", "a folder", "cut", "other tables", "a line that is none", "a line that is no text", "later version"]
)
def test_a_file_that_cannot_be_used_is_one_sentence_that_names_it(tmp_path, kind):
    path = tmp_path / FILENAME
    if kind not in ("no database", "a folder"):
        with contextlib.closing(CallJournal(tmp_path)) as journal:
            for number in range(40):
                journal.put(call(site=site(branch=f"c1h{number}")))
    damaged(path, kind)
    kept = path.read_bytes() if path.is_file() else b""
    with contextlib.closing(CallJournal(tmp_path)) as journal:
        with pytest.raises(StoreError) as caught:
            journal.calls_of("r-1")
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    if kind == "later version":
        assert str(FORMAT_VERSION + 1) in str(caught.value)
        assert path.read_bytes() == kept


def test_a_disk_that_is_full_is_one_sentence_and_what_was_kept_stays(tmp_path):
    with contextlib.closing(CallJournal(tmp_path)) as journal:
        journal.put(call())
        journal._connection.execute("PRAGMA max_page_count = 10")
        with pytest.raises(StoreError, match="full"):
            journal.put(call(site=site(branch="large"), reply="x" * 200_000))
        assert journal.calls_of("r-1") == (call(),)


def test_a_recording_gives_each_call_out_for_the_run_that_repeats_it_failures_included():
    failed = call(digest="f" * 64, outcome="transient", error="503", status=503)
    replay = ReplayJournal((call(site=site(run="")), failed))
    mine = site(run="r-9")
    assert replay.find(mine, 1, "d" * 64) == call(site=mine)
    assert replay.find(mine, 1, "f" * 64) == failed.model_copy(update={"site": mine})
    replay.forget(mine)
    assert replay.find(mine, 1, "d" * 64) == call(site=mine)


def test_what_a_recording_does_not_hold_is_a_miss_or_what_had_stopped_the_run():
    with pytest.raises(RecordingMiss, match="analyse_study asks for c1h1"):
        ReplayJournal((call(),)).find(site(), 2, "d" * 64)
    with pytest.raises(BudgetReached, match="the budget is reached"):
        ReplayJournal((call(),), BudgetReached("the budget is reached")).find(site(), 1, "e" * 64)
