"""From a user's string for a model to a frozen specification of the call."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from pydantic import SecretStr

from kosmos_graph.errors import BadInput, MissingKey, UnknownModel
from kosmos_graph.providers import door
from kosmos_graph.providers.addresses import checked_address, is_loopback, same_server, server_of
from kosmos_graph.providers.registry import LITELLM, Provider, find_provider, list_providers, provider_of_bare

RULES = "rules"
HOSTED_TIMEOUT = 120.0
LOOPBACK_TIMEOUT = 600.0
_NOTHING: Mapping[str, SecretStr] = MappingProxyType({})


@dataclass(frozen=True)
class Limits:
    """What holds for every call. `timeout` in seconds; None takes 120, or 600 on this machine.

    `temperature` None leaves it to the server. `loopback_calls` bounds the calls in flight at one server on this machine,
    `calls_at_once` those at any other, None for no bound; so do `requests_per_minute` and `tokens_per_minute` at every server.
    """

    max_tokens: int = 4096
    temperature: float | None = 0.0
    timeout: float | None = None
    loopback_calls: int = 1
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    calls_at_once: int | None = None

    def __post_init__(self) -> None:
        """Raises BadInput for a limit that no call could keep."""
        counts = (self.max_tokens, self.loopback_calls, self.calls_at_once)
        amounts = (self.timeout, self.requests_per_minute, self.tokens_per_minute)
        if any(count is not None and count < 1 for count in counts) or not all(_positive(amount) for amount in amounts):
            raise BadInput("max_tokens, the time-out, calls at once, and requests and tokens a minute must be positive")
        if self.temperature is not None and not 0 <= self.temperature <= 2:
            raise BadInput(f"the temperature must lie between 0 and 2; {self.temperature:g} does not")


def _positive(amount: float | None) -> bool:
    return amount is None or 0 < amount < float("inf")


@dataclass(frozen=True)
class ModelSpec:
    """A model and how to reach it.

    `name` is the user's own string, for run sheet and report; `route` is LiteLLM's model string. `api_base` None leaves the
    address to LiteLLM. `api_key` is None where no key was given for that server; then LiteLLM finds credentials itself
    (`ambient`) or a placeholder is sent, so that no other key of the environment is. `options` are further parameters of
    LiteLLM's, secret ones among them. `missing` says what has to be set before a call can succeed. `calls_at_once` bounds the
    calls in flight at the server, None for no bound; so do `requests_per_minute` and `tokens_per_minute`. `timeout` is in seconds.
    """

    name: str
    route: str
    provider: str
    api_base: str | None = None
    api_key: SecretStr | None = None
    ambient: bool = False
    options: tuple[tuple[str, SecretStr], ...] = field(default=(), repr=False)
    missing: str | None = None
    max_tokens: int = 4096
    temperature: float | None = 0.0
    timeout: float = HOSTED_TIMEOUT
    loopback: bool = False
    calls_at_once: int | None = None
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None

    @property
    def same_model(self) -> tuple[str, str | None]:
        """What two specifications share when they mean one model at one server."""
        return self.route, self.api_base

    @property
    def server(self) -> str:
        """What gates, rates and breakers are shared by: `host:port` of the address, or the provider where LiteLLM knows it."""
        return server_of(self.api_base) if self.api_base else self.provider


def resolve(
    name: str,
    *,
    provider: str | None = None,
    api_base: str | None = None,
    api_key: SecretStr | None = None,
    variables: Mapping[str, SecretStr] = _NOTHING,
    limits: Limits | None = None,
) -> ModelSpec:
    """The specification of the model that a user calls `name`, optionally under a provider.

    `api_base` and `api_key` are given for this model; `variables` hold the providers' own keys and addresses by variable
    name. A provider's own key goes to its own address alone. Raises UnknownModel for what nothing resolves, BadInput for
    an impossible address or key. A missing key is not an error here: see `require_key`.
    """
    vendor, model, shown = _parse(name.strip(), provider)
    address = checked_address(api_base) if api_base else None
    spec = _placed(vendor, ModelSpec(shown, f"{vendor.prefix}/{model}", vendor.name), address, api_key, variables)
    return _limited(spec, limits or Limits())


def require_key(spec: ModelSpec) -> ModelSpec:
    """`spec` itself. Raises MissingKey, with the variable to set, when the call could not succeed without it."""
    if spec.missing:
        raise MissingKey(spec.missing)
    return spec


def _parse(text: str, provider: str | None) -> tuple[Provider, str, str]:
    """Provider, the model's name there, and the name to show."""
    if not text or any(mark.isspace() or not mark.isprintable() for mark in text):
        raise UnknownModel(f"a model's name is needed, such as ollama/llama3.1:8b or gpt-4-turbo; {text!r} is none")
    if provider and provider.strip().lower() != LITELLM:
        vendor = _vendor(provider, text)
        return vendor, _below(vendor, text), text if _prefixed(vendor, text) else f"{provider.strip()}/{text}"
    head, slash, rest = text.partition("/")
    if head.lower() == LITELLM and slash:
        return (*_parse(rest, None)[:2], text)
    vendor = _vendor(head, text) if slash else _bare_vendor(text)
    return vendor, _below(vendor, text), text


def _vendor(name: str, text: str) -> Provider:
    """The provider of that name: ours, or else LiteLLM's."""
    vendor = find_provider(name)
    if vendor is not None:
        return vendor
    if door.knows_provider(name.lower()):
        return _foreign(name.lower(), text)
    raise _unknown(text, name)


