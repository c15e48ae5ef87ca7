"""A process of our own that has locked itself in."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kosmos_graph.sandbox import Confinement
from kosmos_graph.sandbox.confine import confine_self
from kosmos_graph.sandbox.inside import landlock, seccomp

CHILD = """
import json, os, socket, subprocess, sys, threading
from pathlib import Path
from kosmos_graph.sandbox import confine_self

folder = Path(sys.argv[1])
held = confine_self(read=[folder / "granted"], write=[folder / "own"])

def outcome(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "done"

def in_thread(act):
    results = []
    thread = threading.Thread(target=lambda: results.append(outcome(act)))
    thread.start()
    thread.join()
    return results[0]

import sqlite3.dbapi2  # a module that was not imported before
read_secret = (folder / "secret").read_text
print(json.dumps({
    "held": [held.files, held.calls, list(held.reasons)],
    "read": outcome(read_secret),
    "read in a thread": in_thread(read_secret),
    "read what was granted": outcome((folder / "granted").read_text),
    "write": outcome(lambda: (folder / "granted").write_text("x")),
    "write its own": outcome(lambda: (folder / "own" / "file").write_text("x")),
    "connect": outcome(socket.socket),
    "run": outcome(lambda: subprocess.run(["/bin/true"])),
    "signal": outcome(lambda: os.kill(os.getppid(), 0)),
    "change a mode": outcome(lambda: (folder / "secret").chmod(0o777)),
}))
"""


@pytest.mark.skipif(landlock.version() < 1 or not seccomp.supported(), reason="neither Landlock nor a filter here")
def test_a_process_that_locked_itself_in_keeps_only_what_was_granted(tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "granted").write_text("granted")
    (tmp_path / "own").mkdir()
    done = subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(done.stdout or "{}") == {
        "held": [True, True, []],
        "read": "PermissionError",
        "read in a thread": "PermissionError",
        "read what was granted": "done",
        "write": "PermissionError",
        "write its own": "done",
        "connect": "PermissionError",
        "run": "PermissionError",
        "signal": "PermissionError",
        "change a mode": "PermissionError",
    }, done.stderr


def test_on_another_system_it_says_that_nothing_holds(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert confine_self() == Confinement(files=False, calls=False, reasons=("there is neither Landlock nor seccomp on darwin",))
