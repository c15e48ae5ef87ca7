"""A thread that looks at what a job does while it runs."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.sandbox.attacks import processes
from tests.sandbox.attacks.canaries import Canaries
from tests.sandbox.attacks.evidence import Proof, Seen, arrived, burnt, crowded, flooded, held, isolated, shown, swelled, typed

_PAUSE_SECONDS = 0.008
_OF_PROCESSES = frozenset({crowded, swelled, burnt, held, isolated, flooded})


class Watching:
    """Collects what is `seen` of the processes that `running` lists, as a context manager.

    Only what `proof` is about is looked at: the judge should not be what keeps the machine busy.
    """

    def __init__(self, canaries: Canaries, proof: Proof, running: Callable[[], set[int]], above: set[int]) -> None:
        self.seen = Seen()
        self._canaries = canaries
        self._proof = proof
        self._running = running
        self._shared = max(map(processes.resident, above), default=0)
        self._cpu: dict[int, float] = {}
        self._usual = [processes.namespaces(process) for process in above]
        self._held: set[str] = set().union(*map(processes.held, above))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.is_set():
            self._look()
            self._stop.wait(_PAUSE_SECONDS)

    def _look(self) -> None:
        seen = self.seen
        if self._proof in {typed, shown}:
            seen.typed += self._canaries.terminal.typed()
            seen.shown += self._canaries.terminal.shown()
        elif self._proof is arrived:
            self._knock()
        elif self._proof is flooded:
            self._measure_disk()
        if self._proof in _OF_PROCESSES:
            self._look_at(self._running())

    def _look_at(self, running: set[int]) -> None:
        seen = self.seen
        if self._proof is crowded:
            seen.tasks = max(seen.tasks, sum(map(processes.tasks, running)))
        elif self._proof is swelled:
            seen.memory = max(seen.memory, sum(processes.memory(process, self._shared) for process in running))
        elif self._proof is burnt:
            self._cpu |= {process: processes.cpu_seconds(process) for process in running}
            seen.cpu_seconds = sum(self._cpu.values())
        elif self._proof is held:
            seen.held.update(*(processes.held(process) - self._held for process in running))
        elif self._proof is isolated:
            seen.isolated.update(*map(self._own, running))
        elif self._proof is flooded:
            seen.disk = max(seen.disk, sum(map(processes.open_and_removed, running)))

    def _own(self, process: int) -> set[str]:
        """Which namespaces none of the processes above the job has."""
        return {
            name for name, value in processes.namespaces(process).items() if all(usual.get(name) != value for usual in self._usual)
        }

    def _measure_disk(self) -> None:
        size = 0
        for folder, _, names in os.walk(self._canaries.temporary):
            for name in names:
                try:
                    status = Path(folder, name).lstat()
                except OSError:
                    continue
                size += status.st_blocks * 512
                self.seen.longest_file = max(self.seen.longest_file, status.st_size)
        self.seen.disk = max(self.seen.disk, size)

    def _knock(self) -> None:
        """Whether somebody listens for connections."""
        with socket.socket() as client:
            client.settimeout(0.05)
            if client.connect_ex(("127.0.0.1", self._canaries.listen_port)) == 0:
                self._canaries.servers.arrivals.append("a port of its own")
