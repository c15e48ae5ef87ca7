"""Begin a program as the user that a jail's code is executed as: nobody where this process is root's, else the user itself.

Run as a script: `unprivileged.py FOLDER USER NEEDED COMMAND…`. What runs without a jail is so comparable with what runs in one.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

NOBODY = 65534


def user() -> int:
    """The user that payloads are run as."""
    return NOBODY if os.geteuid() == 0 else os.geteuid()


def begin(script: Path, argument: dict[str, Any], *, readable: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """Run one of the scripts in this folder with pipes to it; `readable` are the paths that it needs beside itself."""
    from kosmos_graph.sandbox.python_paths import INSIDE, python_paths

    paths = python_paths()
    command = [paths.executable, "-P", "-s", "-S", str(script), json.dumps(argument)]
    if os.geteuid() == 0:
        needed = json.dumps([*paths.read, str(script), *readable])
        command = [paths.executable, "-P", "-s", "-S", __file__, str(INSIDE), str(NOBODY), needed, *command]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, **options)


def load_inside(folder: str) -> None:
    """Make the package `inside` of a jail importable by its folder."""
    found = importlib.util.spec_from_file_location("inside", f"{folder}/__init__.py", submodule_search_locations=[folder])
    assert found is not None
    assert found.loader is not None
    sys.modules["inside"] = importlib.util.module_from_spec(found)
    found.loader.exec_module(sys.modules["inside"])


def _main() -> None:
    folder, number, needed, *command = sys.argv[1:]
    load_inside(folder)
    importlib.import_module("inside.guardian").become(int(number), json.loads(needed))
    os.execv(command[0], command)  # a process that has changed its user is closed to others until it begins a program


if __name__ == "__main__":
    _main()
