"""Foreign exceptions, translated into ours in one table.

LiteLLM files the same event under different classes on different routes (malformed JSON is an InternalServerError, an
APIError, an APIConnectionError or a BadRequestError), so the table looks at what happened on the wire: the HTTP response
where one arrived, the transport's exception where none did, the parser's where the response was no answer. LiteLLM's own
classes decide only what never left this machine.

Of a 4xx the code in its body decides, by one table; its sentence only for the servers that give no code, by another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from time import time as wall_clock
from typing import Any

from kosmos_graph.errors import Configuration, Malformed, ModelError, Refused, TooLong, Transient
from kosmos_graph.providers import door
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.scrubbing import scrub

_LONGEST_DETAIL = 300
_PASSING = (408, 409, 425, 429)
_MISS = "CannotOverwriteExistingCassetteException"
# Members of an error's body that hold a code, and the codes that mean more than their status.
_CODE_MEMBERS = ("code", "type", "status", "reason")
_CODES: Mapping[str, type[ModelError]] = {
    "context_length_exceeded": TooLong,  # OpenAI and those that speak its API
    "exceed_context_size_error": TooLong,  # llama.cpp
    "model_max_prompt_tokens_exceeded": TooLong,
    "request_too_large": TooLong,  # Anthropic
    "content_policy_violation": Refused,  # OpenAI
    "content_filter": Refused,  # Azure
    "responsibleaipolicyviolation": Refused,  # Azure, in its inner error
    "data_inspection_failed": Refused,  # Alibaba
    "insufficient_quota": Configuration,  # OpenAI, with 429
    "billing_error": Configuration,  # Anthropic
    "billing_hard_limit_reached": Configuration,  # OpenAI
}
# What the servers say that give no code for it. A code may also stand in the sentence of a gateway.
_SENTENCES_OF_SERVERS: tuple[tuple[re.Pattern[str], type[ModelError]], ...] = (
    (re.compile(r"\b(" + "|".join(code for code, kind in _CODES.items() if kind is TooLong) + r")\b", re.IGNORECASE), TooLong),
    (re.compile(r"\b(" + "|".join(code for code, kind in _CODES.items() if kind is Refused) + r")\b", re.IGNORECASE), Refused),
    (re.compile(r"prompt is too long|input length and `?max_tokens`? exceed", re.IGNORECASE), TooLong),  # Anthropic
    (re.compile(r"input is too long|too many input tokens", re.IGNORECASE), TooLong),  # Bedrock
    (re.compile(r"input token count .* exceeds", re.IGNORECASE), TooLong),  # Gemini
    (re.compile(r"exceeds? the (available )?context (length|size|window)", re.IGNORECASE), TooLong),  # Ollama, llama.cpp
    (re.compile(r"maximum context length|context length is only", re.IGNORECASE), TooLong),  # vLLM, Mistral, LM Studio
    (re.compile(r"blocked by content filtering policy", re.IGNORECASE), Refused),  # Anthropic
    (re.compile(r"Content Exists Risk", re.IGNORECASE), Refused),  # DeepSeek
    (re.compile(r"flagged for moderation|flagged_input", re.IGNORECASE), Refused),  # OpenRouter, with 403
)
_NO_CREDIT = re.compile(r"insufficient_quota|credit balance is too low|insufficient balance", re.IGNORECASE)
_LITELLM_PREFIX = re.compile(r"^(?:(?:litellm\.)?\w*(?:Error|Exception)\b|Context Window Error)(?:\s*[:-]\s*|\s+(?=\w+Error\b)|$)")
_LITELLM_SUFFIX = re.compile(r"\.?\s*(?:Handle with `litellm|File an issue if litellm).*$")
_PAGE = re.compile(r"<!doctype html|<html", re.IGNORECASE)
_NO_JSON = re.compile(r"line \d+ column \d+ \(char \d+\)")
_INSTEAD = "the API base may lead elsewhere, or a proxy may stand before the server"
_SENTENCES: dict[type[ModelError], str] = {
    Transient: "the server of {name} did not answer as it should, which may pass: {detail}",
    Malformed: "the server of {name} sent a reply that is no answer: {detail}",
    TooLong: "the prompt exceeds the context window of {name}: {detail}",
    Refused: "the provider of {name} refused the request: {detail}",
    Configuration: "the call to {name} cannot succeed as configured: {detail}",
}
_ADVICE = {
    401: "check the key given for this server",
    402: "check the account's credit",
    403: "check what the key may do",
    404: "check the model's name and the API base, which for servers that speak OpenAI's API ends in /v1",
}


def translate(error: Exception, spec: ModelSpec, *, active: BaseException | None = None) -> ModelError:
    """Our error for a foreign one. `active` is what the caller was already handling; it is no cause of this failure.

    Raises the exception of a cassette that holds no such exchange as it is: a recorded test must fail, not retry or fall back.
    """
    causes = tuple(_causes(error, active))
    for cause in causes:
        if type(cause).__name__ == _MISS:
            raise cause
    response = _response(causes)
    status = getattr(response, "status_code", None)
    text = " ".join(str(cause) for cause in causes)
    kind = _of_response(response, status, text) if isinstance(status, int) else _without_response(error, causes, text)
    wait = _retry_after(response) if kind is Transient else None
    lost = _lost(causes, spec) if kind is Transient and response is None else None
    detail = lost or _detail(kind, causes, text, response)
    return kind(_message(kind, spec, detail, status), model=spec.name, status=status, retry_after=wait)


def _response(causes: tuple[BaseException, ...]) -> object:
    """The HTTP response that arrived, None if there was none. LiteLLM's own exceptions carry made-up ones."""
    honest = (cause for cause in causes if not type(cause).__module__.startswith("litellm"))
    return next((found for cause in honest if (found := getattr(cause, "response", None)) is not None), None)


