"""The outermost process of a jail: gives up root, begins what is inside, watches over its jobs, and ends all of it with its parent.

It runs none of the code either, and nothing else that could keep it from looking. Its parent is the process that wants jobs done,
which may be killed at any moment: it is gone when a connection that it alone holds open ends.
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
from .watch import Watch

NOT_BEGUN = 95
"""Exit code where the jail could not be built; what stopped it stands on standard error."""
_LOOK_SECONDS = 0.5


def guard(spec: dict[str, Any]) -> NoReturn:
    """Build the jail, wait for its end or the parent's, and end every process of it."""
    try:
        if spec["user"] is not None:
            become(spec["user"], spec["needed"])
            if sys.platform == "linux":
                kernel.prctl(kernel.SET_DUMPABLE, 1)  # or nobody but root may read how much memory these processes hold
        kernel.adopt_orphans()
        inside = _begin(spec)
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is how the parent learns why
        os._exit(NOT_BEGUN)
    os.close(spec["socket"])
    code = _attend(inside, socket.socket(fileno=spec["lifeline"]))
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
        _offer_to_be_killed()
        if spec["command"]:
            os.set_inheritable(spec["socket"], True)
            os.execv(spec["command"][0], spec["command"])  # noqa: S606 - an argument list, made by the parent
        zygote.serve(socket.socket(fileno=spec["socket"]), spec)
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - a forked process must not return into its parent's code
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - this is how the parent learns why
    os._exit(NOT_BEGUN)


def _offer_to_be_killed() -> None:
    """Where the whole machine runs out of memory, let the kernel end what runs inside before anything else (Linux)."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _attend(inside: int, parent: socket.socket) -> int | None:
    """Watch over jobs as the parent asks; the exit code of the process inside, or None where the parent is gone first."""
    watch: Watch | None = None
    passed: str | None = None
    while True:
        ended, status = os.waitpid(inside, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else NOT_BEGUN
        looks = watch is not None and passed is None
        if select.select([parent], [], [], watch.pause() if watch is not None and looks else _LOOK_SECONDS)[0]:
            try:
                received = zygote.receive(parent)
                if received is None:
                    return None
                if "limits" in received[0]:
                    watch, passed = Watch(**received[0]), None
                else:
                    zygote.send(parent, {"passed": passed})
                    watch = None
            except OSError:
                return None
        elif watch is not None and looks:
            passed = watch.look()
            if passed is not None:
                processes.end_descendants(watch.zygote)
