"""A chat model as an agent sees it: asked for one valid value of a pydantic class."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from kosmos_graph.domain.calls import AgentRole, CallUsage
from kosmos_graph.errors import Configuration, Malformed, ModelError, Refused, TooLong, Truncated
from kosmos_graph.providers.asking import Prompt
from kosmos_graph.providers.desk import Answer, Desk, Request
from kosmos_graph.providers.models import open_chat
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.reply_schema import reply_schema, response_format
from kosmos_graph.providers.reply_text import NotOneObject, one_object, repairs_of, without_reasoning
from kosmos_graph.providers.retries import RetryPolicy
from kosmos_graph.providers.usage import price

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from kosmos_graph.providers.chat import KosmosChat

T = TypeVar("T", bound=BaseModel)
Check = Callable[[Any], tuple[str, ...]]
ASKED_AGAIN = 2
_REASONS_SHOWN = 8
_REASON_SHOWN = 400
_REPLY_SHOWN = 2000
_SCHEMA_REFUSED = (400, 415, 422)
_AGAIN = "That reply is not valid:\n{reasons}\nReply again with one JSON object that follows the schema, and nothing else."
_IN_WORDS = "\n\nReply with one JSON object that follows this JSON schema, and nothing else:\n{schema}"
_LEFT_OUT = "[{count} lines left out to fit the context window]"
_SHORTEST_CUT = 8


@dataclass
class _Ask:
    """One question under way: what is sent, and how many of the bounded second chances are left."""

    prompt: Prompt
    schema: type[BaseModel]
    max_tokens: int
    corrections: tuple[tuple[str, str], ...] = ()
    again: int = ASKED_AGAIN
    doubled: bool = False
    cut: bool = False


class ChatAsker:
    """Asks one model in one role. Asynchronous only; nothing is streamed.

    An invalid reply is asked for again with the reasons at most twice, a reply cut at max_tokens once with twice the limit, and
    a prompt that exceeds the context window once without the middle of its longer part. A server that refuses a JSON
    schema is given the schema in words from then on.
    """

    def __init__(self, spec: ModelSpec, role: AgentRole, policy: RetryPolicy | None = None, desk: Desk | None = None) -> None:
        self.model = spec.name
        self.usage: list[CallUsage] = []
        self._spec = spec
        self._role: AgentRole = role
        self._policy = policy
        self._desk = desk or Desk(spec.name, role, spec.route, spec.temperature)
        self._chat: KosmosChat | None = None
        self._schema_in_words = False

    async def ask(self, prompt: Prompt, schema: type[T], check: Callable[[T], tuple[str, ...]] | None = None) -> T:
        """One valid value of `schema`. Raises Malformed, Truncated, or the ModelError of the call."""
        ask = _Ask(prompt, schema, self._spec.max_tokens)
        while True:
            reply = await self._reply(ask)
            if isinstance(reply, str):
                value = _valid(reply, schema, check)
                if not isinstance(value, tuple):
                    return value
                self._correct(ask, reply, value)

    async def _reply(self, ask: _Ask) -> str | None:
        """The text of a whole reply; None when the ask was changed and has to be sent again."""
        try:
            answer = await self._desk.answer(self._request(ask), self._send)
        except TooLong as error:
            _shorten(ask, error)
            return None
        except Malformed as error:
            self._record(0, 0, None, 0.0)
            self._correct(ask, None, (str(error),))
            return None
        except Configuration as error:
            if self._schema_in_words or error.status not in _SCHEMA_REFUSED:
                raise
            self._schema_in_words = True
            return None
        self._record(answer.input_tokens, answer.output_tokens, answer.cost, answer.seconds, repaired=_repaired(answer.text))
        return self._whole(ask, answer)

    def _whole(self, ask: _Ask, answer: Answer) -> str | None:
        if answer.finish_reason == "content_filter":
            raise self._failed(Refused, f"{self.model} refused to answer: its provider's content policy stopped the reply")
        if answer.finish_reason != "length":
            return answer.text
        if ask.doubled:
            raise self._failed(
                Truncated, f"the reply of {self.model} was cut at {ask.max_tokens} tokens, the doubled limit; raise it"
            )
        ask.max_tokens *= 2
        ask.doubled = True
        return None

    def _request(self, ask: _Ask) -> Request:
        shape = None if self._schema_in_words else response_format(ask.schema, bounds=self._spec.loopback)
        return Request(tuple(self._messages(ask)), ask.max_tokens, shape)

    async def _send(self, request: Request) -> Answer:
        chat = await self._opened()
        shape = {} if request.response_format is None else {"response_format": request.response_format}
        began = time.monotonic()
        message: AIMessage = await chat.ainvoke(list(request.messages), max_tokens=request.max_tokens, **shape)
        used = message.usage_metadata
        return Answer(
            text=message.text,
            finish_reason=message.response_metadata.get("finish_reason"),
            input_tokens=used["input_tokens"] if used else 0,
            output_tokens=used["output_tokens"] if used else 0,
            cost=price(message.response_metadata.get("response_cost")),
            seconds=time.monotonic() - began,
        )

    async def _opened(self) -> KosmosChat:
        if self._chat is None:
            self._chat = await asyncio.to_thread(open_chat, self._spec, self._policy, disable_streaming=True)
        return self._chat

    def _messages(self, ask: _Ask) -> list[tuple[str, str]]:
        user = ask.prompt.user
        if self._schema_in_words:
            user += _IN_WORDS.format(schema=json.dumps(reply_schema(ask.schema, bounds=True), ensure_ascii=False))
        messages = [("system", ask.prompt.system), ("human", user)]
        for reply, reasons in ask.corrections:
            again = _AGAIN.format(reasons=reasons)
            if reply:
                messages += [("ai", reply), ("human", again)]
            else:  # servers refuse an empty turn, and two of one side
                messages[-1] = ("human", f"{messages[-1][1]}\n\n{again}")
        return [(role, text) for role, text in messages if text.strip()]

    def _correct(self, ask: _Ask, reply: str | None, reasons: tuple[str, ...]) -> None:
        """Ask again, with the reasons if there was a reply. Raises Malformed when that has been done often enough."""
        listed = "\n".join(f"- {reason}" for reason in reasons[:_REASONS_SHOWN])
        if not ask.again:
            raise self._failed(Malformed, f"{self.model} gave no valid reply in {ASKED_AGAIN + 1} tries; the last one:\n{listed}")
        ask.again -= 1
        if reply is not None:
            ask.corrections = (*ask.corrections, (without_reasoning(reply)[:_REPLY_SHOWN], listed))

    def _record(self, input_tokens: int, output_tokens: int, cost: float | None, seconds: float, *, repaired: bool = False) -> None:
        used = CallUsage(
            model=self.model,
            role=self._role,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cost=cost,
            seconds=seconds,
            repaired=repaired,
        )
        self.usage.append(used)

    def _failed(self, kind: type[ModelError], message: str) -> ModelError:
        return kind(message, model=self.model)


def _repaired(reply: str) -> bool:
    try:
        return bool(repairs_of(reply))
    except NotOneObject:
        return False


def _valid(reply: str, schema: type[T], check: Callable[[T], tuple[str, ...]] | None) -> T | tuple[str, ...]:
    """The value of a reply, or the reasons why it is none."""
    try:
        value = schema.model_validate_json(json.dumps(one_object(reply), ensure_ascii=False).encode("utf-8", "surrogatepass"))
    except NotOneObject as error:
        return (str(error),)
    except ValidationError as error:
        return _reasons(error)
    reasons = check(value) if check else ()
    return reasons or value


def _reasons(error: ValidationError) -> tuple[str, ...]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    places = (".".join(str(part) for part in entry["loc"]) or "the object" for entry in found)
    return tuple(f"{place}: {entry['msg']}"[:_REASON_SHOWN] for place, entry in zip(places, found, strict=True))


def _shorten(ask: _Ask, error: TooLong) -> None:
    """Send a prompt that was too long again, shorter: without earlier replies if there were any, else without its middle lines."""
    if ask.corrections:
        ask.corrections = ()
    elif ask.cut:
        raise error
    else:
        ask.cut = True
        ask.prompt = _without_middle(ask.prompt, error)


def _without_middle(prompt: Prompt, error: TooLong) -> Prompt:
    """Half the lines of the longer part, from its beginning and end, where instructions stand. Raises `error` if it is short."""
    longer = "user" if len(prompt.user) >= len(prompt.system) else "system"
    lines = str(getattr(prompt, longer)).splitlines()
    if len(lines) < _SHORTEST_CUT:
        raise error
    quarter = len(lines) // 4
    note = _LEFT_OUT.format(count=len(lines) - 2 * quarter)
    return replace(prompt, **{longer: "\n".join([*lines[:quarter], note, *lines[-quarter:]])})
