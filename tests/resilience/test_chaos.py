"""What `benchmarks.chaos` claims, of a few runs against a server that fails."""

from collections import Counter

import pytest

from benchmarks.chaos import LEAST_FINISHED, QUESTIONS, finished, stopped, trials
from benchmarks.faults import settings_for, write_growth
from kosmos_graph import resume, start
from tests.loopback import Fault, LoopbackServer, first_choice


@pytest.mark.timeout(300)
def test_whatever_a_server_does_a_run_with_rules_last_has_a_report_and_a_stopped_one_is_resumed_without_paying_twice(tmp_path):
    found = list(trials(tmp_path, 14, seed=9))
    assert [one.wrong for one in found if one.wrong] == []
    assert finished([one for one in found if one.chained]) >= LEAST_FINISHED
    assert stopped([one for one in found if not one.chained]), "no run stopped, so no resume was tried"
    assert len(sum((one.faults for one in found), Counter())) > 15, "too few kinds of faults were met"


def test_a_node_stopped_between_two_answers_is_resumed_with_the_first_one(tmp_path):
    def without_words(received):
        return Fault(401) if shape(received) == "WordsReply" else first_choice(received)

    with LoopbackServer(without_words) as server:
        settings = settings_for(server.base(), tmp_path / "home")
        run = start(QUESTIONS[1], [write_growth(tmp_path / "growth.csv")], settings=settings)
        assert run.wait(60) == "stopped"
        before = [shape(received) for received in server.requests]
        assert before == ["ConfirmationReply", "MethodReply", "WordsReply"]
        server.script = first_choice
        assert resume(run.id, settings=settings).result.findings
    after = [shape(received) for received in server.requests[len(before) :]]
    assert after == ["WordsReply", "AnalysisReply", "SynthesisReply"]


def shape(received):
    return received.body["response_format"]["json_schema"]["name"]
