"""The compiled graph as callers see it: `invoke`, `ainvoke`, `stream` and `astream` all work, wherever they are called.

Nodes are written once, asynchronously; all four faces run them on the background loop, so that whatever is shared between
studies lives on one loop. Calls by another graph (as a sub-graph) or by a server that brings its own checkpointer stay on the
caller's loop. `durability` is "sync" unless the caller says otherwise: a finished node is never run twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, get_type_hints

from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph

from kosmos_graph import background
from kosmos_graph.errors import BadInput
from kosmos_graph.graph.pausing import raise_stops

RECURSION_LIMIT = 400
"""Supersteps a run may take: 10 cycles of at most 12 steps, loops included, and room; LangGraph's own default is 10,007."""

_INTERNAL = ("__pregel_read", "__pregel_checkpointer", "__pregel_task_id")


class ResearchGraph(CompiledStateGraph[Any, Any, Any, Any]):
    """A compiled graph with a synchronous and an asynchronous face. Raises what its branches stopped for (see `pausing`)."""

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002 - LangGraph's name
        """Run to the end, or to where the run stops. Raises BadInput and RunStopped; resume with `invoke(None, config)`."""
        return background.run(self._finish(input, config, kwargs))

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Like `invoke`, awaited."""
        if _stays(config):
            return await self._finish(input, config, kwargs)
        return await background.hop(lambda: self._finish(input, config, kwargs))

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002
        """Like `invoke`, yielding LangGraph's stream parts."""
        return background.iterate(lambda: self._parts(input, config, kwargs))

    async def astream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: A002
        """Like `stream`, asynchronously."""
        parts = (
            self._parts(input, config, kwargs)
            if _stays(config)
            else background.aiterate(lambda: self._parts(input, config, kwargs))
        )
        async for part in parts:
            yield part

    async def _finish(self, given: Any, config: RunnableConfig | None, kwargs: Mapping[str, Any]) -> Any:
        self._refuse_unknown(given)
        result = await super().ainvoke(given, config, **self._durable(config, kwargs))
        raise_stops(_interrupts(result))
        return result

    async def _parts(self, given: Any, config: RunnableConfig | None, kwargs: Mapping[str, Any]) -> AsyncIterator[Any]:
        self._refuse_unknown(given)
        interrupts: list[Any] = []
        async for part in super().astream(given, config, **self._durable(config, kwargs)):
            interrupts += _interrupts(part)
            yield part
        raise_stops(interrupts)

    def _refuse_unknown(self, given: Any) -> None:
        """Raises BadInput for a key that LangGraph would drop in silence."""
        known = get_type_hints(self.builder.input_schema)
        unknown = sorted(set(given) - set(known)) if isinstance(given, Mapping) else []
        if unknown:
            raise BadInput(f"the graph takes no input {', '.join(map(str, unknown))}; it takes {', '.join(sorted(known))}")

    def _durable(self, config: RunnableConfig | None, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The caller's arguments, with durability "sync" where there is a checkpointer and the caller chose none."""
        kept = self.checkpointer or _configurable(config).get("__pregel_checkpointer")
        return {**kwargs, "durability": "sync"} if kept and kwargs.get("durability") is None else dict(kwargs)


def with_face(compiled: CompiledStateGraph[Any, Any, Any, Any]) -> ResearchGraph:
    """The same graph as a ResearchGraph, copied as `Pregel.copy` copies."""
    graph = ResearchGraph(**{name: value for name, value in vars(compiled).items() if name != "__orig_class__"})
    return graph.with_config(recursion_limit=RECURSION_LIMIT)


def _stays(config: RunnableConfig | None) -> bool:
    return background.on_background_loop() or any(name in _configurable(config) for name in _INTERNAL)


def _configurable(config: RunnableConfig | None) -> Mapping[str, Any]:
    return (config or {}).get("configurable") or {}


def _interrupts(part: Any) -> list[Any]:
    """The interrupts in a result or stream part of any stream mode."""
    if isinstance(part, tuple) and part:
        return _interrupts(part[-1])
    if isinstance(part, Mapping):
        return list(part.get("__interrupt__") or ())
    return list(getattr(part, "interrupts", None) or ())
