"""Sleeping, stood in for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from kosmos_graph.providers import RetryPolicy


@dataclass
class Naps:
    """Remembers the waits and moves the clock by them; nothing sleeps."""

    waits: list[float] = field(default_factory=list)
    time: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)

    def clock(self) -> float:
        return self.time

    def policy(self, **changes: Any) -> RetryPolicy:
        """Three attempts, half of every wait's chance."""
        plain = RetryPolicy(attempts=3, sleep=self.sleep, sleep_async=self.sleep_async, clock=self.clock, chance=lambda: 0.5)
        return replace(plain, **changes)
