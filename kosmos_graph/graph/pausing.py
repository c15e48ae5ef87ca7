"""How a run stops without losing anything: a pause that LangGraph records, and that a later `invoke(None)` tries again.

An exception in one branch of a fan-out cancels its siblings, whose paid calls would be paid again. An interrupt does not:
the siblings finish, the thread stays unfinished, and resuming runs the paused node from its start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from langgraph.types import interrupt

from kosmos_graph import errors

STOP = "kosmos_graph.stop"
APPROVE = "kosmos_graph.approve"

_CLASSES: Mapping[str, type[errors.KosmosError]] = {
    cls.__name__: cls
    for cls in (
        errors.BadInput,
        errors.BudgetReached,
        errors.DataChanged,
        errors.MissingKey,
        errors.RecordingMiss,
        errors.RunStopped,
        errors.StoreError,
    )
}


def pause(error: errors.KosmosError) -> NoReturn:
    """Stop the branch here, resumably, for the reason in `error`."""
    interrupt({"kind": STOP, "error": type(error).__name__, "message": str(error)})
    raise AssertionError("an interrupt of kind stop is never answered: resume with None")


def stops_of(interrupts: Sequence[Any]) -> tuple[errors.KosmosError, ...]:
    """The errors for which branches paused, without repeats, in the order of their messages."""
    held = {
        (str(value["error"]), str(value["message"]))
        for value in (getattr(one, "value", None) for one in interrupts)
        if isinstance(value, Mapping) and value.get("kind") == STOP
    }
    return tuple(_CLASSES.get(name, errors.RunStopped)(message) for name, message in sorted(held))


def raise_stops(interrupts: Sequence[Any]) -> None:
    """Raise what the paused branches stopped for, as one error; nothing if none did."""
    found = stops_of(interrupts)
    if not found:
        return
    if len(found) == 1:
        raise found[0]
    kinds = {type(error) for error in found}
    raise (kinds.pop() if len(kinds) == 1 else errors.RunStopped)("; ".join(str(error) for error in found))
