"""The types that a checkpoint may hold. Anything else in one is not rebuilt: a store that was tampered with makes no objects."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from zlib import crc32

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.value import Value

DOMAIN = (
    "analysis",
    "calls",
    "code_experiment",
    "data_card",
    "design",
    "expressions",
    "filters",
    "hypothesis",
    "question",
    "report",
    "results",
    "study_sheet",
)
STATE = tuple(("kosmos_graph.graph.state", name) for name in ("Abandoned", "CallLog", "Conflict", "Start"))


def allowed_types() -> tuple[tuple[str, str], ...]:
    """Module and name of every value of the domain and of the state."""
    modules = [import_module(f"kosmos_graph.domain.{name}") for name in DOMAIN]
    found = {
        (value.__module__, value.__name__)
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Value)
    }
    return (*sorted(found), (Kind.__module__, Kind.__name__), *STATE)


class Serializer(JsonPlusSerializer):
    """LangGraph's serializer, which writes a checksum beside the name of a value's encoding.

    A number in which a bit has turned would pass for the number that a study found.
    """

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """The encoding with the checksum, `msgpack:0123abcd`, and the bytes."""
        encoding, content = super().dumps_typed(obj)
        return f"{encoding}:{crc32(content):08x}", content

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """The value. Raises ValueError for bytes that are not those that were written."""
        encoding, marked, checksum = data[0].partition(":")
        if marked and checksum != f"{crc32(data[1]):08x}":
            raise ValueError("its bytes are not those that were written")
        return super().loads_typed((encoding, data[1]))


def serializer() -> Serializer:
    """The serializer for these types."""
    return Serializer(allowed_msgpack_modules=allowed_types())
