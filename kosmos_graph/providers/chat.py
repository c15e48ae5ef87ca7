"""The chat model: langchain-litellm's, with one layer of retries, translated errors, counted usage and closed keys.

Importing this module loads LiteLLM; `open_chat` in `kosmos_graph.providers.models` imports it when a model is wanted.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from itertools import count
from typing import Any, Self, TypeVar

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from kosmos_graph.errors import BadInput, Malformed, ModelError, Transient
from kosmos_graph.providers import door
from kosmos_graph.providers.breaker import Breaker, breaker_for
from kosmos_graph.providers.failures import translate
from kosmos_graph.providers.gate import Gate, gate_for
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.rates import Booking, Rates, rates_for
from kosmos_graph.providers.retries import RetryPolicy
from kosmos_graph.providers.scrubbing import remember
from kosmos_graph.providers.usage import Meter, price

T = TypeVar("T")
NO_KEY = "no-key-was-given"
_BOUND = ("model", "custom_llm_provider", "api_base", "base_url", "api_key", "extra_headers")
_SMALLEST_CONTEXT = 4096
_BYTES_PER_TOKEN = 3
_FOREIGN = door.foreign_errors()


def _refuse_unknown(options: set[str], known: set[str]) -> None:
    """Raises BadInput for an option that ChatLiteLLM would drop in silence, or that would lead a call elsewhere."""
    wrong = sorted(options - (known - set(_BOUND)))
    if wrong:
        hint = "; an address is given as api_base" if {"base_url", "endpoint", "api_url"} & set(wrong) else ""
        raise BadInput(f"a chat model has no option {', '.join(wrong)}{hint}; what a request alone takes is given to invoke")


class KosmosChat(door.chat_litellm()):  # type: ignore[misc] # the class is known only once LiteLLM is loaded
    """A LangChain chat model for one `ModelSpec`. Its key is held aside, so that no dump or repr of the model shows it."""

    _spec: ModelSpec = PrivateAttr()
    _policy: RetryPolicy = PrivateAttr()
    _meter: Meter = PrivateAttr(default_factory=Meter)

    @classmethod
    def of(cls, spec: ModelSpec, policy: RetryPolicy, **options: Any) -> KosmosChat:
        """The chat model for a specification; `options` are further fields of ChatLiteLLM, such as `top_p`."""
        _refuse_unknown(set(options), set(cls.model_fields))
        door.spare_lookup(spec.route)
        temperature = spec.temperature
        if temperature is not None and not door.accepts_temperature(spec.route, temperature):
            temperature = None
        fields = {"max_tokens": spec.max_tokens, "temperature": temperature, "request_timeout": spec.timeout, **options}
        chat = cls(model=spec.route, api_base=spec.api_base, **fields)
        chat._spec = spec
        chat._policy = policy
        _remember_secrets(spec)
        return chat

    @property
    def meter(self) -> Meter:
        """What this model used; `usage` reads it."""
        return self._meter

    @property
    def _default_params(self) -> dict[str, Any]:
        secrets = {name: value.get_secret_value() for name, value in self._spec.options}
        return {**super()._default_params, **secrets, "max_retries": 0, "num_retries": 0}

    def _resolve_api_key(self, model: str | None = None, custom_llm_provider: str | None = None) -> str | None:
        del model, custom_llm_provider
        if self._spec.api_key is not None:
            return self._spec.api_key.get_secret_value()
        return None if self._spec.ambient else NO_KEY

    def _merge_call_params(self, params: dict[str, Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        redirected = sorted(name for name in _BOUND if kwargs.get(name) is not None)
        if redirected:
            raise BadInput(
                f"a call to {self._spec.name} cannot change {', '.join(redirected)}; make another model with get_chat_model"
            )
        merged: dict[str, Any] = super()._merge_call_params(params, kwargs)
        return merged

    def _create_message_dicts(
        self, messages: list[BaseMessage], stop: list[str] | None
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        dicts, params = super()._create_message_dicts(messages, stop)
        if self._spec.route.startswith("ollama") and params.get("num_ctx") is None:
            params["num_ctx"] = context_size(dicts, self.max_tokens or self._spec.max_tokens)
        return dicts, params

    def completion_with_retry(self, run_manager: Any = None, **kwargs: Any) -> Any:
        """The answer, or the opened stream, retried by the policy alone. A place at a gate is kept between attempts."""
        del run_manager
        if kwargs.get("stream"):
            return self._to_its_end(self._policy.call(self._attempts(kwargs), self._breaker, self._spec.name))
        with self._rates.book(self._size(kwargs["messages"], kwargs), self._policy) as booking:
            with self._passing():
                response = self._policy.call(self._attempts(kwargs), self._breaker, self._spec.name)
            booking.tokens = sum(_usage(response)) or booking.tokens
        return response

    async def acompletion_with_retry(self, run_manager: Any = None, **kwargs: Any) -> Any:
        """The same, asynchronously."""
        del run_manager
        if kwargs.get("stream"):
            stream = await self._policy.call_async(self._attempts_async(kwargs), self._breaker, self._spec.name)
            return self._to_its_end_async(stream)
        with await self._rates.book_async(self._size(kwargs["messages"], kwargs), self._policy) as booking:
            async with self._passing_async():
                response = await self._policy.call_async(self._attempts_async(kwargs), self._breaker, self._spec.name)
            booking.tokens = sum(_usage(response)) or booking.tokens
        return response

    def _attempts(self, kwargs: dict[str, Any]) -> Callable[[], Any]:
        """What the policy calls, once for each request."""
        sent = count()

        def attempt() -> Any:
            if next(sent):
                self._rates.repeat(self._policy.clock())
            return self._counted(self._outcome(lambda: self.client.completion(**kwargs)), kwargs)

        return attempt

    def _attempts_async(self, kwargs: dict[str, Any]) -> Callable[[], Awaitable[Any]]:
        sent = count()

        async def attempt() -> Any:
            if next(sent):
                self._rates.repeat(self._policy.clock())
            return self._counted(await self._outcome_async(self._bounded(kwargs)), kwargs)

        return attempt

    async def _bounded(self, kwargs: dict[str, Any]) -> Any:
        """The call under a time-out of its own: the client's bounds the wait for the next byte, not the whole."""
        async with asyncio.timeout(self._spec.timeout + 1):
            return await self.client.acompletion(**kwargs)

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        booking = self._rates.book(self._size(messages, kwargs), self._policy)
        with self._passing(), booking, _StreamTally(self._meter, booking) as tally:
            chunks = super()._stream(messages, *args, **kwargs)
            while (chunk := _raised(self._outcome(lambda: next(chunks, None)))) is not None:
                tally.see(chunk)
                yield chunk

    async def _astream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        booking = await self._rates.book_async(self._size(messages, kwargs), self._policy)
        async with self._passing_async():
            with booking, _StreamTally(self._meter, booking) as tally:
                chunks = super()._astream(messages, *args, **kwargs)
                while (chunk := _raised(await self._outcome_async(anext(chunks, None)))) is not None:
                    tally.see(chunk)
                    yield chunk

    def _to_its_end(self, stream: Iterable[Any]) -> Iterator[Any]:
        """The pieces of a stream. Raises Transient when it ends before the reply does; LiteLLM makes an end of its own up."""
        yield from stream
        self._require_end(stream)

    async def _to_its_end_async(self, stream: AsyncIterable[Any]) -> AsyncIterator[Any]:
        async for piece in stream:
            yield piece
        self._require_end(stream)

    def _require_end(self, stream: object) -> None:
        received = (getattr(stream, name, "unknown") for name in ("received_finish_reason", "intermittent_finish_reason"))
        if not any(received):
            raise Transient(f"the stream of {self._spec.name} ended before its reply did", model=self._spec.name)

    def _outcome(self, call: Callable[[], T]) -> T | ModelError:
        """The call's result, or our error as a value: raised outside the handler, it does not drag the foreign one along."""
        active = sys.exception()
        try:
            return call()
        except ModelError as error:
            return error
        except _FOREIGN as error:
            return translate(error, self._spec, active=active)

    async def _outcome_async(self, call: Awaitable[T]) -> T | ModelError:
        active = sys.exception()
        try:
            return await call
        except ModelError as error:
            return error
        except _FOREIGN as error:
            return translate(error, self._spec, active=active)

    def _counted(self, outcome: Any, kwargs: dict[str, Any]) -> Any:
        """The response, its usage added; a garbled one counts too, its tokens and price unknown. Raises a failure."""
        if isinstance(outcome, Malformed):
            self._meter.add(0, 0, None)
        response = _raised(outcome)
        if not kwargs.get("stream"):
            self._meter.add(*_usage(response), price(getattr(response, "_hidden_params", {}).get("response_cost")))
            if not getattr(response, "choices", None):
                raise Malformed(f"the server of {self._spec.name} sent a reply without any choice", model=self._spec.name)
        return response

    def _size(self, messages: Sequence[Any], kwargs: dict[str, Any]) -> int:
        """Tokens that a call may use at most: those of its prompt, and all that the reply may have."""
        return prompt_size(messages) + int(kwargs.get("max_tokens") or self.max_tokens or self._spec.max_tokens)

    @property
    def _breaker(self) -> Breaker:
        return breaker_for(self._spec.server)

    @property
    def _rates(self) -> Rates:
        return rates_for(self._spec.server, self._spec.requests_per_minute, self._spec.tokens_per_minute)

    def _gate(self) -> Gate | None:
        calls = self._spec.calls_at_once
        return gate_for(self._spec.server, calls) if calls else None

    def _passing(self) -> AbstractContextManager[None]:
        gate = self._gate()
        return gate.passing() if gate else nullcontext()

    def _passing_async(self) -> AbstractAsyncContextManager[None]:
        gate = self._gate()
        return gate.passing_async() if gate else nullcontext()