def _bare_vendor(text: str) -> Provider:
    vendor = provider_of_bare(text) or find_provider(text)
    if vendor is not None:
        return vendor
    if inferred := door.provider_of(text):
        return find_provider(inferred) or _foreign(inferred, f"{inferred}/{text}")
    raise _unknown(text, text)


def _foreign(name: str, text: str) -> Provider:
    """A provider that only LiteLLM knows: it names the variables that are not set, and reads those that are."""
    missing = door.missing_variables(text)
    keys = [variable for variable in missing if variable.endswith(("_KEY", "_TOKEN"))]
    return Provider(
        name,
        name,
        name,
        key=keys[0] if keys else None,
        base=f"{name.upper()}_API_BASE",
        credentials=(missing,) if missing else (),
        slashes=True,
        ambient=True,
    )


def _prefixed(vendor: Provider, text: str) -> bool:
    head, slash, _ = text.partition("/")
    return bool(slash) and head.lower() in vendor.names


def _below(vendor: Provider, text: str) -> str:
    """The model's name without the provider's prefix."""
    model = text.partition("/")[2] if _prefixed(vendor, text) else text
    other = find_provider(model.partition("/")[0]) if "/" in model and not vendor.slashes else None
    if other is not None and other is not vendor:
        raise UnknownModel(f"{text} names {other.name} as its provider, and it was asked of {vendor.name}; give one of the two")
    if not model or model.lower() in vendor.names:
        raise UnknownModel(f"{text!r} names a provider and no model; write it as {vendor.name}/MODEL")
    return model


def _unknown(text: str, wanted: str) -> UnknownModel:
    names = sorted({name for provider in list_providers() for name in provider.names if name} | {RULES})
    close = difflib.get_close_matches(wanted.lower(), names, n=1, cutoff=0.6)
    rest = text.partition("/")[2]
    if close:
        hint = f"did you mean {close[0]}/{rest}?" if rest and close[0] != RULES else f"did you mean {close[0]}?"
    elif ":" in text or "/" in text:
        hint = f"did you mean ollama/{text}?"
    else:
        known = difflib.get_close_matches(text, door.known_models(), n=1, cutoff=0.6)
        hint = f"did you mean {known[0]}?" if known else "write it as PROVIDER/MODEL, for example ollama/llama3.1:8b"
    named = f" under the name {wanted!r}" if wanted not in text else ""
    return UnknownModel(f"no provider is known{named} for the model {text!r}; {hint}")


def _placed(
    vendor: Provider, spec: ModelSpec, api_base: str | None, api_key: SecretStr | None, variables: Mapping[str, SecretStr]
) -> ModelSpec:
    """The specification with address, key and options, and what is missing for a call."""
    own = _own_address(vendor, variables)
    at_home = api_base is None or same_server(api_base, own)
    address = api_base or (own if own != vendor.home or vendor.send_home else None)
    own_key = variables.get(vendor.key) if vendor.key and at_home else None
    key = _sendable(api_key, f"key given for the model {spec.name}") or _sendable(own_key, f"value of {vendor.key}")
    options = _options(vendor, variables, at_home=at_home)
    ambient = vendor.ambient and at_home and key is None
    placed = replace(spec, api_base=address, api_key=key, ambient=ambient, options=options, loopback=is_loopback(api_base or own))
    return replace(placed, missing=_missing(vendor, placed, variables, at_home=at_home))


def _sendable(secret: SecretStr | None, what: str) -> SecretStr | None:
    """A key that a request can carry, None for none. Raises BadInput, without showing it, for one with a blank or a line end."""
    text = secret.get_secret_value() if secret else ""
    if any(mark.isspace() or not mark.isprintable() or not mark.isascii() for mark in text):
        raise BadInput(f"the {what} holds a blank, a line end or another character that no key has; give it again without")
    return secret or None


def _own_address(vendor: Provider, variables: Mapping[str, SecretStr]) -> str | None:
    given = variables.get(vendor.base) if vendor.base else None
    return checked_address(given.get_secret_value()) if given else vendor.home


def _options(vendor: Provider, variables: Mapping[str, SecretStr], *, at_home: bool) -> tuple[tuple[str, SecretStr], ...]:
    """Parameters beside the key; those that are secret only for the provider's own address."""
    secret = {name for names in vendor.credentials for name in names}
    given = {
        parameter: _sendable(variables[variable], f"value of {variable}") or variables[variable]
        for parameter, variable in vendor.options
        if variable in variables and (at_home or variable not in secret)
    }
    defaults = {parameter: SecretStr(value) for parameter, value in vendor.defaults}
    return tuple({**defaults, **given}.items())


def _missing(vendor: Provider, spec: ModelSpec, variables: Mapping[str, SecretStr], *, at_home: bool) -> str | None:
    if vendor.base_needed and not spec.api_base:
        return f"the model {spec.name} needs the address of its server; set {vendor.base}, or give an API base for it"
    given = any(all(name in variables for name in names) for names in vendor.credentials)
    if not vendor.credentials or spec.api_key or not at_home or given:
        return None
    ways = ", or ".join(" and ".join(names) for names in vendor.credentials)
    return f"the model {spec.name} needs a key; set {ways} in the environment or in a .env file, or choose another model"


def _limited(spec: ModelSpec, limits: Limits) -> ModelSpec:
    timeout = limits.timeout or (LOOPBACK_TIMEOUT if spec.loopback else HOSTED_TIMEOUT)
    return replace(
        spec,
        max_tokens=limits.max_tokens,
        temperature=limits.temperature,
        timeout=timeout,
        calls_at_once=limits.loopback_calls if spec.loopback else limits.calls_at_once,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
    )
