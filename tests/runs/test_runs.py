"""Starting, resuming, forking, listing and looking back, from Python."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from kosmos_graph import fork, history, list_runs, resume, start
from kosmos_graph.errors import BadInput, DataChanged, RunExists, RunStopped, StoreError, UnknownRun
from kosmos_graph.runs import disclosed
from kosmos_graph.settings import Settings
from tests.graph.agents import write_groups

CHILD = Path(__file__).with_name("held_child.py")
QUESTION = "Is height larger in ash than in oak?"


@pytest.fixture
def settings(tmp_path):
    return Settings(_env_file=None, kosmos_home=tmp_path / "home")


@pytest.fixture
def data(tmp_path):
    return write_groups(tmp_path / "groups.csv", ("height", "mass"))


def test_a_run_is_started_and_waited_for(settings, data):
    run = start(QUESTION, [data], settings=settings)
    assert run.wait(60) == "finished"
    assert run.result.findings[0].verdict == "supported"
    assert run.usage == ()
    assert (run.folder / "report.md").read_text(encoding="utf-8").startswith("#")
    assert (run.folder / run.result.findings[0].figure).read_bytes().startswith(b"\x89PNG")


def test_the_same_command_twice_makes_two_runs_with_the_same_findings(settings, data):
    first, second = (start(QUESTION, [data], settings=settings) for _ in range(2))
    assert first.id != second.id
    assert first.result.findings == second.result.findings
    assert [summary.id for summary in list_runs(settings=settings)] == [first.id, second.id]


def test_a_finished_run_is_resumed_to_the_report_it_has(settings, data):
    run = start(QUESTION, [data], settings=settings)
    report = run.result
    events = (run.folder / "events.jsonl").read_bytes()
    assert resume(run.id, settings=settings).result == report
    assert (run.folder / "events.jsonl").read_bytes() == events


def test_a_run_id_that_is_taken_or_is_no_name_is_refused(settings, data):
    start(QUESTION, [data], settings=settings, run_id="mine").wait(60)
    with pytest.raises(RunExists, match="mine"):
        start(QUESTION, [data], settings=settings, run_id="mine")
    for name in ("../up", "a b", "", ".", "x" * 65):
        if name:
            with pytest.raises(BadInput, match="cannot name a run"):
                start(QUESTION, [data], settings=settings, run_id=name)


def test_an_unknown_run_is_a_sentence(settings):
    for call in (lambda: resume("nobody", settings=settings), lambda: history("nobody", settings=settings)):
        with pytest.raises(UnknownRun, match="nobody"):
            call()
    with pytest.raises(UnknownRun):
        resume("../../etc", settings=settings)


def test_a_run_with_changed_data_is_not_resumed_and_both_fingerprints_are_named(settings, data, tmp_path):
    run = start(QUESTION, [data], settings=settings, approve=True)
    assert run.wait(60) == "waiting"
    write_groups(tmp_path / "groups.csv", ("height", "mass"), rows=44)
    with pytest.raises(DataChanged) as caught:
        resume(run.id, settings=settings, decision="accept")
    assert len({word for word in str(caught.value).replace(";", " ").replace(",", " ").split() if len(word) == 64}) == 2


def test_a_plan_waits_for_a_decision_and_goes_on_with_it(settings, data):
    run = start(QUESTION, [data], settings=settings, approve=True)
    assert run.wait(60) == "waiting"
    assert run.pending.plan["designs"]
    with pytest.raises(RunStopped, match="waits for a decision"):
        _ = run.result
    again = resume(run.id, settings=settings, decision={"strike": ["c9h9"]})
    assert again.wait(60) == "waiting"
    assert "c9h9" in again.pending.complaint
    assert resume(run.id, settings=settings, decision="accept").result.findings


def test_a_decision_on_a_run_that_does_not_wait_is_refused(settings, data):
    run = start(QUESTION, [data], settings=settings)
    run.wait(60)
    with pytest.raises(BadInput, match="does not wait"):
        resume(run.id, settings=settings, decision="accept")


def test_bad_input_leaves_no_folder_when_it_is_seen_before_the_start(settings, tmp_path):
    with pytest.raises(BadInput):
        start("  ", [str(tmp_path / "x.csv")], settings=settings)
    with pytest.raises(BadInput):
        start(QUESTION, [], settings=settings)
    assert list_runs(settings=settings) == ()


def test_a_run_whose_data_cannot_be_read_has_failed_with_the_reason(settings, tmp_path):
    run = start(QUESTION, [str(tmp_path / "no.csv")], settings=settings)
    assert run.wait(60) == "failed"
    with pytest.raises(BadInput, match=r"no\.csv"):
        _ = run.result
    (summary,) = list_runs(settings=settings)
    assert summary.status == "failed"
    assert "no.csv" in summary.detail


def test_a_home_that_cannot_be_written_is_a_sentence(data, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="home folder"):
        start(QUESTION, [data], settings=Settings(_env_file=None, kosmos_home=tmp_path / "file" / "home"))


def test_a_checkpoint_store_that_is_no_database_is_a_sentence(settings, data):
    settings.kosmos_home.mkdir(parents=True)
    (settings.kosmos_home / "checkpoints.sqlite").write_bytes(b"not a database at all" * 100)
    run = start(QUESTION, [data], settings=settings)
    assert run.wait(60) == "stopped"
    with pytest.raises(StoreError, match=r"checkpoints\.sqlite"):
        _ = run.result


def test_history_names_steps_and_fork_goes_on_from_any_of_them(settings, data):
    run = start(QUESTION, [data], settings=settings)
    report = run.result
    steps = history(run.id, settings=settings)
    assert [step for step in steps if step.next == ("lock_plan",)]
    inside = [step for step in steps if step.name.count(".") == 2 and "analyse_study" in step.next]
    for step in (next(step for step in steps if step.next == ("lock_plan",)), inside[0], steps[0]):
        forked = fork(run.id, step.name, settings=settings)
        assert forked.id != run.id
        assert forked.result.findings == report.findings
        assert forked.result.run.id == forked.id
    assert history(run.id, settings=settings) == steps


def test_a_fork_inside_a_study_runs_that_study_only(settings, data):
    run = start("Which of mass and group affect height?", [data], settings=settings)
    assert len(run.result.findings) == 2
    step = next(step for step in history(run.id, settings=settings) if ".c1h2." in step.name and "analyse_study" in step.next)
    forked = fork(run.id, step.name, settings=settings)
    assert forked.result.findings == run.result.findings
    lines = [json.loads(line) for line in (forked.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["branch"] for line in lines if line["node"] == "run_study"} == {"c1h2"}
    assert not [line for line in lines if line["node"] in ("profile_data", "plan_research", "design_study", "lock_plan")]


def test_an_unknown_step_and_the_end_are_refused_with_a_sentence(settings, data):
    run = start(QUESTION, [data], settings=settings)
    run.wait(60)
    for at in ("99", "", "1.c1h1.99", history(run.id, settings=settings)[-1].name):
        with pytest.raises(BadInput, match="history"):
            fork(run.id, at, settings=settings)
    assert len(list_runs(settings=settings)) == 1


def test_a_run_that_is_being_run_is_not_resumed_beside(settings, data):
    go_on = threading.Event()
    run = start(QUESTION, [data], settings=settings, watch=lambda event: go_on.wait(30))
    with pytest.raises(RunExists, match="another process"):
        resume(run.id, settings=settings)
    go_on.set()
    assert run.wait(60) == "finished"


def test_a_run_that_another_process_has_is_refused(settings, data):
    command = [sys.executable, str(CHILD), str(settings.kosmos_home), "theirs", "plan_research", "0", QUESTION, data]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "HELD\n"
        with pytest.raises(RunExists, match="another process"):
            resume("theirs", settings=settings)
        assert list_runs(settings=settings)[0].status == "running"
        child.kill()
    assert list_runs(settings=settings)[0].status == "interrupted"
    assert resume("theirs", settings=settings).result.findings


def test_bad_options_leave_no_folder_and_do_not_take_the_id(settings, data):
    for wrong in ({"alpha": 2}, {"hypotheses": 0}, {"cycles": -1}, {"nonsense": 1}):
        with pytest.raises(BadInput):
            start(QUESTION, [data], settings=settings, options=wrong, run_id="mine")
    assert not (settings.kosmos_home / "runs").exists()
    assert start(QUESTION, [data], settings=settings, run_id="mine").wait(60) == "finished"


@pytest.mark.parametrize(("now", "status"), [(False, "stopped"), (True, "interrupted")])
def test_a_stopped_run_is_free_when_wait_returns_and_is_resumed(settings, data, now, status):
    began, go_on = threading.Event(), threading.Event()

    def hold(event):
        if event.node == "plan_research":
            began.set()
            go_on.wait(30)

    run = start(QUESTION, [data], settings=settings, watch=hold)
    assert began.wait(30)
    run.stop(now=now)
    go_on.set()
    assert run.wait(60) == status
    with pytest.raises(RunStopped, match="stop"):
        _ = run.result
    assert resume(run.id, settings=settings).result.findings


def test_a_change_of_directory_does_not_split_a_run(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    run = start(QUESTION, [data], home="relative", settings=Settings())
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run.wait(60) == "finished"
    assert (tmp_path / "relative" / "runs" / run.id / "report.md").exists()
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_resume_that_would_ask_a_model_elsewhere_is_refused_unless_it_is_meant(data, tmp_path):
    from tests.loopback import Fault, LoopbackServer, first_choice

    with LoopbackServer([Fault(status=401)]) as first, LoopbackServer(first_choice) as second:
        home = tmp_path / "home"
        before = Settings(litellm_model="openai/m", litellm_api_base=first.base(), kosmos_home=home)
        after = Settings(litellm_model="openai/m", litellm_api_base=second.base(), kosmos_home=home)
        run = start(QUESTION, [data], settings=before, options={"hypotheses": 1})
        assert run.wait(60) == "stopped"
        with pytest.raises(BadInput, match="moved") as caught:
            resume(run.id, settings=after)
        assert first.base() in str(caught.value)
        assert second.base() in str(caught.value)
        assert not second.requests
        assert resume(run.id, settings=after, moved=True).result.findings


def test_a_missing_key_at_resume_changes_nothing(data, tmp_path):
    from kosmos_graph.errors import MissingKey
    from tests.loopback import Fault, LoopbackServer

    with LoopbackServer([Fault(status=401)]) as server:
        home = tmp_path / "home"
        with_key = Settings(deepseek_api_base=server.url, deepseek_api_key="a-key-for-a-test", kosmos_home=home)
        run = start(QUESTION, [data], settings=with_key, model="deepseek/m", options={"hypotheses": 1})
        assert run.wait(60) == "stopped"
        with pytest.raises(MissingKey):
            resume(run.id, settings=Settings(kosmos_home=home))
        assert list_runs(settings=with_key)[0].status == "stopped"


def test_a_damaged_record_is_named_and_hides_no_other(settings, data):
    for name in ("one", "two", "three"):
        start(QUESTION, [data], settings=settings, run_id=name).wait(60)
    (settings.kosmos_home / "runs" / "one" / "run.json").write_text('{"id":')
    (settings.kosmos_home / "runs" / "two" / "run.json").write_text("{}")
    assert {one.id: one.status for one in list_runs(settings=settings)} == {
        "one": "unreadable",
        "two": "unreadable",
        "three": "finished",
    }
    for name in ("one", "two"):
        with pytest.raises(StoreError, match=r"run\.json"):
            resume(name, settings=settings)


def test_a_run_whose_checkpoints_are_gone_is_not_begun_again(settings, data):
    run = start(QUESTION, [data], settings=settings)
    run.wait(60)
    for path in settings.kosmos_home.glob("checkpoints.sqlite*"):
        path.unlink()
    with pytest.raises(StoreError, match="gone"):
        resume(run.id, settings=settings)


def test_looking_back_warns_of_nothing(settings, data, caplog):
    run = start(QUESTION, [data], settings=settings)
    run.wait(60)
    history(run.id, settings=settings)
    _ = run.usage
    assert not caplog.records


def test_a_study_sheets_weights_are_used_and_what_a_finding_does_not_follow_is_a_caveat(settings, data):
    about = {"weight": "mass", "design": "survey", "primary_outcome": "mass"}
    report = start(QUESTION, [data], settings=settings, about=about).result
    text = " ".join(caveat for finding in report.findings for caveat in finding.caveats)
    assert {finding.method for finding in report.findings} == {"survey_mean_difference"}
    assert "primary outcome is mass" in text


def test_what_leaves_the_machine_is_said_for_hosted_models_only(settings, data):
    run = start(QUESTION, [data], settings=settings)
    run.wait(60)
    assert disclosed(run) is None
    run.settings = settings.model_copy(update={"litellm_model": "gpt-4-turbo", "openai_api_key": SecretStr("a-key-for-a-test")})
    said = disclosed(run)
    assert "openai" in said
    assert "never a row" in said
    assert "a-key-for-a-test" not in said
