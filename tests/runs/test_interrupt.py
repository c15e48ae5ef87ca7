"""Ctrl-C and SIGTERM let a run drain, a second Ctrl-C stops it at once; what is finished is kept, and it is said how to go on."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from tests.graph.agents import write_groups
from tests.loopback import Fault, LoopbackServer, first_choice

COMMAND = [sys.executable, "-m", "kosmos_graph.cli"]


class Held:
    """A script that holds its first answer back until it is let go."""

    def __init__(self):
        self.asked = threading.Event()
        self.go = threading.Event()

    def __call__(self, received):
        self.asked.set()
        self.go.wait(60)
        return first_choice(received)


def hanging():
    held = Held()

    def script(received):
        held.asked.set()
        return Fault(kind="hang")

    return held, script


@contextmanager
def run_of(tmp_path, server, *more):
    data = write_groups(tmp_path / "groups.csv", ("height", "mass"))
    environment = {
        **os.environ,
        "LITELLM_MODEL": "openai/local-model",
        "LITELLM_API_BASE": server.base(),
        "KOSMOS_HOME": str(tmp_path / "home"),
    }
    arguments = ["run", "Is height larger in ash than in oak?", "--data", data, "--run-id", "mine", "--hypotheses", "1"]
    with subprocess.Popen(
        [*COMMAND, *arguments, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    ) as child:
        try:
            yield child, environment
        finally:
            child.kill()


def resumed(tmp_path, environment):
    return subprocess.run(
        [*COMMAND, "resume", "mine"], capture_output=True, text=True, timeout=100, env=environment, cwd=tmp_path, check=False
    )


def said_to_stop(child):
    """Wait, bounded by the test's time-out, until the child has taken the signal."""
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith("stopping"):
            return
    pytest.fail("the signal was not taken")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_drains_the_step_under_way_is_kept_and_not_asked_again(tmp_path, signum):
    held = Held()
    with LoopbackServer(held) as server, run_of(tmp_path, server) as (child, environment):
        assert held.asked.wait(60)
        child.send_signal(signum)
        said_to_stop(child)
        held.go.set()
        out, err = child.communicate(timeout=60)
        assert child.returncode == 130
        assert out == ""
        assert "kosmos-graph resume mine" in err
        assert "Traceback" not in err
        planned = len(server.requests)
        again = resumed(tmp_path, environment)
        assert again.returncode == 0, again.stderr
        assert "plan_research" not in again.stderr
    bodies = [str(received.body) for received in server.requests]
    assert not set(bodies[:planned]) & set(bodies[planned:])
    assert "openai/local-model" in (tmp_path / "home" / "runs" / "mine" / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("more", "answer"), [((), ""), (("--partial",), "Partial report: the run was interrupted.")])
def test_a_second_ctrl_c_stops_at_once_what_would_not_end(tmp_path, more, answer):
    held, script = hanging()
    with LoopbackServer(script) as server, run_of(tmp_path, server, *more) as (child, environment):
        assert held.asked.wait(60)
        child.send_signal(signal.SIGINT)
        said_to_stop(child)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
        assert (child.returncode, out.partition("\n")[0]) == (130, answer)
        assert "Traceback" not in err
        server.script = first_choice
        again = resumed(tmp_path, environment)
        assert again.returncode == 0, again.stderr
        assert "profile_data" not in again.stderr
