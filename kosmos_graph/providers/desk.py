"""Where a request passes on its way out: answered from the journal, or paid for, sent, and written down before it is used."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kosmos_graph import errors
from kosmos_graph.domain.calls import AgentRole, Call, CallSite
from kosmos_graph.errors import ModelError
from kosmos_graph.ids import digest
from kosmos_graph.providers.budget import Purse
from kosmos_graph.providers.journal import Journal
from kosmos_graph.providers.prices import Price, most_of
from kosmos_graph.providers.scrubbing import scrub

_KINDS: dict[str, type[ModelError]] = {
    cls.kind: cls
    for cls in (errors.Transient, errors.Malformed, errors.Truncated, errors.Configuration, errors.TooLong, errors.Refused)
}


@dataclass(frozen=True)
class Request:
    """What is sent: messages as (role, text), and the limit and shape of the reply."""

    messages: tuple[tuple[str, str], ...]
    max_tokens: int
    response_format: Any = None


@dataclass(frozen=True)
class Answer:
    """What came back. `cost` is in US dollars, None when the price is unknown."""

    text: str
    finish_reason: str | None
    input_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float = 0.0


Send = Callable[[Request], Awaitable[Answer]]


@dataclass
class Desk:
    """The requests of one model in one execution of one node. Without journal and purse they just pass.

    `route` and `temperature` are part of a request's digest, beside what is sent.
    """

    model: str
    role: AgentRole
    route: str
    temperature: float | None = None
    site: CallSite = field(default_factory=lambda: CallSite(run="", node="", branch=""))
    journal: Journal | None = None
    purse: Purse | None = None
    price: Price | None = None
    _asked_before: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: Request, send: Send) -> Answer:
        """The answer to the next request. Raises the ModelError of the call, BudgetReached, RecordingMiss, StoreError."""
        key = self._digest(request)
        self._asked_before[key] += 1
        number = self._asked_before[key]
        held = await asyncio.to_thread(self.journal.find, self.site, number, key) if self.journal else None
        return _given(held) if held is not None else await self._asked(request, number, key, send)

    async def forget(self) -> None:
        """Ask anew when the node is executed again: the answers were no good. Raises StoreError."""
        if self.journal:
            await asyncio.to_thread(self.journal.forget, self.site)

    async def _asked(self, request: Request, number: int, key: str, send: Send) -> Answer:
        most = self._most(request)
        if self.purse:
            await self.purse.reserve(most, self.model)
        blank = Call(
            site=self.site,
            number=number,
            digest=key,
            role=self.role,
            model=self.model,
            messages=tuple((role, _kept(text)) for role, text in request.messages),
            max_tokens=request.max_tokens,
            outcome="transient",
        )
        call: Call | None = None
        began = time.monotonic()
        try:
            call = self._answered(blank, await send(request))
        except ModelError as error:
            call = blank.model_copy(update=_failure(error) | {"seconds": time.monotonic() - began})
            await self._write(call)
            raise
        finally:
            if self.purse:
                self.purse.settle(most, call.cost if call else None, answered=call is not None and call.settled)
        await self._write(call)
        return _given(call)

    def _answered(self, blank: Call, answer: Answer) -> Call:
        counted = answer.input_tokens or answer.output_tokens  # a server that counts nothing has not answered for nothing
        cost = answer.cost if self.price is None else self.price.of(answer.input_tokens, answer.output_tokens) if counted else None
        return blank.model_copy(
            update={
                "outcome": "answered",
                "reply": _kept(answer.text),
                "finish_reason": None if answer.finish_reason is None else _kept(str(answer.finish_reason)),
                "input_tokens": answer.input_tokens,
                "output_tokens": answer.output_tokens,
                "cost": cost,
                "seconds": answer.seconds,
                "at": datetime.now(UTC).isoformat(),
            }
        )

    async def _write(self, call: Call) -> None:
        if self.journal:
            await asyncio.to_thread(self.journal.put, call)

    def _most(self, request: Request) -> float:
        """The highest price of a request, in US dollars; zero where none is known (with a budget every price is)."""
        shape = "" if request.response_format is None else json.dumps(request.response_format)
        return most_of(self.price, (*request.messages, ("shape", shape)), request.max_tokens) if self.price else 0.0

    def _digest(self, request: Request) -> str:
        content = {
            "route": self.route,
            "temperature": self.temperature,
            "messages": [[role, _whole(text)] for role, text in request.messages],
            "max_tokens": request.max_tokens,
            "response_format": request.response_format,
        }
        return digest(content)


def _given(call: Call) -> Answer:
    """What a settled or recorded call gives: its answer, or the failure that it was."""
    if call.outcome != "answered":
        raise _KINDS[call.outcome](call.error or call.outcome, model=call.model, status=call.status)
    return Answer(call.reply, call.finish_reason, call.input_tokens, call.output_tokens, call.cost, call.seconds)


def _failure(error: ModelError) -> dict[str, Any]:
    return {"outcome": error.kind, "error": _kept(str(error)), "status": error.status, "at": datetime.now(UTC).isoformat()}


def _kept(text: str) -> str:
    """A text as it may be kept: without keys."""
    return scrub(_whole(text))


def _whole(text: str) -> str:
    """A text without halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
