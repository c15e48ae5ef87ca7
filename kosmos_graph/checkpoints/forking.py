"""Copying a thread up to a step, under a new id, so that it goes on from there and the old thread stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

TASK_SEPARATOR = ":"


@dataclass(frozen=True)
class Step:
    """One checkpoint of a thread.

    `name` is what `fork` takes: `4` for a step of the whole run, `4.c1h2.1` for one inside a branch. `next` are the nodes that
    run from here. `moment` is when it was written.
    """

    name: str
    next: tuple[str, ...]
    moment: str
    checkpoint_id: str
    namespace: str


def thread(thread_id: str, namespace: str = "", checkpoint_id: str | None = None) -> RunnableConfig:
    """The config that addresses a thread, or one of its checkpoints."""
    configurable = {"thread_id": thread_id, "checkpoint_ns": namespace}
    return {"configurable": {**configurable, "checkpoint_id": checkpoint_id} if checkpoint_id else configurable}


def checkpoints_of(saver: BaseCheckpointSaver[Any], thread_id: str) -> list[CheckpointTuple]:
    """All checkpoints of a thread, sub-graphs' included, oldest first."""
    found = list(saver.list({"configurable": {"thread_id": thread_id}}))
    return sorted(found, key=lambda one: str(one.checkpoint["id"]))


def namespace_of(one: CheckpointTuple) -> str:
    """The checkpoint's namespace: empty for the whole run, `study:<task id>` for a branch."""
    return str(one.config["configurable"].get("checkpoint_ns") or "")


def steps_of(saver: BaseCheckpointSaver[Any], thread_id: str) -> tuple[Step, ...]:
    """Every step of a thread, oldest first. A run of a branch that was begun anew keeps its name and gets a later place."""
    found = checkpoints_of(saver, thread_id)
    return tuple(sorted(_steps(found), key=lambda step: step.checkpoint_id))


def _steps(found: list[CheckpointTuple]) -> Iterator[Step]:
    parents = {one.checkpoint["id"]: one for one in found if not namespace_of(one)}
    for one in found:
        namespace = namespace_of(one)
        number = int(one.metadata.get("step", 0))
        if not namespace:
            yield _step(one, str(number))
            continue
        parent = parents.get((one.metadata.get("parents") or {}).get("", ""))
        hypothesis = one.checkpoint["channel_values"].get("hypothesis")
        if parent is not None and hypothesis is not None:
            yield _step(one, f"{parent.metadata.get('step', 0)}.{hypothesis.id}.{number}")


def _step(one: CheckpointTuple, name: str) -> Step:
    return Step(
        name=name,
        next=_next_nodes(one),
        moment=str(one.checkpoint["ts"]),
        checkpoint_id=str(one.checkpoint["id"]),
        namespace=namespace_of(one),
    )


def _next_nodes(one: CheckpointTuple) -> tuple[str, ...]:
    """Nodes that a checkpoint's channels call for, read off LangGraph's `branch:to:NODE` triggers, pending sends and input."""
    values = one.checkpoint["channel_values"]
    direct = [channel.removeprefix("branch:to:") for channel in values if channel.startswith("branch:to:")]
    sends = [send.node for send in values.get("__pregel_tasks") or ()]
    beginning = ["profile_data"] if "__start__" in values and not namespace_of(one) else []
    return tuple(sorted({*direct, *sends, *beginning}))


def copy_until(saver: BaseCheckpointSaver[Any], source: str, step: Step, target: str) -> None:
    """Copy to the thread `target` what `source` held at `step`.

    For a step of the whole run: that checkpoint, without what its tasks wrote afterwards. For a step inside a branch: the
    checkpoint that began the branches, with everything its other branches wrote; the branch itself runs anew.
    """
    found = checkpoints_of(saver, source)
    if not step.namespace:
        chosen = next(one for one in found if one.checkpoint["id"] == step.checkpoint_id)
        _put(saver, chosen, target)
        return
    inside = next(one for one in found if one.checkpoint["id"] == step.checkpoint_id and namespace_of(one) == step.namespace)
    parent_id = (inside.metadata.get("parents") or {}).get("")
    parent = next(one for one in found if one.checkpoint["id"] == parent_id and not namespace_of(one))
    task = step.namespace.rsplit(TASK_SEPARATOR, 1)[-1]
    config = _put(saver, parent, target)
    for task_id, writes in _writes_by_task(parent).items():
        if task_id != task:
            saver.put_writes(config, writes, task_id)


def _put(saver: BaseCheckpointSaver[Any], one: CheckpointTuple, target: str) -> RunnableConfig:
    checkpoint = one.checkpoint
    return saver.put(thread(target), checkpoint, one.metadata, checkpoint["channel_versions"])


def _writes_by_task(one: CheckpointTuple) -> dict[str, list[tuple[str, Any]]]:
    grouped: dict[str, list[tuple[str, Any]]] = {}
    for task_id, channel, value in one.pending_writes or ():
        grouped.setdefault(task_id, []).append((channel, value))
    return grouped