class _StreamTally:
    """Adds a stream to a meter, and its tokens to a booking, when it ends, however it ends, if anything of it arrived."""

    def __init__(self, meter: Meter, booking: Booking) -> None:
        self._meter = meter
        self._booking = booking
        self._tokens = (0, 0)
        self._cost: float | None = None
        self._begun = False

    def see(self, chunk: ChatGenerationChunk) -> None:
        """Take note of what a chunk says of usage and price."""
        self._begun = True
        message = chunk.message
        if isinstance(message, AIMessageChunk) and message.usage_metadata:
            self._tokens = (message.usage_metadata["input_tokens"], message.usage_metadata["output_tokens"])
        self._cost = message.response_metadata.get("response_cost", self._cost)

    def __enter__(self) -> Self:
        """Nothing is counted before the first chunk."""
        return self

    def __exit__(self, *_: object) -> None:
        if self._begun:
            self._meter.add(*self._tokens, price(self._cost))
        if any(self._tokens):
            self._booking.tokens = sum(self._tokens)


def prompt_size(messages: Sequence[Any]) -> int:
    """Tokens of a prompt, taken as three bytes of UTF-8 each, which overestimates most texts."""
    texts = (message.get("content") if isinstance(message, dict) else message.content for message in messages)
    return sum(len(str(text or "").encode()) for text in texts) // _BYTES_PER_TOKEN


def context_size(messages: Sequence[Any], max_tokens: int) -> int:
    """Context for Ollama, which cuts longer prompts silently: room for prompt and reply, a power of two from 4096.

    Few sizes, because Ollama loads the model anew for each.
    """
    size = _SMALLEST_CONTEXT
    while size < prompt_size(messages) + max_tokens:
        size *= 2
    return size


def _raised(outcome: T | ModelError) -> T:
    """The value. Raises it if it is an error."""
    if isinstance(outcome, ModelError):
        raise outcome
    return outcome


def _usage(response: object) -> tuple[int, int]:
    """Tokens of the prompt and of the reply, as far as they are known."""
    used = getattr(response, "usage", None)
    return int(getattr(used, "prompt_tokens", 0) or 0), int(getattr(used, "completion_tokens", 0) or 0)


def _remember_secrets(spec: ModelSpec) -> None:
    for secret in (spec.api_key, *(value for name, value in spec.options if "key" in name or "token" in name)):
        if secret is not None:
            remember(secret.get_secret_value())
