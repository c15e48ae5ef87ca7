"""Requests and tokens a minute at one server, for every thread and event loop of the process.

Both are bounded in every window of a minute, not on the average. Tokens are booked before a call (prompt and the whole of
max_tokens, as providers count them), and what was not used comes back when the answer is there.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kosmos_graph.errors import Transient
from kosmos_graph.providers.gate import Gate

if TYPE_CHECKING:
    from kosmos_graph.providers.retries import RetryPolicy

_MINUTE = 60.0
_SHORTEST_NAP = 0.001
_LONGEST_NAP = 1.0  # tokens that were booked and not used may come back at any time


@dataclass(eq=False)
class Booking:
    """What one call takes of the tokens, from `moment` on (seconds of the clock) for a minute.

    Set `tokens` when they are known. As a context manager it takes none when the call fails in passing.
    """

    moment: float
    tokens: int

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, Transient):
            self.tokens = 0


class Rates:
    """At most `requests` and `tokens` a minute, None for no bound; who comes first goes first.

    A call that wants more tokens than a minute has goes when no other call of the last minute used any.
    """

    def __init__(self, requests: float | None, tokens: float | None) -> None:
        self._count = max(1, int(requests)) if requests else 0
        self._window = _MINUTE * self._count / requests if requests else 0.0
        self._tokens = tokens
        self._bounded = bool(requests or tokens)
        self._sent: deque[float] = deque()
        self._bookings: deque[Booking] = deque()
        self._turn = Gate(1)
        self._lock = threading.Lock()

    def book(self, tokens: int, policy: RetryPolicy) -> Booking:
        """Wait until a call of so many tokens may begin, by the policy's clock and sleep, and count it."""
        if not self._bounded:
            return Booking(policy.clock(), tokens)
        with self._turn.passing():
            while not isinstance(found := self._try(tokens, policy.clock()), Booking):
                policy.sleep(found)
        return found

    async def book_async(self, tokens: int, policy: RetryPolicy) -> Booking:
        """The same, without blocking the event loop."""
        if not self._bounded:
            return Booking(policy.clock(), tokens)
        async with self._turn.passing_async():
            while not isinstance(found := self._try(tokens, policy.clock()), Booking):
                await policy.sleep_async(found)
        return found

    def repeat(self, now: float) -> None:
        """Count a request that is sent again. It has waited for its server, so others wait for it."""
        with self._lock:
            if self._count:
                self._sent.append(now)

    def _try(self, tokens: int, now: float) -> Booking | float:
        """The booking, or the seconds after which to look again."""
        with self._lock:
            nap = max(self._nap_of_requests(now), self._nap_of_tokens(tokens, now))
            if nap > 0:
                return min(max(nap, _SHORTEST_NAP), _LONGEST_NAP)
            booking = Booking(now, tokens)
            if self._count:
                self._sent.append(now)
            if self._tokens:
                self._bookings.append(booking)
            return booking

    def _nap_of_requests(self, now: float) -> float:
        while self._sent and self._sent[0] + self._window <= now:
            self._sent.popleft()
        if not self._count or len(self._sent) < self._count:
            return 0.0
        return self._sent[-self._count] + self._window - now

    def _nap_of_tokens(self, tokens: int, now: float) -> float:
        while self._bookings and self._bookings[0].moment + _MINUTE <= now:
            self._bookings.popleft()
        if not self._tokens:
            return 0.0
        used = sum(booking.tokens for booking in self._bookings)
        nap = 0.0
        for booking in self._bookings:
            if used == 0 or used + tokens <= self._tokens:
                break
            used -= booking.tokens
            nap = booking.moment + _MINUTE - now
        return nap


_rates: dict[tuple[str, float | None, float | None], Rates] = {}
_rates_lock = threading.Lock()


def rates_for(server: str, requests: float | None, tokens: float | None) -> Rates:
    """The process's one account of a server's requests and tokens a minute."""
    with _rates_lock:
        return _rates.setdefault((server, requests, tokens), Rates(requests, tokens))
