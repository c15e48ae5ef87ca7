"""A process of the user's that has secrets and nothing to do with any job: in its arguments, environment, memory and open files."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGHUP, signal.SIGIO, signal.SIGINT, signal.SIGCONT)
PR_SET_PTRACER, ANYBODY = 0x59616D61, 2**64 - 1


def main() -> None:
    spec = json.loads(sys.argv[1])
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    for number in SIGNALS:
        signal.signal(number, note)
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(ANYBODY), 0, 0, 0)  # where only parents may trace
    memory = ctypes.create_string_buffer(os.environ["VICTIM_MEMORY"].encode(), 64)
    vault = os.open(spec["vault"], os.O_RDWR)
    before = memory.raw
    _say({"process": os.getpid(), "address": ctypes.addressof(memory), "descriptor": vault})
    for _ in sys.stdin.buffer:
        keys = _keys()
        _say({"received": received, "memory": memory.raw == before, "keys": spec["token"] in keys})


def _keys() -> str:
    try:
        return Path("/proc/keys").read_text()
    except OSError:
        return ""


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
