"""The one place that retries a call to a model."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tenacity import AsyncRetrying, RetryCallState, Retrying, retry_if_exception_type

from kosmos_graph.errors import Transient
from kosmos_graph.providers.breaker import Breaker, Visit

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """When to send a request again after a Transient failure.

    At most `attempts` requests, and none that would begin more than `deadline` seconds after the first. The wait is what the
    server asked for (Retry-After), else it doubles from `first_wait` up to `longest_wait` seconds, half of it left to chance.
    `cool_down` is for how many seconds a server that used all attempts up is left alone by every call of the process; 0 never
    leaves it alone. `before` is called before every request; what it raises ends the call. Sleeping, the clock (seconds,
    monotonic) and chance (in [0, 1)) are passed in.
    """

    attempts: int = 4
    first_wait: float = 1.0
    longest_wait: float = 30.0
    deadline: float = 300.0
    cool_down: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    sleep_async: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    before: Callable[[], None] = lambda: None

    def call(self, attempt: Callable[[], T], breaker: Breaker | None = None, model: str = "") -> T:
        """The result of the first attempt that succeeds. Raises what the last one raised.

        `breaker` is that of the server, `model` the name to call the model by when the server is left alone.
        """
        with Visit(breaker or Breaker(), self, model) as visit:

            def once() -> T:
                self.before()
                return visit.attempt(attempt)

            return Retrying(**self._rules(visit), sleep=self.sleep)(once)

    async def call_async(self, attempt: Callable[[], Awaitable[T]], breaker: Breaker | None = None, model: str = "") -> T:
        """The same, asynchronously."""
        with Visit(breaker or Breaker(), self, model) as visit:

            async def once() -> T:
                self.before()
                return await visit.attempt_async(attempt)

            return await AsyncRetrying(**self._rules(visit), sleep=self.sleep_async)(once)

    def _rules(self, visit: Visit) -> dict[str, Any]:
        def stop(state: RetryCallState) -> bool:
            late = self.clock() - visit.began + self._wait(state) > self.deadline
            return state.attempt_number >= self.attempts or late or visit.over

        return {"wait": self._wait, "stop": stop, "retry": retry_if_exception_type(Transient), "reraise": True}

    def _wait(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, Transient) and failure.retry_after is not None:
            return failure.retry_after
        longest = min(self.longest_wait, self.first_wait * 2 ** (state.attempt_number - 1))
        return float(longest * (1 + self.chance()) / 2)
