"""A server that is down from the start: `rules` takes over and says so at the top, or there is no report and exit code 1."""

import os
import socket
import subprocess
import sys

import pytest

from benchmarks.faults import MODEL, QUESTION, settings_for, write_growth
from kosmos_graph import resume, start
from tests.loopback import Fault, LoopbackServer, first_choice

DOWN = Fault(503, headers={"retry-after": "0"})


@pytest.fixture
def data(tmp_path):
    return write_growth(tmp_path / "growth.csv")


@pytest.fixture
def nowhere():
    """An address at which nothing listens, and nothing else will while the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/v1"


def test_with_rules_last_the_report_is_that_of_rules_and_says_so_at_the_top(tmp_path, data, nowhere):
    run = start(QUESTION, [data], settings=settings_for(nowhere, tmp_path / "down", "rules"))
    report = run.result
    rules = start(QUESTION, [data], home=tmp_path / "rules", model="rules").result
    assert report.findings
    assert report.findings == rules.findings
    assert (report.answer, report.synthesis, report.unanswered) == (rules.answer, rules.synthesis, rules.unanswered)
    assert report.notice is not None
    assert f"{MODEL} gave up as designer" in report.notice
    assert rules.notice is None
    title, _, first, *_ = (run.folder / "report.md").read_text(encoding="utf-8").splitlines()
    assert (title, first) == (f"# {QUESTION}", report.notice)


def test_without_rules_the_command_line_has_no_report_and_exit_code_1_and_the_run_is_resumed_later(tmp_path, data):
    with LoopbackServer([DOWN]) as server:
        home = tmp_path / "home"
        environment = {**os.environ, "LITELLM_MODEL": MODEL, "LITELLM_API_BASE": server.base(), "KOSMOS_HOME": str(home)}
        command = [sys.executable, "-m", "kosmos_graph.cli", "run", QUESTION, "--data", str(data), "--run-id", "mine"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment, cwd=tmp_path, check=False)
        assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
        assert "kosmos-graph resume mine" in ended.stderr
        assert not list((home / "runs" / "mine").glob("report.*"))
        server.script = first_choice
        assert resume("mine", settings=settings_for(server.base(), home)).result.findings
