"""The calls that a run's state came from: its own, and for a fork those of the past that it shares."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kosmos_graph.domain.calls import Call
from kosmos_graph.graph.nodes.chain import call_key
from kosmos_graph.providers.journal import CallJournal
from kosmos_graph.run_folder import RunFolders
from kosmos_graph.runs.recording import read_recording


def own_calls(home: Path, run_id: str) -> tuple[Call, ...]:
    """Every request of a run that was answered or failed, in that order. Raises StoreError."""
    with contextlib.closing(CallJournal(home)) as journal:
        return journal.calls_of(run_id)


def calls_behind(home: Path, record: Mapping[str, Any], state: Mapping[str, Any]) -> tuple[Call, ...]:
    """What the state came from, oldest first: of a run that repeats a recording the recorded calls. Raises StoreError, BadInput."""
    if record.get("replay"):
        return read_recording(Path(record["replay"])).calls
    shared = set(state.get("calls") or {})
    return (*(call for call in _before(home, record) if {_key(call), f"{_key(call)}!"} & shared), *own_calls(home, record["id"]))


def _before(home: Path, record: Mapping[str, Any]) -> tuple[Call, ...]:
    """The calls of the runs that a run was forked from."""
    if "forked" not in record:
        return ()
    source = record["forked"]["run"]
    earlier = RunFolders(home).record(source)
    return (*(_before(home, earlier) if earlier is not None else ()), *own_calls(home, source))


def _key(call: Call) -> str:
    return call_key(call.site.node, call.site.branch, call.site.attempt)
