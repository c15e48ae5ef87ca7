"""What a server says of its models, free of charge, in the four shapes of such lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from kosmos_graph.doctor.wire import SECONDS, Document, Trouble, ask
from kosmos_graph.providers.names import ModelSpec

_CONTEXTS = ("loaded_context_length", "max_model_len", "context_window", "context_length", "max_context_length")
_NO_LIST = "answers with what is no list of models"


@dataclass(frozen=True)
class Catalogue:
    """What a server says. `names` is None where `trouble` kept it from listing its models.

    `loaded` holds what it has in memory, and `context` the tokens that the model may take in, both None where it does not say.
    `has` says whether the model is one of its own.
    """

    names: tuple[str, ...] | None = None
    has: bool = False
    loaded: tuple[str, ...] | None = None
    context: int | None = None
    trouble: Trouble | None = None
    seconds: float = 0.0


async def read_catalogue(spec: ModelSpec) -> Catalogue | None:
    """The catalogue of a model's server; None where no free list is known. The key goes to the model's own address alone."""
    reader = _READERS.get(spec.route.partition("/")[0])
    return None if reader is None or spec.api_base is None else await reader(spec, spec.api_base)


def model_of(spec: ModelSpec) -> str:
    """The model's name at its server."""
    return spec.route.partition("/")[2]


async def _openai(spec: ModelSpec, base: str) -> Catalogue:
    found = await _get(spec, f"{base}/models", _bearer(spec))
    return found if isinstance(found, Catalogue) else _listed(found, spec)


async def _anthropic(spec: ModelSpec, base: str) -> Catalogue:
    """The list has no short names, such as claude-sonnet-4-5; of such a one the server is asked by name."""
    headers = {"anthropic-version": "2023-06-01"} | ({"x-api-key": _key(spec)} if spec.api_key else {})
    root = f"{base.removesuffix('/v1')}/v1/models"
    found = await _get(spec, f"{root}?limit=1000", headers)
    if isinstance(found, Catalogue):
        return found
    catalogue = _listed(found, spec)
    if not catalogue.has and isinstance(await _get(spec, f"{root}/{model_of(spec)}", headers), Document):
        return Catalogue(names=catalogue.names, has=True, seconds=catalogue.seconds)
    return catalogue


async def _lm_studio(spec: ModelSpec, base: str) -> Catalogue:
    """LM Studio's own list says what is loaded; older versions have only OpenAI's."""
    found = await _get(spec, f"{base.removesuffix('/v1')}/api/v0/models", _bearer(spec))
    if isinstance(found, Catalogue):
        over = found.trouble is not None and found.trouble.kind in ("silent", "slow", "refused")
        return found if over else await _openai(spec, base)
    catalogue = _listed(found, spec)
    loaded = tuple(_name(item) for item in _items(found.value) or () if item.get("state") == "loaded")
    return Catalogue(catalogue.names, catalogue.has, loaded, catalogue.context, catalogue.trouble, catalogue.seconds)


async def _ollama(spec: ModelSpec, base: str) -> Catalogue:
    tags = await _get(spec, f"{base}/api/tags", _bearer(spec))
    if isinstance(tags, Catalogue):
        return tags
    catalogue = _listed(tags, spec)
    running = await _get(spec, f"{base}/api/ps", _bearer(spec))
    loaded = None if isinstance(running, Catalogue) else _items(running.value)
    names = None if loaded is None else tuple(_name(item) for item in loaded)
    context = await _ollama_context(spec, base) if catalogue.has else None
    return Catalogue(catalogue.names, catalogue.has, names, context, catalogue.trouble, catalogue.seconds)


async def _ollama_context(spec: ModelSpec, base: str) -> int | None:
    shown = await ask(f"{base}/api/show", headers=_bearer(spec), body={"model": model_of(spec)}, within=_within(spec))
    about = shown.value.get("model_info") if isinstance(shown, Document) and isinstance(shown.value, dict) else None
    sizes = about.items() if isinstance(about, dict) else ()
    return next((size for name, size in sizes if name.endswith(".context_length") and _whole(size)), None)


_READERS: dict[str, Callable[[ModelSpec, str], Awaitable[Catalogue]]] = {
    "ollama": _ollama,
    "ollama_chat": _ollama,
    "lm_studio": _lm_studio,
    "anthropic": _anthropic,
    **dict.fromkeys(("openai", "deepseek", "openrouter", "groq", "mistral", "hosted_vllm"), _openai),
}


async def _get(spec: ModelSpec, url: str, headers: dict[str, str]) -> Document | Catalogue:
    """The document, or a catalogue that holds the trouble."""
    found = await ask(url, headers=headers, within=_within(spec))
    return found if isinstance(found, Document) else Catalogue(trouble=found, seconds=found.seconds)


def _listed(found: Document, spec: ModelSpec) -> Catalogue:
    items = _items(found.value)
    if items is None:
        return Catalogue(trouble=Trouble("no answer", _NO_LIST, found.seconds), seconds=found.seconds)
    wanted = _spellings(spec)
    own = next((item for item in items if wanted & {_name(item), *_aliases(item)}), None)
    context = next((own[name] for name in _CONTEXTS if _whole(own.get(name))), None) if own else None
    return Catalogue(tuple(_name(item) for item in items), own is not None, context=context, seconds=found.seconds)


def _items(value: Any) -> list[dict[str, Any]] | None:
    """The list of models in a document, None if there is none."""
    items = value.get("data", value.get("models")) if isinstance(value, dict) else value
    if not isinstance(items, list):
        return None
    return [item for item in items if isinstance(item, dict) and _name(item)]


def _name(item: dict[str, Any]) -> str:
    return str(item.get("id") or item.get("name") or item.get("model") or "")


def _aliases(item: dict[str, Any]) -> tuple[str, ...]:
    aliases = item.get("aliases")
    return tuple(str(alias) for alias in aliases) if isinstance(aliases, list) else ()


def _spellings(spec: ModelSpec) -> set[str]:
    """How a server may list the model: Ollama with a tag, OpenRouter without the variant that a colon adds."""
    model = model_of(spec)
    if spec.route.startswith("ollama"):
        return {model, model if ":" in model else f"{model}:latest"}
    return {model, model.partition(":")[0]} if spec.route.startswith("openrouter/") else {model}


def _within(spec: ModelSpec) -> float:
    return min(SECONDS, spec.timeout)


def _bearer(spec: ModelSpec) -> dict[str, str]:
    return {"authorization": f"Bearer {_key(spec)}"} if spec.api_key else {}


def _key(spec: ModelSpec) -> str:
    return spec.api_key.get_secret_value() if spec.api_key else ""


def _whole(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size > 0
