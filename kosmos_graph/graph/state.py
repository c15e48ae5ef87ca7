"""The state of a run, and the reducers that merge it. Class paths and field names here are the checkpoints' file format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Required, TypedDict, TypeVar

from pydantic import BaseModel

from kosmos_graph.domain.analysis import Analysis, ClaimsCheck, Judgement, Study, Synthesis
from kosmos_graph.domain.calls import CallUsage, Fallback, ModelFailure
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.design import Design, LockedPlan, Review
from kosmos_graph.domain.hypothesis import Hypothesis, ResearchPlan
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.report import Report
from kosmos_graph.domain.results import Artefact, Execution
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.domain.value import Value
from kosmos_graph.ids import canonical_json

FORMAT_VERSION = 2
"""Version of the checkpoints' file format. A checkpoint of another version is refused."""

V = TypeVar("V")


class Conflict(Value):
    """Two or more different values were written under one write-once key: their canonical JSON texts, sorted."""

    texts: tuple[str, ...]


class CallLog(Value):
    """The answered calls of one execution of one node."""

    calls: tuple[CallUsage, ...]


class Start(Value):
    """When and as what a run began. `started` is a clock field."""

    run_id: str
    started: str
    format: int = FORMAT_VERSION


class Abandoned(Value):
    """A hypothesis whose experiment could not be repaired, and why."""

    reason: str


def write_once(left: Mapping[str, Any] | None, right: Mapping[str, Any] | None) -> dict[str, Any]:
    """Merge two mappings whose keys are written once: an equal rewrite passes, a different one becomes a `Conflict`.

    Commutative, associative and idempotent, and never raises: a reducer that raised would make the thread unresumable.
    """
    merged = dict(_entries(left))
    for key, value in _entries(right).items():
        merged[key] = _meet(merged[key], value) if key in merged else value
    return merged


def _entries(update: object) -> Mapping[str, Any]:
    if update is None:
        return {}
    return update if isinstance(update, Mapping) else {"": Conflict(texts=(_text(update),))}


def _meet(first: object, second: object) -> object:
    texts = sorted({*_texts(first), *_texts(second)})
    if len(texts) == 1 and not isinstance(first, Conflict):
        return first
    return Conflict(texts=tuple(texts))


def _texts(value: object) -> tuple[str, ...]:
    return value.texts if isinstance(value, Conflict) else (_text(value),)


def _text(value: object) -> str:
    if isinstance(value, BaseModel):
        return f"{type(value).__name__}:{canonical_json(value.model_dump(mode='json'))}"
    return repr(value)


def furthest(left: Mapping[str, int] | None, right: Mapping[str, int] | None) -> dict[str, int]:
    """Merge counters that only grow, by the larger value. Commutative, associative and idempotent."""
    merged = dict(left or {})
    for key, value in (right or {}).items():
        merged[key] = max(merged.get(key, value), value)
    return merged


def later(left: int | None, right: int | None) -> int:
    """The larger of two counters."""
    return max(left or 0, right or 0)


def conflicts(state: Mapping[str, Any]) -> tuple[str, ...]:
    """Names `key[entry]` of the state's conflicts, sorted."""
    return tuple(
        sorted(
            f"{key}[{entry}]"
            for key, held in state.items()
            if isinstance(held, Mapping)
            for entry, value in held.items()
            if isinstance(value, Conflict)
        )
    )


class ResearchInput(TypedDict, total=False):
    """What a run is given. `about` is a study sheet's path or its content; `options` are fields of `Options`."""

    question: Required[str]
    data: list[str]
    about: str | dict[str, Any] | None
    options: dict[str, Any]
    approve: bool


class ResearchOutput(TypedDict, total=False):
    """What a finished run holds."""

    answer: str
    report: Report


class Ledger(TypedDict, total=False):
    """What every part of the graph keeps of its models: position in each role's chain, failures, moves, calls."""

    links: Annotated[dict[str, int], furthest]
    failures: Annotated[dict[str, ModelFailure], write_once]
    fallbacks: Annotated[dict[str, Fallback], write_once]
    calls: Annotated[dict[str, CallLog], write_once]


class Frame(Ledger, total=False):
    """What a branch is about. In a whole run `frame` is the hash of what branches share (see `graph.frames`), and the four keys
    that it stands for are put in for the nodes and never written; a study's own graph is given the four.
    """

    frame: str
    question: str
    card: DataCard
    sheet: StudySheet
    settled: Options
    hypothesis: Hypothesis
    run_id: str


class DesignOutput(Ledger, total=False):
    """What a design branch hands back."""

    designs: Annotated[dict[str, Design], write_once]
    reviews: Annotated[dict[str, Review], write_once]


class DesignState(Frame, DesignOutput, total=False):
    """State of the sub-graph that designs one hypothesis' experiment. `siblings` are designs it must not repeat."""


class StudyOutput(Ledger, total=False):
    """What a study branch hands back."""

    studies: Annotated[dict[str, Study], write_once]


class StudyState(Frame, StudyOutput, total=False):
    """State of the sub-graph that runs one locked design. `locked` is the design as the plan has it."""

    locked: Design
    designs: Annotated[dict[str, Design], write_once]
    executions: Annotated[dict[str, Execution], write_once]
    figures: Annotated[dict[str, Artefact], write_once]
    abandoned: Annotated[dict[str, Abandoned], write_once]
    analyses: Annotated[dict[str, Analysis], write_once]
    checks: Annotated[dict[str, ClaimsCheck], write_once]


class ResearchState(ResearchInput, ResearchOutput, Ledger, total=False):
    """State of the whole run. `run_id` is put in for the nodes and never written: a fork has another."""

    run_id: str
    start: Start
    settled: Options
    sheet: StudySheet
    cards: Annotated[dict[str, DataCard], write_once]
    frames: Annotated[dict[str, str], write_once]
    cycle: Annotated[int, later]
    proposals: Annotated[dict[str, ResearchPlan], write_once]
    designs: Annotated[dict[str, Design], write_once]
    reviews: Annotated[dict[str, Review], write_once]
    plans: Annotated[dict[str, LockedPlan], write_once]
    approved: Annotated[dict[str, LockedPlan], write_once]
    studies: Annotated[dict[str, Study], write_once]
    judgements: Annotated[dict[str, Judgement], write_once]
    syntheses: Annotated[dict[str, Synthesis], write_once]
    checks: Annotated[dict[str, ClaimsCheck], write_once]
