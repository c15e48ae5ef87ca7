"""Two tiny calls to a model: one line in words, one under a JSON schema."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from kosmos_graph.errors import Configuration, ModelError
from kosmos_graph.providers.models import open_chat
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.reply_schema import response_format
from kosmos_graph.providers.reply_text import NotOneObject, one_object, without_reasoning
from kosmos_graph.providers.retries import RetryPolicy

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from kosmos_graph.providers.chat import KosmosChat

REPLY_TOKENS = 64
HOSTED_SECONDS = 60.0
LOOPBACK_SECONDS = 300.0
_SCHEMA_REFUSED = (400, 415, 422)
_WORD = "Reply with one word: ready"
_QUESTION = "Is seven a prime number? Reply in JSON."


class SevenIsPrime(BaseModel):
    """The reply that the schema asks for. Its field has a name that no model would choose without the schema."""

    seven_is_prime: bool


@dataclass(frozen=True)
class Told:
    """One call: the reply, or why there is none."""

    message: AIMessage | None
    error: ModelError | None
    seconds: float

    @property
    def cut(self) -> bool:
        """Whether the reply was cut at REPLY_TOKENS."""
        return self.message is not None and self.message.response_metadata.get("finish_reason") == "length"

    @property
    def text(self) -> str:
        """The reply's words, without reasoning."""
        return without_reasoning(self.message.text) if self.message is not None else ""

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens in and out, as the server reported them; zeros where it did not."""
        used = self.message.usage_metadata if self.message is not None else None
        return (used["input_tokens"], used["output_tokens"]) if used else (0, 0)

    @property
    def schema_refused(self) -> bool:
        """Whether the server refused the request for its schema, which an agent then puts into words."""
        return isinstance(self.error, Configuration) and self.error.status in _SCHEMA_REFUSED

    @property
    def follows_schema(self) -> bool:
        """Whether the reply is what the schema asks for."""
        try:
            SevenIsPrime.model_validate(one_object(self.text))
        except (NotOneObject, ValidationError):
            return False
        return True


@dataclass(frozen=True)
class Calls:
    """What came of both calls; without an answer in words the second one is not made."""

    words: Told
    structured: Told | None


async def call(spec: ModelSpec) -> Calls:
    """Ask the model, each call once. The time-out is the model's own, a minute at most, or five on this machine, for loading."""
    bound = LOOPBACK_SECONDS if spec.loopback else HOSTED_SECONDS
    bounded = replace(spec, timeout=min(spec.timeout, bound))
    chat = await asyncio.to_thread(open_chat, bounded, RetryPolicy(attempts=1), disable_streaming=True)
    words = await _told(chat, _WORD)
    if words.error is not None:
        return Calls(words, None)
    return Calls(words, await _told(chat, _QUESTION, response_format=response_format(SevenIsPrime, bounds=spec.loopback)))


async def _told(chat: KosmosChat, text: str, **options: Any) -> Told:
    began = time.monotonic()
    try:
        message = await chat.ainvoke([("human", text)], max_tokens=REPLY_TOKENS, **options)
    except ModelError as error:
        return Told(None, error, time.monotonic() - began)
    return Told(message, None, time.monotonic() - began)
