"""What all calls of a process know together about a server that fails, so that an outage is found out once.

While a server answers, calls pass freely. The first call that meets an outage (a Transient failure that is no rate limit) becomes
the server's scout: it alone tries again, when its own policy says so, and every other call waits for what it finds.

- The scout is answered, if only with an error: everybody goes on.
- The scout gives up after two failures in a row or more: the server is shut. All waiting calls and all new ones fail at once with
  Transient until the cool-down is over; then the next call may try once as the scout, and a failure shuts the server again.
- The scout is cancelled, or its deadline came too early to tell: the next call takes its place.

A call alone is its own scout, and behaves as if there were no breaker. A policy of one attempt shuts nothing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from kosmos_graph.errors import Malformed, ModelError, Transient

if TYPE_CHECKING:
    from kosmos_graph.providers.retries import RetryPolicy

T = TypeVar("T")
_RATE_LIMIT = 429
_IN_A_ROW = 2


class Breaker:
    """One server's. Any thread and any event loop may use it; calls deal with it through a `Visit`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scout: Visit | None = None
        self._waiting: list[Future[None]] = []
        self._failures = 0
        self._shut_until: float | None = None

    def ask(self, visit: Visit, *, blocking: bool) -> Future[None] | None:
        """None when the visit may send now, else what it has to wait for before it asks again.

        `blocking` says that waiting would stop this thread; a scout that needs the thread itself is not waited for. Raises
        Transient while the server is shut.
        """
        with self._lock:
            if not self._failures or self._scout is visit:
                return None
            if self._scout is None:
                self._take_over(visit)
                return None
            if blocking and self._scout.thread == threading.get_ident():
                return None
            place: Future[None] = Future()
            self._waiting.append(place)
            return place

    def tell(self, visit: Visit, error: ModelError | None) -> None:
        """Take note of what an attempt met: None for an answer."""
        with self._lock:
            if _outage(error):
                self._failed(visit)
            elif error is None or error.status is not None or isinstance(error, Malformed):
                self._failures = 0
                self._shut_until = None
                self._dismiss()

    def leave(self, visit: Visit, *, given_up: bool) -> None:
        """The visit sends nothing more; `given_up` says that its last attempt met a failure that may pass."""
        with self._lock:
            if self._scout is not visit:
                return
            if given_up and self._failures >= _IN_A_ROW and visit.policy.cool_down:
                self._shut_until = visit.policy.clock() + visit.policy.cool_down
            self._dismiss()

    def scouts(self, visit: Visit) -> bool:
        """Whether this visit is the scout."""
        return self._scout is visit

    def _take_over(self, visit: Visit) -> None:
        if self._shut_until is not None:
            left = self._shut_until - visit.policy.clock()
            if left > 0:
                raise visit.refused(f"it is tried again in {left:.0f} seconds", left)
            visit.only_once = True
        self._scout = visit

    def _failed(self, visit: Visit) -> None:
        """Failures of calls that were under way before the scout's are no news."""
        if self._scout is visit:
            self._failures += 1
        elif not self._failures and visit.policy.attempts > 1:
            self._scout = visit
            self._failures = 1

    def _dismiss(self) -> None:
        self._scout = None
        waiting, self._waiting = self._waiting, []
        for place in waiting:
            if place.set_running_or_notify_cancel():
                place.set_result(None)


class Visit:
    """One call's dealings with a server, from before its first attempt until after its last, as a context manager."""

    def __init__(self, breaker: Breaker, policy: RetryPolicy, model: str) -> None:
        self.policy = policy
        self.thread = threading.get_ident()
        self.only_once = False
        self.began = policy.clock()
        self._breaker = breaker
        self._model = model
        self._refused = False

    @property
    def over(self) -> bool:
        """Whether no further attempt is to be made, whatever the policy still allows."""
        return self._refused or (self.only_once and self._breaker.scouts(self))

    def attempt(self, send: Callable[[], T]) -> T:
        """Send when the server may be asked. Raises what `send` raises, or Transient when the server is not asked at all."""
        while (place := self._breaker.ask(self, blocking=True)) is not None:
            place.result()
            self._refuse_when_late()
        try:
            value = send()
        except ModelError as error:
            self._breaker.tell(self, error)
            raise
        self._breaker.tell(self, None)
        return value

    async def attempt_async(self, send: Callable[[], Awaitable[T]]) -> T:
        """The same, asynchronously."""
        while (place := self._breaker.ask(self, blocking=False)) is not None:
            await asyncio.wrap_future(place)
            self._refuse_when_late()
        try:
            value = await send()
        except ModelError as error:
            self._breaker.tell(self, error)
            raise
        self._breaker.tell(self, None)
        return value

    def refused(self, reason: str, left: float | None = None) -> Transient:
        """The failure of a call that is not sent, which no policy repeats; `left` is seconds until it may be."""
        self._refused = True
        return Transient(f"the server of {self._model} has been failing; {reason}", model=self._model, retry_after=left)

    def _refuse_when_late(self) -> None:
        if self.policy.clock() - self.began > self.policy.deadline:
            raise self.refused("the call waited for it until its deadline")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._breaker.leave(self, given_up=isinstance(error, Transient))


def _outage(error: ModelError | None) -> bool:
    return isinstance(error, Transient) and error.status != _RATE_LIMIT


_breakers: dict[str, Breaker] = {}
_breakers_lock = threading.Lock()


def breaker_for(server: str) -> Breaker:
    """The process's one breaker for a server."""
    with _breakers_lock:
        return _breakers.setdefault(server, Breaker())


def forget(server: str) -> None:
    """Know nothing of a server any more, as when another has taken its address."""
    with _breakers_lock:
        _breakers.pop(server, None)
