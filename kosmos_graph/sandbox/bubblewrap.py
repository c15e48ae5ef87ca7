"""The command line of bubblewrap: new namespaces, and a root of which nothing can be written but the scratch folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from kosmos_graph.sandbox.inside.experiment import DEVICES

_NAMESPACES = ("user", "pid", "net", "ipc", "uts", "cgroup-try")


def find() -> str | None:
    """The path of the program, None where it is not installed."""
    return shutil.which("bwrap")


def command(program: str, *, read: Iterable[str], scratch: str, inside: list[str]) -> list[str]:
    """The argument list that runs `inside` in a jail that sees `read` and may write `scratch`, at their own paths.

    There is no /proc and no /dev but three devices, so no shared memory, and no path to another process.
    """
    line = [program, *(f"--unshare-{name}" for name in _NAMESPACES)]
    line += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "jail"]
    for path in sorted(read, key=lambda path: path.count("/")):  # what lies beneath another path is mounted over it
        line += ["--symlink", os.readlink(path), path] if _is_link_of_root(path) else ["--ro-bind", path, path]
    for device in DEVICES:
        line += ["--dev-bind", device, device]
    return [*line, "--bind", scratch, scratch, "--remount-ro", "/", "--chdir", scratch, "--", *inside]


def _is_link_of_root(path: str) -> bool:
    """Whether it is one like /lib64, which leads into /usr on most systems."""
    return Path(path).parent == Path("/") and Path(path).is_symlink()