def _causes(error: BaseException, active: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = {id(active)}
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def _of_response(response: object, status: int, text: str) -> type[ModelError]:
    """The class of a response that arrived."""
    if status < 400:
        return Malformed
    coded = next((_CODES[code] for code in _codes(response) if code in _CODES), None)
    if status == 402 or coded is Configuration or _NO_CREDIT.search(text):
        return Configuration
    if status in _PASSING or status >= 500:
        return Transient
    return TooLong if status == 413 else coded or _of_sentence(text) or Configuration


def _of_sentence(text: str) -> type[ModelError] | None:
    return next((kind for pattern, kind in _SENTENCES_OF_SERVERS if pattern.search(text)), None)


def _codes(response: object) -> Iterator[str]:
    """The codes in the body of an error, in lower case, inner ones too."""
    parts = [_body(response)]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            yield from (part[name].lower() for name in _CODE_MEMBERS if isinstance(part.get(name), str))
            parts += [inner for inner in part.values() if isinstance(inner, dict | list)]
        elif isinstance(part, list):
            parts += part


def _without_response(error: Exception, causes: tuple[BaseException, ...], text: str) -> type[ModelError]:
    """The class of a failure before, during or after the exchange, where no response is at hand."""
    import httpx

    foreign = door.litellm().exceptions
    if any(isinstance(cause, httpx.TransportError | OSError | foreign.Timeout) for cause in causes):
        return Transient
    if isinstance(error, foreign.UnsupportedParamsError | foreign.AuthenticationError | foreign.NotFoundError):
        return Configuration
    if any(isinstance(cause, LookupError | TypeError | ValueError | AttributeError) for cause in causes):
        return Malformed
    if isinstance(error, foreign.MidStreamFallbackError | foreign.RateLimitError | foreign.ServiceUnavailableError):
        return Transient
    if isinstance(error, foreign.BadRequestError):
        return _of_sentence(text) or Configuration
    return Malformed


def _message(kind: type[ModelError], spec: ModelSpec, detail: str, status: int | None) -> str:
    advice = _ADVICE.get(status or 0)
    detail += (f" (HTTP {status})" if status else "") + (f"; {advice}" if advice else "")
    return _SENTENCES[kind].format(name=spec.name, detail=detail)


def _detail(kind: type[ModelError], causes: tuple[BaseException, ...], text: str, response: object) -> str:
    """What the server said, or what came instead: one line, without LiteLLM's class names and without keys."""
    if _PAGE.search(text):
        return f"a web page came instead; {_INSTEAD}"
    if kind is Malformed and _NO_JSON.search(text):
        return f"it is no JSON; {_INSTEAD}"
    if kind is Malformed and isinstance(causes[-1], LookupError | TypeError | ValueError | AttributeError):
        return "it does not have the form of an answer"
    words = _said(response) or str(causes[0])
    line = next((line.strip() for line in words.splitlines() if line.strip()), "")
    shorter = _LITELLM_PREFIX.sub("", line)
    while shorter != line:
        line, shorter = shorter, _LITELLM_PREFIX.sub("", shorter)
    return scrub(_LITELLM_SUFFIX.sub("", line))[:_LONGEST_DETAIL] or "no reason was given"


def _lost(causes: tuple[BaseException, ...], spec: ModelSpec) -> str | None:
    """How the transport failed, None where it did not."""
    import httpx

    if any(isinstance(cause, httpx.TimeoutException | TimeoutError | door.litellm().exceptions.Timeout) for cause in causes):
        return f"it took longer than {spec.timeout:g} seconds"
    if any(isinstance(cause, httpx.ConnectError | ConnectionRefusedError) for cause in causes):
        return "no connection could be made"
    return "the connection was lost" if any(isinstance(cause, httpx.TransportError | OSError) for cause in causes) else None


def _said(response: object) -> str | None:
    """The message in the body of an error, None where there is none."""
    body = _body(response)
    inner = body.get("error", body) if isinstance(body, dict) else None
    words = inner.get("message") if isinstance(inner, dict) else inner
    return words if isinstance(words, str) else None


def _body(response: object) -> Any:
    """The body of a response as JSON, None where it is none or was not read."""
    import httpx

    try:
        return response.json()  # type: ignore[attr-defined] # None has no body
    except (AttributeError, ValueError, httpx.StreamError):
        return None


def _retry_after(response: object) -> float | None:
    """Seconds that the server asks to wait, by `retry-after-ms` or `retry-after` (seconds or an HTTP date), or None."""
    headers = getattr(response, "headers", {})
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - wall_clock())
    except ValueError:
        return None


def _number(text: str | None) -> float | None:
    """A finite number that is not negative."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
