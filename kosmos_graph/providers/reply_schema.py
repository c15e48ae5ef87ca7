"""The JSON schema that a reply is asked to follow, in the dialect that providers accept."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

_DROPPED = ("title", "default")
# Hosted providers refuse a schema with these, and pydantic checks them anyway; llama.cpp and Ollama keep to them.
_BOUNDS = (
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "format",
)


def reply_schema(model: type[BaseModel], *, bounds: bool) -> dict[str, Any]:
    """The schema of a pydantic class: references written out, every field required, no others allowed.

    `bounds` keeps the limits of lengths and numbers. A class that refers to itself keeps its `$defs`.
    """
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    dropped = _DROPPED if bounds else _DROPPED + _BOUNDS
    written = _written_out(schema, definitions, dropped, ())
    assert isinstance(written, dict)  # noqa: S101 - a class's schema is an object
    if _refers(written):
        written["$defs"] = {name: _written_out(part, definitions, dropped, (name,)) for name, part in definitions.items()}
    return written


def response_format(model: type[BaseModel], *, bounds: bool) -> dict[str, Any]:
    """The `response_format` that asks for a reply of this class."""
    return {
        "type": "json_schema",
        "json_schema": {"name": model.__name__, "schema": json.loads(_schema_text(model, bounds)), "strict": True},
    }


@lru_cache(maxsize=256)
def _schema_text(model: type[BaseModel], bounds: bool) -> str:
    """The schema, as text that no caller can change for the next one."""
    return json.dumps(reply_schema(model, bounds=bounds))


def _written_out(part: Any, definitions: dict[str, Any], dropped: tuple[str, ...], within: tuple[str, ...]) -> Any:
    if isinstance(part, list):
        return [_written_out(item, definitions, dropped, within) for item in part]
    if not isinstance(part, dict):
        return part
    name = str(part.get("$ref", "")).removeprefix("#/$defs/")
    if name and name not in within:
        described = {key: value for key, value in part.items() if key != "$ref"}
        return _written_out({**definitions[name], **described}, definitions, dropped, (*within, name))
    return _closed({key: _member(key, value, definitions, dropped, within) for key, value in part.items() if key not in dropped})


def _member(key: str, value: Any, definitions: dict[str, Any], dropped: tuple[str, ...], within: tuple[str, ...]) -> Any:
    """A member of a schema; the names of properties are no keywords, and enums no schemas."""
    if key == "properties":
        return {name: _written_out(part, definitions, dropped, within) for name, part in value.items()}
    return value if key in ("enum", "const", "examples") else _written_out(value, definitions, dropped, within)


def _closed(part: dict[str, Any]) -> dict[str, Any]:
    if "const" in part:
        part = {**{key: value for key, value in part.items() if key != "const"}, "enum": [part["const"]]}
    if part.get("type") == "object" and "properties" in part:
        return {**part, "required": list(part["properties"]), "additionalProperties": False}
    return part


def _refers(part: Any) -> bool:
    if isinstance(part, dict):
        return "$ref" in part or any(_refers(value) for value in part.values())
    return isinstance(part, list) and any(_refers(item) for item in part)
