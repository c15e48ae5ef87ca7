"""The environment, read once into a frozen value: arguments beat environment variables, which beat `.env`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from kosmos_graph.errors import BadInput
from kosmos_graph.providers.names import Limits

# Other names under which people have these variables already; the first one set counts.
OTHER_NAMES = {
    "openai_api_base": ("openai_base_url",),
    "anthropic_api_base": ("anthropic_base_url",),
    "gemini_api_key": ("google_api_key",),
    "aws_region_name": ("aws_region", "aws_default_region"),
}
_COMPANIONS = ("llm_provider", "litellm_api_base", "litellm_api_key")
_MODEL = "litellm_model"
_FOREIGN = ("_api_key", "_api_base")


class Settings(BaseSettings):
    """Every setting, each under its variable's name in lower case. An empty value counts as unset.

    `LITELLM_API_BASE`, `LITELLM_API_KEY` and `LLM_PROVIDER` belong to `LITELLM_MODEL`: where a higher source names another
    model, a lower source's three do not follow it, and a key does not follow an address that replaced its own.
    `other_variables` holds the keys and addresses of providers that have no field here.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_file=".env", env_ignore_empty=True, hide_input_in_errors=True
    )

    llm_provider: str | None = None
    litellm_model: str | None = None
    litellm_api_base: str | None = None
    litellm_api_key: SecretStr | None = None
    litellm_max_tokens: int = Field(default=4096, ge=1)
    litellm_temperature: float | None = Field(default=0.0, ge=0, le=2)
    litellm_timeout: float | None = Field(default=None, gt=0)
    kosmos_designer_model: str | None = None
    kosmos_analyst_model: str | None = None
    kosmos_fallback_models: str | None = None
    kosmos_home: Path = Path(".kosmos")
    kosmos_loopback_calls: int = Field(default=1, ge=1)
    kosmos_calls_at_once: int | None = Field(default=None, ge=1)
    kosmos_requests_per_minute: float | None = Field(default=None, gt=0)
    kosmos_tokens_per_minute: float | None = Field(default=None, gt=0)
    kosmos_prices: str | None = None
    kosmos_workers: int = Field(default=2, ge=1, le=64)
    kosmos_sandbox_image: str | None = None

    ollama_api_base: str | None = None
    ollama_api_key: SecretStr | None = None
    lm_studio_api_base: str | None = None
    lm_studio_api_key: SecretStr | None = None
    hosted_vllm_api_base: str | None = None
    hosted_vllm_api_key: SecretStr | None = None
    openai_api_base: str | None = None
    openai_api_key: SecretStr | None = None
    anthropic_api_base: str | None = None
    anthropic_api_key: SecretStr | None = None
    deepseek_api_base: str | None = None
    deepseek_api_key: SecretStr | None = None
    azure_api_base: str | None = None
    azure_api_key: SecretStr | None = None
    azure_api_version: str | None = None
    aws_access_key_id: SecretStr | None = None
    aws_secret_access_key: SecretStr | None = None
    aws_session_token: SecretStr | None = None
    aws_profile: str | None = None
    aws_region_name: str | None = None
    aws_bearer_token_bedrock: SecretStr | None = None
    aws_bedrock_runtime_endpoint: str | None = None
    gemini_api_base: str | None = None
    gemini_api_key: SecretStr | None = None
    openrouter_api_base: str | None = None
    openrouter_api_key: SecretStr | None = None
    groq_api_base: str | None = None
    groq_api_key: SecretStr | None = None
    mistral_api_base: str | None = None
    mistral_api_key: SecretStr | None = None

    other_variables: dict[str, SecretStr] = Field(default_factory=dict)

    @field_validator("litellm_temperature", mode="before")
    @classmethod
    def _no_temperature(cls, value: object) -> object:
        """`none` leaves the temperature to the server."""
        return None if isinstance(value, str) and value.strip().lower() == "none" else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """One source, which knows what each level said, in the place of pydantic's field-by-field merge."""
        del file_secret_settings
        return (_Levels(settings_cls, init_settings, env_settings, dotenv_settings),)

    @property
    def limits(self) -> Limits:
        """What holds for every call to a model."""
        return Limits(
            max_tokens=self.litellm_max_tokens,
            temperature=self.litellm_temperature,
            timeout=self.litellm_timeout,
            loopback_calls=self.kosmos_loopback_calls,
            calls_at_once=self.kosmos_calls_at_once,
            requests_per_minute=self.kosmos_requests_per_minute,
            tokens_per_minute=self.kosmos_tokens_per_minute,
        )

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """The fallback models in their order."""
        return listed(self.kosmos_fallback_models)

    @property
    def prices(self) -> tuple[str, ...]:
        """The prices that were given, each as MODEL=IN/OUT."""
        return listed(self.kosmos_prices)

    @property
    def variables(self) -> Mapping[str, SecretStr]:
        """The providers' own variables that are set, by their names in upper case."""
        own = {name: getattr(self, name) for name in PROVIDER_FIELDS}
        given = {name.upper(): _secret(value) for name, value in own.items() if value is not None}
        return {**self.other_variables, **given}


