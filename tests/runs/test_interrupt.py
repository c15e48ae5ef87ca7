"""Ctrl-C stops a run at once, keeps what is finished, and says how to go on."""

import os
import signal
import subprocess
import sys
import threading

from tests.graph.agents import write_groups
from tests.loopback import Fault, LoopbackServer, first_choice


def test_an_interrupted_run_exits_with_130_and_is_resumed(tmp_path):
    data = write_groups(tmp_path / "groups.csv", ("height", "mass"))
    asked = threading.Event()

    def hang(received):
        asked.set()
        return Fault(kind="hang")

    with LoopbackServer(hang) as server:
        environment = {
            **os.environ,
            "LITELLM_MODEL": "openai/local-model",
            "LITELLM_API_BASE": server.base(),
            "KOSMOS_HOME": str(tmp_path / "home"),
        }
        command = [sys.executable, "-m", "kosmos_graph.cli"]
        question = "Is height larger in ash than in oak?"
        arguments = ["run", question, "--data", data, "--run-id", "mine", "--hypotheses", "1"]
        with subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
        ) as child:
            assert asked.wait(60)
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=60)
        assert child.returncode == 130
        assert out == ""
        assert "kosmos-graph resume mine" in err
        assert "Traceback" not in err

        server.script = first_choice
        resumed = subprocess.run(
            [*command, "resume", "mine"], capture_output=True, text=True, timeout=100, env=environment, cwd=tmp_path, check=False
        )
        assert resumed.returncode == 0, resumed.stderr
        assert "profile_data" not in resumed.stderr
        assert "openai/local-model" in (tmp_path / "home" / "runs" / "mine" / "report.md").read_text(encoding="utf-8")
