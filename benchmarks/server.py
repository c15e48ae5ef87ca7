"""The tests' loopback server in a process of its own, so that what it computes is not taken for what a run computes.

python -m benchmarks.server LATENCY        # prints its address; ends, and prints what it saw, when its input ends
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.loopback import LoopbackServer, first_choice


@dataclass
class Served:
    """A server's address, and what it saw, once it has ended."""

    base: str
    calls: int = 0
    at_once: int = 0


@contextmanager
def serving(latency: float) -> Iterator[Served]:
    """A server that answers any schema with the first value that fits, `latency` seconds after each request."""
    command = [sys.executable, "-m", "benchmarks.server", str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        served = Served(child.stdout.readline().strip())
        try:
            yield served
        finally:
            child.stdin.close()
            seen = json.loads(child.stdout.readline() or "{}")
            served.calls, served.at_once = seen.get("calls", 0), seen.get("at_once", 0)


def main() -> None:
    """Serve until the input ends."""
    with LoopbackServer(first_choice, latency=float(sys.argv[1])) as server:
        print(server.base(), flush=True)
        sys.stdin.read()
        print(json.dumps({"calls": len(server.requests), "at_once": server.most_at_once}), flush=True)


if __name__ == "__main__":
    main()
