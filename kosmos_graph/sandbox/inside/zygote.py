"""A process inside the jail with the scientific libraries imported, which forks a process for each job.

It never runs code that nobody has read. Requests come over a socket: a length, JSON, and with them the open files of the
job (where it prints, and its data). After each job it says how the job's process ended and whether any descendant lives on.
"""

from __future__ import annotations

import gc
import io
import json
import os
import socket
import struct
import sys
from typing import Any

from . import experiment, kernel, landlock
from .recording import RECORDER, instrument

LENGTH = struct.Struct("<Q")
MOST_FILES = 64


def serve(connection: socket.socket, spec: dict[str, Any]) -> None:
    """Import, say hello, and do as asked until the other end closes."""
    kernel.adopt_orphans()
    sys.path.extend(spec["packages"])
    if spec["landlock"]:
        landlock.restrict(spec["read"], [spec["scratch"]], experiment.DEVICES)
    for module in spec["modules"]:
        __import__(module)
    _warm_up()
    gc.collect()
    gc.freeze()  # what is shared with a job's process stays shared: its collector does not touch it
    send(connection, {"process": os.getpid(), "landlock": landlock.version() if sys.platform == "linux" else 0})
    while (received := receive(connection)) is not None:
        request, files = received
        send(connection, _job(request, files, connection) if "code" in request else _state_of_children(None))


def send(connection: socket.socket, message: dict[str, Any], files: list[int] | None = None) -> None:
    content = json.dumps(message).encode()
    head = LENGTH.pack(len(content))
    if files:
        socket.send_fds(connection, [head], files)
    else:
        connection.sendall(head)
    connection.sendall(content)


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """A message and the open files that came with it; None where the other end has closed."""
    head, files, _, _ = socket.recv_fds(connection, LENGTH.size, MOST_FILES)
    if len(head) < LENGTH.size:
        return None
    content = bytearray()
    missing = LENGTH.unpack(head)[0]
    while missing > len(content):
        part = connection.recv(min(1 << 20, missing - len(content)))
        if not part:
            return None
        content += part
    message: dict[str, Any] = json.loads(content)
    return message, list(files)


def _warm_up() -> None:
    """Do once what the first use of a library does, so that the jobs need not; nothing here begins a thread."""
    if "scipy" in sys.modules:
        instrument(RECORDER)
    if parquet := sys.modules.get("pyarrow.parquet"):
        file = io.BytesIO()
        parquet.write_table(sys.modules["pyarrow"].table({"number": [1.0, None], "text": ["a", None]}), file)
        parquet.ParquetFile(file, pre_buffer=False).read(use_threads=False).to_pandas(use_threads=False)


def _job(request: dict[str, Any], files: list[int], connection: socket.socket) -> dict[str, Any]:
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            connection.close()
            experiment.run(request, files[0], files[1:], writing)
        finally:
            os._exit(experiment.NOT_CONFINED)
    os.close(writing)
    for descriptor in files:
        os.close(descriptor)
    status = 0
    while True:
        ended, code = os.waitpid(-1, 0)
        if ended == process:
            status = code
            break
    confined = os.read(reading, 1) == b"1"
    os.close(reading)
    return _state_of_children(os.waitstatus_to_exitcode(status)) | {"confined": confined}


def _state_of_children(exit_code: int | None) -> dict[str, Any]:
    """Reap what has ended. `alone` is certain: orphans become this process's own children."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return {"exit": exit_code, "alone": True}
    return {"exit": exit_code, "alone": False}
