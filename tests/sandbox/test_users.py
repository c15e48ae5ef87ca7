"""Whoever runs it: root gives itself up first, and a normal user needs nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import kosmos_graph
from kosmos_graph.sandbox.inside.guardian import hidden_from_others
from kosmos_graph.sandbox.jail import NOBODY
from kosmos_graph.sandbox.python_paths import python_paths

USER = 54321
AS_USER = f"""
import os, sys, tempfile
from pathlib import Path
from kosmos_graph.sandbox.inside.guardian import become
become({USER}, sys.argv[2:])
os.environ["HOME"] = tempfile.mkdtemp()
from kosmos_graph.sandbox import LocalExecutor
from tests.sandbox.conftest import job
home = Path(os.environ["HOME"]) / "home"
executor = LocalExecutor(sys.argv[1], home, modules=())
for text in ("import os\\nreturn {{'answer': os.geteuid()}}", "import os, time\\nos.mkdir('d', 0o300)\\ntime.sleep(60)"):
    outcome = executor.result(executor.submit(job(text)), 60)
    print(outcome.state, outcome.results[0].value if outcome.results else outcome.error)
executor.close()
home.chmod(0o500)
(home / "experiments.sqlite").chmod(0o400)
executor = LocalExecutor(sys.argv[1], home, modules=())
print(executor.result(executor.submit(job("return {{'answer': 2}}")), 60).state, "readonly" in executor.trouble)
executor.close()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="it becomes another user, which root alone can")
def test_a_normal_user_has_the_same_jails(rung):
    ours = Path(kosmos_graph.__file__).parent
    prefix = Path(sys.prefix)
    needed = [*python_paths().read, str(ours), str(ours.parent / "tests"), str(prefix), str(Path(sys.executable).resolve().parent)]
    done = subprocess.run(
        [sys.executable, "-c", AS_USER, rung, *needed], cwd=ours.parent, capture_output=True, text=True, check=False, timeout=100
    )
    told = [f"ok {USER}", "limit the code made a folder that cannot be listed", "ok True"]
    assert done.stdout.splitlines() == told, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="for root alone")
def test_roots_jails_run_as_nobody(ask):
    assert ask("import os\nreturn {'answer': os.geteuid()}").results[0].value == NOBODY


def test_the_topmost_hidden_folder_above_a_path_is_found():
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        inner = top / "open" / "closed" / "open" / "closed"
        inner.mkdir(parents=True)
        (inner / "file").touch()
        for folder in (top, top / "open", inner.parent):
            folder.chmod(0o755)
        for folder in (inner, top / "open" / "closed"):
            folder.chmod(0o700)
        assert hidden_from_others([str(inner / "file"), str(inner), str(top / "open")]) == [str(top / "open" / "closed")]
