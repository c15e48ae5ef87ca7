"""Everything that a report is built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kosmos_graph.agents.protocol import Material
from kosmos_graph.domain.analysis import Judgement, Study, Synthesis
from kosmos_graph.domain.calls import CallUsage, Fallback
from kosmos_graph.domain.design import LockedPlan, Review
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.quote import Quote


@dataclass(frozen=True)
class Record:
    """A run as it ended, or as it stands: hypotheses without a study are reported as not answered.

    `reviews`, `studies` and `judgements` are keyed by hypothesis; `designers` and `analysts` are the chains of models as the
    user named them. `started` and `finished` are ISO 8601; `undecided` says why a question got no hypotheses; `partial`
    why the run is not finished.
    """

    run_id: str
    material: Material
    hypotheses: tuple[Hypothesis, ...]
    notes: tuple[str, ...] = ()
    undecided: str | None = None
    plans: tuple[LockedPlan, ...] = ()
    reviews: Mapping[str, tuple[Review, ...]] = field(default_factory=dict)
    studies: Mapping[str, Study] = field(default_factory=dict)
    judgements: Mapping[str, Judgement] = field(default_factory=dict)
    synthesis: Synthesis | None = None
    designers: tuple[str, ...] = ()
    analysts: tuple[str, ...] = ()
    calls: tuple[CallUsage, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    started: str = ""
    finished: str = ""
    seconds: float = 0.0
    partial: str | None = None
    quote: Quote | None = None
