"""Foreign exceptions, translated into ours in one table.

LiteLLM files the same event under different classes on different routes (malformed JSON is an InternalServerError, an
APIError, an APIConnectionError or a BadRequestError), so the table looks at what happened on the wire: the HTTP response
where one arrived, the transport's exception where none did, the parser's where the response was no answer. LiteLLM's own
classes decide only what never left this machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from time import time as wall_clock

from kosmos_graph.errors import Configuration, Malformed, ModelError, Refused, TooLong, Transient
from kosmos_graph.providers import door
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.scrubbing import scrub

_LONGEST_DETAIL = 300
_MISS = "CannotOverwriteExistingCassetteException"
_TOO_LONG = re.compile(
    r"context[_ ]length|context[_ ]window|context size|maximum context|prompt is too long|exceed_context|too many (input )?tokens"
    r"|input length and `?max_tokens`? exceed|input token count .* exceeds",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"content_policy_violation|content_filter|ResponsibleAIPolicyViolation", re.IGNORECASE)
_NO_CREDIT = re.compile(r"insufficient_quota|credit balance is too low|insufficient balance", re.IGNORECASE)
_LITELLM_PREFIX = re.compile(r"^(?:litellm\.)?\w*(?:Error|Exception)\b\s*[:-]\s*")
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
    kind = _of_status(status, text) if isinstance(status, int) else _without_response(error, causes, text)
    wait = _retry_after(response) if kind is Transient else None
    return kind(_message(kind, spec, error, status), model=spec.name, status=status, retry_after=wait)


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


def _of_status(status: int, text: str) -> type[ModelError]:
    """The class of a response that arrived."""
    if status < 400:
        return Malformed
    if status == 402 or _NO_CREDIT.search(text):
        return Configuration
    if status in (408, 409, 425, 429) or status >= 500:
        return Transient
    if status == 413 or _TOO_LONG.search(text):
        return TooLong
    return Refused if _REFUSED.search(text) else Configuration


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
        return TooLong if _TOO_LONG.search(text) else Configuration
    return Malformed


def _message(kind: type[ModelError], spec: ModelSpec, error: Exception, status: int | None) -> str:
    advice = _ADVICE.get(status or 0)
    detail = _detail(error) + (f" (HTTP {status})" if status else "") + (f"; {advice}" if advice else "")
    return _SENTENCES[kind].format(name=spec.name, detail=detail)


def _detail(error: Exception) -> str:
    """The first line of a foreign message, without LiteLLM's class names and without keys."""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    shorter = _LITELLM_PREFIX.sub("", line)
    while shorter != line:
        line, shorter = shorter, _LITELLM_PREFIX.sub("", shorter)
    return scrub(line)[:_LONGEST_DETAIL] or type(error).__name__


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
