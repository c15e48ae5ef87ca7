"""From settings to models: the chain of each role, and chat models for a caller."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from kosmos_graph.domain.calls import AgentRole
from kosmos_graph.errors import BadInput
from kosmos_graph.providers.models import open_chat
from kosmos_graph.providers.names import RULES, Limits, ModelSpec, require_key, resolve
from kosmos_graph.providers.registry import LITELLM
from kosmos_graph.providers.retries import RetryPolicy
from kosmos_graph.settings import Settings, load_settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Link = str | ModelSpec


def get_chat_model(
    provider_or_name: str,
    *,
    model: str | None = None,
    api_base: str | None = None,
    api_key: str | SecretStr | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
    timeout: float | None = None,
    settings: Settings | None = None,
    policy: RetryPolicy | None = None,
    **options: Any,
) -> BaseChatModel:
    """A LangChain chat model: `get_chat_model("ollama/llama3.1:8b")` or `get_chat_model("ollama", model="llama3.1:8b")`.

    Arguments beat settings; `options` are further fields of ChatLiteLLM. A key from the environment goes only to the address
    that it belongs to. Raises UnknownModel, MissingKey or BadInput before any call.
    """
    known = settings or load_settings()
    name = provider_or_name if model is None else model
    provider = None if model is None else provider_or_name
    if name.strip() == RULES:
        raise BadInput("rules is no chat model; it may stand as designer, analyst or fallback of a run")
    secret = SecretStr(api_key) if isinstance(api_key, str) and api_key else api_key or None
    default = known.limits
    limits = replace(
        default,
        max_tokens=default.max_tokens if max_tokens is None else max_tokens,
        temperature=default.temperature if temperature is None else temperature,
        timeout=default.timeout if timeout is None else timeout,
    )
    spec = _spec(known, limits, name, provider, api_base, secret)
    return open_chat(require_key(spec), policy, **options)


def _spec(
    settings: Settings, limits: Limits, name: str, provider: str | None, api_base: str | None, api_key: SecretStr | None
) -> ModelSpec:
    """The specification for what a caller asked for; bare, the settings' own model brings its address and key."""
    own = settings.litellm_model is not None and name.strip() == settings.litellm_model.strip()
    if own and provider is None and api_base is None and api_key is None:
        return _own_spec(settings, limits)
    return resolve(name, provider=provider, api_base=api_base, api_key=api_key, variables=settings.variables, limits=limits)


def chain_of(settings: Settings, role: AgentRole) -> tuple[Link, ...]:
    """The models of a role: its primary, then the fallbacks; `rules` stands as that string, anything else as a ModelSpec.

    With nothing set it is `("rules",)`. Raises UnknownModel, MissingKey (with the variable to set) or BadInput before any
    call; a fallback that repeats the primary of both roles is an error, one that repeats this role's alone is left out.
    """
    primaries = {each: _primary(settings, each) for each in ("designer", "analyst")}
    chain = [primaries[role]]
    for name in settings.fallbacks:
        link = _link(settings, name)
        if all(_same(link, primary) for primary in primaries.values()):
            raise BadInput(f"the fallback {name} is the model that it should stand in for; name another one, or rules")
        if not any(_same(link, earlier) for earlier in chain):
            chain.append(link)
    return tuple(chain)


def _primary(settings: Settings, role: str) -> Link:
    named = settings.kosmos_designer_model if role == "designer" else settings.kosmos_analyst_model
    return _link(settings, named or settings.litellm_model or _nothing_named(settings))


def _nothing_named(settings: Settings) -> str:
    """`rules`, unless a provider was named without a model."""
    provider = (settings.llm_provider or RULES).strip()
    if provider.lower() != RULES:
        raise BadInput(f"LLM_PROVIDER is {provider}, and LITELLM_MODEL names no model; set LITELLM_MODEL as well")
    return RULES


def _link(settings: Settings, name: str) -> Link:
    """One link of a chain. A name equal to `LITELLM_MODEL` is that model, with its address and key."""
    if name.strip().lower() == RULES:
        return RULES
    if settings.litellm_model is not None and name.strip() == settings.litellm_model.strip():
        return require_key(_own_spec(settings, settings.limits))
    return require_key(resolve(name, variables=settings.variables, limits=settings.limits))


def _own_spec(settings: Settings, limits: Limits) -> ModelSpec:
    """The model that `LITELLM_MODEL` names, with the provider, address and key that belong to it."""
    provider = settings.llm_provider
    return resolve(
        settings.litellm_model or "",
        provider=None if provider is None or provider.lower() in (LITELLM, RULES) else provider,
        api_base=settings.litellm_api_base,
        api_key=settings.litellm_api_key,
        variables=settings.variables,
        limits=limits,
    )


def _same(one: Link, other: Link) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return one.same_model == other.same_model
