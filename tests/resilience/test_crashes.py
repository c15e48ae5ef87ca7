"""What `benchmarks.crashes` claims, of a few processes that are really killed."""

import pytest

from benchmarks.crashes import KINDS, outcomes
from benchmarks.faults import QUESTION, write_growth
from kosmos_graph import start


@pytest.fixture
def allowed_hosts():
    """Loopback, and the socket file over which the server of the children is asked for one."""
    return ["127.0.0.1", r".*/pymp-"]


@pytest.mark.timeout(300)
def test_runs_killed_anywhere_come_to_the_same_report_and_only_what_was_in_flight_is_sent_again(tmp_path):
    found = list(outcomes(tmp_path, 20, seed=7))
    assert {one.kill: one.wrong for one in found if one.wrong} == {}
    assert {one.kill.kind for one in found if one.died} >= set(KINDS) - {"moment"}, "a moment may come after the end"
    assert any(one.again for one in found), "no kill met a request in flight, so nothing was tried"


def test_a_process_killed_while_it_wrote_its_runs_first_record_does_not_use_up_the_id(tmp_path):
    half_written = tmp_path / "home" / "runs" / "mine" / ".run.json.x7"
    half_written.parent.mkdir(parents=True)
    half_written.write_text("{", encoding="utf-8")
    run = start(QUESTION, [write_growth(tmp_path / "growth.csv")], home=tmp_path / "home", model="rules", run_id="mine")
    assert run.wait(60) == "finished"
