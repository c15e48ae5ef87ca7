"""The findings about a model that need no server: where it is named, its address, and its key."""

from __future__ import annotations

from urllib.parse import urlsplit

from kosmos_graph.doctor.chains import Place
from kosmos_graph.doctor.diagnosis import Check, Finding
from kosmos_graph.doctor.origins import Origins
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.registry import find_provider
from kosmos_graph.settings import Settings

_DEFAULT_NAME = "no setting names a model, so rules is the default"


def settings_finding(place: Place, settings: Settings, origins: Origins) -> Finding:
    """Where the model's name and address come from."""
    named = dict.fromkeys(found for field in place.fields if (found := origins.of(field)))
    detail = f"named by {' and by '.join(named)}" if named else _DEFAULT_NAME
    if place.spec is not None:
        detail += f"; asked at {_address(place.spec, settings, origins)}"
    return Finding(subject=place.subject, check="settings", status="ok", detail=detail)


def key_finding(place: Place, settings: Settings, origins: Origins) -> Finding:
    """Whether the key is there. What is missing, key or address, is said here."""
    if place.missing is not None:
        said, _, remedy = place.missing.partition("; ")
        check: Check = "key" if "needs a key" in said else "server"
        return Finding(subject=place.subject, check=check, status="failed", detail=said, remedy=remedy or "set it")
    spec = place.spec
    if spec is None or not _has_secret(spec):
        return Finding(subject=place.subject, check="key", status="ok", detail=_none_sent(spec, settings, origins))
    source = _key_source(spec, settings, origins) or "the environment"
    return Finding(subject=place.subject, check="key", status="ok", detail=f"set by {source}")


def shown_address(address: str) -> str:
    """An address without its query, in which some carry a key."""
    return urlsplit(address)._replace(query="", fragment="").geturl()


def _none_sent(spec: ModelSpec | None, settings: Settings, origins: Origins) -> str:
    if spec is None:
        return "none is needed"
    source = _key_source(spec, settings, origins)
    if spec.ambient:
        return f"set by {source}" if source else "none is set here, and LiteLLM looks for credentials itself"
    return f"none is sent: the one set by {source} belongs to another address" if source else "none is set, and none is sent"


def _has_secret(spec: ModelSpec) -> bool:
    return spec.api_key is not None or any("key" in name or "token" in name for name, _ in spec.options)


def _is_own(spec: ModelSpec, settings: Settings) -> bool:
    """Whether the specification is that of `LITELLM_MODEL`, to which address and key of the same prefix belong."""
    name = (settings.litellm_model or "").strip()
    return bool(name) and spec.name in (name, f"{(settings.llm_provider or '').strip()}/{name}")


def _address(spec: ModelSpec, settings: Settings, origins: Origins) -> str:
    if spec.api_base is None:
        return f"the address that LiteLLM knows for {spec.provider}"
    shown = shown_address(spec.api_base)
    if settings.litellm_api_base and _is_own(spec, settings):
        return f"{shown} ({origins.of('litellm_api_base')})"
    provider = find_provider(spec.provider)
    given = origins.of(provider.base.lower()) if provider is not None and provider.base else None
    return f"{shown} ({given or 'the default'})"


def _key_source(spec: ModelSpec, settings: Settings, origins: Origins) -> str | None:
    if settings.litellm_api_key is not None and spec.api_key == settings.litellm_api_key and _is_own(spec, settings):
        return origins.of("litellm_api_key") or "LITELLM_API_KEY"
    provider = find_provider(spec.provider)
    variables = () if provider is None else tuple(name for names in provider.credentials for name in names)
    names = dict.fromkeys((provider.key, *variables) if provider is not None and provider.key else variables)
    found = [origin for name in names if (origin := origins.of(name.lower()))]
    return " and ".join(dict.fromkeys(found)) or None