PROVIDER_FIELDS = tuple(
    name for name in Settings.model_fields if not name.startswith(("litellm_", "llm_", "kosmos_")) and name != "other_variables"
)


class _Levels(PydanticBaseSettingsSource):
    """Arguments, environment and `.env`, merged with an eye on what belongs together."""

    def __init__(self, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._sources = sources

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Abstract in the base class, and never called: `__call__` merges whole levels at once."""
        raise NotImplementedError(f"{field_name} is read with its level ({field})")

    def __call__(self) -> dict[str, Any]:
        """Values by field."""
        levels = [_level(source) for source in self._sources]
        merged: dict[str, Any] = {}
        for level in reversed(levels):
            merged.update(level)
        for name in _COMPANIONS:
            _keep_own(name, levels, merged)
        _part_key_from_other_address(levels, merged)
        others = {name: value for level in reversed(levels) for name, value in level.get("other_variables", {}).items()}
        return {**merged, "other_variables": others} if others else merged


def _level(source: PydanticBaseSettingsSource) -> dict[str, Any]:
    """What one source says, by field. Empty values are left out, other names taken for the proper ones."""
    if not isinstance(source, EnvSettingsSource):
        return {name: value for name, value in source().items() if value not in (None, "")}
    found = {name.lower(): value.strip() for name, value in source.env_vars.items() if value and value.strip()}
    level: dict[str, Any] = {}
    for name in Settings.model_fields:
        value = next((found[known] for known in (name, *OTHER_NAMES.get(name, ())) if known in found), None)
        if value is not None and name != "other_variables":
            level[name] = value
    foreign = {name.upper(): SecretStr(value) for name, value in found.items() if name.endswith(_FOREIGN) and name not in level}
    return {**level, "other_variables": foreign} if foreign else level


def _keep_own(name: str, levels: list[dict[str, Any]], merged: dict[str, Any]) -> None:
    """Drop a companion of `LITELLM_MODEL` that was given for another model than the one that counts."""
    model = merged.get(_MODEL)
    giver = next((level for level in levels if name in level), None)
    if giver is not None and giver.get(_MODEL, model) != model:
        del merged[name]


def _part_key_from_other_address(levels: list[dict[str, Any]], merged: dict[str, Any]) -> None:
    """Drop a key given beside one address when a higher level replaced that address."""
    giver = next((level for level in levels if "litellm_api_key" in level), {})
    beside = giver.get("litellm_api_base")
    if "litellm_api_key" in merged and beside and beside != merged.get("litellm_api_base"):
        del merged["litellm_api_key"]


def listed(text: str | None) -> tuple[str, ...]:
    """The entries of a list with commas."""
    return tuple(entry.strip() for entry in (text or "").split(",") if entry.strip())


def _secret(value: SecretStr | str) -> SecretStr:
    return value if isinstance(value, SecretStr) else SecretStr(value)


def load_settings(**arguments: Any) -> Settings:
    """The settings in force; an argument that is None or empty counts as not given.

    `_env_file` takes the place of `.env`. Raises BadInput, with the variable's name and never its value, for what cannot be.
    """
    given = {name: value for name, value in arguments.items() if value not in (None, "") or name == "_env_file"}
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(str(part) for part in entry['loc']).upper()}: {entry['msg']}" for entry in error.errors())
        raise BadInput(f"a setting cannot be used: {wrong}") from None
    except UnicodeDecodeError:
        raise BadInput("the .env file is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise BadInput(f"the .env file cannot be read: {error.strerror}") from None
