"""Recordings: a run repeated from its file, to the same report, by no model and no network; and files that are none, or hostile."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kosmos_graph import fork, history, resume, start
from kosmos_graph.errors import BadInput, BudgetReached, RecordingMiss, RunStopped, StoreError
from kosmos_graph.providers.budget import Allowance
from kosmos_graph.providers.scrubbing import remember
from kosmos_graph.runs import recording
from kosmos_graph.runs.recording import FORMAT, check_place, read_recording, write_recording
from kosmos_graph.settings import Settings
from tests.loopback import Fault, LoopbackServer, Reply
from tests.providers.calls import call, site

from .models import CALLS, MODEL, QUESTION, counting, facts, settings_for, write_growth, wrong_once

SHEET = {"smallest_effect": "0.5", "covariates": {"age": "confounder"}, "dictionary": {"growth": {"unit": "cm"}}}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_growth(tmp_path_factory.mktemp("data") / "growth.csv")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, data):
    """The report of a run, and its recording."""
    home = tmp_path_factory.mktemp("recorded")
    with LoopbackServer(counting) as server:
        run = start(QUESTION, [data], settings=settings_for(server, home), about=SHEET, options={"seed": 7})
        report = run.result
        run.record(home / "recording.json")
    return report, home / "recording.json"


def repeated(path, data, home, **more):
    return start(data=[data], replay=path, settings=Settings(_env_file=None, kosmos_home=home), **more)


def edited(path, target, change):
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    target.write_text(json.dumps(content), encoding="utf-8")
    return target


def test_a_repetition_has_the_same_report_in_another_home_without_the_server(recorded, data, tmp_path):
    report, path = recorded
    run = repeated(path, data, tmp_path)
    assert facts(run.result) == facts(report)
    assert run.result.run.quote is not None
    assert run.result.run.id != report.run.id


def test_a_repetition_needs_neither_litellm_nor_a_socket_nor_a_key(recorded, data, tmp_path):
    code = (
        "import socket, sys\n"
        "from kosmos_graph import start\n"
        "def refuse(*_):\n    raise AssertionError('a socket was used')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse\n"
        "run = start(data=[sys.argv[1]], replay=sys.argv[2], home=sys.argv[3])\n"
        "run.wait(60)\n"
        "assert run.status == 'finished', run.status\n"
        "assert not {'litellm', 'openai'} & set(sys.modules)\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LITELLM", "KOSMOS", "LLM_"))}
    ended = subprocess.run(
        [sys.executable, "-c", code, data, str(recorded[1]), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=tmp_path,
        env={**kept, "PYTHONPATH": str(Path(recording.__file__).parents[2])},
    )
    assert ended.returncode == 0, ended.stderr


def test_equal_runs_make_equal_recordings_but_for_clock_fields(recorded, data, tmp_path):
    with LoopbackServer(counting) as server:
        run = start(QUESTION, [data], settings=settings_for(server, tmp_path), about=SHEET, options={"seed": 7})
        run.wait(60)
        run.record(tmp_path / "recording.json")

    def still(path):
        content = json.loads(path.read_text(encoding="utf-8"))
        calls = [{name: value for name, value in one.items() if name not in ("at", "seconds")} for one in content.pop("calls")]
        return content, sorted(calls, key=json.dumps)

    assert still(tmp_path / "recording.json") == still(recorded[1])


def test_rejected_replies_of_requests_under_way_together_are_repeated_whatever_their_order(data, tmp_path):
    pairs = [{"outcome": "growth", "predictor": name} for name in ("dose", "age", "weight")]
    wrong = wrong_once("growth")

    def script(received):
        if "pairs" in str(received.schema):
            return Reply(json.dumps({"answerable": "yes", "pairs": pairs}))
        reply = wrong(received)
        return dataclasses.replace(reply, delay=0.1) if '"dose"' in received.prompt.rpartition("Outcome")[2] else reply

    with LoopbackServer(script) as server:
        run = start("What matters here?", [data], settings=settings_for(server, tmp_path / "one"))
        report = run.result
        run.record(tmp_path / "recording.json")
    planned = [one for one in run.calls if one.site.node == "plan_research"]
    assert len(planned) == 1 + 2 * len(pairs)
    path = edited(tmp_path / "recording.json", tmp_path / "reversed.json", lambda content: content["calls"].reverse())
    assert facts(repeated(path, data, tmp_path / "two").result) == facts(report)


def test_fallbacks_and_rules_as_the_last_link_are_repeated(data, tmp_path):
    with LoopbackServer([Fault(status=401)]) as down, LoopbackServer(wrong_once("dose")) as up:
        settings = settings_for(
            down,
            tmp_path / "one",
            kosmos_fallback_models="deepseek/second,rules",
            deepseek_api_base=up.url,
            deepseek_api_key="key-of-the-second",
        )
        run = start(QUESTION, [data], settings=settings)
        report = run.result
        run.record(tmp_path / "recording.json")
        assert {one.to_model for one in report.run.fallbacks} == {"deepseek/second"}
        up.script = [Reply("no")]
        again = start(QUESTION, [data], settings=settings)
        by_rules = again.result
        again.record(tmp_path / "rules.json")
    assert {one.to_model for one in by_rules.run.fallbacks} == {"deepseek/second", "rules"}
    assert facts(repeated(tmp_path / "recording.json", data, tmp_path / "two").result) == facts(report)
    assert facts(repeated(tmp_path / "rules.json", data, tmp_path / "two").result) == facts(by_rules)


def test_a_budget_stop_is_repeated_to_the_same_partial_report_and_several_sessions_to_the_whole_one(data, tmp_path):
    with LoopbackServer(counting, latency=0.01) as server:
        settings = settings_for(server, tmp_path / "one")
        run = start(QUESTION, [data], settings=settings, allowance=Allowance(budget=3.87))
        assert run.wait(60) == "stopped"
        partial = run.partial("the money ended")
        run.record(tmp_path / "stopped.json")
        again = resume(run.id, settings=settings, allowance=Allowance(budget=100))
        report = again.result
        again.record(tmp_path / "whole.json")
    repetition = repeated(tmp_path / "stopped.json", data, tmp_path / "two")
    with pytest.raises(BudgetReached, match=r"the budget of \$3.87 is reached"):
        _ = repetition.result
    assert facts(repetition.partial("the money ended")) == facts(partial)
    assert partial.findings
    assert facts(repeated(tmp_path / "whole.json", data, tmp_path / "two").result) == facts(report)


def test_an_exhausted_chain_is_repeated_with_its_reason(data, tmp_path):
    def failing(received):
        return Fault(status=401) if len(server.requests) > 5 else counting(received)

    with LoopbackServer(failing) as server:
        run = start(QUESTION, [data], settings=settings_for(server, tmp_path / "one"))
        with pytest.raises(RunStopped) as first:
            _ = run.result
        partial = run.partial("it stopped")
        run.record(tmp_path / "recording.json")
    repetition = repeated(tmp_path / "recording.json", data, tmp_path / "two")
    with pytest.raises(RunStopped) as second:
        _ = repetition.result
    assert str(second.value) == str(first.value)
    assert facts(repetition.partial("it stopped")) == facts(partial)


def test_a_plan_that_was_decided_on_is_decided_on_alike(data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path / "one")
        run = start(QUESTION, [data], settings=settings, approve=True)
        assert run.wait(60) == "waiting"
        run.record(tmp_path / "waiting.json")
        wrong = resume(run.id, settings=settings, decision={"strike": ["c9h9"]})
        assert wrong.wait(60) == "waiting"
        (method,) = {design["method"] for design in run.pending.plan["designs"]}
        decision = {"strike": ["c1h2"], "edit": {"c1h1": {"method_reason": "because I say so", "method": method}}}
        decided = resume(run.id, settings=settings, decision=decision)
        report = decided.result
        decided.record(tmp_path / "decided.json")
    assert [finding.id for finding in report.findings] == ["c1h1", "c1h3"]
    assert facts(repeated(tmp_path / "decided.json", data, tmp_path / "two").result) == facts(report)
    waiting = repeated(tmp_path / "waiting.json", data, tmp_path / "two")
    assert waiting.wait(60) == "waiting"
    with pytest.raises(RecordingMiss, match="analyse_study asks for"):
        _ = resume(waiting.id, settings=waiting.settings, decision=decision).result


def test_a_fork_is_recorded_with_the_past_that_it_shares(data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path / "one")
        run = start(QUESTION, [data], settings=settings)
        run.wait(60)
        steps = history(run.id, settings=settings)
        inside = next(step.name for step in steps if step.next == ("run_study",) and ".c1h2." in step.name)
        other = fork(run.id, inside, settings=settings)
        other.wait(60)
        at = next(step.name for step in history(other.id, settings=settings) if step.next == ("adjust_findings",))
        last = fork(other.id, at, settings=settings)
        report = last.result
        assert len(last.calls) == 1
        last.record(tmp_path / "recording.json")
    assert len(read_recording(tmp_path / "recording.json").calls) == CALLS
    assert facts(repeated(tmp_path / "recording.json", data, tmp_path / "two").result) == facts(report)


def test_a_fork_that_stopped_is_recorded_without_what_only_its_source_went_on_to_ask(data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path / "one")
        run = start(QUESTION, [data], settings=settings)
        run.wait(60)
        at = next(step.name for step in history(run.id, settings=settings) if step.next == ("study",))
        server.script = [Fault(status=401)]
        other = fork(run.id, at, settings=settings)
        assert other.wait(60) == "stopped"
        other.record(tmp_path / "recording.json")
    held = [(one.site.node, one.outcome) for one in read_recording(tmp_path / "recording.json").calls]
    assert sorted(held) == [("analyse_study", "configuration")] * 3 + [("design_study", "answered")] * 6 + [
        ("plan_research", "answered")
    ]
    repetition = repeated(tmp_path / "recording.json", data, tmp_path / "two")
    assert repetition.wait(60) == "stopped"
    assert facts(repetition.partial("it stopped")) == facts(other.partial("it stopped"))


def test_a_price_of_nothing_stays_nothing(data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path / "one", kosmos_prices=f"{MODEL}=0/0")
        run = start(QUESTION, [data], settings=settings)
        report = run.result
        run.record(tmp_path / "recording.json")
    assert {used.unknown_price_calls for used in report.run.usage} == {0}
    assert facts(repeated(tmp_path / "recording.json", data, tmp_path / "two").result) == facts(report)


def test_a_run_with_rules_alone_is_recorded_and_repeated(data, tmp_path):
    run = start(QUESTION, [data], settings=Settings(_env_file=None, kosmos_home=tmp_path))
    report = run.result
    run.record(tmp_path / "recording.json")
    assert facts(repeated(tmp_path / "recording.json", data, tmp_path).result) == facts(report)


def test_a_repetition_that_stopped_is_resumed_and_is_no_run_to_record(recorded, data, tmp_path):
    path = edited(recorded[1], tmp_path / "some.json", lambda content: content["calls"].pop())
    run = repeated(path, data, tmp_path / "home")
    with pytest.raises(RecordingMiss):
        _ = run.result
    path.write_bytes(recorded[1].read_bytes())
    assert facts(resume(run.id, settings=run.settings).result) == facts(recorded[0])
    with pytest.raises(BadInput, match="repeats a recording"):
        run.record(tmp_path / "again.json")


def test_other_data_another_question_and_another_version_are_told(recorded, data, tmp_path):
    _, path = recorded
    with pytest.raises(BadInput, match=r"made with growth.csv \([0-9a-f]{12}…\), and given were growth.csv \([0-9a-f]{12}…\)"):
        repeated(path, write_growth(tmp_path / "growth.csv", rows=40), tmp_path)
    with pytest.raises(BadInput, match="the recording is of the question 'Which of dose"):
        start("Is this another question?", [data], replay=path, settings=Settings(_env_file=None, kosmos_home=tmp_path))
    with pytest.raises(BadInput, match="data"):
        start(replay=path, settings=Settings(_env_file=None, kosmos_home=tmp_path))
    later = edited(path, tmp_path / "later.json", lambda content: content.update(version=2))
    with pytest.raises(BadInput, match="is a recording of version 2, and this version reads 1"):
        repeated(later, data, tmp_path)
    assert not (tmp_path / "runs").exists()


def test_a_recording_is_text_in_lines_without_keys_and_stays_json(data, tmp_path):
    secret = "local-key-with-marks"
    remember(secret)

    def telling(received):
        reply = counting(received)
        return Reply(reply.text.replace("text", json.dumps(f"{secret} Bearer abc\\")[1:-1]), input_tokens=5)

    with LoopbackServer(telling) as server:
        run = start(f"{QUESTION} ({secret})", [data], settings=settings_for(server, tmp_path))
        run.wait(60)
        run.record(tmp_path / "recording.json")
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("journal*"))
    text = (tmp_path / "recording.json").read_text(encoding="utf-8")
    assert secret not in text
    assert "with-marks" not in text
    assert b"with-marks" not in kept
    assert read_recording(tmp_path / "recording.json").calls
    assert max(len(line) for line in text.splitlines()) < 2000


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
recorded_calls = st.builds(
    call,
    site=st.builds(site, run=st.just(""), branch=texts),
    number=st.integers(1, 3),
    digest=st.text("0123456789abcdef", min_size=64, max_size=64),
    messages=st.lists(st.tuples(st.sampled_from(["system", "human", "ai"]), texts), max_size=3).map(tuple),
    outcome=st.sampled_from(["answered", "malformed", "transient", "too long"]),
    reply=texts,
    error=st.none() | texts.filter(bool),
    cost=st.none() | st.floats(0, 100),
    status=st.none() | st.integers(100, 599),
    input_tokens=st.integers(0, 10**6),
    reused=st.booleans(),
    finish_reason=st.none() | st.sampled_from(["stop", "length"]),
)


@hypothesis_settings(max_examples=60, deadline=None)
@given(calls=st.lists(recorded_calls, max_size=4).map(tuple))
def test_what_is_written_is_read(tmp_path_factory, recorded, calls):
    path = tmp_path_factory.getbasetemp() / "round-trip.json"
    whole = read_recording(recorded[1]).model_copy(update={"calls": calls})
    write_recording(path, whole)
    assert read_recording(path) == whole


HOSTILE = {
    "no JSON": b"[",
    "no recording": b'{"question": "?"}',
    "a list": b"[1, 2]",
    "nothing": b"",
    "no UTF-8": b'{"format": "\xff"}',
    "too deep to parse": b"[" * 200_000,
    "a number too long to parse": b"1" * 5000,
}
CHANGES = {
    "a path for a study sheet": lambda content: content["run"].update(about="/etc/passwd"),
    "a link that is no model of it": lambda content: content["run"]["chains"].update(designer=["nobody/knows"]),
    "no chain": lambda content: content["run"]["chains"].update(analyst=[]),
    "a role missing": lambda content: content["run"]["chains"].pop("analyst"),
    "a role too many": lambda content: content["run"]["chains"].update(judge=["rules"]),
    "options that are none": lambda content: content["run"]["options"].update(parallel=10**6),
    "no question": lambda content: content["run"].update(question=["x"]),
    "a field too many": lambda content: content.update(command="rm -rf /"),
    "no calls": lambda content: content.update(calls={"a": 1}),
    "a call that is none": lambda content: content["calls"].append(7),
    "a call of another form": lambda content: content["calls"][0].update(messages=[["system"]]),
    "a site of another form": lambda content: content["calls"][0].update(site={"nod": 1}),
    "an outcome that is none": lambda content: content["calls"][0].update(outcome="__class__"),
    "a cost that is no number": lambda content: content["calls"][0].update(cost=float("nan")),
    "an infinite cost": lambda content: content["calls"][0].update(cost=float("inf")),
    "a count without end": lambda content: content["calls"][0].update(input_tokens=10**30),
    "half a character": lambda content: content["run"].update(question="\ud800"),
    "a limit that is none": lambda content: content["models"][MODEL].update(max_tokens=-1),
    "a price that is none": lambda content: content["models"][MODEL].update(price=[1]),
    "a stop that is none": lambda content: content["run"].update(stop={"kind": "SystemExit", "reason": "x"}),
    "nesting": lambda content: content["run"].update(about=nested(100)),
    "deep nesting": lambda content: content["run"].update(about=nested(900)),
}


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize("name", [*HOSTILE, *CHANGES])
def test_a_file_that_is_no_recording_or_a_damaged_one_is_one_sentence_before_anything_is_written(name, recorded, data, tmp_path):
    path = tmp_path / "hostile.json"
    if name in HOSTILE:
        path.write_bytes(HOSTILE[name])
    else:
        edited(recorded[1], path, CHANGES[name])
    with pytest.raises(BadInput) as caught:
        repeated(path, data, tmp_path / "home")
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "home").exists()


def test_a_file_without_end_or_too_large_or_missing_is_refused(recorded, data, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path, tmp_path / "pipe", tmp_path / "missing.json"):
        with pytest.raises(BadInput, match="no such file"):
            repeated(path, data, tmp_path / "home")
    monkeypatch.setattr(recording, "LARGEST", 1 << 10)
    with pytest.raises(BadInput, match="too large"):
        repeated(recorded[1], data, tmp_path / "home")


def test_a_hostile_decision_is_refused_by_the_plan_as_a_person_s_would_be(recorded, data, tmp_path):
    def decide(content):
        content["run"].update(approve=True, decisions=[{"edit": {"c1h1": {"method": "os.system"}}}, {"strike": ["c9h9"]}])

    run = repeated(edited(recorded[1], tmp_path / "hostile.json", decide), data, tmp_path / "home")
    assert run.wait(60) == "waiting"
    assert "c9h9" in run.pending.complaint


def test_replies_of_a_recording_pass_the_same_gate_as_a_model_s(recorded, data, tmp_path):
    def boast(content):
        for one in content["calls"]:
            one["reply"] = ['{"sentences": [{"section": "interpretation", "text": "<script>p = 0.0001987</script>"}]}']

    run = repeated(edited(recorded[1], tmp_path / "hostile.json", boast), data, tmp_path / "home")
    with pytest.raises((RecordingMiss, RunStopped)):
        _ = run.result
    assert not (run.folder / "report.md").exists()


def test_a_recording_takes_the_place_of_no_other_file_and_of_no_device(recorded, data, tmp_path):
    with pytest.raises(BadInput, match="would be lost"):
        check_place(Path(data), [Path(data)])
    other = tmp_path / "thesis.txt"
    other.write_text("years of work")
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "new.json")
    for path in (other, link):
        with pytest.raises(BadInput, match="would be lost"):
            check_place(path, [tmp_path / "new.json"])
    for path in (Path("/dev/null"), tmp_path, tmp_path / "no" / "where.json"):
        with pytest.raises(BadInput, match="name a file in a folder that exists"):
            check_place(path, [])
    for path in (recorded[1], tmp_path / "new.json"):
        check_place(path, [Path(data)])


def test_a_recording_that_cannot_be_written_leaves_the_old_one(recorded, tmp_path, monkeypatch):
    path = tmp_path / "recording.json"
    path.write_bytes(recorded[1].read_bytes())

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        write_recording(path, read_recording(recorded[1]))
    assert path.read_bytes() == recorded[1].read_bytes()
    assert list(tmp_path.iterdir()) == [path]


def test_the_format_is_named_in_the_first_lines(recorded):
    assert FORMAT in recorded[1].read_text(encoding="utf-8")[:60]
