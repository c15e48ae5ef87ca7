"""Calls, allowances, recordings and partial reports on the command line: what is printed, and the exit code."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest

from kosmos_graph.run_folder import RunFolders
from tests.loopback import Fault, LoopbackServer
from tests.runs.models import CALLS, MODEL, QUESTION, counting, write_growth

KEY = "key-of-the-command-line-0123456789"


@pytest.fixture
def data(tmp_path):
    return write_growth(tmp_path / "growth.csv")


@pytest.fixture
def server(monkeypatch):
    with LoopbackServer(counting) as running:
        monkeypatch.setenv("LITELLM_MODEL", MODEL)
        monkeypatch.setenv("LITELLM_API_BASE", running.base())
        monkeypatch.setenv("LITELLM_API_KEY", KEY)
        monkeypatch.setenv("KOSMOS_PRICES", f"{MODEL}=1000/0")
        yield running


def last(err):
    return err.strip().splitlines()[-1]


def test_calls_are_listed_with_place_tokens_cost_and_outcome_and_as_json(cli, server, data):
    assert cli("run", QUESTION, "--data", data, "--run-id", "a", "-q")[0] == 0
    code, out, _ = cli("calls", "a")
    assert (code, len(out.splitlines())) == (0, CALLS)
    first = out.splitlines()[0].split()
    assert first[:5] == ["c1", "plan_research", "designer", "1", "answered"]
    assert first[-1] == MODEL
    found = json.loads(cli("calls", "a", "--json")[1])
    assert [call["outcome"] for call in found] == ["answered"] * CALLS
    assert cli("calls", "nobody")[0] == 2


def test_a_budget_s_end_is_a_partial_report_exit_3_and_the_way_on(cli, server, data):
    code, out, err = cli("run", QUESTION, "--data", data, "--run-id", "a", "-q", "--budget", "3.0")
    assert code == 3
    assert out.startswith("Partial report: the budget of $3.00 is reached")
    assert last(err) == (
        "stopped; what is finished is kept. Go on with a larger --budget, --max-calls or --deadline: kosmos-graph resume a"
    )
    asked = len(server.requests)
    assert cli("show", "a")[0] == 1
    assert cli("show", "a", "--partial")[1].startswith("#")
    assert cli("resume", "a", "-q", "--max-calls", "1")[0] == 3
    assert cli("resume", "a", "-q")[0] == 3  # the last allowance holds on
    assert len(server.requests) == asked < CALLS
    code, out, _ = cli("resume", "a", "-q", "--budget", "100", "--max-calls", "100")
    assert (code, "partial" in out) == (0, False)
    assert len(server.requests) == CALLS


def test_an_exhausted_chain_is_exit_1_and_with_partial_a_report_and_exit_3(cli, server, data):
    server.script = lambda received: Fault(status=401) if len(server.requests) > 8 else counting(received)
    code, out, err = cli("run", QUESTION, "--data", data, "--run-id", "a", "-q")
    assert (code, out) == (1, "")
    assert "Go on: kosmos-graph resume a" in err
    assert last(err).startswith("kosmos-graph: the analyst's model gave up: ")
    code, out, _ = cli("resume", "a", "-q", "--partial")
    assert code == 3
    assert out.startswith("Partial report: the analyst's model gave up: ")
    server.script = counting
    assert cli("resume", "a", "-q")[0] == 0


def test_a_run_is_recorded_repeated_and_resumed_with_a_recording(cli, server, data, monkeypatch, tmp_path):
    report = json.loads(cli("run", QUESTION, "--data", data, "-q", "--json", "--record", "one.json")[1])
    code, _, err = cli("run", QUESTION, "--data", data, "-q", "--run-id", "b", "--max-calls", "4", "--record", "part.json")
    assert (code, "recording: part.json" in err) == (3, True)
    assert cli("resume", "b", "-q", "--max-calls", "100", "--record", "part.json")[0] == 0
    for name in ("LITELLM_MODEL", "LITELLM_API_BASE", "LITELLM_API_KEY", "KOSMOS_PRICES"):
        monkeypatch.delenv(name)
    asked = len(server.requests)
    for path in ("one.json", "part.json"):
        code, out, _ = cli("run", "--replay", path, "--data", data, "-q", "--json")
        again = json.loads(out)
        for name in ("id", "started", "finished", "seconds"):
            again["run"][name] = report["run"][name]
        assert (code, again) == (0, report)
    assert len(server.requests) == asked
    held = [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert held == []


def test_a_quote_is_printed_and_nothing_is_begun_or_asked(cli, server, data, tmp_path):
    code, out, err = cli("run", QUESTION, "--data", data, "--quote")
    assert (code, err, server.requests) == (0, "", [])
    assert out.startswith("Between 4 and ")
    assert json.loads(cli("run", QUESTION, "--data", data, "--quote", "--json")[1])["calls_low"] == 4
    assert cli("run", QUESTION, "--data", data, "--quote", "--model", "rules")[1].startswith("No model is asked")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--budget", "-1"), "a budget is a positive amount of US dollars; -1 is none"),
        (("--budget", "nan"), "a budget is a positive amount of US dollars; nan is none"),
        (("--max-calls", "0"), "at least one"),
        (("--deadline", "soon"), "'soon' is none"),
        (("--deadline", "0s"), "a positive number of seconds"),
        (("--price", "m=1"), "MODEL=IN/OUT"),
        (("--fallback", MODEL), "is the model that it should stand in for"),
        (("--record", "/dev/null"), "cannot be written to /dev/null"),
        (("--record", "no/where.json"), "a folder that exists"),
        (("--record", "growth.csv"), "would be lost"),
        (("--replay", "growth.csv"), "cannot be read"),
        (("--replay", "missing.json"), "no such file"),
        (("--replay", "missing.json", "--record", "new.json"), "copy missing.json"),
        (("--about", "missing.yaml"), "missing.yaml"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_bad_input_is_one_sentence_exit_2_and_nothing_is_begun(options, sentence, cli, server, data, tmp_path):
    code, out, err = cli("run", QUESTION, "--data", data, *options)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert server.requests == []
    assert not (tmp_path / "home").exists()


def test_an_unknown_price_is_bad_input_with_a_budget_and_is_given_as_the_sentence_says(cli, server, data, monkeypatch):
    monkeypatch.delenv("KOSMOS_PRICES")
    code, out, err = cli("run", QUESTION, "--data", data, "-q", "--budget", "100")
    assert (code, out, server.requests) == (2, "", [])
    assert f"--price {MODEL}=IN/OUT" in err
    assert cli("run", QUESTION, "--data", data, "-q", "--budget", "100", "--price", f"{MODEL}=1000/0")[0] == 0
    assert cli("run", QUESTION, "--data", data, "-q", "--run-id", "a", "--max-calls", "2")[0] == 3
    assert cli("resume", "a", "-q", "--budget", "100", "--max-calls", "100")[0] == 2
    assert cli("resume", "a", "-q", "--budget", "100", "--max-calls", "100", "--price", f"{MODEL}=1000/0")[0] == 0


def test_a_budget_that_cannot_pay_for_one_call_is_bad_input(cli, server, data):
    code, out, err = cli("run", QUESTION, "--data", data, "--run-id", "a", "-q", "--budget", "0.001")
    assert (code, out) == (2, "")
    assert last(err).startswith("kosmos-graph: the budget of $0.001 cannot pay for one call of openai/m")
    assert cli("resume", "a", "-q", "--budget", "100")[0] == 0


def test_a_journal_that_is_damaged_begins_no_run_and_stops_one_resumably(cli, server, data, tmp_path):
    assert cli("run", QUESTION, "--data", data, "--run-id", "a", "-q", "--max-calls", "4")[0] == 3
    journal, copy = tmp_path / "home" / "journal.sqlite", tmp_path / "copy"
    journal.rename(copy)
    journal.write_bytes(b"no database" * 200)
    code, out, err = cli("run", QUESTION, "--data", data, "-q")
    assert (code, out, str(journal) in err, len(err.splitlines())) == (2, "", True, 1)
    code, out, err = cli("resume", "a", "-q", "--max-calls", "100")
    assert (code, out) == (1, "")
    assert last(err).startswith(f"kosmos-graph: the call journal {journal} cannot be opened")
    copy.rename(journal)
    assert len(server.requests) == 4
    assert cli("resume", "a", "-q", "--max-calls", "100")[0] == 0
    assert len(server.requests) == CALLS


def test_the_answer_is_printed_also_where_the_recording_cannot_be_written(cli, data, tmp_path, monkeypatch):
    import kosmos_graph.runs.recording as recording
    from kosmos_graph.errors import StoreError

    def full(path, content):
        raise StoreError(f"{path} cannot be written: No space left on device")

    monkeypatch.setattr(recording, "write_whole", full)
    code, out, err = cli("run", QUESTION, "--data", data, "-q", "--record", "one.json")
    assert code == 1
    assert "supported" in out
    assert "the run is not recorded: one.json cannot be written" in err


@pytest.mark.parametrize("size", [5_000, 150_000])
def test_a_disk_that_is_full_stops_the_run_with_a_sentence_and_nothing_paid_is_lost(size, cli, server, data, tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "kosmos_graph.cli", "run", QUESTION, "--data", data, "--run-id", "a", "-q"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=dict(os.environ),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
    assert "Traceback" not in ended.stderr
    assert last(ended.stderr).startswith("kosmos-graph: ")
    assert "Go on: kosmos-graph resume a" in ended.stderr
    assert cli("resume", "a", "-q")[0] == 0
    bodies = [json.dumps(received.body, sort_keys=True) for received in server.requests]
    kept = json.loads(cli("calls", "a", "--json")[1])
    assert len([call for call in kept if call["outcome"] == "answered"]) == CALLS == len(set(bodies))
    assert RunFolders(tmp_path / "home").record("a")["status"] == "finished"


def test_a_resumed_run_says_again_what_holds_code_that_a_model_writes(cli, server, data):
    cli("run", QUESTION, "--data", data, "--run-id", "a", "-q", "--budget", "3.0")
    said = "Code that a model writes runs without a sandbox, as you asked"
    assert said in cli("resume", "a", "--unsafe-no-sandbox")[2]
    assert said not in (held := cli("resume", "a")[2])
    assert "Code experiments" in held
