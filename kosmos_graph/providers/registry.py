"""The providers of models: their names, addresses, and the variables that hold their keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kosmos_graph.errors import BadInput

LITELLM = "litellm"


@dataclass(frozen=True)
class Provider:
    """One provider of models.

    `prefix` is what LiteLLM calls it. `key` and `base` name the variables of its key and address; `home` is the address that
    holds while `base` is not set, and is sent along only where `send_home` (elsewhere LiteLLM knows it). `credentials` are
    alternative sets of variables, one of which must be set; none means that no key is needed. `options` pairs a parameter of
    LiteLLM's with the variable that it comes from. `bare` matches model names that mean this provider without a prefix.
    `slashes` says that its own model names may hold a slash, `ambient` that LiteLLM finds its credentials itself.
    """

    name: str
    title: str
    prefix: str
    key: str | None = None
    base: str | None = None
    home: str | None = None
    send_home: bool = True
    base_needed: bool = False
    credentials: tuple[tuple[str, ...], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    bare: str | None = None
    slashes: bool = False
    ambient: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that belongs to the provider, without repeats."""
        options = [variable for _, variable in self.options]
        named = (self.key, self.base, *(name for names in self.credentials for name in names), *options)
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def names(self) -> tuple[str, ...]:
        """All names that may stand before the slash."""
        return tuple(dict.fromkeys((self.name, self.prefix, *self.aliases)))


def _hosted(
    name: str, title: str, home: str, *, bare: str | None = None, slashes: bool = False, aliases: tuple[str, ...] = ()
) -> Provider:
    variable = name.upper()
    key = f"{variable}_API_KEY"
    base = f"{variable}_API_BASE"
    return Provider(name, title, name, key, base, home, credentials=((key,),), bare=bare, slashes=slashes, aliases=aliases)


def _local(name: str, title: str, prefix: str, home: str) -> Provider:
    variable = "HOSTED_VLLM" if name == "vllm" else prefix.upper().removesuffix("_CHAT")
    return Provider(name, title, prefix, f"{variable}_API_KEY", f"{variable}_API_BASE", home, slashes=True)


_AZURE = Provider(
    "azure",
    "Azure OpenAI (the model is the deployment's name)",
    "azure",
    key="AZURE_API_KEY",
    base="AZURE_API_BASE",
    base_needed=True,
    credentials=(("AZURE_API_KEY",),),
    options=(("api_version", "AZURE_API_VERSION"),),
    defaults=(("api_version", "2024-10-21"),),
)
_BEDROCK = Provider(
    "bedrock",
    "Amazon Bedrock",
    "bedrock",
    key="AWS_BEARER_TOKEN_BEDROCK",
    base="AWS_BEDROCK_RUNTIME_ENDPOINT",
    credentials=(("AWS_BEARER_TOKEN_BEDROCK",), ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_PROFILE",)),
    options=(
        ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
        ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
        ("aws_session_token", "AWS_SESSION_TOKEN"),
        ("aws_profile_name", "AWS_PROFILE"),
        ("aws_region_name", "AWS_REGION_NAME"),
    ),
    slashes=True,
    ambient=True,
)
_GEMINI = Provider(
    "gemini",
    "Google Gemini",
    "gemini",
    key="GEMINI_API_KEY",
    base="GEMINI_API_BASE",
    home="https://generativelanguage.googleapis.com",
    send_home=False,
    credentials=(("GEMINI_API_KEY",),),
    bare=r"gemini-.+",
    aliases=("google",),
)
_BUILT_IN = (
    _local("ollama", "Ollama, on this machine", "ollama_chat", "http://localhost:11434"),
    _local("lmstudio", "LM Studio, on this machine", "lm_studio", "http://localhost:1234/v1"),
    _hosted(
        "openai", "OpenAI, or any server that speaks its API", "https://api.openai.com/v1", bare=r"(gpt-|chatgpt-|o[1-9](-|$)).*"
    ),
    _hosted("anthropic", "Anthropic", "https://api.anthropic.com", bare=r"claude-.+", aliases=("claude",)),
    _hosted("deepseek", "DeepSeek", "https://api.deepseek.com", bare=r"deepseek-(chat|reasoner)"),
    _AZURE,
    _BEDROCK,
    _GEMINI,
    _hosted("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", slashes=True),
    _hosted("groq", "Groq", "https://api.groq.com/openai/v1", slashes=True),
    _hosted("mistral", "Mistral", "https://api.mistral.ai/v1", bare=r"(mistral|ministral|codestral|magistral)-.+"),
    _local("vllm", "vLLM, or another server that speaks OpenAI's API", "hosted_vllm", "http://localhost:8000/v1"),
    Provider(LITELLM, "any other model string that LiteLLM knows", ""),
)
_registered: dict[str, Provider] = {provider.name: provider for provider in _BUILT_IN}


def register_provider(provider: Provider, *, replace: bool = False) -> None:
    """Make a provider known under its names. Raises BadInput when another has one of them, unless `replace`."""
    for name in provider.names:
        other = find_provider(name)
        if other is not None and not (replace and other.name == provider.name):
            raise BadInput(f"the provider {other.name} is already called {name!r}; choose another name, or pass replace=True")
    _registered[provider.name] = provider


def list_providers() -> tuple[Provider, ...]:
    """All providers, those that come with the package first."""
    return tuple(_registered.values())


def find_provider(name: str) -> Provider | None:
    """The provider with this name, prefix or alias, in upper or lower case; None if there is none."""
    wanted = name.strip().lower()
    return next((provider for provider in _registered.values() if wanted and wanted in provider.names), None)


def provider_of_bare(model: str) -> Provider | None:
    """The provider that a model's name means without a prefix, such as `gpt-4-turbo`; None if there is none."""
    return next((provider for provider in _registered.values() if provider.bare and re.fullmatch(provider.bare, model)), None)
