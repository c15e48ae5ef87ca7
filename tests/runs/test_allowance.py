"""Budgets, bounds on calls and deadlines: a run stops in time, keeps what it has, and is completed with more of them."""

from __future__ import annotations

import json
import re

import pytest

from kosmos_graph import fork, history, resume, start
from kosmos_graph.errors import BadInput, BudgetReached, RunStopped
from kosmos_graph.providers.budget import Allowance
from kosmos_graph.run_folder import RECORD
from tests.loopback import Fault, LoopbackServer, Reply

from .models import CALLS, MODEL, QUESTION, counting, facts, settings_for, write_growth

SENTENCE = (
    r"the budget of \$[0-9.]+ is reached: \$[0-9.]+ are spent, and the next call may cost \$[0-9.]+; "
    "`resume` with a larger budget goes on"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_growth(tmp_path_factory.mktemp("data") / "growth.csv")


@pytest.fixture(scope="module")
def rich(tmp_path_factory, data):
    """A run that had the money from the start: its report and its calls."""
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path_factory.mktemp("rich"))
        run = start(QUESTION, [data], settings=settings, allowance=Allowance(budget=1000))
        return run.result, run.calls


def cost(calls):
    return sum(call.cost for call in calls)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.75, 0.9])
def test_a_run_whose_budget_ends_is_completed_with_more_to_the_report_of_one_that_had_it(share, rich, data, tmp_path):
    report, calls = rich
    budget = cost(calls) * share
    with LoopbackServer(counting, latency=0.01) as server:
        settings = settings_for(server, tmp_path)
        run = start(QUESTION, [data], settings=settings, allowance=Allowance(budget=budget))
        assert run.wait(60) == "stopped"
        with pytest.raises(BudgetReached) as caught:
            _ = run.result
        assert re.fullmatch(SENTENCE, str(caught.value))
        assert 0 < cost(run.calls) <= budget
        asked = len(server.requests)
        assert asked == len(run.calls) < CALLS
        assert resume(run.id, settings=settings).wait(60) == "stopped"
        assert len(server.requests) == asked
        whole = resume(run.id, settings=settings, allowance=Allowance(budget=1000))
        assert facts(whole.result) == facts(report)
        assert len(server.requests) == CALLS


def test_calls_are_bounded_over_all_sessions(rich, data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path)
        run = start(QUESTION, [data], settings=settings, allowance=Allowance(calls=3))
        assert run.wait(60) == "stopped"
        assert len(server.requests) == 3
        again = resume(run.id, settings=settings, allowance=Allowance(calls=5))
        with pytest.raises(BudgetReached, match="the 5 calls that the run may make are made"):
            _ = again.result
        assert len(server.requests) == 5
        assert facts(resume(run.id, settings=settings, allowance=Allowance(calls=100)).result) == facts(rich[0])


def test_after_the_deadline_no_call_begins_and_the_next_session_has_its_own(rich, data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path)
        run = start(QUESTION, [data], settings=settings, allowance=Allowance(seconds=1e-6))
        with pytest.raises(BudgetReached, match="the deadline of 1e-06 seconds is reached"):
            _ = run.result
        assert server.requests == []
        assert facts(resume(run.id, settings=settings).result) == facts(rich[0])


def test_a_budget_that_cannot_pay_for_one_call_is_bad_input_and_can_still_be_raised(rich, data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path)
        run = start(QUESTION, [data], settings=settings, allowance=Allowance(budget=0.001))
        with pytest.raises(BadInput, match=r"the budget of \$0.001 cannot pay for one call of openai/m, which may cost \$0\."):
            _ = run.result
        assert (run.status, server.requests) == ("failed", [])
        assert facts(resume(run.id, settings=settings, allowance=Allowance(budget=1000)).result) == facts(rich[0])


def test_an_unknown_price_is_refused_before_anything_is_written_and_it_is_said_how_to_give_it(data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path, kosmos_prices=None)
        with pytest.raises(BadInput, match=r"the price of openai/m is not known.*--price openai/m=IN/OUT or in KOSMOS_PRICES"):
            start(QUESTION, [data], settings=settings, allowance=Allowance(budget=1))
        assert list(tmp_path.iterdir()) == []
        assert start(QUESTION, [data], settings=settings).result.findings


