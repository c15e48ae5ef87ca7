"""The outermost process of a jail: gives up root, begins what is inside, and ends all of it with its parent.

It runs none of the code either. Its parent is the process that wants jobs done, which may be killed at any moment: it is gone
when a pipe that it alone holds open ends.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from typing import Any, NoReturn

from . import kernel, processes, zygote
from .removing import remove

NOT_BEGUN = 95
"""Exit code where the jail could not be built; what stopped it stands on standard error."""
_LOOK_SECONDS = 0.5


def guard(spec: dict[str, Any]) -> NoReturn:
    """Build the jail, wait for its end or the parent's, and end every process of it."""
    try:
        if spec["user"] is not None:
            become(spec["user"], spec["needed"])
        kernel.adopt_orphans()
        inside = _begin(spec)
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is how the parent learns why
        os._exit(NOT_BEGUN)
    os.close(spec["socket"])
    code = _wait(inside, spec["lifeline"])
    if code is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(inside, signal.SIGKILL)
    processes.end_descendants(os.getpid())
    with contextlib.suppress(OSError):  # the parent removes it too, where there still is one
        remove(spec["scratch"])
    os._exit(0 if code is None else code & 0xFF)


def become(user: int, needed: list[str]) -> None:
    """Turn from root into `user`, still able to reach the paths `needed`. Raises OSError where that cannot be done."""
    hidden = hidden_from_others(needed)
    if hidden:
        _show(hidden, needed)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    for path in needed:
        if not os.access(path, os.R_OK):
            raise PermissionError(f"{path} cannot be read by another user than root")


def hidden_from_others(paths: list[str]) -> list[str]:
    """The topmost folders above `paths` that only their owner may enter, each once."""
    found = []
    for path in paths:
        part = ""
        for name in path.strip("/").split("/")[:-1]:
            part += f"/{name}"
            if not os.stat(part).st_mode & 0o001:
                found.append(part)
                break
    return sorted(set(found))


def _show(hidden: list[str], needed: list[str]) -> None:
    """Cover each hidden folder, for this process alone, by one that holds nothing but what is needed."""
    kernel.own_mounts()
    opened = {path: os.open(path, os.O_PATH) for path in needed if any(path.startswith(f"{folder}/") for folder in hidden)}
    folders = {path: os.path.isdir(path) for path in opened}
    for folder in hidden:
        kernel.mount_tmpfs(folder)
    for path, descriptor in sorted(opened.items(), key=lambda item: item[0].count("/")):
        if not os.path.exists(path):  # it may lie beneath one that is shown already
            _make(path, folder=folders[path])
            kernel.mount_again(descriptor, path)
    for descriptor in opened.values():
        os.close(descriptor)


def _make(path: str, *, folder: bool) -> None:
    """An empty folder or file to mount something on."""
    os.makedirs(path if folder else os.path.dirname(path), mode=0o755, exist_ok=True)
    if not folder:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def _begin(spec: dict[str, Any]) -> int:
    """The process inside: the zygote itself, or the program that builds the rest of the jail around it."""
    inside = os.fork()
    if inside:
        return inside
    try:
        os.close(spec["lifeline"])
        if spec["command"]:
            os.set_inheritable(spec["socket"], True)
            os.execv(spec["command"][0], spec["command"])  # noqa: S606 - an argument list, made by the parent
        zygote.serve(socket.socket(fileno=spec["socket"]), spec)
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - a forked process must not return into its parent's code
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - this is how the parent learns why
    os._exit(NOT_BEGUN)


def _wait(inside: int, lifeline: int) -> int | None:
    """The exit code of the process inside, or None where the parent is gone first."""
    while True:
        ended, status = os.waitpid(inside, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else NOT_BEGUN
        if select.select([lifeline], [], [], _LOOK_SECONDS)[0]:
            return None
