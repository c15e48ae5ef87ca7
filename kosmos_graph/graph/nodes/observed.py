"""What every node has in common: it refuses a state in conflict, leaves a line in the log, and pauses instead of raising."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphBubbleUp

from kosmos_graph.errors import KosmosError, RunStopped, StoreError
from kosmos_graph.graph.frames import filled
from kosmos_graph.graph.pausing import pause
from kosmos_graph.graph.services import Event, Services
from kosmos_graph.graph.state import FORMAT_VERSION, conflicts
from kosmos_graph.ids import cycle_key, new_run_id

S = TypeVar("S", bound=Mapping[str, Any])
Node = Callable[[S], Awaitable[dict[str, Any]]]
ConfiguredNode = Callable[[S, RunnableConfig], Awaitable[dict[str, Any]]]


def run_id_of(state: Mapping[str, Any], config: RunnableConfig) -> str:
    """The run's id: the thread's; where there is no checkpointer the one it was started with, or at the very start a new one."""
    thread = config.get("configurable", {}).get("thread_id")
    if thread is not None:
        return str(thread)
    start = state.get("start")
    return str(start.run_id if start is not None else state.get("run_id") or new_run_id())


def branch_of(state: Mapping[str, Any]) -> str:
    """What a node's execution is about: a hypothesis' id inside a branch, else the cycle."""
    hypothesis = state.get("hypothesis")
    return str(hypothesis.id) if hypothesis is not None else cycle_key(state.get("cycle") or 1)


def observed(name: str, node: Node[S], services: Services, *, in_branch: bool) -> ConfiguredNode[S]:
    """Wrap `node` for the graph. In a branch a KosmosError pauses it, so that its siblings go on; elsewhere it is raised."""

    async def run(state: S, config: RunnableConfig) -> dict[str, Any]:
        run_id = run_id_of(state, config)

        def tell(phase: Any) -> None:
            event = Event(run_id=run_id, node=name, branch=branch_of(state), phase=phase)
            services.store.log(event, services.clock())
            services.watch(event)

        def stop(error: KosmosError) -> NoReturn:
            if in_branch:
                pause(error)
            raise error

        if services.stopping():
            stop(RunStopped(f"it was asked to stop before {name}; `resume` goes on from there"))
        try:
            tell("started")
            check_state(state)
            whole = filled(services.store, run_id, state)
            update = await node({**whole, "run_id": run_id})  # type: ignore[arg-type]  # the state with its run's id
            tell("finished")
        except GraphBubbleUp:
            with contextlib.suppress(StoreError):
                tell("paused")
            raise
        except KosmosError as error:
            with contextlib.suppress(StoreError):
                tell("failed")
            stop(error)
        return update

    run.__name__ = run.__qualname__ = name
    return run


def check_state(state: Mapping[str, Any]) -> None:
    """Raise StoreError for a state in conflict, or written by another version of the format."""
    start = state.get("start")
    if start is not None and start.format != FORMAT_VERSION:
        raise StoreError(
            f"this run was written in checkpoint format {start.format} and this version reads format {FORMAT_VERSION}: "
            "finish it with the version that began it"
        )
    if found := conflicts(state):
        raise StoreError(
            f"the run's state holds different values under one write-once key ({', '.join(found)}): fork the run at an earlier step"
        )
