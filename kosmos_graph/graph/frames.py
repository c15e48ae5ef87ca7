"""What all branches about one data set share, kept once under its content hash: a branch's state holds the hash alone.

A branch is checkpointed at each of its steps, whole. With the data card, the study sheet and the options in it, a run over a wide
table wrote more of these than of everything else together.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.domain.value import Value
from kosmos_graph.errors import StoreError
from kosmos_graph.graph.services import Store

KEPT = 64


class Shared(Value):
    """What a branch knows beside its hypothesis and its design."""

    question: str
    card: DataCard
    sheet: StudySheet
    settled: Options


_kept: OrderedDict[str, Shared] = OrderedDict()
_lock = threading.Lock()


def keep(store: Store, run_id: str, shared: Shared) -> str:
    """Keep what branches share among the run's artefacts; its content hash. Raises StoreError."""
    content = shared.model_dump_json().encode()
    sha256 = hashlib.sha256(content).hexdigest()
    store.put_artefacts(run_id, {_name(sha256): content})
    _remember(sha256, shared)
    return sha256


def filled(store: Store, run_id: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """The state with what its hash stands for; as it is without a hash. Raises StoreError where that is lost or altered."""
    sha256 = state.get("frame")
    if sha256 is None:
        return dict(state)
    shared = _kept.get(sha256) or _read(store, run_id, sha256)
    return {**{name: getattr(shared, name) for name in Shared.model_fields}, **state}


def _read(store: Store, run_id: str, sha256: str) -> Shared:
    name = _name(sha256)
    content = store.artefact(run_id, name)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StoreError(f"the artefact {name} of run {run_id} has been altered: put the old file back, or start another run")
    try:
        shared = Shared.model_validate_json(content)
    except ValidationError as error:
        raise StoreError(f"the artefact {name} of run {run_id} is from another version: {error.errors()[0]['msg']}") from error
    _remember(sha256, shared)
    return shared


def _remember(sha256: str, shared: Shared) -> None:
    """Keep the last few in memory, for whichever run: equal content has equal hashes."""
    with _lock:
        _kept[sha256] = shared
        while len(_kept) > KEPT:
            _kept.popitem(last=False)


def _name(sha256: str) -> str:
    return f"{sha256}.json"
