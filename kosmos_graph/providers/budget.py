"""What a run may use in all, and the purse that all its studies draw from."""

from __future__ import annotations

import asyncio
import math
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from decimal import Decimal

from kosmos_graph.errors import BadInput, BudgetReached


@dataclass(frozen=True)
class Allowance:
    """What a run may use: `budget` in US dollars and `calls` answered, both of the run in all, what it has used before included;
    `seconds` from now on. None is no bound.
    """

    budget: float | None = None
    calls: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Raises BadInput for a bound that no run could keep."""
        if self.budget is not None and not 0 < self.budget < math.inf:
            raise BadInput(f"a budget is a positive amount of US dollars; {self.budget:g} is none")
        if self.calls is not None and self.calls < 1:
            raise BadInput(f"the most calls that a run may make are at least one; {self.calls} are none")
        if self.seconds is not None and not 0 < self.seconds < math.inf:
            raise BadInput(f"a deadline is a positive number of seconds from now; {self.seconds:g} is none")


_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(text: str) -> float:
    """Seconds of a time as people write it: 90, 90s, 10m, 1.5h. Raises BadInput."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", text)
    if found is None:
        raise BadInput(f"a time is given as seconds, minutes or hours, such as 90s, 10m or 2h; {text!r} is none")
    return float(found[1]) * _UNITS[found[2]]


class Purse:
    """What is left of a run's allowance. Before a call its highest price is reserved; after it what it cost is paid.

    So parallel studies do not overshoot: where the rest would not pay for a call, it waits until the reservations of others are
    settled, and only when none is left is the allowance used up; from then on no call starts, a cheaper one neither. Thread-safe.
    `spent` (US dollars) and `calls` are what the run has used before; the clock is monotonic, in seconds, and the allowance's
    seconds are counted from `began`, else from now.
    """

    def __init__(
        self,
        allowance: Allowance,
        *,
        spent: float = 0.0,
        calls: int = 0,
        began: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.allowance = allowance
        self.spent = spent
        self.calls = calls
        self._clock = clock
        self._end = (clock() if began is None else began) + (math.inf if allowance.seconds is None else allowance.seconds)
        self._over: str | None = None
        self._reserved: list[float] = []
        self._waiting: list[Future[None]] = []
        self._lock = threading.Lock()

    async def reserve(self, most: float, model: str) -> None:
        """Reserve `most` US dollars for a call of `model`. Raises BudgetReached, and BadInput for a budget that pays no call."""
        while (place := self._place(most, model)) is not None:
            await asyncio.wrap_future(place)

    def settle(self, most: float, cost: float | None, *, answered: bool = True) -> None:
        """Pay for a call for which `most` was reserved; a price that stays unknown is taken to be the highest."""
        with self._lock:
            self._reserved.remove(most)
            if answered:
                self.spent += most if cost is None else cost
                self.calls += 1
            woken, self._waiting = self._waiting, []
        for place in woken:
            if place.set_running_or_notify_cancel():
                place.set_result(None)

    def check_time(self) -> None:
        """Raises BudgetReached after the deadline."""
        if self._clock() > self._end:
            raise BudgetReached(
                f"the deadline of {self.allowance.seconds:g} seconds is reached; `resume` goes on, with a later one"
            )

    def _place(self, most: float, model: str) -> Future[None] | None:
        """None when the reservation is made, else what to wait for."""
        self.check_time()
        with self._lock:
            if self._over is not None:
                raise BudgetReached(self._over)
            refusal = self._refusal(most, model)
            if refusal is None:
                self._reserved.append(most)
                return None
            if not self._reserved:
                self._over = str(refusal) if isinstance(refusal, BudgetReached) else None
                raise refusal
            place: Future[None] = Future()
            self._waiting.append(place)
            return place

    def _refusal(self, most: float, model: str) -> BadInput | BudgetReached | None:
        """Why the call cannot start beside those that are under way, or None."""
        budget, calls = self.allowance.budget, self.allowance.calls
        if calls is not None and self.calls + len(self._reserved) >= calls:
            return BudgetReached(f"the {calls} calls that the run may make are made; `resume` with more of them goes on")
        if budget is None or math.fsum((self.spent, *self._reserved, most)) <= budget:
            return None
        if not self.calls:
            return BadInput(f"the budget of {dollars(budget)} cannot pay for one call of {model}, which may cost {dollars(most)}")
        return BudgetReached(
            f"the budget of {dollars(budget)} is reached: {dollars(self.spent)} are spent, and the next call may cost "
            f"{dollars(most)}; `resume` with a larger budget goes on"
        )


class Purses:
    """The purse of each run of a process; `used` tells what a run has spent and asked before. Time is counted from now."""

    def __init__(
        self, allowance: Allowance, used: Callable[[str], tuple[float, int]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._allowance = allowance
        self._used = used
        self._clock = clock
        self._began = clock()
        self._purses: dict[str, Purse] = {}
        self._lock = threading.Lock()

    def of(self, run: str) -> Purse | None:
        """The run's purse, None where nothing is bounded. Raises StoreError where what was spent cannot be read."""
        if self._allowance == Allowance():
            return None
        with self._lock:
            if run not in self._purses:
                spent, calls = self._used(run)
                self._purses[run] = Purse(self._allowance, spent=spent, calls=calls, began=self._began, clock=self._clock)
            return self._purses[run]


def dollars(amount: float) -> str:
    """An amount as people write it, with four digits that count below a dollar."""
    return f"${amount:.2f}" if amount >= 1 else f"${Decimal(f'{amount:.4g}'):f}"
