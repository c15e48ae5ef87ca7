"""The one door to LiteLLM: the only module that imports it, when first needed and with its environment set before."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from kosmos_graph.providers.scrubbing import ScrubbingFilter

if TYPE_CHECKING:
    from types import ModuleType

# No price file is fetched, no `.env` is read behind our back, and httpx carries both colours, because aiohttp's sessions
# leak across event loops.
_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_MODE": "PRODUCTION",
    "DISABLE_AIOHTTP_TRANSPORT": "True",
    "LITELLM_RUST": "false",
}
# Raised inside LiteLLM about its own types; a user can do nothing about them.
WARNINGS_OF_LITELLM = (r"Items? '.*' on TypedDict class", r"Pydantic serializer warnings")
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx", "openai")
_MODEL_HINTS = 5000


@cache
def litellm() -> ModuleType:
    """The litellm package. The first call takes seconds; the environment variables it needs stay set for the process."""
    os.environ.update(_ENVIRONMENT)
    import litellm as package

    package.suppress_debug_info = True
    package.disable_hf_tokenizer_download = True
    package.telemetry = False
    _quieten()
    _stop_silent_repeats()
    _stop_idle_event_loops(package)
    _refuse_missing_generations()
    _invent_no_ends()
    return package


@cache
def chat_litellm() -> type[Any]:
    """langchain-litellm's ChatLiteLLM."""
    litellm()
    from langchain_litellm import ChatLiteLLM

    return ChatLiteLLM


def knows_provider(name: str) -> bool:
    """Whether LiteLLM has a provider of this name. Nothing is contacted."""
    return name in {str(getattr(provider, "value", provider)) for provider in litellm().provider_list}


def provider_of(model: str) -> str | None:
    """LiteLLM's provider of a model's name without prefix, None where it infers none."""
    package = litellm()
    try:
        return str(package.get_llm_provider(model)[1])
    except package.exceptions.BadRequestError:
        return None


def missing_variables(route: str) -> tuple[str, ...]:
    """The variables that LiteLLM wants for a route and does not find in the environment."""
    return tuple(litellm().validate_environment(route)["missing_keys"])


def known_models() -> list[str]:
    """Names of models in LiteLLM's price map, for hints."""
    return sorted(litellm().model_cost)[:_MODEL_HINTS]


def accepts_temperature(route: str, temperature: float) -> bool:
    """Whether LiteLLM knows of no objection to this temperature for this route."""
    package = litellm()
    provider, _, model = route.partition("/")
    try:
        sent = package.utils.get_optional_params(model=model, custom_llm_provider=provider, temperature=temperature)
    except package.exceptions.UnsupportedParamsError:
        return False
    return "temperature" in sent or "temperature" in sent.get("inferenceConfig", {})


def spare_lookup(route: str) -> None:
    """Enter an Ollama model into LiteLLM's price map, without a price.

    Of models that are not in it LiteLLM asks the Ollama server, synchronously and without counting the request.
    """
    if route.startswith("ollama"):
        litellm().model_cost.setdefault(route, {"litellm_provider": route.partition("/")[0], "mode": "chat"})


def foreign_errors() -> tuple[type[Exception], ...]:
    """Everything that a call through LiteLLM raises when the world, not this package, is at fault.

    It lets the errors of parsing an odd body through as they are: LookupError, TypeError, ValueError, AttributeError.
    """
    litellm()
    import httpx
    import openai
    from litellm.llms.base_llm.chat.transformation import BaseLLMException

    parsing = (LookupError, TypeError, ValueError, AttributeError)
    return (openai.OpenAIError, httpx.HTTPError, httpx.StreamError, BaseLLMException, OSError, *parsing)


def _quieten() -> None:
    """Take LiteLLM's own handlers off, so that the caller's logging decides, and keep keys out of what it logs."""
    for message in WARNINGS_OF_LITELLM:
        warnings.filterwarnings("ignore", message=message)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if name.startswith("LiteLLM"):
            logger.handlers.clear()
        if not any(isinstance(present, ScrubbingFilter) for present in logger.filters):
            logger.addFilter(ScrubbingFilter())


def _stop_silent_repeats() -> None:
    """Undo one retry of LiteLLM's: its asynchronous client sends a request again, uncounted, when a connection is lost."""
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    AsyncHTTPHandler.single_connection_post_request = _give_up  # type: ignore[method-assign]


def _stop_idle_event_loops(package: ModuleType) -> None:
    """Keep a synchronous call from making, and leaving behind, an event loop to tell service callbacks that nobody has set."""
    from litellm._service_logger import ServiceLogging

    dispatch = ServiceLogging._dispatch_from_sync

    def dispatch_if_heard(hook: Any) -> None:
        if package.service_callback:
            dispatch(hook)

    ServiceLogging._dispatch_from_sync = staticmethod(dispatch_if_heard)  # type: ignore[method-assign]


def _refuse_missing_generations() -> None:
    """Undo a default of LiteLLM's: a body of Ollama's `/api/generate` without a `response` would pass for an empty text."""
    from litellm.llms.ollama.completion.transformation import OllamaConfig

    transform = OllamaConfig.transform_response

    def transform_if_there(config: Any, model: str, raw_response: Any, *rest: Any, **named: Any) -> Any:
        if "response" not in raw_response.json():
            raise KeyError("response")
        return transform(config, model, raw_response, *rest, **named)

    OllamaConfig.transform_response = transform_if_there  # type: ignore[assignment, method-assign]


def _invent_no_ends() -> None:
    """Undo another: every piece of a Gemini stream would say that it was the last, so that none could be seen to lack its end."""
    from litellm.llms.vertex_ai.gemini.vertex_and_google_ai_studio_gemini import VertexGeminiConfig

    judge = VertexGeminiConfig._check_finish_reason

    def judge_if_given(message: Any, reason: str | None) -> Any:
        found = judge(message, reason)
        return None if reason is None and found == "stop" else found

    VertexGeminiConfig._check_finish_reason = staticmethod(judge_if_given)  # type: ignore[assignment, method-assign]


async def _give_up(*_: object, **__: object) -> NoReturn:
    lost = sys.exception()
    raise ConnectionError("the connection was lost") if lost is None else lost
