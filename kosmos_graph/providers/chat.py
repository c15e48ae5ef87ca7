"""The chat model: langchain-litellm's, with one layer of retries, translated errors, counted usage and closed keys.

Importing this module loads LiteLLM; `open_chat` in `kosmos_graph.providers.models` imports it when a model is wanted.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from typing import Any, TypeVar

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from kosmos_graph.errors import BadInput, Malformed, ModelError
from kosmos_graph.providers import door
from kosmos_graph.providers.addresses import server_of
from kosmos_graph.providers.failures import translate
from kosmos_graph.providers.gate import Gate, gate_for
from kosmos_graph.providers.names import ModelSpec
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
        with nullcontext() if kwargs.get("stream") else self._passing():
            return self._policy.call(lambda: self._attempt(kwargs))

    async def acompletion_with_retry(self, run_manager: Any = None, **kwargs: Any) -> Any:
        """The same, asynchronously."""
        del run_manager
        async with nullcontext() if kwargs.get("stream") else self._passing_async():
            return await self._policy.call_async(lambda: self._attempt_async(kwargs))

    def _attempt(self, kwargs: dict[str, Any]) -> Any:
        return self._counted(self._outcome(lambda: self.client.completion(**kwargs)), kwargs)

    async def _attempt_async(self, kwargs: dict[str, Any]) -> Any:
        return self._counted(await self._outcome_async(self._bounded(kwargs)), kwargs)

    async def _bounded(self, kwargs: dict[str, Any]) -> Any:
        """The call under a time-out of its own: the client's bounds the wait for the next byte, not the whole."""
        async with asyncio.timeout(self._spec.timeout + 1):
            return await self.client.acompletion(**kwargs)

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        tally = _StreamTally(self._meter)
        with self._passing(), tally:
            chunks = super()._stream(*args, **kwargs)
            while (chunk := _raised(self._outcome(lambda: next(chunks, None)))) is not None:
                tally.see(chunk)
                yield chunk

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        tally = _StreamTally(self._meter)
        async with self._passing_async():
            with tally:
                chunks = super()._astream(*args, **kwargs)
                while (chunk := _raised(await self._outcome_async(anext(chunks, None)))) is not None:
                    tally.see(chunk)
                    yield chunk

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
            used = getattr(response, "usage", None)
            cost = getattr(response, "_hidden_params", {}).get("response_cost")
            self._meter.add(_tokens(used, "prompt_tokens"), _tokens(used, "completion_tokens"), price(cost))
            if not getattr(response, "choices", None):
                raise Malformed(f"the server of {self._spec.name} sent a reply without any choice", model=self._spec.name)
        return response

    def _gate(self) -> Gate | None:
        address, calls = self._spec.api_base, self._spec.calls_at_once
        return gate_for(server_of(address), calls) if address and calls else None

    def _passing(self) -> AbstractContextManager[None]:
        gate = self._gate()
        return gate.passing() if gate else nullcontext()

    def _passing_async(self) -> AbstractAsyncContextManager[None]:
        gate = self._gate()
        return gate.passing_async() if gate else nullcontext()


class _StreamTally:
    """Adds a stream to a meter when it ends, however it ends, if anything of it arrived."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
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

    def __enter__(self) -> None:
        """Nothing is counted before the first chunk."""

    def __exit__(self, *_: object) -> None:
        if self._begun:
            self._meter.add(*self._tokens, price(self._cost))


def context_size(messages: list[dict[str, Any]], max_tokens: int) -> int:
    """Context for Ollama, which cuts longer prompts silently: room for prompt and reply, a power of two from 4096.

    A token is taken as three bytes of UTF-8, which overestimates most texts. Few sizes, because Ollama loads the model anew
    for each.
    """
    prompt = sum(len(str(message.get("content") or "").encode()) for message in messages) // _BYTES_PER_TOKEN
    size = _SMALLEST_CONTEXT
    while size < prompt + max_tokens:
        size *= 2
    return size


def _raised(outcome: T | ModelError) -> T:
    """The value. Raises it if it is an error."""
    if isinstance(outcome, ModelError):
        raise outcome
    return outcome


def _tokens(used: Any, name: str) -> int:
    return int(getattr(used, name, 0) or 0)


def _remember_secrets(spec: ModelSpec) -> None:
    for secret in (spec.api_key, *(value for name, value in spec.options if "key" in name or "token" in name)):
        if secret is not None:
            remember(secret.get_secret_value())
