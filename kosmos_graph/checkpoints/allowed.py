"""The types that a checkpoint may hold. Anything else in one is not rebuilt: a store that was tampered with makes no objects."""

from __future__ import annotations

from importlib import import_module

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.value import Value

DOMAIN = (
    "analysis",
    "calls",
    "data_card",
    "design",
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


def serializer() -> JsonPlusSerializer:
    """LangGraph's serializer, for these types."""
    return JsonPlusSerializer(allowed_msgpack_modules=allowed_types())
