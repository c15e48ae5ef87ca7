"""Whether a jail holds, found out by code in it that tries to get out, and judged from outside as well."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import tempfile
from pathlib import Path

from kosmos_graph.domain.code_experiment import DeclaredResult
from kosmos_graph.sandbox.jobs import Job
from kosmos_graph.sandbox.limits import Limits
from kosmos_graph.sandbox.running import Runs, run

TRIES = {
    "read": "code in it can read the user's files",
    "write": "code in it can change the user's files",
    "connect": "code in it can open network connections",
    "environment": "code in it sees the environment",
    "signal": "code in it can signal other processes",
}
"""What the canaries try, and the sentence for each that gets out."""

_CODE = """
import os, socket

FOLDER, PORT, PARENT, NAMES = {constants}

def escapes(act):
    try:
        return int(bool(act()))
    except Exception:  # however an attempt fails, it did not get out
        return 0

def read():
    with open(os.path.join(FOLDER, "secret")) as file:
        return file.read()

def write():
    with open(os.path.join(FOLDER, "written"), "w") as file:
        file.write("written")
    return os.path.exists(os.path.join(FOLDER, "secret"))

def connect():
    return socket.create_connection(("127.0.0.1", PORT), timeout=2) is not None

def environment():
    if any(name in os.environ for name in NAMES):
        return True
    with open(f"/proc/{{PARENT}}/environ", "rb") as file:
        return file.read()

def signal():
    os.kill(PARENT, 0)
    return True

def experiment(data, seed):
    return {{act.__name__: escapes(act) for act in (read, write, connect, environment, signal)}}
"""
_JAILS_OWN = ("HOME", "TMPDIR", "PWD", "LANG", "LC_ALL", "TZ", "PATH")


def escapes(jail: Runs) -> list[str]:
    """The sentences about what got out; empty where the jail holds. Raises JailDown."""
    with tempfile.TemporaryDirectory(prefix="kosmos-canary-") as name, socket.create_server(("127.0.0.1", 0)) as listener:
        folder = Path(name)
        folder.chmod(0o777)  # only the jail is in the way
        (folder / "secret").write_text(secrets.token_hex())
        (folder / "secret").chmod(0o666)
        listener.setblocking(False)
        names = [variable for variable in os.environ if variable not in _JAILS_OWN and not variable.startswith(("PYTHON", "MPL"))]
        names = [variable for variable in names if not variable.endswith("_NUM_THREADS")]
        constants = json.dumps([str(folder), listener.getsockname()[1], os.getpid(), names])
        declared = tuple(DeclaredResult(name=each, kind="number", meaning="1 where it got out") for each in TRIES)
        outcome = run(
            jail, Job(_CODE.format(constants=constants), limits=Limits(wall_seconds=10.0, cpu_seconds=10.0), results=declared)
        )
        if outcome.state != "ok":
            return [f"code in it did not run: {outcome.sentence}"]
        out = {result.name for result in outcome.results if result.kind == "number" and result.value}
        if (folder / "written").exists():
            out.add("write")
        with contextlib.suppress(BlockingIOError):
            listener.accept()[0].close()
            out.add("connect")
    return [sentence for each, sentence in TRIES.items() if each in out]