def test_a_run_begun_without_prices_is_given_one_with_its_budget_and_what_it_has_used_counts(rich, data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path, kosmos_prices=None)
        run = start(QUESTION, [data], settings=settings, allowance=Allowance(calls=4))
        assert run.wait(60) == "stopped"
        assert {call.cost for call in run.calls} == {None}
        spent = cost(rich[1][:4])
        with pytest.raises(BadInput, match="--price"):
            resume(run.id, settings=settings, allowance=Allowance(budget=spent + 0.01))
        more = Allowance(budget=spent + 0.01, calls=100)
        again = resume(run.id, settings=settings, allowance=more, prices=[f"{MODEL}=1000/0"])
        with pytest.raises(BudgetReached, match=f"\\${spent:.2f} are spent"):
            _ = again.result
        assert len(server.requests) == 4


def test_parallel_studies_in_several_sessions_never_pay_for_one_call_twice(rich, data, tmp_path):
    with LoopbackServer(counting, latency=0.01) as server:
        settings = settings_for(server, tmp_path)
        run = start(QUESTION, [data], settings=settings, allowance=Allowance(calls=1))
        for calls in range(2, CALLS + 1):
            assert run.wait(60) == "stopped"
            run = resume(run.id, settings=settings, allowance=Allowance(calls=calls))
        assert facts(run.result) == facts(rich[0])
        bodies = [json.dumps(received.body, sort_keys=True) for received in server.requests]
        assert len(bodies) == len(set(bodies)) == CALLS


def test_a_chain_whose_last_answers_were_no_good_asks_anew_when_it_is_resumed(rich, data, tmp_path):
    def stubborn(received):
        return Reply("I would rather not say.") if len(server.requests) > 4 else counting(received)

    with LoopbackServer(stubborn) as server:
        settings = settings_for(server, tmp_path)
        run = start(QUESTION, [data], settings=settings)
        with pytest.raises(RunStopped, match="gave no valid reply in 3 tries"):
            _ = run.result
        assert run.status == "stopped"
        server.script = counting
        assert facts(resume(run.id, settings=settings).result) == facts(rich[0])


def test_answers_that_came_before_a_failure_of_the_server_are_not_asked_for_again(data, tmp_path):
    question = "What matters here?"

    def failing(received):
        return Fault(status=401) if len(server.requests) == 2 else counting(received)

    with LoopbackServer(failing) as server:
        settings = settings_for(server, tmp_path)
        run = start(question, [data], settings=settings)
        assert run.wait(60) == "stopped"
        assert [call.outcome for call in run.calls] == ["answered", "configuration"]
        assert resume(run.id, settings=settings).wait(60) == "finished"
        bodies = [json.dumps(received.body, sort_keys=True) for received in server.requests]
        assert bodies.count(bodies[0]) == 1
        assert bodies.count(bodies[1]) == 2


def test_replies_are_shared_between_runs_only_with_reuse_and_cost_nothing_there(rich, data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path)
        first = start(QUESTION, [data], settings=settings).result
        assert start(QUESTION, [data], settings=settings).wait(60) == "finished"
        assert len(server.requests) == 2 * CALLS
        third = start(QUESTION, [data], settings=settings, reuse=True, allowance=Allowance(calls=1))
        report = third.result
        assert len(server.requests) == 2 * CALLS
        assert report.findings == first.findings
        assert [(used.calls, used.cost) for used in report.run.usage] == [(4, 0.0), (7, 0.0)]
        assert [(call.reused, call.cost) for call in third.calls] == [(True, 0.0)] * CALLS
        assert resume(third.id, settings=settings).calls == third.calls


def test_a_fork_has_the_allowance_of_its_source_anew_and_shares_no_reply(data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path)
        run = start(QUESTION, [data], settings=settings, allowance=Allowance(budget=1000, calls=CALLS))
        whole = run.result
        at = next(step.name for step in history(run.id, settings=settings) if step.next == ("lock_plan",))
        other = fork(run.id, at, settings=settings)
        assert facts(other.result) == facts(whole)
        assert len(other.calls) == 4
        assert len(server.requests) == CALLS + 4


def test_a_run_whose_record_was_written_before_there_were_allowances_is_resumed_and_recorded(rich, data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path)
        run = start(QUESTION, [data], settings=settings, allowance=Allowance(calls=4))
        assert run.wait(60) == "stopped"
        path = run.folder / RECORD
        record = json.loads(path.read_text(encoding="utf-8"))
        for name in ("allowance", "reuse", "replay", "versions", "detail", "error"):
            del record[name]
        del record["models"]["prices"]
        path.write_text(json.dumps(record), encoding="utf-8")
        again = resume(run.id, settings=settings)
        assert facts(again.result) == facts(rich[0])
        again.record(tmp_path / "recording.json")
    assert facts(start(data=[data], replay=tmp_path / "recording.json", home=tmp_path / "two").result) == facts(rich[0])
